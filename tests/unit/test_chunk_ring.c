/* SPDX-License-Identifier: MIT */
/*
 * The chunk ring: chunks are handed over in order, each to one side at a
 * time, through rings of any capacity.
 */
#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "shared/chunk_ring.h"
#include "support.h"

#define CAPACITY_MAX 1024
#define ROUND_TRIPS 300000u
#define SAMPLES 64 /* bytes in a chunk that goes round */

static const uint32_t capacities[] = { 1, 2, 3, 7, 64, CAPACITY_MAX };

static struct engine_chunk chunks[CAPACITY_MAX + 1];
static atomic_of(struct engine_chunk *) slots[CAPACITY_MAX + 1];
static struct chunk_ring ring;

/* One slot more than the ring may use, to see that it leaves it alone. */
static void init(uint32_t capacity)
{
	memset(slots, 0xa5, sizeof(slots));
	chunk_ring_init(&ring, slots, capacity);
}

static void assert_last_slot_untouched(uint32_t capacity)
{
	uintptr_t untouched;

	memset(&untouched, 0xa5, sizeof(untouched));
	ck_assert_uint_eq((uintptr_t)load_relaxed(&slots[capacity]), untouched);
}

START_TEST(single_chunk_advances_both_positions)
{
	init(capacities[_i]);
	ck_assert_uint_eq(chunk_ring_length(&ring), 0);
	for (uint64_t n = 1; n <= 3; n++) {
		ck_assert(chunk_ring_push(&ring, &chunks[0]));
		ck_assert_uint_eq(load_relaxed(&ring.pushed), n);
		ck_assert_uint_eq(load_relaxed(&ring.popped), n - 1);
		ck_assert_uint_eq(chunk_ring_length(&ring), 1);
		ck_assert_ptr_eq(chunk_ring_pop(&ring), &chunks[0]);
		ck_assert_uint_eq(load_relaxed(&ring.popped), n);
		ck_assert_uint_eq(chunk_ring_length(&ring), 0);
	}
}
END_TEST

START_TEST(fill_and_drain_uses_every_slot)
{
	uint32_t capacity = capacities[_i];

	init(capacity);
	for (unsigned round = 0; round < 3; round++) {
		/* from another slot in each round */
		ck_assert(chunk_ring_push(&ring, &chunks[0]));
		ck_assert_ptr_eq(chunk_ring_pop(&ring), &chunks[0]);
		for (uint32_t i = 0; i < capacity; i++) {
			ck_assert_uint_eq(chunk_ring_length(&ring), i);
			ck_assert(chunk_ring_push(&ring, &chunks[i]));
		}
		for (uint32_t i = 0; i < capacity; i++) {
			ck_assert_uint_eq(chunk_ring_length(&ring), capacity - i);
			ck_assert_ptr_eq(chunk_ring_pop(&ring), &chunks[i]);
		}
		ck_assert_ptr_null(chunk_ring_pop(&ring));
	}
	assert_last_slot_untouched(capacity);
}
END_TEST

START_TEST(overflow_leaves_the_chunk_to_the_caller)
{
	uint32_t capacity = capacities[_i];

	init(capacity);
	for (uint32_t i = 0; i < capacity; i++)
		ck_assert(chunk_ring_push(&ring, &chunks[i]));
	for (unsigned i = 0; i < 3; i++)
		ck_assert(!chunk_ring_push(&ring, &chunks[capacity]));
	ck_assert_uint_eq(chunk_ring_length(&ring), capacity);
	ck_assert_ptr_eq(chunk_ring_pop(&ring), &chunks[0]);
	ck_assert(chunk_ring_push(&ring, &chunks[capacity]));
	for (uint32_t i = 1; i <= capacity; i++)
		ck_assert_ptr_eq(chunk_ring_pop(&ring), &chunks[i]);
	ck_assert_ptr_null(chunk_ring_pop(&ring));
	assert_last_slot_untouched(capacity);
}
END_TEST

START_TEST(underflow_finds_nothing_and_moves_nothing)
{
	init(capacities[_i]);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_ptr_null(chunk_ring_pop(&ring));
	ck_assert_uint_eq(load_relaxed(&ring.popped), 0);
	ck_assert(chunk_ring_push(&ring, &chunks[0]));
	ck_assert_ptr_eq(chunk_ring_pop(&ring), &chunks[0]);
}
END_TEST

START_TEST(peek_shows_the_oldest_and_leaves_it)
{
	uint32_t capacity = capacities[_i];

	init(capacity);
	ck_assert_ptr_null(chunk_ring_peek(&ring));
	for (uint32_t i = 0; i < capacity; i++)
		ck_assert(chunk_ring_push(&ring, &chunks[i]));
	for (uint32_t i = 0; i < capacity; i++) {
		ck_assert_ptr_eq(chunk_ring_peek(&ring), &chunks[i]);
		ck_assert_ptr_eq(chunk_ring_peek(&ring), &chunks[i]);
		ck_assert_uint_eq(chunk_ring_length(&ring), capacity - i);
		ck_assert_ptr_eq(chunk_ring_pop(&ring), &chunks[i]);
	}
	ck_assert_ptr_null(chunk_ring_peek(&ring));
}
END_TEST

/* What a hand-over is about: of two lines, the second would cost as much again. */
START_TEST(what_is_in_a_chunk_lies_in_one_cache_line)
{
	ck_assert_uint_lt(offsetof(struct engine_chunk, pool), 64);
	ck_assert_uint_lt(offsetof(struct engine_chunk, index), 64);
}
END_TEST

/* A pair of rings as a stream has them, and chunks with samples that go round. */
static struct {
	struct chunk_ring filled, emptied;
	atomic_of(struct engine_chunk *) slots[2][CAPACITY_MAX];
	struct engine_chunk chunks[CAPACITY_MAX];
	unsigned char samples[CAPACITY_MAX][SAMPLES];
} stream;

static void init_stream(uint32_t count)
{
	chunk_ring_init(&stream.filled, stream.slots[0], count);
	chunk_ring_init(&stream.emptied, stream.slots[1], count);
	for (uint32_t i = 0; i < count; i++) {
		stream.chunks[i].samples = stream.samples[i];
		ck_assert(chunk_ring_push(&stream.emptied, &stream.chunks[i]));
	}
}

/* Each round with another number of chunks: more than a million in all. */
static void *fill_and_push(void *arg)
{
	(void)arg;
	for (uint64_t n = 0; n < ROUND_TRIPS; n++) {
		bool promised = chunk_ring_length(&stream.emptied) > 0;
		struct engine_chunk *chunk = chunk_ring_pop(&stream.emptied);

		if (promised && !chunk)
			return "the length told of a chunk that was not there";
		while (!chunk) {
			sched_yield();
			chunk = chunk_ring_pop(&stream.emptied);
		}
		chunk->sequence = n;
		memset(chunk->samples, (unsigned char)n, SAMPLES);
		if (!chunk_ring_push(&stream.filled, chunk))
			return "as many slots as chunks, and yet no room";
	}
	return NULL;
}

START_TEST(concurrent_access_hands_each_chunk_to_one_side_at_a_time)
{
	const char *complaint;
	pthread_t filler;

	init_stream(capacities[_i]);
	filler = support_start(fill_and_push, NULL);
	for (uint64_t n = 0; n < ROUND_TRIPS; n++) {
		unsigned char expected[SAMPLES];
		struct engine_chunk *chunk;

		while (!(chunk = chunk_ring_pop(&stream.filled)))
			sched_yield();
		memset(expected, (unsigned char)n, SAMPLES);
		if (chunk->sequence != n || memcmp(chunk->samples, expected, SAMPLES) != 0)
			ck_abort_msg("chunk %lu is %lu", (unsigned long)n,
				     (unsigned long)chunk->sequence);
		/* what the filler would overwrite, if it had it already */
		memset(chunk->samples, 0, SAMPLES);
		if (!chunk_ring_push(&stream.emptied, chunk))
			ck_abort_msg("as many slots as chunks, and yet no room");
	}
	complaint = support_join(filler);
	ck_assert_msg(!complaint, "%s", complaint);
	ck_assert_uint_eq(chunk_ring_length(&stream.emptied), capacities[_i]);
	ck_assert_uint_eq(chunk_ring_length(&stream.filled), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chunk ring");
	TCase *tests = tcase_create("chunk ring");
	int count = sizeof(capacities) / sizeof(capacities[0]);

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, single_chunk_advances_both_positions, 0, count);
	tcase_add_loop_test(tests, fill_and_drain_uses_every_slot, 0, count);
	tcase_add_loop_test(tests, overflow_leaves_the_chunk_to_the_caller, 0, count);
	tcase_add_loop_test(tests, underflow_finds_nothing_and_moves_nothing, 0, count);
	tcase_add_loop_test(tests, peek_shows_the_oldest_and_leaves_it, 0, count);
	tcase_add_test(tests, what_is_in_a_chunk_lies_in_one_cache_line);
	tcase_add_loop_test(tests, concurrent_access_hands_each_chunk_to_one_side_at_a_time, 1,
			    count);
	return support_run(suite);
}
