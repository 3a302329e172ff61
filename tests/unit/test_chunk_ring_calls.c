/* SPDX-License-Identifier: MIT */
/*
 * The chunk ring's public calls: chunks go through in order with all that they
 * say, what does not fit stays its owner's and is counted, and one thread at a
 * time is at each end.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <peal/error.h>

#include "control/chunk_ring.h"
#include "long_run.h"
#include "small_pool.h"
#include "support.h"

#define CAPACITY_MAX 100

static const uint32_t capacities[] = { 1, 2, 7, CAPACITY_MAX };
#define CAPACITY capacities[_i]

static struct engine_chunk chunks[CAPACITY_MAX + 1], *popped[CAPACITY_MAX + 1];
static struct engine_chunk_ring *ring;

static void create(size_t capacity)
{
	ck_assert_int_eq(engine_chunk_ring_create(&ring, capacity), 0);
	ck_assert_ptr_nonnull(ring);
}

static void destroy(void)
{
	ck_assert_int_eq(engine_chunk_ring_destroy(ring), 0);
}

static struct engine_chunk_ring_stats get_stats(void)
{
	struct engine_chunk_ring_stats stats = { .size = sizeof(stats) };

	ck_assert_int_eq(engine_chunk_ring_get_stats(ring, &stats), 0);
	return stats;
}

static void push(struct engine_chunk *chunk)
{
	ck_assert_int_eq(engine_chunk_ring_push(ring, chunk), 0);
}

static struct engine_chunk *pop(void)
{
	struct engine_chunk *chunk = NULL;

	ck_assert_int_eq(engine_chunk_ring_pop(ring, &chunk), 1);
	return chunk;
}

static void assert_empty(void)
{
	struct engine_chunk *chunk = &chunks[0];

	ck_assert_int_eq(engine_chunk_ring_pop(ring, &chunk), 0);
	ck_assert_ptr_null(chunk);
}

START_TEST(a_new_ring_is_empty)
{
	struct engine_chunk_ring_stats stats;

	create(CAPACITY);
	assert_empty();
	stats = get_stats();
	ck_assert_uint_eq(stats.size, sizeof(stats));
	ck_assert_uint_eq(stats.capacity, CAPACITY);
	ck_assert_uint_eq(stats.length + stats.pushed + stats.popped + stats.dropped, 0);
	ck_assert_double_eq(stats.usage, 0.0);
	destroy();
}
END_TEST

START_TEST(chunks_are_popped_in_the_order_pushed)
{
	create(CAPACITY);
	for (unsigned round = 0; round < 3; round++) {
		/* from another slot in each round */
		push(&chunks[0]);
		ck_assert_ptr_eq(pop(), &chunks[0]);
		for (unsigned i = 0; i < CAPACITY; i++)
			push(&chunks[i]);
		for (unsigned i = 0; i < CAPACITY; i++)
			ck_assert_ptr_eq(pop(), &chunks[i]);
		assert_empty();
	}
	destroy();
}
END_TEST

START_TEST(what_a_chunk_says_travels_with_it)
{
	static short samples[64];
	struct engine_chunk before = {
		.frame = 1, .time_ns = 2, .sequence = 3, .gap_frames = 4, .frames = 5,
		.capacity = 32, .samples = samples, .index = 6, .channels = 2,
		.format = ENGINE_FORMAT_S16_LE, .rate = 7,
	};

	create(2);
	chunks[0] = before;
	push(&chunks[0]);
	ck_assert_mem_eq(pop(), &before, sizeof(before));
	destroy();
}
END_TEST

START_TEST(a_full_ring_refuses_and_counts)
{
	struct engine_chunk_ring_stats stats;

	create(CAPACITY);
	for (unsigned i = 0; i < CAPACITY; i++)
		push(&chunks[i]);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(engine_chunk_ring_push(ring, &chunks[CAPACITY]), -ENOBUFS);
	stats = get_stats();
	ck_assert_uint_eq(stats.dropped, 3);
	ck_assert_uint_eq(stats.pushed, CAPACITY);
	ck_assert_uint_eq(stats.length, CAPACITY);
	ck_assert_double_eq(stats.usage, 1.0);
	/* the chunk stayed ours, and fits once there is room */
	ck_assert_ptr_eq(pop(), &chunks[0]);
	push(&chunks[CAPACITY]);
	for (unsigned i = 1; i <= CAPACITY; i++)
		ck_assert_ptr_eq(pop(), &chunks[i]);
	assert_empty();
	destroy();
}
END_TEST

START_TEST(stats_count_what_went_through)
{
	create(4);
	for (unsigned n = 0; n < 10; n++) {
		struct engine_chunk_ring_stats stats;

		push(&chunks[0]);
		push(&chunks[1]);
		pop();
		push(&chunks[2]);
		stats = get_stats();
		ck_assert_uint_eq(stats.pushed, 3 * n + 3);
		ck_assert_uint_eq(stats.popped, 3 * n + 1);
		ck_assert_uint_eq(stats.length, 2);
		ck_assert_double_eq(stats.usage, 0.5);
		pop();
		pop();
	}
	destroy();
}
END_TEST

/* Between a look at one counter and a look at the other much may happen. */
START_TEST(length_is_never_beyond_the_ring)
{
	create(4);
	store_relaxed(&ring->ring.pushed, 100);
	store_relaxed(&ring->ring.popped, 90);
	ck_assert_uint_eq(get_stats().length, 4);
	ck_assert_double_eq(get_stats().usage, 1.0);
	store_relaxed(&ring->ring.popped, 101);
	ck_assert_uint_eq(get_stats().length, 0);
	destroy();
}
END_TEST

START_TEST(a_batch_goes_in_as_far_as_it_fits)
{
	struct engine_chunk *batch[CAPACITY_MAX + 1];
	int capacity = (int)CAPACITY;

	for (unsigned i = 0; i <= CAPACITY; i++)
		batch[i] = &chunks[i];
	create(CAPACITY);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, batch, 0), 0);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, batch, CAPACITY + 1), capacity);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, batch, 1), 0);
	ck_assert_uint_eq(get_stats().dropped, 2);
	ck_assert_uint_eq(get_stats().pushed, CAPACITY);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, popped, 1), 1);
	ck_assert_ptr_eq(popped[0], &chunks[0]);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, batch + CAPACITY, 1), 1);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, popped, CAPACITY + 1), capacity);
	for (unsigned i = 0; i < CAPACITY; i++)
		ck_assert_ptr_eq(popped[i], &chunks[i + 1]);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, popped, 1), 0);
	ck_assert_uint_eq(get_stats().popped, CAPACITY + 1);
	destroy();
}
END_TEST

START_TEST(a_batch_is_popped_in_parts)
{
	create(7);
	for (unsigned i = 0; i < 7; i++)
		push(&chunks[i]);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, popped, 0), 0);
	for (unsigned i = 0; i < 6; i += 2) {
		ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, popped, 2), 2);
		ck_assert_ptr_eq(popped[0], &chunks[i]);
		ck_assert_ptr_eq(popped[1], &chunks[i + 1]);
	}
	/* more than there can ever be */
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, popped, SIZE_MAX), 1);
	ck_assert_ptr_eq(popped[0], &chunks[6]);
	destroy();
}
END_TEST

START_TEST(a_batch_with_a_hole_is_refused_as_a_whole)
{
	struct engine_chunk *batch[3] = { &chunks[0], &chunks[1], NULL };

	create(7);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, batch, 3), -EINVAL);
	ck_assert_uint_eq(get_stats().pushed, 0);
	ck_assert_uint_eq(get_stats().dropped, 0);
	assert_empty();
	destroy();
}
END_TEST

START_TEST(peek_looks_and_leaves)
{
	const struct engine_chunk *seen = &chunks[3];

	create(2);
	ck_assert_int_eq(engine_chunk_ring_peek(ring, &seen), 0);
	ck_assert_ptr_null(seen);
	push(&chunks[0]);
	push(&chunks[1]);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(engine_chunk_ring_peek(ring, &seen), 1);
		ck_assert_ptr_eq(seen, &chunks[0]);
		ck_assert_uint_eq(get_stats().length, 2);
	}
	ck_assert_ptr_eq(pop(), &chunks[0]);
	ck_assert_int_eq(engine_chunk_ring_peek(ring, &seen), 1);
	ck_assert_ptr_eq(seen, &chunks[1]);
	destroy();
}
END_TEST

START_TEST(clear_gives_the_chunks_back_to_their_pools)
{
	struct engine_pool *pool = small_pool(.chunks = 3);

	create(4);
	ck_assert_int_eq(engine_chunk_ring_clear(ring), 0);
	for (unsigned i = 0; i < 3; i++)
		push(small_pool_acquire(pool));
	/* one that is from no pool is popped as well */
	push(&chunks[0]);
	ck_assert_int_eq(engine_chunk_ring_clear(ring), 4);
	ck_assert_uint_eq(small_pool_stats(pool).in_use, 0);
	ck_assert_uint_eq(get_stats().popped, 4);
	ck_assert_uint_eq(get_stats().length, 0);
	assert_empty();
	/* it goes on */
	push(&chunks[1]);
	ck_assert_ptr_eq(pop(), &chunks[1]);
	destroy();
	small_pool_destroy(pool);
}
END_TEST

START_TEST(destroy_gives_the_chunks_back_to_their_pools)
{
	struct engine_pool *pool = small_pool(.chunks = 3);

	create(4);
	for (unsigned i = 0; i < 3; i++)
		push(small_pool_acquire(pool));
	destroy();
	small_pool_destroy(pool);
	ck_assert_int_eq(engine_chunk_ring_destroy(NULL), 0);
}
END_TEST

START_TEST(a_second_thread_inside_one_end_is_turned_away)
{
	const struct engine_chunk *seen;
	struct engine_chunk *one = &chunks[0];

	create(4);
	/* as the first thread leaves it when it is interrupted inside */
	store_relaxed(&ring->pushing, 1);
	ck_assert_int_eq(engine_chunk_ring_push(ring, one), -EBUSY);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, &one, 1), -EBUSY);
	assert_empty();
	store_relaxed(&ring->pushing, 0);
	push(one);
	store_relaxed(&ring->popping, 1);
	ck_assert_int_eq(engine_chunk_ring_pop(ring, &one), -EBUSY);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, &one, 1), -EBUSY);
	ck_assert_int_eq(engine_chunk_ring_peek(ring, &seen), -EBUSY);
	ck_assert_int_eq(engine_chunk_ring_clear(ring), -EBUSY);
	/* the other end is free, and everybody may ask */
	push(&chunks[1]);
	ck_assert_uint_eq(get_stats().length, 2);
	ck_assert_uint_eq(get_stats().dropped, 0);
	store_relaxed(&ring->popping, 0);
	ck_assert_ptr_eq(pop(), &chunks[0]);
	ck_assert_ptr_eq(pop(), &chunks[1]);
	destroy();
}
END_TEST

/* ---- threads */

static const char *push_one(struct engine_chunk *chunk, uint64_t n)
{
	int pushed;

	do {
		if (n % 2)
			pushed = engine_chunk_ring_push(ring, chunk) == 0;
		else
			pushed = engine_chunk_ring_push_batch(ring, &chunk, 1);
		if (pushed == 0)
			sched_yield();
	} while (pushed == 0 || pushed == -EBUSY);
	return pushed == 1 ? NULL : "a push was refused";
}

static const char *pop_one(struct engine_chunk **chunk, uint64_t n)
{
	int count;

	do {
		count = n % 2 ? engine_chunk_ring_pop(ring, chunk) :
				engine_chunk_ring_pop_batch(ring, chunk, 1);
		if (count == 0)
			sched_yield();
	} while (count == 0 || count == -EBUSY);
	return count == 1 ? NULL : "a pop was refused";
}

static uint64_t passes;
static uint32_t in_flight;         /* chunks that go round */
static atomic_of(uint64_t) looked_at; /* popped, and done with */

static void *push_numbers(void *arg)
{
	const char *complaint = NULL;

	(void)arg;
	for (uint64_t n = 0; !complaint && n < passes; n++) {
		struct engine_chunk *chunk = &chunks[n % in_flight];

		while (load_acquire(&looked_at) + in_flight <= n)
			sched_yield();
		chunk->sequence = n;
		chunk->frame = 3 * n;
		chunk->frames = (uint32_t)n;
		complaint = push_one(chunk, n);
	}
	return (void *)complaint;
}

START_TEST(concurrent_push_and_pop_keep_order_and_content)
{
	const char *complaint = NULL;
	pthread_t pusher;

	create(CAPACITY);
	passes = long_run(CAPACITY < 7 ? 100000 : 1000000);
	in_flight = CAPACITY + 1;
	pusher = support_start(push_numbers, NULL);
	for (uint64_t n = 0; n < passes; n++) {
		struct engine_chunk *chunk = NULL;

		complaint = pop_one(&chunk, n / 2);
		ck_assert_msg(!complaint, "%s", complaint);
		if (chunk->sequence != n || chunk->frame != 3 * n || chunk->frames != (uint32_t)n)
			ck_abort_msg("chunk %lu came as another", (unsigned long)n);
		store_release(&looked_at, n + 1);
	}
	complaint = support_join(pusher);
	ck_assert_msg(!complaint, "%s", complaint);
	ck_assert_uint_eq(get_stats().pushed, passes);
	ck_assert_uint_eq(get_stats().popped, passes);
	destroy();
}
END_TEST

#define CROWD 2 /* threads at each end */

static struct engine_pool *crowd_pool;

static void *push_in_a_crowd(void *sum)
{
	const char *complaint = NULL;

	for (uint64_t n = 1; !complaint && n <= passes; n++) {
		struct engine_chunk *chunk;

		while (engine_pool_acquire(crowd_pool, &chunk) == -ENOBUFS)
			sched_yield();
		chunk->frame = n;
		complaint = push_one(chunk, n);
		*(uint64_t *)sum += n;
	}
	return (void *)complaint;
}

static void *pop_in_a_crowd(void *sum)
{
	const char *complaint = NULL;

	for (uint64_t n = 1; !complaint && n <= passes; n++) {
		struct engine_chunk *chunk = NULL;

		complaint = pop_one(&chunk, n);
		if (complaint)
			break;
		*(uint64_t *)sum += chunk->frame;
		if (engine_chunk_release(chunk) != 0)
			complaint = "a chunk came out twice";
	}
	return (void *)complaint;
}

START_TEST(threads_that_crowd_at_one_end_break_nothing)
{
	uint64_t in[CROWD] = { 0 }, out[CROWD] = { 0 };
	pthread_t threads[2 * CROWD];

	create(3);
	crowd_pool = small_pool(.chunks = 5);
	passes = long_run(300000);
	for (unsigned i = 0; i < CROWD; i++) {
		threads[i] = support_start(push_in_a_crowd, &in[i]);
		threads[CROWD + i] = support_start(pop_in_a_crowd, &out[i]);
	}
	for (unsigned i = 0; i < 2 * CROWD; i++) {
		const char *complaint = support_join(threads[i]);

		ck_assert_msg(!complaint, "%s", complaint);
	}
	ck_assert_uint_eq(in[0] + in[1], out[0] + out[1]);
	ck_assert_uint_eq(get_stats().pushed, CROWD * passes);
	ck_assert_uint_eq(get_stats().popped, CROWD * passes);
	destroy();
	small_pool_destroy(crowd_pool);
}
END_TEST

/* ---- bad input */

static void refused(size_t capacity, int error, const char *words)
{
	ring = (struct engine_chunk_ring *)chunks;
	ck_assert_int_eq(engine_chunk_ring_create(&ring, capacity), error);
	ck_assert_ptr_null(ring);
	ck_assert_msg(strstr(engine_last_error(), words), "%s", engine_last_error());
}

START_TEST(capacity_has_its_range)
{
	refused(0, -EINVAL, "capacity 0 refused: 1..1048576 are possible");
	refused(ENGINE_CHUNK_RING_MAX + 1, -EINVAL, "capacity 1048577 refused");
	refused(SIZE_MAX, -EINVAL, "capacity");
	create(ENGINE_CHUNK_RING_MAX);
	push(&chunks[0]);
	ck_assert_ptr_eq(pop(), &chunks[0]);
	destroy();
	ck_assert_int_eq(engine_chunk_ring_create(NULL, 1), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "out is NULL"));
}
END_TEST

START_TEST(null_is_refused)
{
	struct engine_chunk_ring_stats stats = { .size = sizeof(stats) };
	struct engine_chunk *chunk = &chunks[0];
	const struct engine_chunk *seen;

	create(2);
	ck_assert_int_eq(engine_chunk_ring_push(NULL, chunk), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_push(ring, NULL), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_push_batch(NULL, &chunk, 1), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_push_batch(ring, NULL, 0), 0);
	ck_assert_int_eq(engine_chunk_ring_pop(NULL, &chunk), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_pop(ring, NULL), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(NULL, &chunk, 1), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_pop_batch(ring, NULL, 0), 0);
	ck_assert_int_eq(engine_chunk_ring_peek(NULL, &seen), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_peek(ring, NULL), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_clear(NULL), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_get_stats(NULL, &stats), -EINVAL);
	ck_assert_int_eq(engine_chunk_ring_get_stats(ring, NULL), -EINVAL);
	stats.size--;
	ck_assert_int_eq(engine_chunk_ring_get_stats(ring, &stats), ENGINE_EABI);
	ck_assert_uint_eq(get_stats().pushed + get_stats().dropped, 0);
	destroy();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chunk ring calls");
	TCase *tests = tcase_create("chunk ring calls");
	int count = sizeof(capacities) / sizeof(capacities[0]);

	suite_add_tcase(suite, tests);
	long_run_timeout(tests);
	tcase_add_loop_test(tests, a_new_ring_is_empty, 0, count);
	tcase_add_loop_test(tests, chunks_are_popped_in_the_order_pushed, 0, count);
	tcase_add_test(tests, what_a_chunk_says_travels_with_it);
	tcase_add_loop_test(tests, a_full_ring_refuses_and_counts, 0, count);
	tcase_add_test(tests, stats_count_what_went_through);
	tcase_add_test(tests, length_is_never_beyond_the_ring);
	tcase_add_loop_test(tests, a_batch_goes_in_as_far_as_it_fits, 0, count);
	tcase_add_test(tests, a_batch_is_popped_in_parts);
	tcase_add_test(tests, a_batch_with_a_hole_is_refused_as_a_whole);
	tcase_add_test(tests, peek_looks_and_leaves);
	tcase_add_test(tests, clear_gives_the_chunks_back_to_their_pools);
	tcase_add_test(tests, destroy_gives_the_chunks_back_to_their_pools);
	tcase_add_test(tests, a_second_thread_inside_one_end_is_turned_away);
	tcase_add_loop_test(tests, concurrent_push_and_pop_keep_order_and_content, 0, count);
	tcase_add_test(tests, threads_that_crowd_at_one_end_break_nothing);
	tcase_add_test(tests, capacity_has_its_range);
	tcase_add_test(tests, null_is_refused);
	return support_run(suite);
}
