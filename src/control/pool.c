/* SPDX-License-Identifier: MIT */
/*
 * The pool's making and freeing, and its figures. Control side. Each chunk is
 * one piece of memory, its header before its samples, and can be freed alone;
 * all of it was written to, so that its first use meets no page fault.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <peal/error.h>

#include "control/last_error.h"
#include "control/pool_config.h"
#include "shared/pool.h"

static size_t rounded(size_t bytes)
{
	return (bytes + CACHE_APART - 1) / CACHE_APART * CACHE_APART;
}

#define HEADER_BYTES rounded(sizeof(struct engine_chunk))

/* Whether the kernel would give so much at once. Piece by piece it promises
 * more than there is, and ends processes when they use it. */
static bool conceivable(uint64_t bytes)
{
	void *map = MAP_FAILED;

	if (bytes <= SIZE_MAX / 2)
		map = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return false;
	munmap(map, (size_t)bytes);
	return true;
}

static void *zeroed(size_t bytes)
{
	void *memory = aligned_alloc(CACHE_APART, rounded(bytes));

	return memory ? memset(memory, 0, rounded(bytes)) : NULL;
}

/* Under the lock, or before anybody has the pool; the chunk is in use. */
static struct engine_chunk *add_chunk(struct engine_pool *pool)
{
	unsigned char *memory = zeroed(HEADER_BYTES + pool->samples_bytes);
	struct engine_chunk *chunk = (struct engine_chunk *)memory;

	if (!chunk)
		return NULL;
	while (pool->slots[pool->absent].chunk)
		pool->absent++;
	*chunk = pool->model;
	chunk->samples = memory + HEADER_BYTES;
	chunk->index = pool->absent++;
	pool->slots[chunk->index].chunk = chunk;
	pool->allocated++;
	/* pairs with the acquire in go_round: the slot is there to be looked at */
	if (pool->absent > load_relaxed(&pool->extent))
		store_release(&pool->extent, pool->absent);
	return chunk;
}

/* What was made of it; no thread is using it. */
static void free_pool(struct engine_pool *pool)
{
	for (uint32_t i = 0; i < load_relaxed(&pool->extent); i++)
		free(pool->slots[i].chunk);
	free(pool->recycled.slots);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static struct engine_pool *new_pool(const struct engine_pool_config *config)
{
	uint32_t limit = pool_config_limit(config);
	struct engine_pool *pool = zeroed(sizeof(*pool) + limit * sizeof(pool->slots[0]));
	uint32_t frame_bytes = config->channels * (uint32_t)engine_format_bytes(config->format);

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pool->flags = config->flags;
	pool->limit = limit;
	pool->samples_bytes = (size_t)config->frames * frame_bytes;
	pool->model = (struct engine_chunk){
		.pool = pool, .capacity = config->frames, .channels = config->channels,
		.format = config->format, .rate = config->rate,
	};
	for (uint32_t i = 0; i < POOL_HOMES; i++)
		store_relaxed(&pool->homes[i].slot,
			      (uint32_t)((uint64_t)i * config->chunks / POOL_HOMES));
	return pool;
}

static int fill_pool(struct engine_pool *pool, uint32_t chunks)
{
	if (chunks > 0 && !conceivable((uint64_t)chunks * (HEADER_BYTES + pool->samples_bytes)))
		return -ENOMEM;
	if (pool->flags & ENGINE_POOL_RECYCLE) {
		pool->recycled.slots = zeroed(chunks * sizeof(*pool->recycled.slots));
		if (!pool->recycled.slots)
			return -ENOMEM;
		chunk_ring_init(&pool->recycled, pool->recycled.slots, chunks);
	}
	for (uint32_t i = 0; i < chunks; i++) {
		struct engine_chunk *chunk = add_chunk(pool);

		if (!chunk)
			return -ENOMEM;
		engine_chunk_release(chunk);
	}
	return 0;
}

int engine_pool_create(struct engine_pool **out, const struct engine_pool_config *config)
{
	struct engine_pool *pool;
	int err;

	if (!out)
		return last_error_set(-EINVAL, "out is NULL");
	*out = NULL;
	if (!config)
		return last_error_set(-EINVAL, "config is NULL");
	err = pool_config_check(config);
	if (err < 0)
		return err;
	pool = new_pool(config);
	err = pool ? fill_pool(pool, config->chunks) : -ENOMEM;
	if (err == 0) {
		*out = pool;
		return 0;
	}
	if (pool)
		free_pool(pool);
	return last_error_set(err,
			      "no memory for config.chunks %" PRIu32 " of %" PRIu32
			      " frames * %" PRIu32 " channels, with a limit of %" PRIu32,
			      config->chunks, config->frames, config->channels,
			      pool_config_limit(config));
}

static uint64_t count_free(const struct engine_pool *pool)
{
	uint64_t count = 0;

	if (pool->flags & ENGINE_POOL_RECYCLE)
		return chunk_ring_length(&pool->recycled);
	for (uint32_t i = 0; i < load_relaxed(&pool->extent); i++)
		count += load_relaxed(&pool->slots[i].state) & POOL_SLOT_THERE;
	return count;
}

static uint64_t count_hits(const struct engine_pool *pool)
{
	uint64_t count = 0;

	if (pool->flags & ENGINE_POOL_RECYCLE)
		return load_relaxed(&pool->recycled.popped);
	for (uint32_t i = 0; i < load_relaxed(&pool->extent); i++)
		count += load_relaxed(&pool->slots[i].state) / 2;
	return count - pool->cleared;
}

int engine_pool_get_stats(struct engine_pool *pool, struct engine_pool_stats *stats)
{
	uint64_t hits, misses, there;

	if (!pool || !stats)
		return -EINVAL;
	if (stats->size != sizeof(*stats))
		return ENGINE_EABI;
	pthread_mutex_lock(&pool->lock);
	hits = count_hits(pool);
	misses = load_relaxed(&pool->misses);
	there = count_free(pool);
	*stats = (struct engine_pool_stats){
		.size = sizeof(*stats),
		.hits = hits,
		.misses = misses,
		.allocated = pool->allocated,
		/* while they come and go we may meet one that moves twice */
		.in_use = there < pool->allocated ? pool->allocated - there : 0,
		.limit = pool->limit,
		.hit_rate = hits + misses ? (double)hits / (double)(hits + misses) : NAN,
	};
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

int engine_pool_acquire_or_grow(struct engine_pool *pool, struct engine_chunk **chunk)
{
	int err = -EINVAL;

	if (!chunk)
		return err;
	*chunk = NULL;
	if (!pool || pool->flags & ENGINE_POOL_RECYCLE)
		return err;
	err = engine_pool_acquire(pool, chunk);
	if (err == 0)
		return 0;
	pthread_mutex_lock(&pool->lock);
	if (pool->allocated < pool->limit) {
		*chunk = add_chunk(pool);
		err = *chunk ? 0 : -ENOMEM;
	}
	pthread_mutex_unlock(&pool->lock);
	return err;
}

/* Under the lock; the chunk is in use, and ours. */
static void remove_chunk(struct engine_pool *pool, uint32_t index)
{
	free(pool->slots[index].chunk);
	pool->slots[index].chunk = NULL;
	if (index < pool->absent)
		pool->absent = index;
	pool->allocated--;
	pool->cleared++;
}

int engine_pool_clear(struct engine_pool *pool)
{
	int count = 0;

	if (!pool || pool->flags & ENGINE_POOL_RECYCLE)
		return -EINVAL;
	pthread_mutex_lock(&pool->lock);
	for (uint32_t i = 0; i < load_relaxed(&pool->extent); i++) {
		uint64_t state;

		if (!pool_slot_take(&pool->slots[i], &state))
			continue;
		remove_chunk(pool, i);
		count++;
	}
	pthread_mutex_unlock(&pool->lock);
	return count;
}

int engine_pool_destroy(struct engine_pool *pool)
{
	uint64_t in_use;

	if (!pool)
		return 0;
	in_use = pool->allocated - count_free(pool);
	if (in_use > 0)
		return last_error_set(-EBUSY,
				      "%" PRIu64 " of the pool's %" PRIu32 " chunks are in use",
				      in_use, pool->allocated);
	free_pool(pool);
	return 0;
}
