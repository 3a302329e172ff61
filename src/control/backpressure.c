/* SPDX-License-Identifier: MIT */
/* Backpressure for programs; see shared/backpressure.h. Any thread. */
#include <errno.h>
#include <stdlib.h>

#include <peal/error.h>
#include "control/backpressure.h"
#include "control/last_error.h"

/* The most that a length may be for the arithmetic to stay exact. */
#define LENGTH_MAX (1ull << 40)

static uint32_t millionths(double fraction)
{
	return (uint32_t)(fraction * BACKPRESSURE_FULL + 0.5);
}

int backpressure_thresholds(double *on, double *off)
{
	if (*on == 0.0 && *off == 0.0) {
		*on = 0.9;
		*off = 0.7;
	}
	/* written so that NaN fails */
	if (!(*on > 0.0 && *on <= 1.0))
		return last_error_set(-EINVAL,
				      "backpressure on %g: must be above 0.0 and at most 1.0", *on);
	if (!(*off >= 0.0 && *off < *on) || millionths(*off) >= millionths(*on))
		return last_error_set(-EINVAL,
				      "backpressure off %g: must be at least 0.0 and below on, %g",
				      *off, *on);
	return 0;
}

void backpressure_init(struct engine_backpressure *b, double on, double off)
{
	b->on_at = millionths(on);
	b->off_at = millionths(off);
}

int engine_backpressure_create(struct engine_backpressure **out, double on, double off)
{
	struct engine_backpressure *b;
	int err;

	if (!out)
		return last_error_set(-EINVAL, "out is NULL: where should it go?");
	*out = NULL;
	err = backpressure_thresholds(&on, &off);
	if (err < 0)
		return err;
	b = calloc(1, sizeof(*b));
	if (!b)
		return last_error_set(-ENOMEM, "no memory for backpressure");
	backpressure_init(b, on, off);
	*out = b;
	return 0;
}

int engine_backpressure_destroy(struct engine_backpressure *b)
{
	free(b);
	return 0;
}

int engine_backpressure_update(struct engine_backpressure *b, uint64_t length, uint64_t capacity,
			       uint64_t now_ns)
{
	if (!b || capacity == 0 || capacity > LENGTH_MAX || length > LENGTH_MAX)
		return -EINVAL;
	return backpressure_update(b, length, capacity, now_ns);
}

static uint64_t passed(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

int backpressure_stats(struct engine_backpressure *b, uint64_t now_ns,
		       struct engine_backpressure_stats *stats)
{
	uint64_t state;

	if (!stats)
		return -EINVAL;
	if (stats->size != sizeof(*stats))
		return ENGINE_EABI;
	/* pairs with the releases in backpressure_update */
	state = load_acquire(&b->state);
	*stats = (struct engine_backpressure_stats){
		.size = sizeof(*stats),
		.on_now = state & BACKPRESSURE_ON ? 1 : 0,
		.triggers = load_relaxed(&b->triggers),
		.total_ns = state,
		.on = (double)b->on_at / BACKPRESSURE_FULL,
		.off = (double)b->off_at / BACKPRESSURE_FULL,
	};
	if (stats->on_now) {
		stats->total_ns = passed(now_ns, state & ~BACKPRESSURE_ON);
		stats->current_ns = passed(now_ns, load_relaxed(&b->since_ns));
	}
	return 0;
}

int engine_backpressure_get_stats(struct engine_backpressure *b, uint64_t now_ns,
				  struct engine_backpressure_stats *stats)
{
	return b ? backpressure_stats(b, now_ns, stats) : -EINVAL;
}

int engine_backpressure_reset(struct engine_backpressure *b)
{
	if (!b)
		return -EINVAL;
	store_relaxed(&b->triggers, 0);
	/* pairs with the acquire in backpressure_stats */
	store_release(&b->state, 0);
	return 0;
}
