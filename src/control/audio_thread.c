/* SPDX-License-Identifier: MIT */
/*
 * The audio thread's beginning and end, as the control side sees them: its
 * signals blocked before it exists, its stack in the arena, its right to run
 * in real time asked for, and a handshake that cannot hang.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "control/engine.h"
#include "control/last_error.h"
#include "control/rt_grant.h"

/* below the interrupt threads of the kernel, which have 50 */
#define DEFAULT_PRIORITY 45

static int create_thread(struct engine *engine)
{
	struct sched_param normal = { .sched_priority = 0 };
	sigset_t blocked, previous;
	pthread_attr_t attr;
	int err;

	/* SIGSYS is left for seccomp filters, whose traps must not kill */
	sigfillset(&blocked);
	sigdelset(&blocked, SIGSYS);
	err = pthread_attr_init(&attr);
	if (err)
		return -err;
	pthread_attr_setstack(&attr, engine->stack, engine->report.stack_bytes);
	/* not what the caller happens to run at */
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &normal);
	pthread_sigmask(SIG_SETMASK, &blocked, &previous);
	err = pthread_create(&engine->thread, &attr, rt_thread, engine->rt);
	pthread_sigmask(SIG_SETMASK, &previous, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

static void ask_for_real_time(struct engine *engine, int priority)
{
	const struct device *device = &engine->device;
	const char *reason = "config.priority asks for normal priority";
	int wanted = priority > 0 ? priority : 0;

	if (priority == 0) {
		reason = device->promote_reason;
		wanted = device->promote ? DEFAULT_PRIORITY : 0;
	}
	rt_grant_sched(&engine->report, engine->thread, wanted, reason);
}

int audio_thread_start(struct engine *engine, const struct engine_config *config)
{
	struct rt *rt = engine->rt;
	int err = create_thread(engine);

	if (err < 0)
		return last_error_set(err, "cannot create the audio thread: %s",
				      engine_strerror(err));
	pthread_setname_np(engine->thread, "peal-audio");
	err = order_give(engine, ORDER_HELLO);
	if (err < 0)
		return err;
	engine->report.signals_blocked = 1;
	engine->report.flush_to_zero = (uint32_t)load_relaxed(&rt->vitals.flushes);
	ask_for_real_time(engine, config->priority);
	return 0;
}
