/* SPDX-License-Identifier: MIT */
/*
 * The manual clock: frames pass when the advancing thread hands them in, a
 * period at a time, and each time it waits until the driving thread has
 * settled: is about to wait, with all frames seen and nothing left to do.
 * Loose frames, of a time when nothing can be driven, pass without a wait.
 *
 * Both threads meet in doorbells, so no wake-up is lost: frames are posted
 * before the bells are rung, and a bell is answered before one looks.
 */
#ifndef PEAL_CARD_MANUAL_CLOCK_H
#define PEAL_CARD_MANUAL_CLOCK_H

#include "card/clock.h"
#include "shared/atomic.h"
#include "shared/doorbell.h"

/* loose: 0: nothing; LOOSE + the value of given; or any number of frames */
#define MANUAL_CLOCK_LOOSE ((uint64_t)1 << 32)
#define MANUAL_CLOCK_LOOSE_ALL ((uint64_t)2 << 32)

struct manual_clock {
	struct card_clock base;

	/* driving thread */
	uint64_t now;
	uint32_t seen; /* of given */

	/* shared: the advancing thread writes, the driving thread reads */
	atomic_of(uint32_t) given; /* frames handed in; wraps */

	/* shared: the driving thread writes, the advancing thread reads */
	atomic_of(uint32_t) settled; /* what was seen of given at the last settling */
	atomic_of(uint32_t) period;  /* how many frames to hand in at a time; 0: stopped */
	atomic_of(uint64_t) loose;   /* what given may reach without a wait; see LOOSE_* */

	/* shared: `wake` is answered by the driving thread, `done` by the other */
	struct doorbell wake[CARD_CLOCK_FDS];
	struct doorbell done;
};

/* 0, or -errno with nothing left open. Control side. */
int manual_clock_open(struct manual_clock *clock);
void manual_clock_close(struct manual_clock *clock);

/*
 * What was started needs frames, `period` of them at a time; 0: nothing does,
 * and a waiting advance returns. The clock is not settled. Driving thread.
 */
void manual_clock_run(struct manual_clock *clock, uint32_t period);

/* Nothing can be driven for so many frames from now on; CARD_CLOCK_NEVER: for
 * ever. They pass, and then the clock is to be run anew. Driving thread. */
void manual_clock_loosen(struct manual_clock *clock, uint64_t frames);

/* Settled: the frames that now() told last are dealt with. Driving thread. */
void manual_clock_settle(struct manual_clock *clock);

/*
 * Hand frames in, waiting before each period and after the last until the
 * driving thread has settled. One caller at a time; not the driving thread.
 * timeout_ms: for each period.
 * Returns 0, also once the clock is stopped; -ETIMEDOUT.
 */
int manual_clock_advance(struct manual_clock *clock, uint64_t frames, int timeout_ms);

#endif
