/* SPDX-License-Identifier: MIT */
/*
 * The pool: chunks that any number of threads acquire and release, lock-free.
 * This file and pool.c hold what both sides run; making, growing and freeing
 * are the control side's.
 *
 * Each chunk has a slot, and the slot's one word says all that there is to
 * say: whether the chunk is there, and how often it was acquired. To acquire
 * is one compare-and-swap of that word. While the chunk is in use the word is
 * its holder's alone, so that to release is a plain store. The word only ever
 * rises: one that is read twice alike was not touched in between.
 *
 * A recycling pool is a ring instead: one thread pops, one pushes.
 */
#ifndef PEAL_SHARED_POOL_H
#define PEAL_SHARED_POOL_H

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include <peal/pool.h>
#include "shared/atomic.h"
#include "shared/chunk_ring.h"

/* Acquires so far, twice, and this while the chunk is there. */
#define POOL_SLOT_THERE 1u

struct pool_slot {
	atomic_of(uint64_t) state;
	/* control: under lock, while none holds the chunk; NULL: none was made */
	struct engine_chunk *chunk;
};

/* Places to begin looking from; threads are spread over them. */
#define POOL_HOMES 32

struct pool_home {
	/* where a chunk was last found from here: only a hint */
	alignas(CACHE_APART) atomic_of(uint32_t) slot;
};

struct engine_pool {
	/* constant */
	struct engine_chunk model; /* what all its chunks have in common */
	size_t samples_bytes;      /* a chunk's */
	uint32_t flags;
	uint32_t limit;

	/* control writes, any thread reads; grows only */
	atomic_of(uint32_t) extent; /* slots that ever had a chunk are below it */

	/* any thread; a recycling pool's: the acquiring one's */
	alignas(CACHE_APART) atomic_of(uint64_t) misses;

	struct pool_home homes[POOL_HOMES];
	struct chunk_ring recycled;

	/* control; guards what follows, and that chunks are made and freed */
	alignas(CACHE_APART) pthread_mutex_t lock;
	uint32_t allocated;
	uint32_t absent;  /* every slot before it has a chunk */
	uint64_t cleared; /* acquires that were engine_pool_clear's */

	/* limit of them; a recycling pool uses only their chunks */
	alignas(CACHE_APART) struct pool_slot slots[];
};

/* Take the chunk that is there; if none is, state says what was seen instead. */
static inline bool pool_slot_take(struct pool_slot *slot, uint64_t *state)
{
	/* no later look is taken before this one: see pool.c, look_around */
	*state = load_acquire(&slot->state);
	while (*state & POOL_SLOT_THERE)
		/* pairs with the release in pool.c, give_back: what the chunk holds */
		if (cas_acquire(&slot->state, state, *state + 1))
			return true;
	return false;
}

#endif
