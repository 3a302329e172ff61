/* SPDX-License-Identifier: MIT */
/*
 * Acquiring and releasing; see pool.h. Both sides; no memory is allocated here.
 *
 * What is rare is kept out of line, so that what is not saves no registers: a
 * compare-and-swap waits for every store before it.
 */
#include "shared/pool.h"

#include <errno.h>
#include <string.h>

#define out_of_line __attribute__((noinline))

/* Where this thread's stack lies tells it from the others: nothing has to be
 * kept for it, as thread-local storage would, which may allocate. */
static inline struct pool_home *find_home(struct engine_pool *pool)
{
	uint32_t here = (uint32_t)((uintptr_t)__builtin_frame_address(0) >> 16);

	/* 2^32 / the golden ratio: stacks at equal distances come to lie far apart */
	return &pool->homes[(here * 0x9e3779b9u >> 16) % POOL_HOMES];
}

/* Once round all slots, from home on, adding up the states that were seen. */
static struct pool_slot *go_round(struct engine_pool *pool, struct pool_home *home, uint64_t *sum)
{
	uint32_t extent = load_acquire(&pool->extent);
	uint32_t first = load_relaxed(&home->slot);
	uint32_t i;

	*sum = extent;
	if (extent == 0)
		return NULL;
	/* the pool may have grown since we asked how far it goes */
	if (first >= extent)
		first = 0;
	i = first;
	do {
		uint64_t state;

		if (pool_slot_take(&pool->slots[i], &state)) {
			store_relaxed(&home->slot, i);
			return &pool->slots[i];
		}
		*sum += state;
		i = i + 1 == extent ? 0 : i + 1;
	} while (i != first);
	return NULL;
}

/*
 * That each slot was found empty does not mean that they ever all were: a
 * chunk may have come back to one after we had passed it, and another have
 * been taken from one before we came there. But if we go round again and not
 * one was touched, they all were empty when we began again.
 */
static out_of_line struct pool_slot *look_around(struct engine_pool *pool, struct pool_home *home)
{
	struct pool_slot *slot;
	uint64_t sum = 0, before;

	do {
		before = sum;
		slot = go_round(pool, home, &sum);
	} while (!slot && sum != before);
	return slot;
}

static inline struct engine_chunk *find(struct engine_pool *pool)
{
	struct pool_home *home = find_home(pool);
	struct pool_slot *slot = &pool->slots[load_relaxed(&home->slot)];
	uint64_t state;

	if (!pool_slot_take(slot, &state))
		slot = look_around(pool, home);
	return slot ? slot->chunk : NULL;
}

static out_of_line int miss(struct engine_pool *pool)
{
	if (pool->flags & ENGINE_POOL_RECYCLE)
		count_add(&pool->misses, 1);
	else
		add_relaxed(&pool->misses, 1);
	return -ENOBUFS;
}

int engine_pool_acquire(struct engine_pool *pool, struct engine_chunk **chunk)
{
	struct engine_chunk *found;

	if (!pool || !chunk)
		return -EINVAL;
	found = pool->flags & ENGINE_POOL_RECYCLE ? chunk_ring_pop(&pool->recycled) : find(pool);
	*chunk = found;
	if (!found)
		return miss(pool);
	found->frame = 0;
	found->time_ns = 0;
	found->sequence = 0;
	found->gap_frames = 0;
	found->frames = 0;
	return 0;
}

static inline int give_back(struct engine_pool *pool, struct pool_slot *slot)
{
	uint64_t state = load_relaxed(&slot->state);

	if (pool->flags & ENGINE_POOL_RECYCLE)
		return chunk_ring_push(&pool->recycled, slot->chunk) ? 0 : -EALREADY;
	if (state & POOL_SLOT_THERE)
		return -EALREADY;
	/* pairs with the acquire in pool_slot_take. Nobody else writes the word of a
	 * chunk that is in use. */
	store_release(&slot->state, state | POOL_SLOT_THERE);
	return 0;
}

static out_of_line int zero_and_give_back(struct engine_pool *pool, struct pool_slot *slot)
{
	/* released already: its samples may be another thread's by now */
	if (load_relaxed(&slot->state) & POOL_SLOT_THERE)
		return -EALREADY;
	memset(slot->chunk->samples, 0, pool->samples_bytes);
	return give_back(pool, slot);
}

int engine_chunk_release(struct engine_chunk *chunk)
{
	struct engine_pool *pool;
	struct pool_slot *slot;

	if (!chunk)
		return 0;
	pool = chunk->pool;
	if (!pool || chunk->index >= pool->limit)
		return -EINVAL;
	slot = &pool->slots[chunk->index];
	if (slot->chunk != chunk)
		return -EINVAL;
	return pool->flags & ENGINE_POOL_ZERO ? zero_and_give_back(pool, slot) :
						give_back(pool, slot);
}
