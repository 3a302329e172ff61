/* SPDX-License-Identifier: MIT */
/* The virtual card's manual clock, for programs. Control side. */
#include <peal/virtual.h>

#include "control/engine.h"
#include "control/guard.h"
#include "control/last_error.h"

static int advance(struct engine *engine, uint64_t frames, int timeout_ms)
{
	int err;

	/* the card lets one thread at a time move its clock */
	if (!guard_take(&engine->advancing))
		return last_error_set(-EBUSY, "another thread is just letting frames pass");
	err = card_advance(engine->device.card, frames, timeout_ms);
	guard_give(&engine->advancing);
	if (err < 0)
		return last_error_set(err, "the audio thread did not handle a period within %d ms",
				      timeout_ms);
	return 0;
}

int engine_virtual_advance(struct engine *engine, uint64_t frames, int timeout_ms)
{
	int err = engine_usable(engine);

	if (err < 0)
		return last_error_set(err, "engine: %s", engine_strerror(err));
	if (timeout_ms < 0)
		return last_error_set(-EINVAL, "timeout_ms %d: must be 0 or more", timeout_ms);
	if (!engine->device.card || !card_is_manual(engine->device.card))
		return last_error_set(-ENOTSUP, "the device is not \"virtual:clock=manual\"");
	return advance(engine, frames, timeout_ms);
}
