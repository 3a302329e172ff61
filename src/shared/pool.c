/* SPDX-License-Identifier: MIT */
/* Acquiring and releasing; see pool.h. Both sides; no memory is allocated here. */
#include "shared/pool.h"

#include <errno.h>
#include <string.h>

/* Where this thread's stack lies tells it from the others: nothing has to be
 * kept for it, as thread-local storage would, which may allocate. */
static struct pool_home *find_home(struct engine_pool *pool)
{
	uint32_t here = (uint32_t)((uintptr_t)__builtin_frame_address(0) >> 16);

	/* 2^32 / the golden ratio: stacks at equal distances come to lie far apart */
	return &pool->homes[(here * 0x9e3779b9u >> 16) % POOL_HOMES];
}

/* Take what is there, or add to the sum of what was seen. */
static bool slot_take(struct pool_slot *slot, uint64_t *seen)
{
	/* no later look is taken before this one: see find */
	uint64_t state = load_acquire(&slot->state);

	while (state & POOL_SLOT_THERE)
		/* pairs with the release in put_back: what the chunk holds */
		if (cas_acquire(&slot->state, &state, state + 1))
			return true;
	*seen += state;
	return false;
}

/* Once round all slots, from home on. */
static struct pool_slot *go_round(struct engine_pool *pool, struct pool_home *home, uint64_t *seen)
{
	uint32_t extent = load_acquire(&pool->extent);
	uint32_t first = load_relaxed(&home->slot);
	uint32_t i;

	*seen = extent;
	if (extent == 0)
		return NULL;
	/* the pool may have grown since we asked how far it goes */
	if (first >= extent)
		first = 0;
	i = first;
	do {
		if (slot_take(&pool->slots[i], seen)) {
			if (i != first)
				store_relaxed(&home->slot, i);
			return &pool->slots[i];
		}
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
static struct engine_chunk *find(struct engine_pool *pool)
{
	struct pool_home *home = find_home(pool);
	struct pool_slot *slot;
	uint64_t seen = 0, before;

	do {
		before = seen;
		slot = go_round(pool, home, &seen);
	} while (!slot && seen != before);
	return slot ? slot->chunk : NULL;
}

struct engine_chunk *pool_take(struct engine_pool *pool)
{
	struct engine_chunk *chunk = pool->flags & ENGINE_POOL_RECYCLE ?
					     chunk_ring_pop(&pool->recycled) :
					     find(pool);

	if (!chunk)
		return NULL;
	chunk->frame = 0;
	chunk->time_ns = 0;
	chunk->sequence = 0;
	chunk->gap_frames = 0;
	chunk->frames = 0;
	return chunk;
}

int pool_acquire(struct engine_pool *pool, struct engine_chunk **chunk)
{
	*chunk = pool_take(pool);
	if (*chunk)
		return 0;
	if (pool->flags & ENGINE_POOL_RECYCLE)
		count_add(&pool->misses, 1);
	else
		add_relaxed(&pool->misses, 1);
	return -ENOBUFS;
}

int engine_pool_acquire(struct engine_pool *pool, struct engine_chunk **chunk)
{
	if (!pool || !chunk)
		return -EINVAL;
	return pool_acquire(pool, chunk);
}

static void zero_if_asked(const struct engine_pool *pool, struct engine_chunk *chunk)
{
	if (pool->flags & ENGINE_POOL_ZERO)
		memset(chunk->samples, 0, pool->samples_bytes);
}

static int put_back(struct engine_pool *pool, struct pool_slot *slot)
{
	uint64_t state = load_relaxed(&slot->state);

	if (state & POOL_SLOT_THERE)
		return -EALREADY;
	zero_if_asked(pool, slot->chunk);
	/* pairs with the acquire in slot_take. Nobody else writes the word of a
	 * chunk that is in use. */
	store_release(&slot->state, state | POOL_SLOT_THERE);
	return 0;
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
	if (!(pool->flags & ENGINE_POOL_RECYCLE))
		return put_back(pool, slot);
	zero_if_asked(pool, chunk);
	return chunk_ring_push(&pool->recycled, chunk) ? 0 : -EALREADY;
}
