/* SPDX-License-Identifier: MIT */
/*
 * Backpressure: the hysteresis and its book-keeping. One thread updates, any
 * reads.
 *
 * Whether it is on and for how long it was in all are one word, so that a
 * reader sees both of one moment and never waits.
 */
#ifndef PEAL_SHARED_BACKPRESSURE_H
#define PEAL_SHARED_BACKPRESSURE_H

#include <stdint.h>

#include <peal/backpressure.h>

#include "shared/atomic.h"

/* Thresholds are in millionths of full: products with them are exact. */
#define BACKPRESSURE_FULL 1000000u

struct engine_backpressure {
	/* constant */
	uint32_t on_at;  /* in BACKPRESSURE_FULL of the capacity */
	uint32_t off_at; /* below on_at */

	/* the updating thread writes, any thread reads */
	atomic_of(uint64_t) state; /* off: past; on: since - past, and BACKPRESSURE_ON */
	atomic_of(uint64_t) since_ns; /* when it last went on */
	atomic_of(uint64_t) triggers;
};

/* The state's bit that says on; below it, what makes the total at any later
 * time: past_ns when off, now_ns - (since_ns - past_ns) when on. */
#define BACKPRESSURE_ON (1ull << 63)

static inline enum engine_backpressure_change
backpressure_update(struct engine_backpressure *b, uint64_t length, uint64_t capacity,
		    uint64_t now_ns)
{
	uint64_t filled = length * BACKPRESSURE_FULL;
	uint64_t state = load_relaxed(&b->state);

	if (state & BACKPRESSURE_ON) {
		if (filled > b->off_at * capacity)
			return ENGINE_BACKPRESSURE_SAME;
		/* pairs with the acquire in backpressure_stats */
		store_release(&b->state, now_ns - (state & ~BACKPRESSURE_ON));
		return ENGINE_BACKPRESSURE_OFF;
	}
	if (filled < b->on_at * capacity)
		return ENGINE_BACKPRESSURE_SAME;
	store_relaxed(&b->since_ns, now_ns);
	count_add(&b->triggers, 1);
	/* pairs with the acquire in backpressure_stats: these are written */
	store_release(&b->state, (now_ns - state) | BACKPRESSURE_ON);
	return ENGINE_BACKPRESSURE_ON;
}

#endif
