/* SPDX-License-Identifier: MIT */
/*
 * The chunk ring: pointers to chunks from one thread to one other, lock-free,
 * any capacity. A chunk is handed over: it belongs to whoever holds the
 * pointer, and nothing is copied.
 *
 * As in the message ring the slot is its own flag: NULL is free. Each side
 * also publishes its own count, so that the length can be told.
 */
#ifndef PEAL_SHARED_CHUNK_RING_H
#define PEAL_SHARED_CHUNK_RING_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <peal/chunk.h>
#include "shared/atomic.h"

struct chunk_ring {
	/* constant */
	uint32_t capacity;
	atomic_of(struct engine_chunk *) *slots;

	/* the pushing thread writes, any thread reads */
	alignas(CACHE_APART) atomic_of(uint64_t) pushed;
	uint32_t push_slot; /* 0..capacity-1, the pushing thread's */

	/* the popping thread writes, any thread reads */
	alignas(CACHE_APART) atomic_of(uint64_t) popped;
	uint32_t pop_slot; /* 0..capacity-1, the popping thread's */
};

static inline void chunk_ring_init(struct chunk_ring *ring,
				   atomic_of(struct engine_chunk *) *slots, uint32_t capacity)
{
	*ring = (struct chunk_ring){ .capacity = capacity, .slots = slots };
	for (uint32_t i = 0; i < capacity; i++)
		store_relaxed(&slots[i], NULL);
}

/* False when the ring is full: the chunk stays the caller's. */
static inline bool chunk_ring_push(struct chunk_ring *ring, struct engine_chunk *chunk)
{
	uint32_t slot = ring->push_slot;

	/* pairs with the release in chunk_ring_pop */
	if (load_acquire(&ring->slots[slot]) != NULL)
		return false;
	/* pairs with the acquire in chunk_ring_peek: what the chunk holds */
	store_release(&ring->slots[slot], chunk);
	ring->push_slot = slot + 1 == ring->capacity ? 0 : slot + 1;
	/* pairs with the acquire in chunk_ring_length: the slot is full */
	store_release(&ring->pushed, load_relaxed(&ring->pushed) + 1);
	return true;
}

/* The oldest chunk, which stays in the ring; NULL when it is empty. Popping thread. */
static inline struct engine_chunk *chunk_ring_peek(const struct chunk_ring *ring)
{
	/* pairs with the release in chunk_ring_push */
	return load_acquire(&ring->slots[ring->pop_slot]);
}

/* NULL when the ring is empty. */
static inline struct engine_chunk *chunk_ring_pop(struct chunk_ring *ring)
{
	uint32_t slot = ring->pop_slot;
	struct engine_chunk *chunk = chunk_ring_peek(ring);

	if (!chunk)
		return NULL;
	/* pairs with the acquire in chunk_ring_push */
	store_release(&ring->slots[slot], NULL);
	ring->pop_slot = slot + 1 == ring->capacity ? 0 : slot + 1;
	/* pairs with the acquire in chunk_ring_length: the slot is free */
	store_release(&ring->popped, load_relaxed(&ring->popped) + 1);
	return chunk;
}

/* How many chunks lie in the ring, to the popping thread at least, to the pushing at most. */
static inline uint32_t chunk_ring_length(const struct chunk_ring *ring)
{
	/* pair with the releases in chunk_ring_pop and chunk_ring_push */
	uint64_t popped = load_acquire(&ring->popped);
	uint64_t pushed = load_acquire(&ring->pushed);

	return pushed > popped ? (uint32_t)(pushed - popped) : 0;
}

#endif
