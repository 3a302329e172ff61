/* SPDX-License-Identifier: MIT */
/*
 * The pool on many threads: no chunk is in two hands, none is lost, a miss
 * means that there was none, and what one thread left in a chunk another sees.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "long_run.h"
#include "shared/pool.h"
#include "small_pool.h"
#include "support.h"

#define THREADS_MAX 8
#define CHUNKS_MAX 64
#define HELD_MAX 3

static struct engine_pool *pool;
static atomic_of(bool) over;

/* By index: who has the chunk. Relaxed, so that it is the pool alone that makes
 * what one thread did to a chunk happen before what the next one does. */
static atomic_of(uint32_t) owners[CHUNKS_MAX];

struct worker {
	uint32_t number; /* from 1 */
	uint32_t held_max;
	uint64_t tries;
	uint64_t random;
	int (*acquire)(struct engine_pool *pool, struct engine_chunk **chunk);
	bool may_miss;

	uint64_t hits, misses;
	struct engine_chunk *held[HELD_MAX];
	uint32_t held_count;
};

static const char *own(struct worker *worker, struct engine_chunk *chunk)
{
	uint64_t *samples = chunk->samples;

	if (exchange_relaxed(&owners[chunk->index], worker->number) != 0)
		return "a chunk in two hands";
	if (chunk->frames || chunk->frame || chunk->sequence || chunk->gap_frames)
		return "an acquired chunk that is not empty";
	/* what the one before us left; a sanitizer sees what is not ordered */
	if (samples[0] != samples[1])
		return "what was left in a chunk is torn";
	samples[0] = chunk->sequence = support_random(&worker->random);
	samples[1] = samples[0];
	chunk->frames = worker->number;
	worker->held[worker->held_count++] = chunk;
	return NULL;
}

static const char *disown(struct worker *worker, uint32_t which)
{
	struct engine_chunk *chunk = worker->held[which];
	const uint64_t *samples = chunk->samples;

	worker->held[which] = worker->held[--worker->held_count];
	if (chunk->frames != worker->number || samples[0] != chunk->sequence ||
	    samples[1] != chunk->sequence)
		return "somebody wrote into a chunk of ours";
	if (exchange_relaxed(&owners[chunk->index], 0) != worker->number)
		return "somebody took a chunk of ours";
	return engine_chunk_release(chunk) == 0 ? NULL : "a release was refused";
}

static const char *acquire(struct worker *worker)
{
	struct engine_chunk *chunk;
	int err = worker->acquire(pool, &chunk);

	if (err == 0) {
		worker->hits++;
		return own(worker, chunk);
	}
	worker->misses++;
	if (err != -ENOBUFS || chunk)
		return "an acquire failed, and not for want of chunks";
	return worker->may_miss ? NULL : "a miss while a chunk was there";
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	const char *complaint = NULL;

	while (!complaint && worker->tries > 0) {
		uint64_t random = support_random(&worker->random);

		if (worker->held_count == worker->held_max ||
		    (worker->held_count > 0 && random % 2)) {
			complaint = disown(worker, (uint32_t)(random >> 8) % worker->held_count);
		} else {
			worker->tries--;
			complaint = acquire(worker);
		}
	}
	while (!complaint && worker->held_count > 0)
		complaint = disown(worker, 0);
	return (void *)complaint;
}

/* Runs them all; adds up what they counted into the first. */
static void run_workers(struct worker *workers, uint32_t threads, struct worker model)
{
	const char *complaints[THREADS_MAX];
	pthread_t ids[THREADS_MAX];

	for (uint32_t i = 0; i < threads; i++) {
		workers[i] = model;
		workers[i].number = i + 1;
		workers[i].random = i;
		workers[i].tries /= threads;
		ids[i] = support_start(work, &workers[i]);
	}
	for (uint32_t i = 0; i < threads; i++)
		complaints[i] = support_join(ids[i]);
	for (uint32_t i = 0; i < threads; i++)
		ck_assert_msg(!complaints[i], "thread %u: %s", i + 1, complaints[i]);
	for (uint32_t i = 1; i < threads; i++) {
		workers[0].hits += workers[i].hits;
		workers[0].misses += workers[i].misses;
	}
}

static void assert_none_lost(uint32_t chunks)
{
	struct engine_chunk *all[CHUNKS_MAX];

	ck_assert_uint_eq(small_pool_stats(pool).allocated, chunks);
	ck_assert_uint_eq(small_pool_stats(pool).in_use, 0);
	small_pool_acquire_all(pool, all, chunks);
	small_pool_miss(pool);
	for (uint32_t i = 0; i < chunks; i++)
		small_pool_release(all[i]);
	small_pool_destroy(pool);
}

static const struct scene {
	uint32_t threads, held, chunks;
	bool scarce;
} scenes[] = {
	{ 8, 3, 24, false }, /* just enough for all that they may hold */
	{ 8, 3, 7, true },
	{ 8, 3, 1, true },
	{ 8, 1, 64, false },
	{ 4, 2, 8, false }, /* the pool of four threads */
	{ 4, 2, 5, true },
	{ 2, 1, 2, false }, /* one is always there, but not always the same */
};

START_TEST(concurrent_acquire_and_release_neither_double_nor_lose_a_chunk)
{
	const struct scene *scene = &scenes[_i];
	struct worker workers[THREADS_MAX];
	struct engine_pool_stats stats;

	pool = small_pool(.chunks = scene->chunks);
	run_workers(workers, scene->threads,
		    (struct worker){ .held_max = scene->held, .may_miss = scene->scarce,
				     .tries = long_run(_i == 0 ? 10000000 : 2000000),
				     .acquire = engine_pool_acquire });
	stats = small_pool_stats(pool);
	ck_assert_uint_eq(stats.hits, workers[0].hits);
	ck_assert_uint_eq(stats.misses, workers[0].misses);
	assert_none_lost(scene->chunks);
}
END_TEST

/* Until the others are done: count what is freed under their hands. */
static void *keep_clearing(void *cleared)
{
	while (!load_relaxed(&over)) {
		int count = engine_pool_clear(pool);

		if (count < 0)
			return "a clear was refused";
		*(uint64_t *)cleared += (uint64_t)count;
		sched_yield();
	}
	return NULL;
}

START_TEST(growing_and_clearing_disturb_nobody)
{
	struct worker workers[THREADS_MAX];
	uint64_t cleared = 0;
	const char *complaint;
	pthread_t clearer;

	pool = small_pool(.chunks = 2, .limit = 12);
	store_relaxed(&over, false);
	clearer = support_start(keep_clearing, &cleared);
	run_workers(workers, 4, (struct worker){ .held_max = 3, .may_miss = true,
						 .tries = long_run(400000),
						 .acquire = engine_pool_acquire_or_grow });
	store_relaxed(&over, true);
	complaint = support_join(clearer);
	ck_assert_msg(!complaint, "%s", complaint);
	/* each was a hit or grown, and what was grown is there or was cleared */
	ck_assert_uint_le(small_pool_stats(pool).hits, workers[0].hits);
	ck_assert_uint_eq(2 + workers[0].hits - small_pool_stats(pool).hits,
			  small_pool_stats(pool).allocated + cleared);
	assert_none_lost((uint32_t)small_pool_stats(pool).allocated);
}
END_TEST

/* ---- acquired by one, released by another */

static struct {
	struct chunk_ring ring;
	atomic_of(struct engine_chunk *) slots[CHUNKS_MAX];
	uint64_t chunks;
} path;

static void *release_in_order(void *arg)
{
	(void)arg;
	for (uint64_t n = 0; n < path.chunks; n++) {
		struct engine_chunk *chunk;

		while (!(chunk = chunk_ring_pop(&path.ring)))
			sched_yield();
		if (chunk->sequence != n || *(uint64_t *)chunk->samples != n)
			return "a chunk came through as another";
		*(uint64_t *)chunk->samples = ~n;
		if (engine_chunk_release(chunk) != 0)
			return "a release was refused";
	}
	return NULL;
}

/* Through a ring that never holds more than there are chunks. */
static void pass(uint64_t count, uint32_t chunks)
{
	const char *complaint;
	pthread_t releaser;

	chunk_ring_init(&path.ring, path.slots, chunks);
	path.chunks = count;
	releaser = support_start(release_in_order, NULL);
	for (uint64_t n = 0; n < count; n++) {
		struct engine_chunk *chunk;

		while (engine_pool_acquire(pool, &chunk) == -ENOBUFS)
			sched_yield();
		if (chunk->sequence != 0)
			ck_abort_msg("chunk %lu is not empty", (unsigned long)n);
		chunk->sequence = *(uint64_t *)chunk->samples = n;
		if (!chunk_ring_push(&path.ring, chunk))
			ck_abort_msg("as many slots as chunks, and yet no room");
	}
	complaint = support_join(releaser);
	ck_assert_msg(!complaint, "%s", complaint);
	ck_assert_uint_eq(small_pool_stats(pool).hits, count);
	assert_none_lost(chunks);
}

static const uint32_t counts[] = { 1, 2, 7, CHUNKS_MAX };

START_TEST(one_thread_acquires_and_another_releases)
{
	pool = small_pool(.chunks = counts[_i / 2], .flags = _i % 2 ? ENGINE_POOL_RECYCLE : 0);
	pass(long_run(_i / 2 < 2 ? 100000 : 1000000), counts[_i / 2]);
}
END_TEST

START_TEST(fifty_items_pass_between_two_threads)
{
	pool = small_pool(.chunks = 50, .flags = _i % 2 ? ENGINE_POOL_RECYCLE : 0);
	pass(50, 50);
}
END_TEST

/* ---- where threads look first */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_have_looked;

static void *look(void *index)
{
	struct engine_chunk *chunk;

	pthread_mutex_lock(&turn);
	if (engine_pool_acquire(pool, &chunk) == 0) {
		*(uint32_t *)index = chunk->index;
		engine_chunk_release(chunk);
	}
	pthread_mutex_unlock(&turn);
	/* each has a stack of its own until the last one has looked */
	pthread_barrier_wait(&all_have_looked);
	return NULL;
}

START_TEST(threads_begin_to_look_at_different_places)
{
	uint32_t indexes[THREADS_MAX];
	pthread_t ids[THREADS_MAX];
	unsigned different = 0;

	pool = small_pool(.chunks = CHUNKS_MAX);
	ck_assert_int_eq(pthread_barrier_init(&all_have_looked, NULL, THREADS_MAX), 0);
	memset(indexes, 0xff, sizeof(indexes));
	for (unsigned i = 0; i < THREADS_MAX; i++)
		ids[i] = support_start(look, &indexes[i]);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		support_join(ids[i]);
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		bool known = false;

		ck_assert_uint_lt(indexes[i], CHUNKS_MAX);
		for (unsigned j = 0; j < i; j++)
			known |= indexes[j] == indexes[i];
		different += !known;
	}
	/* eight thrown at random into so many meet in two places once in ten million times */
	ck_assert_uint_ge(different, 3);
	pthread_barrier_destroy(&all_have_looked);
	small_pool_destroy(pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool threads");
	TCase *tests = tcase_create("pool threads");

	suite_add_tcase(suite, tests);
	long_run_timeout(tests);
	tcase_add_loop_test(tests, concurrent_acquire_and_release_neither_double_nor_lose_a_chunk,
			    0, sizeof(scenes) / sizeof(scenes[0]));
	tcase_add_test(tests, growing_and_clearing_disturb_nobody);
	tcase_add_loop_test(tests, one_thread_acquires_and_another_releases, 0, 8);
	tcase_add_loop_test(tests, fifty_items_pass_between_two_threads, 0, 2);
	tcase_add_test(tests, threads_begin_to_look_at_different_places);
	return support_run(suite);
}
