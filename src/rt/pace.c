/* SPDX-License-Identifier: MIT */
/* The pace; see pace.h. Audio thread. */
#include "rt/pace.h"

#include "rt/rt.h"

#define MS 1000000u
#define S 1000000000u

/* An idle wake costs microseconds: so many in a row are noise, more are a
 * device that is always ready, or whose descriptor is dead. */
#define IDLE_WAKES_MAX 8

/* A device may run this much faster than its rate (a wrong crystal, a bad
 * emulation), as a fraction of it, before it counts as not paced at all. */
#define PACE_SLACK 4 /* 1/4 */

/* The longest that a device in order is silent; USB takes its time to start. */
static uint64_t overdue_after_ns(const struct transport *t)
{
	uint64_t four = 4 * t->period_ns;

	return four > 50 * MS ? four : 50 * MS;
}

void pace_start(struct rt *rt)
{
	struct transport *t = &rt->transport;

	t->idle_wakes = 0;
	t->halves = 0;
	t->overdue_ns = rt->now_ns + overdue_after_ns(t) + S;
}

/*
 * The device woke us and there was no period: after some of these, each one
 * leaves it alone until the missing frames are due. Not for less than a
 * quarter of a period: the position may stand still just short of one.
 */
void pace_idle_wake(struct rt *rt, uint32_t missing)
{
	struct transport *t = &rt->transport;
	uint64_t due_ns = ((uint64_t)missing * S + t->rate - 1) / t->rate;

	count_add(&rt->vitals.spurious_wakes, 1);
	if (++t->idle_wakes < IDLE_WAKES_MAX)
		return;
	t->hold_until_ns = rt->now_ns + (due_ns > t->period_ns / 4 ? due_ns : t->period_ns / 4);
	count_add(&rt->vitals.backoffs, 1);
}

void pace_nothing(struct rt *rt)
{
	struct transport *t = &rt->transport;

	/* late only once it is overdue, and then once each time it is */
	if (rt->now_ns < t->overdue_ns)
		return;
	count_add(&rt->vitals.poll_timeouts, 1);
	t->overdue_ns = rt->now_ns + overdue_after_ns(t);
	/* a clock that a program moves by hand stands as long as it likes */
	if (!t->free_running)
		recover_overdue(rt);
}

/*
 * A device that is not paced at all (null, file) is ready again at once: at a
 * real-time priority that would starve the machine. It may be ahead of its
 * rate by the buffers and some periods, which a device in order never is, and
 * then waits for time to catch up. Restarts change nothing about that.
 */
static void keep_pace(struct rt *rt, uint32_t frames)
{
	struct transport *t = &rt->transport;
	uint64_t ahead_frames = 4ull * t->period_frames;
	uint64_t ahead_ns;

	if (t->free_running)
		return;
	if (t->playback)
		ahead_frames += t->playback->buffer_frames;
	if (t->capture)
		ahead_frames += t->capture->buffer_frames;
	ahead_ns = ahead_frames * S / t->rate;
	if (t->pace_ns < rt->now_ns)
		t->pace_ns = rt->now_ns;
	t->pace_ns += frames * (uint64_t)S / (t->rate + t->rate / PACE_SLACK);
	if (t->pace_ns <= rt->now_ns + ahead_ns)
		return;
	t->hold_until_ns = t->pace_ns - ahead_ns;
	count_add(&rt->vitals.backoffs, 1);
}

void pace_moved(struct rt *rt, uint32_t frames)
{
	struct transport *t = &rt->transport;

	t->idle_wakes = 0;
	t->halves = 0;
	t->overdue_ns = rt->now_ns + overdue_after_ns(t);
	keep_pace(rt, frames);
}
