/* SPDX-License-Identifier: MIT */
/*
 * The chunk flow: a producer that never waits and a consumer that stalls, with
 * a pool and a ring between them. Whatever is lost was refused with an error,
 * and the next chunk that gets through says how many frames it was: to the
 * frame, what was sent is what was delivered and what was dropped.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <peal/chunk_ring.h>

#include "long_run.h"
#include "shared/atomic.h"
#include "small_pool.h"
#include "support.h"

static const struct scene {
	uint32_t chunks, capacity, flags;
} scenes[] = {
	{ 64, 16, 0 }, /* the ring is full before the pool is empty */
	{ 8, 16, 0 },  /* the other way round */
	{ 8, 16, ENGINE_POOL_RECYCLE },
	{ 1, 1, ENGINE_POOL_RECYCLE },
	{ 2, 1, 0 },
};

static struct engine_pool *pool;
static struct engine_chunk_ring *ring;

/* What the producer did; it writes all, the test reads after it has joined it. */
static struct {
	uint64_t tries; /* how many chunks to send */
	uint64_t sent_frames, dropped_frames, gap;
	uint64_t delivered, pool_empty, ring_full;
	atomic_of(bool) dropped_one, over;
} producer;

static void drop(uint32_t frames)
{
	producer.gap += frames;
	producer.dropped_frames += frames;
	store_relaxed(&producer.dropped_one, true);
}

/* What the audio thread does with a period; the chunk in hand survives a full ring. */
static const char *send(struct engine_chunk **open, uint32_t frames)
{
	struct engine_chunk *chunk;
	int err;

	if (!*open && engine_pool_acquire(pool, open) == -ENOBUFS) {
		producer.pool_empty++;
		drop(frames);
		return NULL;
	}
	chunk = *open;
	if (!chunk)
		return "an acquire failed, and not for want of chunks";
	chunk->frame = producer.sent_frames;
	chunk->frames = frames;
	chunk->gap_frames = producer.gap;
	chunk->sequence = producer.delivered;
	err = engine_chunk_ring_push(ring, chunk);
	if (err == -ENOBUFS) {
		producer.ring_full++;
		drop(frames);
		return NULL;
	}
	*open = NULL;
	producer.gap = 0;
	producer.delivered++;
	return err == 0 ? NULL : "a push was refused, and not for want of room";
}

static void *produce(void *arg)
{
	struct engine_chunk *open = NULL;
	const char *complaint = NULL;
	uint64_t random = 1;

	(void)arg;
	for (uint64_t n = 0; !complaint && n < producer.tries; n++) {
		uint32_t frames = 1 + (uint32_t)(support_random(&random) % SMALL_FRAMES);
		uint64_t dropped = producer.dropped_frames;

		complaint = send(&open, frames);
		producer.sent_frames += frames;
		/* on with the next period, or a rest, so that not all is dropped */
		if (dropped != producer.dropped_frames && support_random(&random) % 2)
			sched_yield();
	}
	engine_chunk_release(open);
	/* pairs with the acquire in the test: all is pushed */
	store_release(&producer.over, true);
	return (void *)complaint;
}

static struct {
	uint64_t sequence, next_frame, delivered_frames, gap_frames;
} consumer;

static void consume(struct engine_chunk *chunk)
{
	if (chunk->sequence != consumer.sequence)
		ck_abort_msg("chunk %lu is %lu", (unsigned long)consumer.sequence,
			     (unsigned long)chunk->sequence);
	if (chunk->frame != consumer.next_frame + chunk->gap_frames)
		ck_abort_msg("chunk %lu is at frame %lu with a gap of %lu after frame %lu",
			     (unsigned long)chunk->sequence, (unsigned long)chunk->frame,
			     (unsigned long)chunk->gap_frames,
			     (unsigned long)consumer.next_frame);
	consumer.sequence++;
	consumer.next_frame = chunk->frame + chunk->frames;
	consumer.delivered_frames += chunk->frames;
	consumer.gap_frames += chunk->gap_frames;
	if (engine_chunk_release(chunk) != 0)
		ck_abort_msg("a release was refused");
}

/* Now and then for so long that the ring runs full. */
static void stall(uint64_t *random)
{
	uint64_t how_long = support_random(random) % 64 ? 0 : support_random(random) % 2048;

	for (uint64_t i = 0; i < how_long && !load_relaxed(&producer.over); i++)
		support_random(random);
}

/* Pops one, or a few; returns whether there was any. */
static bool pop_some(uint64_t *random)
{
	struct engine_chunk *chunks[4];
	size_t most = 1 + support_random(random) % 4;
	int count = most == 1 ? engine_chunk_ring_pop(ring, chunks) :
				engine_chunk_ring_pop_batch(ring, chunks, most);

	for (int i = 0; i < count; i++)
		consume(chunks[i]);
	return count > 0;
}

START_TEST(what_was_sent_is_what_was_delivered_and_what_was_dropped)
{
	const struct scene *scene = &scenes[_i];
	struct engine_chunk_ring_stats stats = { .size = sizeof(stats) };
	const char *complaint;
	uint64_t random = 2;
	pthread_t thread;

	pool = small_pool(.chunks = scene->chunks, .flags = scene->flags);
	ck_assert_int_eq(engine_chunk_ring_create(&ring, scene->capacity), 0);
	producer.tries = long_run(_i == 0 ? 10000000 : 2000000);
	thread = support_start(produce, NULL);
	/* so that at least one is */
	while (!load_relaxed(&producer.dropped_one))
		sched_yield();
	for (bool over = false; !over;) {
		/* pairs with the release in produce: what is not there now never comes */
		over = load_acquire(&producer.over);
		while (pop_some(&random))
			stall(&random);
		sched_yield();
	}
	complaint = support_join(thread);
	ck_assert_msg(!complaint, "%s", complaint);

	/* chunks */
	ck_assert_int_eq(engine_chunk_ring_get_stats(ring, &stats), 0);
	ck_assert_uint_eq(consumer.sequence, producer.delivered);
	ck_assert_uint_eq(producer.delivered + producer.pool_empty + producer.ring_full,
			  producer.tries);
	ck_assert_uint_eq(stats.pushed, producer.delivered);
	ck_assert_uint_eq(stats.popped, producer.delivered);
	ck_assert_uint_eq(stats.dropped, producer.ring_full);
	ck_assert_uint_eq(small_pool_stats(pool).misses, producer.pool_empty);
	ck_assert_uint_eq(small_pool_stats(pool).in_use, 0);
	ck_assert_uint_gt(producer.pool_empty + producer.ring_full, 0);

	/* frames; a gap at the very end has no chunk after it to tell */
	ck_assert_uint_eq(consumer.gap_frames + producer.gap, producer.dropped_frames);
	ck_assert_uint_eq(consumer.delivered_frames + producer.dropped_frames,
			  producer.sent_frames);
	ck_assert_int_eq(engine_chunk_ring_destroy(ring), 0);
	small_pool_destroy(pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chunk flow");
	TCase *tests = tcase_create("chunk flow");

	suite_add_tcase(suite, tests);
	long_run_timeout(tests);
	tcase_add_loop_test(tests, what_was_sent_is_what_was_delivered_and_what_was_dropped, 0,
			    sizeof(scenes) / sizeof(scenes[0]));
	return support_run(suite);
}
