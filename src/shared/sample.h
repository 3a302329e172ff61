/* SPDX-License-Identifier: MIT */
/*
 * The sample as both sides see it: planar floats, immutable once made, and a
 * count of references. The audio thread gets and puts references but never
 * frees: its last one goes to the control side through a list of retired
 * samples.
 *
 * Each channel begins and ends with SAMPLE_PAD zeros, so that interpolation
 * may look a little past either end.
 */
#ifndef PEAL_SHARED_SAMPLE_H
#define PEAL_SHARED_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/atomic.h"

#define SAMPLE_PAD 4

struct engine_sample {
	/* constant */
	const float *samples; /* channel 0's frame 0 */
	size_t stride;        /* floats from one channel to the next */
	uint32_t channels;    /* 1..ENGINE_CHANNELS_MAX */
	uint32_t frames;      /* 1..ENGINE_SAMPLE_FRAMES_MAX */
	uint32_t rate;

	/* any thread */
	atomic_of(uint32_t) references;

	/* whoever has retired it */
	struct engine_sample *next;

	/* control: what engine_sample_get_info tells beside that */
	void *memory;
	size_t bytes;
	uint64_t source_frames;
	uint64_t silenced;
	uint32_t source_rate;
	bool locked;
};

/* One channel's frames; -SAMPLE_PAD..frames+SAMPLE_PAD-1 can be read. */
static inline const float *sample_channel(const struct engine_sample *sample, uint32_t channel)
{
	return sample->samples + channel * sample->stride;
}

/* Who calls holds a reference, or is inside an RCU read section. */
static inline void sample_get(struct engine_sample *sample)
{
	add_relaxed(&sample->references, 1);
}

/* Give up a reference; true: it was the last, and the caller must retire it
 * (audio thread) or free it (control). */
static inline bool sample_put(struct engine_sample *sample)
{
	/* pairs with itself: who frees it sees all that others did with it */
	return atomic_fetch_sub_explicit(&sample->references, 1, memory_order_acq_rel) == 1;
}

#endif
