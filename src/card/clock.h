/* SPDX-License-Identifier: MIT */
/*
 * The card's clock, as the card sees it: the frames that passed since it was
 * started, and for each direction a descriptor that poll finds readable once
 * a given frame is reached. real_clock.h and manual_clock.h are the two kinds.
 *
 * The operations run on the driving thread; none of them allocates, locks,
 * waits or fails.
 */
#ifndef PEAL_CARD_CLOCK_H
#define PEAL_CARD_CLOCK_H

#include <stdint.h>

/* One descriptor for each direction; the index is its snd_pcm_stream_t. */
#define CARD_CLOCK_FDS 2

/* wake_at: the descriptor is not readable. */
#define CARD_CLOCK_NEVER UINT64_MAX

struct card_clock;

struct card_clock_ops {
	/* Frame 0 begins now. Every wake_at from before is void. */
	void (*start)(struct card_clock *clock, unsigned rate);
	/* Frames that passed since the start. */
	uint64_t (*now)(struct card_clock *clock);
	/*
	 * Make the direction's descriptor readable once now() has reached
	 * frame, not before, and until the next call. 0 is at once, whether
	 * the clock was started or not.
	 */
	void (*wake_at)(struct card_clock *clock, unsigned direction, uint64_t frame);
};

struct card_clock {
	const struct card_clock_ops *ops;
	int fds[CARD_CLOCK_FDS]; /* only polled by others */
};

#endif
