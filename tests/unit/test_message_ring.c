/* SPDX-License-Identifier: MIT */
/*
 * The message ring by itself: one thread fills and drains it, then two at
 * once, and every message is checked for order, loss, doubling and tearing.
 */
#include <check.h>
#include <sched.h>
#include <stdlib.h>

#include "shared/message_ring.h"
#include "support.h"

#define CAPACITY ENGINE_RING_MESSAGES
#define MESSAGES 2000000u
#define BATCHED 500000u

/* Positions that the ring is tried from; the last ones wrap while it is in use. */
static const uint64_t starts[] = { 0, 1, CAPACITY - 1, UINT64_MAX - CAPACITY, UINT64_MAX - 5,
				   UINT64_MAX };

static struct message_ring ring;

/* The n-th message: every word tells n, so that a torn one shows. */
static struct message_words nth(uint64_t n)
{
	uint64_t state = n;
	struct message_words words = {
		.head = message_head(ENGINE_PING, (uint32_t)n & 3, (uint32_t)n),
		.frame = support_random(&state),
		.a = support_random(&state),
		.b = ~n,
	};

	return words;
}

static bool same(struct message_words x, struct message_words y)
{
	return x.head == y.head && x.frame == y.frame && x.a == y.a && x.b == y.b;
}

/* For millions of them: a ck_assert that holds costs a write. */
static void assert_nth(struct message_words words, uint64_t n)
{
	if (!same(words, nth(n)))
		ck_abort_msg("message %lu is %s", (unsigned long)n,
			     words.b == ~n ? "torn" : "another one");
}

static void assert_positions(uint64_t pushed, uint64_t popped)
{
	ck_assert_uint_eq(load_relaxed(&ring.pushed), pushed);
	ck_assert_uint_eq(load_relaxed(&ring.popped), popped);
}

START_TEST(single_message_advances_both_positions)
{
	uint64_t start = starts[_i];
	struct message_words words;

	message_ring_init(&ring, start);
	assert_positions(start, start);
	ck_assert(message_ring_push(&ring, nth(7)));
	assert_positions(start + 1, start);
	ck_assert(message_ring_pop(&ring, &words));
	assert_positions(start + 1, start + 1);
	ck_assert(same(words, nth(7)));
	ck_assert(!message_ring_pop(&ring, &words));
	assert_positions(start + 1, start + 1);
}
END_TEST

START_TEST(fill_and_drain_uses_all_1024_slots)
{
	uint64_t start = starts[_i];
	struct message_words words;

	ck_assert_uint_eq(CAPACITY, 1024);
	message_ring_init(&ring, start);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < CAPACITY; i++)
			ck_assert(message_ring_push(&ring, nth(i)));
		for (unsigned i = 0; i < CAPACITY; i++) {
			ck_assert(message_ring_pop(&ring, &words));
			ck_assert(same(words, nth(i)));
		}
		ck_assert(!message_ring_pop(&ring, &words));
		start += CAPACITY;
		assert_positions(start, start);
	}
}
END_TEST

START_TEST(overflow_queues_nothing_and_harms_nothing)
{
	uint64_t start = starts[_i];
	struct message_words words;

	message_ring_init(&ring, start);
	for (unsigned i = 0; i < CAPACITY; i++)
		ck_assert(message_ring_push(&ring, nth(i)));
	for (unsigned i = 0; i < 3; i++)
		ck_assert(!message_ring_push(&ring, nth(CAPACITY)));
	assert_positions(start + CAPACITY, start);
	for (unsigned i = 0; i < CAPACITY; i++) {
		ck_assert(message_ring_pop(&ring, &words));
		ck_assert(same(words, nth(i)));
	}
	ck_assert(!message_ring_pop(&ring, &words));
}
END_TEST

START_TEST(underflow_finds_nothing_and_moves_nothing)
{
	uint64_t start = starts[_i];
	struct message_words words;

	message_ring_init(&ring, start);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(!message_ring_peek(&ring, &words));
		ck_assert(!message_ring_pop(&ring, &words));
	}
	assert_positions(start, start);
	ck_assert(message_ring_push(&ring, nth(1)));
	ck_assert(message_ring_pop(&ring, &words));
	ck_assert(same(words, nth(1)));
}
END_TEST

START_TEST(peek_leaves_the_message_and_drop_takes_it)
{
	struct message_words words;

	message_ring_init(&ring, 0);
	ck_assert(message_ring_push(&ring, nth(1)));
	ck_assert(message_ring_push(&ring, nth(2)));
	ck_assert(message_ring_peek(&ring, &words) && same(words, nth(1)));
	ck_assert(message_ring_peek(&ring, &words) && same(words, nth(1)));
	assert_positions(2, 0);
	message_ring_drop(&ring);
	ck_assert(message_ring_peek(&ring, &words) && same(words, nth(2)));
	assert_positions(2, 1);
}
END_TEST

START_TEST(there_is_room_for_exactly_what_is_free)
{
	uint64_t start = starts[_i];
	struct message_words words;

	message_ring_init(&ring, start);
	for (unsigned held = 0; held <= CAPACITY; held++) {
		unsigned left = CAPACITY - held;

		ck_assert(left == 0 || message_ring_has_room(&ring, left));
		ck_assert(left == CAPACITY || !message_ring_has_room(&ring, left + 1));
		ck_assert(message_ring_push(&ring, nth(held)) == (left > 0));
	}
	for (unsigned left = 1; left <= CAPACITY; left++) {
		ck_assert(message_ring_pop(&ring, &words));
		ck_assert(message_ring_has_room(&ring, left));
		ck_assert(left == CAPACITY || !message_ring_has_room(&ring, left + 1));
	}
}
END_TEST

START_TEST(batch_is_invisible_until_its_first_message)
{
	struct message_words words;

	message_ring_init(&ring, starts[_i]);
	for (uint32_t i = CAPACITY; i-- > 0;) {
		ck_assert(!message_ring_peek(&ring, &words));
		message_ring_fill(&ring, i, nth(i));
	}
	message_ring_advance(&ring, CAPACITY);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		ck_assert(message_ring_pop(&ring, &words));
		ck_assert(same(words, nth(i)));
	}
}
END_TEST

START_TEST(head_holds_type_flags_and_id)
{
	uint64_t head = message_head(0xfedc, 0xba98, 0x76543210);

	ck_assert_uint_eq(head, 0x76543210ba98fedcu);
	ck_assert_uint_eq(message_type(head), 0xfedc);
	ck_assert_uint_eq(message_flags(head), 0xba98);
	ck_assert_uint_eq(message_id(head), 0x76543210);
}
END_TEST

static void *push_singly(void *arg)
{
	(void)arg;
	for (uint64_t n = 0; n < MESSAGES; n++)
		while (!message_ring_push(&ring, nth(n)))
			sched_yield();
	return NULL;
}

START_TEST(concurrent_access_keeps_order_and_loses_doubles_tears_nothing)
{
	struct message_words words;
	pthread_t sender;

	message_ring_init(&ring, starts[_i]);
	sender = support_start(push_singly, NULL);
	for (uint64_t n = 0; n < MESSAGES; n++) {
		while (!message_ring_pop(&ring, &words))
			sched_yield();
		assert_nth(words, n);
	}
	support_join(sender);
	ck_assert(!message_ring_pop(&ring, &words));
	assert_positions(starts[_i] + MESSAGES, starts[_i] + MESSAGES);
}
END_TEST

/* Sizes from 1 to the whole ring, the same sequence for both threads. The large
 * ones fit when the receiver has nothing else to look at. */
static uint32_t next_size(uint64_t *state)
{
	uint32_t few = (uint32_t)(support_random(state) % 20);

	return few % 2 ? 1 + few : CAPACITY - few;
}

static void *push_batches(void *arg)
{
	uint64_t state = 1;

	(void)arg;
	support_stay_on(0);
	for (uint64_t n = 0; n < BATCHED;) {
		uint32_t size = next_size(&state);

		while (!message_ring_has_room(&ring, size))
			sched_yield();
		for (uint32_t i = size; i-- > 0;)
			message_ring_fill(&ring, i, nth(n + i));
		message_ring_advance(&ring, size);
		n += size;
	}
	return NULL;
}

START_TEST(concurrent_batches_are_never_seen_in_part)
{
	uint64_t state = 1, n = 0;
	struct message_words words;
	pthread_t sender;

	message_ring_init(&ring, starts[_i]);
	sender = support_start(push_batches, NULL);
	support_stay_on(1);
	while (n < BATCHED) {
		uint32_t size = next_size(&state), looks = 0;

		/* look often, to be there while the rest is being filled in */
		while (!message_ring_peek(&ring, &words))
			if (++looks % 1024 == 0)
				sched_yield();
		/* the first is here, so the last is, and all between */
		if (load_acquire(&message_ring_slot(&ring, load_relaxed(&ring.popped) + size - 1)
					  ->head) == 0)
			ck_abort_msg("the first of a batch of %u without the last", size);
		for (uint32_t i = 0; i < size; i++, n++) {
			if (!message_ring_pop(&ring, &words))
				ck_abort_msg("%u of a batch of %u", i, size);
			assert_nth(words, n);
		}
	}
	support_join(sender);
	ck_assert(!message_ring_pop(&ring, &words));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message ring");
	TCase *alone = tcase_create("one thread");
	TCase *together = tcase_create("two threads");
	int count = sizeof(starts) / sizeof(starts[0]);

	suite_add_tcase(suite, alone);
	tcase_add_loop_test(alone, single_message_advances_both_positions, 0, count);
	tcase_add_loop_test(alone, fill_and_drain_uses_all_1024_slots, 0, count);
	tcase_add_loop_test(alone, overflow_queues_nothing_and_harms_nothing, 0, count);
	tcase_add_loop_test(alone, underflow_finds_nothing_and_moves_nothing, 0, count);
	tcase_add_test(alone, peek_leaves_the_message_and_drop_takes_it);
	tcase_add_loop_test(alone, there_is_room_for_exactly_what_is_free, 0, count);
	tcase_add_loop_test(alone, batch_is_invisible_until_its_first_message, 0, count);
	tcase_add_test(alone, head_holds_type_flags_and_id);
	suite_add_tcase(suite, together);
	/* the last two: the positions wrap on the way */
	tcase_add_loop_test(together,
			    concurrent_access_keeps_order_and_loses_doubles_tears_nothing,
			    count - 2, count);
	tcase_add_loop_test(together, concurrent_batches_are_never_seen_in_part, count - 2, count);
	return support_run(suite);
}
