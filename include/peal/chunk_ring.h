/* SPDX-License-Identifier: MIT */
/*
 * The chunk ring: hands chunks over from one thread to one other, lock-free
 * and without copying. An engine's streams are made of it; a program can use
 * it without an engine.
 *
 * One thread pushes and one pops at a time; a second one caught inside the
 * same end gets -EBUSY. "Pusher" and "popper" below name the thread at each
 * end; their calls neither block nor allocate nor make a system call.
 */
#ifndef PEAL_CHUNK_RING_H
#define PEAL_CHUNK_RING_H

#include <stddef.h>
#include <stdint.h>

#include <peal/chunk.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_chunk_ring;

#define ENGINE_CHUNK_RING_MAX (1u << 20)

/*
 * Make a ring.
 *
 * out: where to put it; NULL on failure.
 * capacity: how many chunks it holds, 1..ENGINE_CHUNK_RING_MAX; all usable.
 * Returns 0; -EINVAL (out is NULL, or capacity out of range); -ENOMEM.
 * engine_last_error names the parameter.
 * Thread: control.
 */
int engine_chunk_ring_create(struct engine_chunk_ring **out, size_t capacity);

/*
 * Free a ring. Chunks that lie in it are released to their pools.
 * ring: NULL is allowed. No thread may be using it. Returns 0.
 * Thread: control.
 */
int engine_chunk_ring_destroy(struct engine_chunk_ring *ring);

/*
 * Push one chunk, with all that it says.
 *
 * Returns 0: the chunk is the ring's; -ENOBUFS: the ring is full, the chunk
 * stays the caller's, the drop is counted; -EINVAL when a pointer is NULL;
 * -EBUSY.
 * Thread: pusher.
 */
int engine_chunk_ring_push(struct engine_chunk_ring *ring, struct engine_chunk *chunk);

/*
 * Push as many of count chunks as fit, in order, from the first.
 * Returns how many (those after are the caller's, and counted as dropped);
 * -EINVAL when a pointer is NULL, one of the chunks' too: none was pushed;
 * -EBUSY.
 * Thread: pusher.
 */
int engine_chunk_ring_push_batch(struct engine_chunk_ring *ring,
				 struct engine_chunk *const *chunks, size_t count);

/*
 * Pop the oldest chunk.
 * Returns 1: *chunk is the caller's; 0: the ring is empty and *chunk NULL;
 * -EINVAL; -EBUSY.
 * Thread: popper.
 */
int engine_chunk_ring_pop(struct engine_chunk_ring *ring, struct engine_chunk **chunk);

/* Pop up to count chunks; returns how many, -EINVAL, -EBUSY. Thread: popper. */
int engine_chunk_ring_pop_batch(struct engine_chunk_ring *ring, struct engine_chunk **chunks,
				size_t count);

/*
 * Look at the oldest chunk and leave it in the ring; it may be read, not
 * changed, until the popper pops it.
 * Returns 1; 0: the ring is empty and *chunk NULL; -EINVAL; -EBUSY.
 * Thread: popper.
 */
int engine_chunk_ring_peek(struct engine_chunk_ring *ring, const struct engine_chunk **chunk);

/*
 * Pop what lies in the ring and release it to its pools. What is pushed
 * meanwhile may stay.
 * Returns how many chunks that were; -EINVAL; -EBUSY.
 * Thread: popper.
 */
int engine_chunk_ring_clear(struct engine_chunk_ring *ring);

struct engine_chunk_ring_stats {
	size_t size;       /* sizeof(struct engine_chunk_ring_stats), set by the caller */
	uint64_t capacity;
	uint64_t length;   /* pushed and not popped. To the popper: at least so many can
			    * be popped; to the pusher: at least capacity - length can
			    * be pushed; both exactly while the other end is idle.
			    * 0..capacity to any other. */
	uint64_t pushed;
	uint64_t popped;   /* cleared ones too */
	uint64_t dropped;  /* chunks that a push refused */
	double usage;      /* length / capacity, 0.0..1.0 */
};

/* Returns 0; -EINVAL; ENGINE_EABI. Thread: any. */
int engine_chunk_ring_get_stats(struct engine_chunk_ring *ring,
				struct engine_chunk_ring_stats *stats);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
