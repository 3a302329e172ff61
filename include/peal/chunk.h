/* SPDX-License-Identifier: MIT */
/*
 * The chunk: some consecutive frames, with where and when they belong. It is
 * what streams are made of. A chunk belongs to whoever holds the pointer:
 * pushing it into a ring hands it over, and nothing is copied.
 *
 * Usually it is from a pool (peal/pool.h). A program may also make one of
 * memory of its own; then pool is NULL.
 */
#ifndef PEAL_CHUNK_H
#define PEAL_CHUNK_H

#include <stdint.h>

#include <peal/format.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_pool;

/* What a hand-over is about lies in the first 64 bytes, a cache line. */
struct engine_chunk {
	/* what is in it; its holder's to set */
	uint64_t frame;      /* engine frame of the first */
	uint64_t time_ns;    /* CLOCK_MONOTONIC when the audio thread took it */
	uint64_t sequence;   /* rises by 1 with each chunk delivered */
	uint64_t gap_frames; /* frames missing between the chunk before and this one */
	uint32_t frames;     /* how many, 0..capacity */

	/* what it is; constant */
	uint32_t capacity;        /* frames that fit */
	void *samples;            /* capacity * channels samples, interleaved; the
				   * library's chunks: 64-byte aligned */
	struct engine_pool *pool; /* where it goes back to; NULL: to nobody */
	uint32_t index;           /* the pool's */
	uint32_t channels;
	uint32_t format;          /* enum engine_format */
	uint32_t rate;            /* frames per second */
};

/*
 * How long a chunk lasts: frames / rate, in seconds.
 *
 * Returns 0.0 for NULL and for a chunk whose rate is 0.
 * Thread: any that holds the chunk.
 */
double engine_chunk_duration(const struct engine_chunk *chunk);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
