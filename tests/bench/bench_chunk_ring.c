/* SPDX-License-Identifier: MIT */
/*
 * What it costs to hand a chunk over. On one thread: ns per push and per pop.
 * From thread to thread, as fast as they can: ns per chunk with all that it
 * says of itself written by the one and checked by the other; its samples stay
 * where they are, but for the row that copies 2 KiB of them in and out.
 */
#include <stdlib.h>
#include <string.h>

#include <peal/chunk_ring.h>
#include <peal/pool.h>

#include "harness.h"
#include "pair.h"
#include "peer_ck.h"
#include "shared/chunk_ring.h"

#define CAPACITY 256
#define BATCH 16
/* Those that are being filled and those that are being looked at. */
#define CHUNKS (CAPACITY + 2 * BATCH)
#define SAMPLE_BYTES 2048
#define BURSTS 100 /* a sample on one thread */

static struct engine_chunk *chunks[CHUNKS];
static struct engine_chunk_ring *ring;
static struct chunk_ring bare;
static atomic_of(struct engine_chunk *) bare_slots[CAPACITY];
static struct engine_pool *pool; /* a recycling one */
static uint64_t passes; /* a sample from thread to thread */

static void setup(void)
{
	struct engine_pool_config config = {
		.size = sizeof(config), .frames = 256, .channels = 2, .rate = 48000,
		.format = ENGINE_FORMAT_FLOAT_LE, .chunks = CHUNKS, .flags = ENGINE_POOL_RECYCLE,
	};
	struct engine_pool *owned;

	chunk_ring_init(&bare, bare_slots, CAPACITY);
	if (engine_chunk_ring_create(&ring, CAPACITY) < 0 ||
	    engine_pool_create(&pool, &config) < 0 || engine_pool_create(&owned, &config) < 0)
		bench_fail("no ring, or no pool");
	for (unsigned i = 0; i < CHUNKS; i++)
		engine_pool_acquire(owned, &chunks[i]);
}

/* ---- one thread: a ring full pushed, a ring full popped */

static unsigned push_bare(void)
{
	unsigned n = 0;

	while (n < CAPACITY && chunk_ring_push(&bare, chunks[n]))
		n++;
	return n;
}

static unsigned pop_bare(void)
{
	unsigned n = 0;

	while (n < CAPACITY && chunk_ring_pop(&bare) == chunks[n])
		n++;
	return n;
}

static unsigned push_call(void)
{
	unsigned n = 0;

	while (n < CAPACITY && engine_chunk_ring_push(ring, chunks[n]) == 0)
		n++;
	return n;
}

static unsigned pop_call(void)
{
	struct engine_chunk *chunk;
	unsigned n = 0;

	while (n < CAPACITY && engine_chunk_ring_pop(ring, &chunk) == 1 && chunk == chunks[n])
		n++;
	return n;
}

static unsigned push_batches(void)
{
	struct engine_chunk *batch[BATCH];
	unsigned n;

	for (n = 0; n < CAPACITY; n += BATCH) {
		for (unsigned i = 0; i < BATCH; i++)
			batch[i] = chunks[n + i];
		if (engine_chunk_ring_push_batch(ring, batch, BATCH) != BATCH)
			break;
	}
	return n;
}

static unsigned pop_batches(void)
{
	struct engine_chunk *batch[BATCH];
	unsigned n;

	for (n = 0; n < CAPACITY; n += BATCH)
		if (engine_chunk_ring_pop_batch(ring, batch, BATCH) != BATCH ||
		    batch[0] != chunks[n] || batch[BATCH - 1] != chunks[n + BATCH - 1])
			break;
	return n;
}

static const struct way {
	const char *name;
	unsigned (*push)(void), (*pop)(void);
} ways[] = {
	{ "the bare ring", push_bare, pop_bare },
	{ "engine_chunk_ring_push, _pop", push_call, pop_call },
	{ "_push_batch, _pop_batch of 16", push_batches, pop_batches },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* The push tables' rows and the pop tables', filled by the same runs. */
static struct bench_row push_rows[WAYS], pop_rows[WAYS];

static void measure_way(struct bench_row *row)
{
	const struct way *way = row->arg;
	double push_ns = -BURSTS * bench_clock_cost_ns(), pop_ns = push_ns;

	for (unsigned i = 0; i < BURSTS; i++) {
		uint64_t start = bench_now_ns(), middle;

		if (way->push() != CAPACITY)
			bench_fail("%s: no room", way->name);
		middle = bench_now_ns();
		if (way->pop() != CAPACITY)
			bench_fail("%s: another chunk came out", way->name);
		push_ns += (double)(middle - start);
		pop_ns += (double)(bench_now_ns() - middle);
	}
	bench_add(row, 0, push_ns / (BURSTS * CAPACITY));
	bench_add(&pop_rows[way - ways], 0, pop_ns / (BURSTS * CAPACITY));
}

static void one_thread(void)
{
	struct bench_table push = { .name = "chunk_push", .title = "a chunk pushed", .unit = "ns",
				    .rows = push_rows, .count = WAYS };
	struct bench_table pop = { .name = "chunk_pop", .title = "a chunk popped", .unit = "ns",
				   .rows = pop_rows, .count = WAYS };

	for (size_t i = 0; i < WAYS; i++) {
		push_rows[i] = (struct bench_row){ .name = ways[i].name, .measure = measure_way,
						   .arg = &ways[i] };
		pop_rows[i].name = ways[i].name;
	}
	bench_measure(&push, bench_choose(201, 11));
	bench_report(&push, NULL);
	bench_report(&pop, NULL);
}

/* ---- thread to thread */

static void fill(struct engine_chunk *chunk, uint64_t n)
{
	chunk->frame = 256 * n;
	chunk->time_ns = 3 * n;
	chunk->sequence = n;
	chunk->gap_frames = 5 * n;
	chunk->frames = (uint32_t)n;
}

static void check(const struct engine_chunk *chunk, uint64_t n)
{
	if (chunk->frame != 256 * n || chunk->time_ns != 3 * n || chunk->sequence != n ||
	    chunk->gap_frames != 5 * n || chunk->frames != (uint32_t)n)
		bench_fail("chunk %lu is another, or torn", (unsigned long)n);
}

/* Nobody else has it: so many others were pushed since that it has long been looked at. */
static struct engine_chunk *nth(uint64_t n)
{
	return chunks[n % CHUNKS];
}

static void nothing(void)
{
}

static void send_bare(void)
{
	for (uint64_t n = 0; n < passes; n++) {
		fill(nth(n), n);
		while (!chunk_ring_push(&bare, nth(n)))
			pair_relax();
	}
}

static void receive_bare(void)
{
	struct engine_chunk *chunk;

	for (uint64_t n = 0; n < passes; n++) {
		while (!(chunk = chunk_ring_pop(&bare)))
			pair_relax();
		check(chunk, n);
	}
}

static void send_calls(void)
{
	for (uint64_t n = 0; n < passes; n++) {
		fill(nth(n), n);
		while (engine_chunk_ring_push(ring, nth(n)) != 0)
			pair_relax();
	}
}

static void receive_calls(void)
{
	struct engine_chunk *chunk;

	for (uint64_t n = 0; n < passes; n++) {
		while (engine_chunk_ring_pop(ring, &chunk) != 1)
			pair_relax();
		check(chunk, n);
	}
}

static void send_batches(void)
{
	struct engine_chunk *batch[BATCH];

	for (uint64_t n = 0; n < passes;) {
		unsigned done = 0, count = passes - n < BATCH ? (unsigned)(passes - n) : BATCH;

		for (unsigned i = 0; i < count; i++) {
			batch[i] = nth(n + i);
			fill(batch[i], n + i);
		}
		while (done < count) {
			done += (unsigned)engine_chunk_ring_push_batch(ring, batch + done,
								       count - done);
			if (done < count)
				pair_relax();
		}
		n += count;
	}
}

static void receive_batches(void)
{
	struct engine_chunk *batch[BATCH];

	for (uint64_t n = 0; n < passes;) {
		int count = engine_chunk_ring_pop_batch(ring, batch, BATCH);

		for (int i = 0; i < count; i++)
			check(batch[i], n + (unsigned)i);
		n += (unsigned)count;
		if (count == 0)
			pair_relax();
	}
}

/* As a stream does it: the chunk comes from the pool and goes back to it. */
static void send_pooled(void)
{
	struct engine_chunk *chunk;

	for (uint64_t n = 0; n < passes; n++) {
		while (engine_pool_acquire(pool, &chunk) != 0)
			pair_relax();
		fill(chunk, n);
		while (engine_chunk_ring_push(ring, chunk) != 0)
			pair_relax();
	}
}

static void receive_pooled(void)
{
	struct engine_chunk *chunk;

	for (uint64_t n = 0; n < passes; n++) {
		while (engine_chunk_ring_pop(ring, &chunk) != 1)
			pair_relax();
		check(chunk, n);
		engine_chunk_release(chunk);
	}
}

static void send_copies(void)
{
	static unsigned char from[SAMPLE_BYTES];

	for (uint64_t n = 0; n < passes; n++) {
		fill(nth(n), n);
		memset(from, (int)n, 64);
		memcpy(nth(n)->samples, from, SAMPLE_BYTES);
		while (engine_chunk_ring_push(ring, nth(n)) != 0)
			pair_relax();
	}
}

static void receive_copies(void)
{
	static unsigned char to[SAMPLE_BYTES];
	struct engine_chunk *chunk;

	for (uint64_t n = 0; n < passes; n++) {
		while (engine_chunk_ring_pop(ring, &chunk) != 1)
			pair_relax();
		check(chunk, n);
		memcpy(to, chunk->samples, SAMPLE_BYTES);
		if (to[63] != (unsigned char)n)
			bench_fail("the samples of chunk %lu are others", (unsigned long)n);
	}
}

#ifdef HAVE_CK
static ck_ring_t peer;
static ck_ring_buffer_t peer_slots[CAPACITY];

static void init_ck(void)
{
	ck_ring_init(&peer, CAPACITY);
}

static void send_ck(void)
{
	for (uint64_t n = 0; n < passes; n++) {
		fill(nth(n), n);
		while (!ck_ring_enqueue_spsc(&peer, peer_slots, nth(n)))
			pair_relax();
	}
}

static void receive_ck(void)
{
	struct engine_chunk *chunk;

	for (uint64_t n = 0; n < passes; n++) {
		while (!ck_ring_dequeue_spsc(&peer, peer_slots, &chunk))
			pair_relax();
		check(chunk, n);
	}
}
#endif

static const struct pair_path paths[] = {
	{ "the bare ring", nothing, send_bare, receive_bare },
	{ "engine_chunk_ring_push to _pop", nothing, send_calls, receive_calls },
	{ "_push_batch to _pop_batch of 16", nothing, send_batches, receive_batches },
	{ "acquire, push, pop, release (recycling)", nothing, send_pooled, receive_pooled },
	{ "push to pop, 2 KiB copied in and out", nothing, send_copies, receive_copies },
#ifdef HAVE_CK
	{ "ck_ring", init_ck, send_ck, receive_ck },
#endif
};

#define PATHS (sizeof(paths) / sizeof(paths[0]))

/* The last row: the cache line that was bounced beside each of the others. */
static struct bench_row rows[PATHS + 1];

static void measure_path(struct bench_row *row)
{
	struct pair_sample sample = pair_run(row->arg);
	unsigned regime = sample.bounce_ns < PAIR_FAR_NS ? PAIR_NEAR : PAIR_FAR;

	bench_add(row, regime, sample.took_ns / (double)passes);
	bench_add(&rows[PATHS], regime, sample.bounce_ns);
}

static void two_threads(void)
{
	struct bench_table table = {
		.name = "chunk_hand_over", .title = "a chunk from thread to thread", .unit = "ns",
		.regimes = { [PAIR_NEAR] = "near", [PAIR_FAR] = "far" },
		.rows = rows, .count = PATHS + 1,
	};

	passes = bench_choose(100000, 20000);
	for (size_t i = 0; i < PATHS; i++)
		rows[i] = (struct bench_row){ .name = paths[i].name, .measure = measure_path,
					      .arg = &paths[i] };
	rows[PATHS].name = "a cache line, one way";
	bench_measure(&table, bench_choose(51, 5));
	bench_report(&table, "1000 / ns is millions of chunks a second; "
			     "near: a cache line takes less than 150 ns");
}

int main(void)
{
	setup();
	one_thread();
	two_threads();
	return 0;
}
