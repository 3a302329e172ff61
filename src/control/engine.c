/* SPDX-License-Identifier: MIT */
/*
 * The engine's life: create, start, stop, destroy. Control side.
 *
 * The PCMs are the audio thread's from ORDER_START until the answer to
 * ORDER_STOP or ORDER_QUIT, and ours under the lock otherwise.
 */
#include "control/engine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "control/cards.h"
#include "control/config.h"
#include "control/last_error.h"
#include "control/rt_grant.h"

__attribute__((format(printf, 3, 4))) static void say(const struct engine_config *config, int level,
						      const char *format, ...)
{
	char text[512];
	va_list args;

	if (!config->log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config->log(level, text, config->log_arg);
}

/* The device that was asked for; else, for a newcomer without a card, ours. */
static int open_device(struct engine *engine, struct engine_config *config)
{
	int err = device_open(&engine->device, config);

	if (err == 0 || config->device || config->capture_device || !config->fallback_virtual)
		return err;
	if (cards_look(CARDS_DIRECTORY).present)
		return err;
	say(config, ENGINE_LOG_WARNING,
	    "using the virtual card, which plays to no one and captures what was played: %s",
	    engine_last_error());
	config->device = "virtual";
	err = device_open(&engine->device, config);
	engine->device.info.fallback = err == 0;
	return err;
}

static void say_what_was_granted(const struct engine *engine, const struct engine_config *config)
{
	const struct engine_rt_report *report = &engine->report;

	if (report->sched_error)
		say(config, ENGINE_LOG_WARNING, "no real-time priority: %s; %s",
		    report->sched_reason, report->sched_remedy);
	if (report->lock_error)
		say(config, ENGINE_LOG_WARNING, "memory not locked: %s; %s", report->lock_reason,
		    report->lock_remedy);
}

static int set_up(struct engine *engine, struct engine_config *config)
{
	int err = open_device(engine, config);

	if (err < 0)
		return err;
	err = engine_lay_out(engine, config);
	if (err < 0)
		goto close;
	rt_grant_memory(&engine->report, engine->arena.base, engine->arena.bytes);
	err = port_attach(&engine->own, engine, true);
	if (err < 0)
		goto clear;
	err = fork_watch(engine);
	if (err < 0) {
		last_error_set(err, "cannot watch for forks: %s", engine_strerror(err));
		goto clear;
	}
	engine->reopen = config->reopen;
	err = caretaker_create(engine);
	if (err < 0)
		goto unwatch;
	err = audio_thread_start(engine, config);
	if (err == -ETIMEDOUT)
		return err; /* the thread exists and may come yet: see engine_create */
	if (err < 0)
		goto leave;
	if (engine->report.priority > 0)
		caretaker_watch(engine->caretaker);
	say_what_was_granted(engine, config);
	return 0;

leave:
	caretaker_do(engine->caretaker, CARETAKER_LEAVE, ENGINE_ORDER_TIMEOUT_MS);
unwatch:
	fork_unwatch(engine);
clear:
	engine_clear_away(engine);
close:
	device_close(&engine->device);
	return err;
}

int engine_create(struct engine **out, const struct engine_config *config)
{
	struct engine_config resolved;
	struct engine *engine;
	int err;

	if (!out)
		return last_error_set(-EINVAL, "out is NULL: where should the engine go?");
	*out = NULL;
	err = config_resolve(&resolved, config);
	if (err < 0)
		return err;
	if (getauxval(AT_SECURE) && !resolved.allow_secure)
		return last_error_set(ENGINE_ESECURE, "%s", engine_strerror(ENGINE_ESECURE));
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return last_error_set(-ENOMEM, "no memory for the engine");
	pthread_mutex_init(&engine->lock, NULL);
	err = set_up(engine, &resolved);
	if (err == -ETIMEDOUT) {
		/* when the thread gets to run, all of it ends */
		caretaker_do(engine->caretaker, CARETAKER_BURY, 0);
		return err;
	}
	if (err < 0) {
		pthread_mutex_destroy(&engine->lock);
		free(engine);
		return err;
	}
	*out = engine;
	return 0;
}

static const char *step_name(int step)
{
	static const char *const names[] = {
		[ENGINE_STEP_AVAIL] = "snd_pcm_avail",
		[ENGINE_STEP_BEGIN] = "snd_pcm_mmap_begin",
		[ENGINE_STEP_COMMIT] = "snd_pcm_mmap_commit",
		[ENGINE_STEP_PREPARE] = "snd_pcm_prepare",
		[ENGINE_STEP_START] = "snd_pcm_start",
	};
	size_t count = sizeof(names) / sizeof(names[0]);

	return step >= 0 && (size_t)step < count && names[step] ? names[step] : "the audio thread";
}

static int start(struct engine *engine)
{
	const struct order *order = &engine->rt->order;
	const struct engine_info *info = &engine->device.info;
	int err = order_give(engine, ORDER_START);

	if (err == 0)
		return 0;
	if (err == -ETIMEDOUT)
		return err;
	if (err == ENGINE_ELOST)
		return last_error_set(err, "%s", engine_strerror(err));
	caretaker_do(engine->caretaker, CARETAKER_DROP, ENGINE_ORDER_TIMEOUT_MS);
	return last_error_set(err, "%s cannot start: %s: %s",
			      order->direction == ENGINE_CAPTURE ? info->capture.name :
								   info->playback.name,
			      step_name(order->step), engine_strerror(err));
}

int engine_start(struct engine *engine)
{
	int err = engine_usable(engine);

	if (err < 0)
		return last_error_set(err, "%s", engine_strerror(err));
	pthread_mutex_lock(&engine->lock);
	err = start(engine);
	pthread_mutex_unlock(&engine->lock);
	return err;
}

static int stop(struct engine *engine)
{
	uint64_t start_ns = monotonic_ns();
	int before = load_relaxed(&engine->rt->vitals.state);
	int err = order_give(engine, ORDER_STOP);

	if (err < 0)
		return err;
	/* a lost device is the caretaker's already */
	if (before == ENGINE_STATE_PREPARED ||
	    load_relaxed(&engine->rt->vitals.state) != ENGINE_STATE_PREPARED)
		return 0;
	err = caretaker_do(engine->caretaker, CARETAKER_DROP,
			   timeout_left(ENGINE_ORDER_TIMEOUT_MS, start_ns));
	if (err == -ETIMEDOUT)
		return last_error_set(err,
				      "snd_pcm_drop blocks: the device is stopped when it "
				      "returns");
	if (err < 0)
		return last_error_set(err, "snd_pcm_drop: %s", engine_strerror(err));
	return 0;
}

int engine_stop(struct engine *engine)
{
	int err = engine_usable(engine);

	if (err < 0)
		return last_error_set(err, "%s", engine_strerror(err));
	pthread_mutex_lock(&engine->lock);
	err = stop(engine);
	pthread_mutex_unlock(&engine->lock);
	return err;
}

void engine_free(struct engine *engine)
{
	fork_unwatch(engine);
	engine_clear_away(engine);
	port_free_all(engine);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

int engine_destroy(struct engine *engine)
{
	int err;

	if (!engine)
		return 0;
	if (engine->forked)
		return last_error_set(ENGINE_EFORKED, "%s", engine_strerror(ENGINE_EFORKED));
	err = caretaker_do(engine->caretaker, CARETAKER_BURY, ENGINE_ORDER_TIMEOUT_MS);
	if (err < 0)
		return last_error_set(err,
				      "the device did not let go within %d ms: it stays open, with "
				      "its threads and memory, until it does",
				      ENGINE_ORDER_TIMEOUT_MS);
	return 0;
}
