/* SPDX-License-Identifier: MIT */
/*
 * The pool, look by look: whatever another thread could do just before each
 * look at a slot is done there, on one thread, so that what is rare between
 * threads is certain here. The pool's own source is compiled in for that.
 */
#include "shared/atomic.h"

static void before_a_look(const void *at);

#undef load_acquire
#define load_acquire(p) (before_a_look(p), atomic_load_explicit(p, memory_order_acquire))
#include "shared/pool.c"

#include <check.h>
#include <stdlib.h>

#include "small_pool.h"
#include "support.h"

#define CHUNKS 5

static struct engine_pool *pool;
static struct engine_chunk *chunks[CHUNKS];

/* The other thread: of those that are not ours it holds all but one. */
static struct engine_chunk *held;
static unsigned moves; /* that it will make yet */
static unsigned looks; /* that were taken */

/* Takes the one that is there away under our eyes, and puts its own elsewhere. */
static void move(struct pool_slot *slot)
{
	struct engine_chunk *put = held;

	held = slot->chunk;
	store_relaxed(&slot->state, load_relaxed(&slot->state) + 1);
	ck_assert_int_eq(engine_chunk_release(put), 0);
}

static void before_a_look(const void *at)
{
	unsigned left = moves;

	looks++;
	/* its own looks are its own affair */
	moves = 0;
	for (unsigned i = 0; left > 0 && i < CHUNKS; i++) {
		struct pool_slot *slot = &pool->slots[i];

		if (at == &slot->state && load_relaxed(&slot->state) & POOL_SLOT_THERE) {
			left--;
			move(slot);
		}
	}
	moves = left;
}

/* Two chunks that move; the others are in use. */
static void setup(void)
{
	pool = small_pool(.chunks = CHUNKS);
	small_pool_acquire_all(pool, chunks, CHUNKS);
	held = chunks[CHUNKS - 1];
}

static void teardown(void)
{
	for (unsigned i = 0; i < CHUNKS; i++)
		small_pool_release(chunks[i]);
	small_pool_destroy(pool);
}

START_TEST(a_chunk_that_is_always_elsewhere_is_not_overlooked)
{
	struct engine_chunk *loose = chunks[_i % (CHUNKS - 1)], *found;

	small_pool_release(loose);
	moves = (unsigned)_i;
	looks = 0;
	found = small_pool_acquire(pool);
	ck_assert_uint_eq(moves, 0);
	ck_assert_uint_ge(looks, (unsigned)_i);
	/* it is one of the two, and the other one is still the other thread's */
	ck_assert_ptr_ne(found, held);
	ck_assert(found == loose || found == chunks[CHUNKS - 1]);
	ck_assert_uint_eq(small_pool_stats(pool).misses, 0);
	ck_assert_uint_eq(small_pool_stats(pool).in_use, CHUNKS);
	small_pool_miss(pool);
}
END_TEST

/* Nobody moves: it is not looked for twice as long as it takes to be sure. */
START_TEST(a_miss_takes_two_rounds)
{
	looks = 0;
	small_pool_miss(pool);
	/* at home, and twice how far the slots go and each of them */
	ck_assert_uint_eq(looks, 1 + 2 * (1 + CHUNKS));
}
END_TEST

START_TEST(a_hit_at_home_takes_one_look)
{
	small_pool_release(chunks[2]);
	small_pool_acquire(pool);
	small_pool_release(chunks[2]);
	looks = 0;
	ck_assert_ptr_eq(small_pool_acquire(pool), chunks[2]);
	ck_assert_uint_eq(looks, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool looks");
	TCase *tests = tcase_create("pool looks");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, a_chunk_that_is_always_elsewhere_is_not_overlooked, 0, 100);
	tcase_add_test(tests, a_miss_takes_two_rounds);
	tcase_add_test(tests, a_hit_at_home_takes_one_look);
	return support_run(suite);
}
