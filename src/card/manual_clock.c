/* SPDX-License-Identifier: MIT */
/*
 * The manual clock; see manual_clock.h. What runs on the advancing thread is
 * at the end of the file.
 */
#include "card/manual_clock.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static void manual_start(struct card_clock *base, unsigned rate)
{
	struct manual_clock *clock = (struct manual_clock *)base;

	(void)rate;
	clock->now = 0;
	/* pairs with the store in manual_clock_advance */
	clock->seen = load_acquire(&clock->given);
}

static uint64_t manual_now(struct card_clock *base)
{
	struct manual_clock *clock = (struct manual_clock *)base;
	/* pairs with the store in manual_clock_advance */
	uint32_t given = load_acquire(&clock->given);

	clock->now += given - clock->seen;
	clock->seen = given;
	return clock->now;
}

static void manual_wake_at(struct card_clock *base, unsigned direction, uint64_t frame)
{
	struct manual_clock *clock = (struct manual_clock *)base;
	struct doorbell *wake = &clock->wake[direction];

	if (frame > clock->now) {
		doorbell_answer(wake);
		/* Who waits for a frame must look at those whose ring we have
		 * just answered. Pairs with the store in manual_clock_advance. */
		if (frame == CARD_CLOCK_NEVER || load_acquire(&clock->given) == clock->seen)
			return;
	}
	doorbell_ring(wake);
}

static const struct card_clock_ops manual_ops = {
	.start = manual_start,
	.now = manual_now,
	.wake_at = manual_wake_at,
};

static void close_bells(struct manual_clock *clock, int count)
{
	while (count-- > 0)
		doorbell_done(&clock->wake[count]);
}

int manual_clock_open(struct manual_clock *clock)
{
	int err;

	*clock = (struct manual_clock){ .base.ops = &manual_ops };
	for (int i = 0; i < CARD_CLOCK_FDS; i++) {
		err = doorbell_init(&clock->wake[i]);
		if (err < 0) {
			close_bells(clock, i);
			return err;
		}
		clock->base.fds[i] = clock->wake[i].fd;
	}
	err = doorbell_init(&clock->done);
	if (err < 0)
		close_bells(clock, CARD_CLOCK_FDS);
	return err;
}

void manual_clock_close(struct manual_clock *clock)
{
	doorbell_done(&clock->done);
	close_bells(clock, CARD_CLOCK_FDS);
}

void manual_clock_run(struct manual_clock *clock, uint32_t period)
{
	/* Anything but seen; both pair with the loads in wait_settled, which
	 * must not take a settling from before the start for one after it. */
	store_release(&clock->settled, clock->seen - 1);
	store_release(&clock->loose, 0);
	store_release(&clock->period, period);
	if (period == 0)
		doorbell_ring(&clock->done);
}

void manual_clock_loosen(struct manual_clock *clock, uint64_t frames)
{
	uint64_t loose = MANUAL_CLOCK_LOOSE_ALL;

	if (frames < UINT32_MAX)
		loose = MANUAL_CLOCK_LOOSE + (clock->seen + (uint32_t)frames);
	store_release(&clock->settled, clock->seen - 1);
	/* pairs with the load in loose_frames */
	store_release(&clock->loose, loose);
	doorbell_ring(&clock->done);
}

void manual_clock_settle(struct manual_clock *clock)
{
	if (load_relaxed(&clock->settled) == clock->seen)
		return;
	/* pairs with the load in wait_settled */
	store_release(&clock->settled, clock->seen);
	doorbell_ring(&clock->done);
}

/* ---- the advancing thread */

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How many frames may be handed in without a wait. */
static uint32_t loose_frames(struct manual_clock *clock, uint32_t given)
{
	/* pairs with the stores in manual_clock_loosen and manual_clock_run */
	uint64_t loose = load_acquire(&clock->loose);

	if (loose == MANUAL_CLOCK_LOOSE_ALL)
		return UINT32_MAX;
	return loose ? (uint32_t)loose - given : 0;
}

/* How many frames to hand in, once settled with all that was given; 0: stopped;
 * -ETIMEDOUT. */
static int wait_settled(struct manual_clock *clock, int timeout_ms)
{
	struct pollfd done = { .fd = clock->done.fd, .events = POLLIN };
	int64_t deadline_ns = monotonic_ns() + (int64_t)timeout_ms * 1000000;

	for (;;) {
		uint32_t period, loose, given = load_relaxed(&clock->given);
		int64_t left_ns;

		doorbell_answer(&clock->done);
		/* both pair with the stores in manual_clock_run, the second
		 * also with the one in manual_clock_settle */
		period = load_acquire(&clock->period);
		if (period == 0 || load_acquire(&clock->settled) == given)
			return (int)period;
		loose = loose_frames(clock, given);
		if (loose > 0)
			return (int)(loose < period ? loose : period);
		left_ns = deadline_ns - monotonic_ns();
		if (left_ns <= 0)
			return -ETIMEDOUT;
		poll(&done, 1, (int)((left_ns + 999999) / 1000000));
	}
}

int manual_clock_advance(struct manual_clock *clock, uint64_t frames, int timeout_ms)
{
	for (;;) {
		int period = wait_settled(clock, timeout_ms);
		uint32_t step;

		if (period <= 0 || frames == 0)
			return period < 0 ? period : 0;
		step = frames < (uint32_t)period ? (uint32_t)frames : (uint32_t)period;
		frames -= step;
		/* pairs with the loads of given on the driving thread; posted
		 * first, rung afterwards */
		store_release(&clock->given, load_relaxed(&clock->given) + step);
		for (int i = 0; i < CARD_CLOCK_FDS; i++)
			doorbell_ring(&clock->wake[i]);
	}
}
