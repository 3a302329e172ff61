/* SPDX-License-Identifier: MIT */
/*
 * The samples that an engine has loaded, by number. Control side: any thread,
 * under the keeper's own lock. Not under the engine's, which is held while an
 * audio thread is waited for that may be stuck.
 */
#include <peal/sample.h>

#include "control/bank.h"
#include "control/engine.h"
#include "control/last_error.h"

/* What can be said of engine and number alone; 0, or an error with its sentence. */
static int check_number(const struct engine *engine, uint32_t number)
{
	int err = engine_usable(engine);

	if (err < 0)
		return last_error_set(err, "engine: %s", engine_strerror(err));
	if (!engine->keeper)
		return last_error_set(-ENOTSUP, "this engine has no playback, and so no samples");
	if (number >= engine->rt->bank.count)
		return last_error_set(-EINVAL,
				      "sample number %u: they are 0..%u; config.samples, which is "
				      "%u, sets how many there are",
				      number, engine->rt->bank.count - 1, engine->rt->bank.count);
	return 0;
}

int engine_load_sample(struct engine *engine, uint32_t number, struct engine_sample *sample)
{
	int err = check_number(engine, number);
	uint32_t rate;

	if (err < 0)
		return err;
	if (!sample)
		return last_error_set(-EINVAL, "sample is NULL; engine_unload_sample forgets one");
	rate = engine->device.info.rate;
	if (sample->rate != rate)
		return last_error_set(-EINVAL,
				      "the sample has %u Hz and the engine %u Hz: make it with "
				      "to_rate %u",
				      sample->rate, rate, rate);
	err = bank_keeper_publish(engine->keeper, number, sample);
	if (err == -ENOMEM)
		return last_error_set(err, "no memory to load a sample");
	if (err < 0)
		return last_error_set(err, "cannot start the thread that frees samples: %s",
				      engine_strerror(err));
	return 0;
}

int engine_unload_sample(struct engine *engine, uint32_t number)
{
	int err = check_number(engine, number);

	if (err < 0)
		return err;
	err = bank_keeper_publish(engine->keeper, number, NULL);
	if (err < 0)
		return last_error_set(err, "sample number %u: %s", number, engine_strerror(err));
	return 0;
}
