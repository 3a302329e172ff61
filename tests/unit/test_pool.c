/* SPDX-License-Identifier: MIT */
/*
 * The pool on one thread: what it hands out, counts and refuses. Tests with
 * EITHER run on both forms, that for any threads and the recycling one.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peal/error.h>
#include <peal/format.h>

#include "shared/pool.h"
#include "small_pool.h"
#include "support.h"

/* More than there are homes to look from, and no power of two. */
#define MANY 77

static const uint32_t forms[] = { 0, ENGINE_POOL_RECYCLE };
#define EITHER forms[_i]

static struct engine_chunk *chunks[MANY + 1];

/* ---- memory that runs out: the library's chunks and pools are made by this */

static unsigned allocations_left = UINT32_MAX;

void *aligned_alloc(size_t alignment, size_t bytes)
{
	void *memory;

	if (allocations_left == 0)
		return NULL;
	allocations_left--;
	return posix_memalign(&memory, alignment, bytes) == 0 ? memory : NULL;
}

/* ---- create */

START_TEST(a_new_pool_has_its_chunks_and_none_in_use)
{
	struct engine_pool *pool = small_pool(.chunks = MANY, .flags = EITHER);
	struct engine_pool_stats stats = small_pool_stats(pool);

	ck_assert_uint_eq(stats.size, sizeof(stats));
	ck_assert_uint_eq(stats.allocated, MANY);
	ck_assert_uint_eq(stats.limit, MANY);
	ck_assert_uint_eq(stats.in_use, 0);
	ck_assert_uint_eq(stats.hits, 0);
	ck_assert_uint_eq(stats.misses, 0);
	ck_assert(isnan(stats.hit_rate));
	small_pool_destroy(pool);
}
END_TEST

static void assert_zero(const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (((const unsigned char *)bytes)[i] != 0)
			ck_abort_msg("byte %zu of %zu is not 0", i, count);
}

static void assert_empty(const struct engine_chunk *chunk)
{
	ck_assert_uint_eq(chunk->frames, 0);
	ck_assert_uint_eq(chunk->frame, 0);
	ck_assert_uint_eq(chunk->time_ns, 0);
	ck_assert_uint_eq(chunk->sequence, 0);
	ck_assert_uint_eq(chunk->gap_frames, 0);
}

/* Write into every byte that is the chunk's. */
static void scribble(struct engine_chunk *chunk, size_t bytes)
{
	memset(chunk->samples, 0xa5, bytes);
	chunk->frames = chunk->capacity;
	chunk->frame = chunk->time_ns = chunk->sequence = chunk->gap_frames = 99;
}

START_TEST(a_chunk_says_what_it_is_and_its_samples_are_its_own)
{
	uint32_t format = ENGINE_FORMAT_S16_LE + (uint32_t)_i % 5;
	struct engine_pool_config config = {
		.size = sizeof(config), .frames = 33, .channels = 3, .format = format,
		.rate = 44100, .chunks = MANY, .flags = forms[_i / 5],
	};
	struct engine_pool *pool = small_pool_create(&config);
	size_t bytes = 33 * 3 * (size_t)engine_format_bytes(format);
	bool seen[MANY] = { false };

	small_pool_acquire_all(pool, chunks, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		struct engine_chunk *chunk = chunks[i];

		ck_assert_ptr_eq(chunk->pool, pool);
		ck_assert_uint_eq(chunk->capacity, 33);
		ck_assert_uint_eq(chunk->channels, 3);
		ck_assert_uint_eq(chunk->format, format);
		ck_assert_uint_eq(chunk->rate, 44100);
		ck_assert_uint_eq((uintptr_t)chunk->samples % 64, 0);
		ck_assert_uint_lt(chunk->index, MANY);
		ck_assert(!seen[chunk->index]);
		seen[chunk->index] = true;
		/* scribbling over another one's would show */
		assert_empty(chunk);
		assert_zero(chunk->samples, bytes);
		scribble(chunk, bytes);
	}
	for (unsigned i = 0; i < MANY; i++) {
		ck_assert_uint_eq(chunks[i]->rate, 44100);
		small_pool_release(chunks[i]);
	}
	small_pool_destroy(pool);
}
END_TEST

/* ---- acquire, release */

START_TEST(acquire_hits_until_every_chunk_is_in_use_then_misses)
{
	struct engine_pool *pool = small_pool(.chunks = MANY, .flags = EITHER);
	struct engine_pool_stats stats;

	small_pool_acquire_all(pool, chunks, MANY);
	for (unsigned i = 0; i < 3; i++)
		small_pool_miss(pool);
	stats = small_pool_stats(pool);
	ck_assert_uint_eq(stats.hits, MANY);
	ck_assert_uint_eq(stats.misses, 3);
	ck_assert_uint_eq(stats.in_use, MANY);
	ck_assert_uint_eq(stats.allocated, MANY);
	for (unsigned i = 0; i < MANY; i++)
		small_pool_release(chunks[i]);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(release_makes_a_chunk_available_again)
{
	struct engine_pool *pool = small_pool(.chunks = MANY, .flags = EITHER);

	small_pool_acquire_all(pool, chunks, MANY);
	/* wherever it lies, and wherever the last one was found */
	for (unsigned i = 0; i < 3 * MANY; i++) {
		struct engine_chunk *chunk = chunks[i * 31 % MANY];

		small_pool_release(chunk);
		ck_assert_uint_eq(small_pool_stats(pool).in_use, MANY - 1);
		ck_assert_ptr_eq(small_pool_acquire(pool), chunk);
		small_pool_miss(pool);
	}
	ck_assert_uint_eq(small_pool_stats(pool).hits, 4 * MANY);
	for (unsigned i = 0; i < MANY; i++)
		small_pool_release(chunks[i]);
	small_pool_acquire_all(pool, chunks, MANY);
	for (unsigned i = 0; i < MANY; i++)
		small_pool_release(chunks[i]);
	small_pool_destroy(pool);
}
END_TEST

/* Its samples are in this processor's cache. */
START_TEST(the_chunk_just_released_is_the_next_to_be_acquired)
{
	struct engine_pool *pool = small_pool(.chunks = MANY);

	for (unsigned i = 0; i < MANY; i += 5) {
		struct engine_chunk *last;

		small_pool_acquire_all(pool, chunks, MANY);
		last = chunks[i];
		small_pool_release(last);
		ck_assert_ptr_eq(small_pool_acquire(pool), last);
		/* and not the first of all that are there */
		for (unsigned j = 0; j < MANY; j++)
			small_pool_release(chunks[j]);
		ck_assert_ptr_eq(small_pool_acquire(pool), last);
		small_pool_release(last);
	}
	small_pool_destroy(pool);
}
END_TEST

START_TEST(the_hit_rate_is_hits_of_all_tries)
{
	struct engine_pool *pool = small_pool(.chunks = 3, .flags = EITHER);

	small_pool_acquire_all(pool, chunks, 3);
	ck_assert_double_eq(small_pool_stats(pool).hit_rate, 1.0);
	small_pool_miss(pool);
	ck_assert_double_eq(small_pool_stats(pool).hit_rate, 0.75);
	for (unsigned i = 0; i < 3; i++)
		small_pool_release(chunks[i]);
	ck_assert_double_eq(small_pool_stats(pool).hit_rate, 0.75);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(an_acquired_chunk_is_empty_whatever_it_was)
{
	struct engine_pool *pool = small_pool(.chunks = 1, .flags = EITHER);
	struct engine_chunk *chunk = small_pool_acquire(pool);

	scribble(chunk, SMALL_BYTES);
	small_pool_release(chunk);
	assert_empty(small_pool_acquire(pool));
	small_pool_release(chunk);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(reuse_clears_the_samples_when_asked_for)
{
	struct engine_pool *pool = small_pool(.chunks = 2, .flags = EITHER | ENGINE_POOL_ZERO);

	for (unsigned i = 0; i < 4; i++) {
		small_pool_acquire_all(pool, chunks, 2);
		for (unsigned j = 0; j < 2; j++) {
			assert_zero(chunks[j]->samples, SMALL_BYTES);
			scribble(chunks[j], SMALL_BYTES);
			/* all that fits counts, not what is said to be in it */
			chunks[j]->frames = 1;
		}
		small_pool_release(chunks[i % 2]);
		small_pool_release(chunks[(i + 1) % 2]);
	}
	small_pool_destroy(pool);
}
END_TEST

START_TEST(a_second_release_is_refused_and_does_nothing)
{
	struct engine_pool *pool = small_pool(.chunks = 3, .flags = _i ? ENGINE_POOL_ZERO : 0);

	small_pool_acquire_all(pool, chunks, 3);
	small_pool_release(chunks[1]);
	memset(chunks[1]->samples, 1, 1);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(engine_chunk_release(chunks[1]), -EALREADY);
	ck_assert_uint_eq(*(unsigned char *)chunks[1]->samples, 1);
	ck_assert_uint_eq(small_pool_stats(pool).in_use, 2);
	ck_assert_ptr_eq(small_pool_acquire(pool), chunks[1]);
	small_pool_miss(pool);
	for (unsigned i = 0; i < 3; i++)
		small_pool_release(chunks[i]);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(a_release_too_many_is_refused_by_a_recycling_pool)
{
	struct engine_pool *pool = small_pool(.chunks = 2, .flags = ENGINE_POOL_RECYCLE);
	struct engine_chunk *chunk = small_pool_acquire(pool);

	small_pool_release(chunk);
	ck_assert_int_eq(engine_chunk_release(chunk), -EALREADY);
	small_pool_acquire_all(pool, chunks, 2);
	small_pool_miss(pool);
	small_pool_release(chunks[0]);
	small_pool_release(chunks[1]);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(what_is_from_no_pool_is_not_released)
{
	struct engine_pool *pool = small_pool(.chunks = 2, .flags = EITHER);
	struct engine_chunk *chunk = small_pool_acquire(pool), other = { .capacity = 1 };

	ck_assert_int_eq(engine_chunk_release(NULL), 0);
	ck_assert_int_eq(engine_chunk_release(&other), -EINVAL);
	other = *chunk;
	ck_assert_int_eq(engine_chunk_release(&other), -EINVAL);
	other.index = 2;
	ck_assert_int_eq(engine_chunk_release(&other), -EINVAL);
	other.index = UINT32_MAX;
	ck_assert_int_eq(engine_chunk_release(&other), -EINVAL);
	ck_assert_uint_eq(small_pool_stats(pool).in_use, 1);
	small_pool_release(chunk);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(a_recycling_pool_hands_out_what_came_back_first)
{
	struct engine_pool *pool = small_pool(.chunks = 3, .flags = ENGINE_POOL_RECYCLE);

	small_pool_acquire_all(pool, chunks, 3);
	for (unsigned i = 0; i < 3; i++)
		small_pool_release(chunks[(i + 2) % 3]);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_eq(small_pool_acquire(pool), chunks[(i + 2) % 3]);
	for (unsigned i = 0; i < 3; i++)
		small_pool_release(chunks[i]);
	small_pool_destroy(pool);
}
END_TEST

/* ---- growing, clearing */

static struct engine_chunk *grow(struct engine_pool *pool)
{
	struct engine_chunk *chunk = NULL;

	ck_assert_int_eq(engine_pool_acquire_or_grow(pool, &chunk), 0);
	ck_assert_ptr_nonnull(chunk);
	return chunk;
}

static void refuse_to_grow(struct engine_pool *pool, int error)
{
	struct engine_chunk *chunk = (struct engine_chunk *)&chunk;

	ck_assert_int_eq(engine_pool_acquire_or_grow(pool, &chunk), error);
	ck_assert_ptr_null(chunk);
}

START_TEST(a_pool_grows_to_its_limit_and_no_further)
{
	uint32_t made = (uint32_t)_i;
	struct engine_pool *pool = small_pool(.chunks = made, .limit = 5);
	struct engine_pool_stats stats;

	for (unsigned i = 0; i < 5; i++) {
		chunks[i] = grow(pool);
		assert_empty(chunks[i]);
		assert_zero(chunks[i]->samples, SMALL_BYTES);
		scribble(chunks[i], SMALL_BYTES);
		for (unsigned j = 0; j < i; j++)
			ck_assert_uint_ne(chunks[i]->index, chunks[j]->index);
		stats = small_pool_stats(pool);
		ck_assert_uint_eq(stats.allocated, i < made ? made : i + 1);
		ck_assert_uint_eq(stats.in_use, i + 1);
	}
	for (unsigned i = 0; i < 3; i++)
		refuse_to_grow(pool, -ENOBUFS);
	stats = small_pool_stats(pool);
	ck_assert_uint_eq(stats.limit, 5);
	ck_assert_uint_eq(stats.allocated, 5);
	ck_assert_uint_eq(stats.hits, made);
	ck_assert_uint_eq(stats.misses, 5 - made + 3);
	/* what was made is like the others */
	for (unsigned i = 0; i < 5; i++)
		small_pool_release(chunks[i]);
	small_pool_acquire_all(pool, chunks, 5);
	small_pool_miss(pool);
	ck_assert_uint_eq(small_pool_stats(pool).hits, made + 5);
	for (unsigned i = 0; i < 5; i++)
		small_pool_release(chunks[i]);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(clear_frees_what_is_not_in_use)
{
	struct engine_pool *pool = small_pool(.chunks = MANY);
	struct engine_pool_stats stats;

	small_pool_acquire_all(pool, chunks, MANY);
	for (unsigned i = 0; i < MANY; i += 3)
		small_pool_release(chunks[i]);
	ck_assert_int_eq(engine_pool_clear(pool), (MANY + 2) / 3);
	ck_assert_int_eq(engine_pool_clear(pool), 0);
	small_pool_miss(pool);
	stats = small_pool_stats(pool);
	ck_assert_uint_eq(stats.allocated, MANY - (MANY + 2) / 3);
	ck_assert_uint_eq(stats.in_use, stats.allocated);
	ck_assert_uint_eq(stats.limit, MANY);
	ck_assert_uint_eq(stats.hits, MANY);
	ck_assert_uint_eq(stats.misses, 1);
	/* the gaps are filled again, and no further */
	for (unsigned i = 0; i < MANY; i += 3)
		chunks[i] = grow(pool);
	refuse_to_grow(pool, -ENOBUFS);
	for (unsigned i = 0; i < MANY; i++)
		for (unsigned j = 0; j < i; j++)
			ck_assert_uint_ne(chunks[i]->index, chunks[j]->index);
	for (unsigned i = 0; i < MANY; i++)
		small_pool_release(chunks[i]);
	ck_assert_int_eq(engine_pool_clear(pool), MANY);
	ck_assert_uint_eq(small_pool_stats(pool).allocated, 0);
	ck_assert_uint_eq(small_pool_stats(pool).in_use, 0);
	ck_assert_uint_eq(small_pool_stats(pool).hits, MANY);
	small_pool_miss(pool);
	chunks[0] = grow(pool);
	small_pool_release(chunks[0]);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(a_recycling_pool_is_what_it_is)
{
	struct engine_pool *pool = small_pool(.chunks = 1, .limit = 1,
					      .flags = ENGINE_POOL_RECYCLE);
	struct engine_chunk *chunk;

	refuse_to_grow(pool, -EINVAL);
	chunk = small_pool_acquire(pool);
	refuse_to_grow(pool, -EINVAL);
	ck_assert_int_eq(engine_pool_clear(pool), -EINVAL);
	small_pool_release(chunk);
	ck_assert_int_eq(engine_pool_clear(pool), -EINVAL);
	ck_assert_uint_eq(small_pool_stats(pool).allocated, 1);
	small_pool_destroy(pool);
}
END_TEST

/* ---- what years would bring */

START_TEST(hits_are_exact_beyond_32_bits)
{
	struct engine_pool *pool = small_pool(.chunks = 2);
	uint64_t before = 2 * (uint64_t)UINT32_MAX;

	for (unsigned i = 0; i < 2; i++)
		store_relaxed(&pool->slots[i].state, 2 * (uint64_t)UINT32_MAX + POOL_SLOT_THERE);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(small_pool_stats(pool).hits, before + 2 * i);
		small_pool_acquire_all(pool, chunks, 2);
		small_pool_miss(pool);
		ck_assert_uint_eq(small_pool_stats(pool).in_use, 2);
		small_pool_release(chunks[0]);
		small_pool_release(chunks[1]);
	}
	small_pool_destroy(pool);
}
END_TEST

/* Another thread's home: it saw the pool grow, and this one does not yet. */
START_TEST(a_home_beyond_the_chunks_is_no_home)
{
	struct engine_pool *pool = small_pool(.chunks = 2, .limit = 100);

	for (unsigned home = 0; home < POOL_HOMES; home++)
		store_relaxed(&pool->homes[home].slot, 2 + home);
	small_pool_acquire_all(pool, chunks, 2);
	small_pool_miss(pool);
	small_pool_release(chunks[0]);
	small_pool_release(chunks[1]);
	small_pool_destroy(pool);
}
END_TEST

/* ---- destroy */

START_TEST(destroy_is_refused_while_chunks_are_in_use)
{
	struct engine_pool *pool = small_pool(.chunks = 3, .flags = EITHER);

	ck_assert_int_eq(engine_pool_destroy(NULL), 0);
	small_pool_acquire_all(pool, chunks, 2);
	ck_assert_int_eq(engine_pool_destroy(pool), -EBUSY);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "2 of the pool's 3 chunks"));
	small_pool_release(chunks[0]);
	ck_assert_int_eq(engine_pool_destroy(pool), -EBUSY);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "1 of the pool's 3 chunks"));
	/* nothing was freed */
	scribble(chunks[1], SMALL_BYTES);
	chunks[0] = small_pool_acquire(pool);
	small_pool_release(chunks[0]);
	small_pool_release(chunks[1]);
	small_pool_destroy(pool);
}
END_TEST

/* ---- bad input */

static void refused(const struct engine_pool_config *config, int error, const char *words)
{
	struct engine_pool *pool = (struct engine_pool *)&pool;

	ck_assert_int_eq(engine_pool_create(&pool, config), error);
	ck_assert_ptr_null(pool);
	ck_assert_msg(strstr(engine_last_error(), words), "%s", engine_last_error());
}

#define GOOD { .size = sizeof(struct engine_pool_config), .frames = 1, .channels = 1,              \
	       .format = 1, .rate = 48000, .chunks = 4, .limit = 9 }

#define EDGES(field, lowest, highest, below, above, possible)                                      \
	do {                                                                                       \
		struct engine_pool_config config = GOOD;                                           \
                                                                                                   \
		config.field = (lowest);                                                           \
		small_pool_destroy(small_pool_create(&config));                                    \
		config.field = (highest);                                                          \
		small_pool_destroy(small_pool_create(&config));                                    \
		config.field = (below);                                                            \
		refused(&config, -EINVAL, "config." #field " ");                                   \
		config.field = (above);                                                            \
		refused(&config, -EINVAL, possible " are possible");                               \
	} while (0)

START_TEST(each_field_has_its_range)
{
	EDGES(frames, 1, 65536, 0, 65537, "1..65536");
	EDGES(channels, 1, 256, 0, 257, "1..256");
	EDGES(format, 1, 5, 0, 6, "1..5 (enum engine_format)");
	EDGES(rate, 1000, 768000, 999, 768001, "1000..768000 Hz");
	EDGES(chunks, 0, 9, UINT32_MAX, 10, "0..9 (the limit)");
	EDGES(limit, 4, 1u << 20, UINT32_MAX, (1u << 20) + 1, "1..1048576");
	EDGES(flags, 0, 2, UINT32_MAX, 4, "0..3 (ENGINE_POOL_*)");
}
END_TEST

START_TEST(what_does_not_go_together_is_refused)
{
	struct engine_pool_config config = GOOD;

	config.flags = ENGINE_POOL_RECYCLE;
	refused(&config, -EINVAL, "config.limit 9 refused: a recycling pool never grows");
	config.chunks = config.limit = 0;
	refused(&config, -EINVAL, "config.limit 0 refused: 1..1048576");
	config.flags = 0;
	refused(&config, -EINVAL, "config.limit 0 refused: 1..1048576");
}
END_TEST

START_TEST(a_size_that_is_not_known_is_refused)
{
	struct engine_pool *pool = small_pool(.chunks = 1);
	struct engine_pool_config config = GOOD;
	struct engine_pool_stats stats = { .size = 0 };

	config.size = 0;
	refused(&config, ENGINE_EABI, "config.size is 0");
	config.size = sizeof(config) + 1;
	refused(&config, ENGINE_EABI, "sizeof(struct engine_pool_config)");
	ck_assert_int_eq(engine_pool_get_stats(pool, &stats), ENGINE_EABI);
	stats.size = sizeof(stats) - 1;
	ck_assert_int_eq(engine_pool_get_stats(pool, &stats), ENGINE_EABI);
	small_pool_destroy(pool);
}
END_TEST

START_TEST(null_is_refused)
{
	struct engine_pool *pool = small_pool(.chunks = 1);
	struct engine_pool_stats stats = { .size = sizeof(stats) };
	struct engine_pool_config config = GOOD;
	struct engine_chunk *chunk;

	ck_assert_int_eq(engine_pool_create(NULL, &config), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "out"));
	refused(NULL, -EINVAL, "config is NULL");
	ck_assert_int_eq(engine_pool_acquire(NULL, &chunk), -EINVAL);
	ck_assert_int_eq(engine_pool_acquire(pool, NULL), -EINVAL);
	refuse_to_grow(NULL, -EINVAL);
	ck_assert_int_eq(engine_pool_acquire_or_grow(pool, NULL), -EINVAL);
	ck_assert_int_eq(engine_pool_get_stats(NULL, &stats), -EINVAL);
	ck_assert_int_eq(engine_pool_get_stats(pool, NULL), -EINVAL);
	ck_assert_int_eq(engine_pool_clear(NULL), -EINVAL);
	ck_assert_uint_eq(small_pool_stats(pool).hits, 0);
	ck_assert_uint_eq(small_pool_stats(pool).misses, 0);
	small_pool_destroy(pool);
}
END_TEST

/* ---- no memory */

START_TEST(without_memory_nothing_is_left_behind)
{
	struct engine_pool_config config = GOOD;

	config.flags = EITHER;
	config.limit = config.chunks;
	/* the pool, its ring if it has one, and its chunks */
	for (unsigned made = 0; made < config.chunks + (config.flags ? 2 : 1); made++) {
		allocations_left = made;
		refused(&config, -ENOMEM, "no memory for config.chunks 4 of 1 frames");
	}
	allocations_left = config.chunks + (config.flags ? 2 : 1);
	small_pool_destroy(small_pool_create(&config));
}
END_TEST

START_TEST(without_memory_a_pool_does_not_grow)
{
	struct engine_pool *pool = small_pool(.chunks = 0, .limit = 1);

	allocations_left = 0;
	refuse_to_grow(pool, -ENOMEM);
	ck_assert_uint_eq(small_pool_stats(pool).allocated, 0);
	allocations_left = 1;
	small_pool_release(grow(pool));
	small_pool_destroy(pool);
}
END_TEST

static bool promises_anything(void)
{
	FILE *file = fopen("/proc/sys/vm/overcommit_memory", "r");
	int mode = 1;

	if (file && fscanf(file, "%d", &mode) != 1)
		mode = 1;
	if (file)
		fclose(file);
	return mode == 1;
}

/* 64 TiB. In pieces the kernel would promise them all. */
START_TEST(what_no_machine_has_is_refused_at_once)
{
	struct engine_pool_config config = {
		.size = sizeof(config), .frames = 65536, .channels = 256,
		.format = ENGINE_FORMAT_FLOAT_LE, .rate = 48000, .chunks = 1u << 20,
	};

	/* set to promise whatever is asked, the machine would have to be believed */
	if (promises_anything())
		return;
	allocations_left = 10;
	refused(&config, -ENOMEM, "no memory for config.chunks 1048576 of 65536 frames");
	/* the pool, and none of its chunks */
	ck_assert_uint_eq(allocations_left, 9);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tests = tcase_create("pool");

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, a_new_pool_has_its_chunks_and_none_in_use, 0, 2);
	tcase_add_loop_test(tests, a_chunk_says_what_it_is_and_its_samples_are_its_own, 0, 10);
	tcase_add_loop_test(tests, acquire_hits_until_every_chunk_is_in_use_then_misses, 0, 2);
	tcase_add_loop_test(tests, release_makes_a_chunk_available_again, 0, 2);
	tcase_add_test(tests, the_chunk_just_released_is_the_next_to_be_acquired);
	tcase_add_loop_test(tests, the_hit_rate_is_hits_of_all_tries, 0, 2);
	tcase_add_loop_test(tests, an_acquired_chunk_is_empty_whatever_it_was, 0, 2);
	tcase_add_loop_test(tests, reuse_clears_the_samples_when_asked_for, 0, 2);
	tcase_add_loop_test(tests, a_second_release_is_refused_and_does_nothing, 0, 2);
	tcase_add_test(tests, a_release_too_many_is_refused_by_a_recycling_pool);
	tcase_add_loop_test(tests, what_is_from_no_pool_is_not_released, 0, 2);
	tcase_add_test(tests, a_recycling_pool_hands_out_what_came_back_first);
	tcase_add_loop_test(tests, a_pool_grows_to_its_limit_and_no_further, 0, 6);
	tcase_add_test(tests, clear_frees_what_is_not_in_use);
	tcase_add_test(tests, a_recycling_pool_is_what_it_is);
	tcase_add_test(tests, hits_are_exact_beyond_32_bits);
	tcase_add_test(tests, a_home_beyond_the_chunks_is_no_home);
	tcase_add_loop_test(tests, destroy_is_refused_while_chunks_are_in_use, 0, 2);
	tcase_add_test(tests, each_field_has_its_range);
	tcase_add_test(tests, what_does_not_go_together_is_refused);
	tcase_add_test(tests, a_size_that_is_not_known_is_refused);
	tcase_add_test(tests, null_is_refused);
	tcase_add_loop_test(tests, without_memory_nothing_is_left_behind, 0, 2);
	tcase_add_test(tests, without_memory_a_pool_does_not_grow);
	tcase_add_test(tests, what_no_machine_has_is_refused_at_once);
	return support_run(suite);
}
