/* SPDX-License-Identifier: MIT */
/* The small pool; see small_pool.h. */
#include "small_pool.h"

#include <check.h>
#include <errno.h>

#include <peal/error.h>

struct engine_pool *small_pool_create(const struct engine_pool_config *config)
{
	struct engine_pool *pool;
	int err = engine_pool_create(&pool, config);

	ck_assert_msg(err == 0, "engine_pool_create: %s", engine_last_error());
	ck_assert_ptr_nonnull(pool);
	return pool;
}

void small_pool_destroy(struct engine_pool *pool)
{
	int err = engine_pool_destroy(pool);

	ck_assert_msg(err == 0, "engine_pool_destroy: %s", engine_last_error());
}

struct engine_pool_stats small_pool_stats(struct engine_pool *pool)
{
	struct engine_pool_stats stats = { .size = sizeof(stats) };

	ck_assert_int_eq(engine_pool_get_stats(pool, &stats), 0);
	return stats;
}

struct engine_chunk *small_pool_acquire(struct engine_pool *pool)
{
	struct engine_chunk *chunk = NULL;

	ck_assert_int_eq(engine_pool_acquire(pool, &chunk), 0);
	ck_assert_ptr_nonnull(chunk);
	return chunk;
}

void small_pool_acquire_all(struct engine_pool *pool, struct engine_chunk **chunks, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		chunks[i] = small_pool_acquire(pool);
		for (unsigned j = 0; j < i; j++)
			ck_assert_ptr_ne(chunks[i], chunks[j]);
	}
}

void small_pool_miss(struct engine_pool *pool)
{
	struct engine_chunk *chunk = (struct engine_chunk *)&chunk;

	ck_assert_int_eq(engine_pool_acquire(pool, &chunk), -ENOBUFS);
	ck_assert_ptr_null(chunk);
}

void small_pool_release(struct engine_chunk *chunk)
{
	ck_assert_int_eq(engine_chunk_release(chunk), 0);
}
