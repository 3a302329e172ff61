/* SPDX-License-Identifier: MIT */
/*
 * Backpressure: says early, and once, that something fills up, and once that
 * it is over. On at or above one threshold, off at or below a lower one;
 * nothing in between changes anything (hysteresis).
 */
#ifndef PEAL_BACKPRESSURE_H
#define PEAL_BACKPRESSURE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_backpressure;

/*
 * Make one.
 *
 * out: where to put it; NULL on failure.
 * on, off: fractions of full, 0.0 <= off < on <= 1.0. Both 0.0: 0.9 and 0.7.
 * Returns 0; -EINVAL (engine_last_error names the threshold); -ENOMEM.
 * Thread: control.
 */
int engine_backpressure_create(struct engine_backpressure **out, double on, double off);

/* NULL is allowed. Returns 0. Thread: control. */
int engine_backpressure_destroy(struct engine_backpressure *backpressure);

/* What engine_backpressure_update found. */
enum engine_backpressure_change {
	ENGINE_BACKPRESSURE_SAME = 0,
	ENGINE_BACKPRESSURE_ON = 1,
	ENGINE_BACKPRESSURE_OFF = 2,
};

/*
 * Tell how full it is now.
 *
 * length, capacity: how full; capacity is at least 1.
 * now_ns: CLOCK_MONOTONIC; not before the last update's.
 * Returns enum engine_backpressure_change; -EINVAL.
 * Wait-free. Thread: any one at a time.
 */
int engine_backpressure_update(struct engine_backpressure *backpressure, uint64_t length,
			       uint64_t capacity, uint64_t now_ns);

struct engine_backpressure_stats {
	size_t size;         /* sizeof(struct engine_backpressure_stats), set by the caller */
	uint64_t on_now;     /* 1 while it is on */
	uint64_t triggers;   /* times it went on */
	uint64_t current_ns; /* how long it has been on at now_ns; 0 when off */
	uint64_t total_ns;   /* how long it was on in all, the current time included */
	double on;           /* the thresholds */
	double off;
};

/*
 * now_ns: CLOCK_MONOTONIC, for the durations while it is on.
 * Returns 0; -EINVAL; ENGINE_EABI.
 * Thread: any.
 */
int engine_backpressure_get_stats(struct engine_backpressure *backpressure, uint64_t now_ns,
				  struct engine_backpressure_stats *stats);

/*
 * Off, and all counts 0. Returns 0; -EINVAL. Thread: the one that updates.
 */
int engine_backpressure_reset(struct engine_backpressure *backpressure);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
