/* SPDX-License-Identifier: MIT */
/* The runaway; see runaway.h. Control side. */
#include "control/runaway.h"

#include <time.h>

#include "control/engine.h"

/* So much of the time between two looks is all of it (the kernel itself leaves a
 * real-time thread no more than 95 %), ... */
#define FULL_PERCENT 90
/* ... and so many such looks in a row are no accident. */
#define FULL_LOOKS 3
/* A look that comes early says little. */
#define LOOK_NS 300000000u

static uint64_t used_ns(pthread_t thread)
{
	struct timespec used;
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

void runaway_watch(struct runaway *runaway, struct engine *engine)
{
	const struct sched_param normal = { .sched_priority = 0 };
	uint64_t now_ns = monotonic_ns(), used, passed = now_ns - runaway->looked_ns;

	if (runaway->demoted || (runaway->looked_ns && passed < LOOK_NS))
		return;
	used = used_ns(engine->thread);
	if (runaway->looked_ns && (used - runaway->used_ns) * 100 >= passed * FULL_PERCENT)
		runaway->full++;
	else
		runaway->full = 0;
	runaway->looked_ns = now_ns;
	runaway->used_ns = used;
	if (runaway->full < FULL_LOOKS)
		return;
	runaway->demoted = pthread_setschedparam(engine->thread, SCHED_OTHER, &normal) == 0;
	store_relaxed(&engine->demoted, runaway->demoted);
}
