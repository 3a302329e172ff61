/* SPDX-License-Identifier: MIT */
/*
 * The real clock: frames of CLOCK_MONOTONIC, exact over years, and a timerfd
 * for each direction. Opened and closed on the control side, otherwise on the
 * driving thread.
 */
#ifndef PEAL_CARD_REAL_CLOCK_H
#define PEAL_CARD_REAL_CLOCK_H

#include <time.h>

#include "card/clock.h"

struct real_clock {
	struct card_clock base;
	struct timespec origin; /* when frame 0 began; never 0 */
	unsigned rate;
	uint64_t now;                   /* as last told */
	uint64_t armed[CARD_CLOCK_FDS]; /* the frame that each timer is set to */
};

/* 0, or -errno with nothing left open. */
int real_clock_open(struct real_clock *clock);
void real_clock_close(struct real_clock *clock);

/* How many frames have passed at a time, and the first nanosecond at which
 * that many have. */
uint64_t real_clock_frame_at(const struct real_clock *clock, struct timespec time);
struct timespec real_clock_time_of(const struct real_clock *clock, uint64_t frame);

#endif
