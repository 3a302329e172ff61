/* SPDX-License-Identifier: MIT */
/*
 * The pool: chunks made in advance, so that nobody has to allocate one when
 * time counts.
 *
 * Any number of threads acquire and release at the same time, lock-free: one
 * atomic read-modify-write to acquire, a plain store to release. What a chunk's
 * place in the pool says includes how often it was acquired, so that no thread
 * takes an older state of it for the present one (there is no ABA). A pool
 * made for recycling serves one thread that acquires and one that releases, as
 * an engine's streams do, and needs no read-modify-write at all.
 */
#ifndef PEAL_POOL_H
#define PEAL_POOL_H

#include <stddef.h>
#include <stdint.h>

#include <peal/chunk.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_pool;

#define ENGINE_POOL_FRAMES_MAX 65536
#define ENGINE_POOL_CHUNKS_MAX (1u << 20)

/* engine_pool_config.flags */
#define ENGINE_POOL_RECYCLE 1u /* one acquiring thread, one releasing; never grows */
#define ENGINE_POOL_ZERO 2u    /* a released chunk's samples are zeroed before its next use */

struct engine_pool_config {
	size_t size;       /* sizeof(struct engine_pool_config) */
	uint32_t frames;   /* a chunk's capacity, 1..ENGINE_POOL_FRAMES_MAX */
	uint32_t channels; /* 1..256 */
	uint32_t format;   /* enum engine_format, not ANY */
	uint32_t rate;     /* 1000..768000 Hz */
	uint32_t chunks;   /* made at create, 0..limit */
	uint32_t limit;    /* never more, 1..ENGINE_POOL_CHUNKS_MAX; 0: chunks. A
			    * recycling pool's is chunks, or 0 */
	uint32_t flags;    /* ENGINE_POOL_* */
};

/*
 * Make a pool and its chunks, their samples all zero.
 *
 * out: where to put it; NULL on failure.
 * Returns 0; -EINVAL; ENGINE_EABI; -ENOMEM. engine_last_error names the
 * parameter and its range.
 * Thread: control.
 */
int engine_pool_create(struct engine_pool **out, const struct engine_pool_config *config);

/*
 * Free a pool with its chunks.
 *
 * pool: NULL is allowed. No thread may be using it.
 * Returns 0; -EBUSY when chunks are still in use: nothing is freed, and
 * engine_last_error says how many they are.
 * Thread: control.
 */
int engine_pool_destroy(struct engine_pool *pool);

/*
 * Take a chunk that is there. Its frames, frame, time, sequence and gap are 0.
 *
 * chunk: where to put it; NULL when there is none.
 * Returns 0 (a hit); -ENOBUFS when there was a moment at which every chunk was
 * in use (a miss); -EINVAL when a pointer is NULL.
 * Never allocates, blocks or makes a system call. It looks for a chunk from
 * where this thread found its last one, and takes the longer the fewer are
 * left: with none left it has looked at each.
 * Thread: any; of a recycling pool, the acquiring one.
 */
int engine_pool_acquire(struct engine_pool *pool, struct engine_chunk **chunk);

/*
 * Take a chunk, and make one when there is none and the limit allows it (that
 * counts as a miss as well).
 *
 * Returns 0; -ENOBUFS at the limit; -ENOMEM; -EINVAL (also for a recycling
 * pool); in each of these *chunk is NULL.
 * Thread: control.
 */
int engine_pool_acquire_or_grow(struct engine_pool *pool, struct engine_chunk **chunk);

/*
 * Give a chunk back to the pool it is from.
 *
 * chunk: NULL is allowed and does nothing.
 * Returns 0; -EINVAL when it is from no pool, or the copy of one that is;
 * -EALREADY when it was released already: nothing is done. (A recycling pool
 * finds that out only once all its chunks are back.)
 * Never blocks or makes a system call. Thread: any; of a recycling pool, the
 * releasing one.
 */
int engine_chunk_release(struct engine_chunk *chunk);

struct engine_pool_stats {
	size_t size;         /* sizeof(struct engine_pool_stats), set by the caller */
	uint64_t hits;       /* chunks taken that were there */
	uint64_t misses;     /* times there was none */
	uint64_t allocated;  /* chunks that exist */
	uint64_t in_use;     /* of these, acquired and not released */
	uint64_t limit;
	double hit_rate;     /* hits / (hits + misses); NaN before the first acquire */
};

/*
 * Looks at every chunk's place: for now and then. Exact while no other thread
 * is inside a call on the pool.
 * Returns 0; -EINVAL; ENGINE_EABI.
 * Thread: any but the audio thread.
 */
int engine_pool_get_stats(struct engine_pool *pool, struct engine_pool_stats *stats);

/*
 * Free the chunks that are not in use, down to none. The counters stay.
 * Returns how many; -EINVAL (also for a recycling pool). Thread: control.
 */
int engine_pool_clear(struct engine_pool *pool);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
