/* SPDX-License-Identifier: MIT */
/*
 * The audio thread: sets itself up, then cycles until it is told to quit. Its
 * signals were blocked before it existed, and its stack lies in the arena.
 */
#include "rt/denormals.h"
#include "rt/rt.h"

void *rt_thread(void *arg)
{
	struct rt *rt = arg;

	/* all thread-local storage is touched before the first cycle */
	pcm_alsa_enter_thread();
	bank_enter_thread();
	store_relaxed(&rt->vitals.flushes, denormals_flush());
	rt->now_ns = rt->clock->now_ns(rt->clock);
	rt->tick_ns = rt->now_ns;
	store_relaxed(&rt->vitals.beat_ns, rt->now_ns);
	rt->budget = RT_BUDGET;
	rt->untouched = true;
	while (!rt->quit)
		cycle(rt);
	bank_leave_thread();
	return NULL;
}
