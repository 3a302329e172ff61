/* SPDX-License-Identifier: MIT */
/*
 * The small pool: a pool of short chunks, and what the tests often ask of one.
 * Every function fails the test when it is refused.
 */
#ifndef PEAL_TESTS_SMALL_POOL_H
#define PEAL_TESTS_SMALL_POOL_H

#include <peal/pool.h>

#define SMALL_FRAMES 16
#define SMALL_CHANNELS 2
#define SMALL_BYTES (SMALL_FRAMES * SMALL_CHANNELS * 2)

/* A pool with these fields of its configuration set: .chunks = 4, ... */
#define small_pool(...)                                                                            \
	small_pool_create(&(struct engine_pool_config){                                            \
		.size = sizeof(struct engine_pool_config), .frames = SMALL_FRAMES,                 \
		.channels = SMALL_CHANNELS, .format = ENGINE_FORMAT_S16_LE, .rate = 48000,         \
		__VA_ARGS__ })
struct engine_pool *small_pool_create(const struct engine_pool_config *config);
void small_pool_destroy(struct engine_pool *pool);

struct engine_pool_stats small_pool_stats(struct engine_pool *pool);

struct engine_chunk *small_pool_acquire(struct engine_pool *pool);
/* Acquire so many chunks, all of which must be there and another each. */
void small_pool_acquire_all(struct engine_pool *pool, struct engine_chunk **chunks, unsigned count);
/* There must be none. */
void small_pool_miss(struct engine_pool *pool);
void small_pool_release(struct engine_chunk *chunk);

#endif
