/* SPDX-License-Identifier: MIT */
/*
 * What a chunk costs that is acquired and released, ns for both: by one
 * thread, by each of two at once, and when one acquires and the other
 * releases. Beside the pool: malloc and free of as much, and what is put in
 * their place, a list of free chunks under a mutex or a lock-free queue of them.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peal/pool.h>

#include "harness.h"
#include "pair.h"
#include "peer_crossbeam.h"
#include "shared/chunk_ring.h"

#define CHUNKS 256
#define FRAMES 256
#define CHUNK_BYTES (sizeof(struct engine_chunk) + FRAMES * 2 * sizeof(float))

static uint64_t times; /* a sample; on each of two threads */

/* ---- where chunks come from; acquire gives NULL when there is none */

static struct engine_pool *pool, *recycling;

static struct engine_chunk *pool_acquire(void)
{
	struct engine_chunk *chunk;

	engine_pool_acquire(pool, &chunk);
	return chunk;
}

static struct engine_chunk *recycling_acquire(void)
{
	struct engine_chunk *chunk;

	engine_pool_acquire(recycling, &chunk);
	return chunk;
}

static void release(struct engine_chunk *chunk)
{
	if (engine_chunk_release(chunk) != 0)
		bench_fail("a release was refused");
}

static struct engine_chunk *malloc_acquire(void)
{
	return malloc(CHUNK_BYTES);
}

static void malloc_release(struct engine_chunk *chunk)
{
	free(chunk);
}

/* The list goes through the first word of a chunk's samples. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct engine_chunk *list; /* under list_lock */

static struct engine_chunk *list_acquire(void)
{
	struct engine_chunk *chunk;

	pthread_mutex_lock(&list_lock);
	chunk = list;
	if (chunk)
		list = *(struct engine_chunk **)chunk->samples;
	pthread_mutex_unlock(&list_lock);
	return chunk;
}

static void list_release(struct engine_chunk *chunk)
{
	pthread_mutex_lock(&list_lock);
	*(struct engine_chunk **)chunk->samples = list;
	list = chunk;
	pthread_mutex_unlock(&list_lock);
}

/* The same in Rust, lock-free. */
static struct peer_crossbeam crossbeam; /* if it is there */
static void *queue;

static struct engine_chunk *queue_acquire(void)
{
	return (struct engine_chunk *)crossbeam.pop(queue);
}

static void queue_release(struct engine_chunk *chunk)
{
	if (!crossbeam.push(queue, (uintptr_t)chunk))
		bench_fail("crossbeam: full");
}

/* The floor: the same chunks again and again, whoever has them. */
static struct engine_chunk *own[CHUNKS];
static unsigned own_next;

static struct engine_chunk *own_acquire(void)
{
	return own[own_next++ % CHUNKS];
}

static void own_release(struct engine_chunk *chunk)
{
	(void)chunk;
}

static struct engine_pool *create_pool(uint32_t flags)
{
	struct engine_pool_config config = {
		.size = sizeof(config), .frames = FRAMES, .channels = 2, .rate = 48000,
		.format = ENGINE_FORMAT_FLOAT_LE, .chunks = CHUNKS, .flags = flags,
	};
	struct engine_pool *made;

	if (engine_pool_create(&made, &config) < 0)
		bench_fail("no pool");
	return made;
}

static void setup(void)
{
	struct engine_pool *listed = create_pool(0), *owned = create_pool(0);
	struct engine_pool *queued = create_pool(0);

	if (peer_crossbeam_find(&crossbeam))
		queue = crossbeam.create(CHUNKS);

	pool = create_pool(0);
	recycling = create_pool(ENGINE_POOL_RECYCLE);
	for (unsigned i = 0; i < CHUNKS; i++) {
		struct engine_chunk *chunk;

		engine_pool_acquire(listed, &chunk);
		list_release(chunk);
		engine_pool_acquire(owned, &own[i]);
		engine_pool_acquire(queued, &chunk);
		if (queue)
			queue_release(chunk);
	}
}

/* ---- acquire and release, here or on both threads */

/* Written as functions of each source, so that calls are what they would be. */
#define AGAIN(source, free_it)                                                                     \
	static void source##_again(void)                                                           \
	{                                                                                          \
		for (uint64_t n = 0; n < times; n++) {                                             \
			struct engine_chunk *chunk = source##_acquire();                           \
                                                                                                   \
			if (!chunk)                                                                \
				bench_fail(#source ": no chunk");                                  \
			/* a chunk that nobody uses the compiler would not acquire */              \
			__asm__ volatile("" : : "r"(chunk) : "memory");                            \
			chunk->sequence = n;                                                       \
			free_it(chunk);                                                            \
		}                                                                                  \
	}

AGAIN(malloc, malloc_release)
AGAIN(list, list_release)
AGAIN(queue, queue_release)
AGAIN(pool, release)
AGAIN(recycling, release)

/* ---- one acquires and hands over, the other releases */

#define SLOTS (CHUNKS - 2) /* one is being filled and one looked at */

static struct chunk_ring ring;
static atomic_of(struct engine_chunk *) slots[SLOTS];

static void init_ring(void)
{
	chunk_ring_init(&ring, slots, SLOTS);
}

#define APART(source, free_it)                                                                     \
	static void source##_send(void)                                                            \
	{                                                                                          \
		for (uint64_t n = 0; n < times; n++) {                                             \
			struct engine_chunk *chunk;                                                \
                                                                                                   \
			while (!(chunk = source##_acquire()))                                      \
				pair_relax();                                                      \
			chunk->sequence = n;                                                       \
			while (!chunk_ring_push(&ring, chunk))                                     \
				pair_relax();                                                      \
		}                                                                                  \
	}                                                                                          \
                                                                                                   \
	static void source##_receive(void)                                                         \
	{                                                                                          \
		for (uint64_t n = 0; n < times; n++) {                                             \
			struct engine_chunk *chunk;                                                \
                                                                                                   \
			while (!(chunk = chunk_ring_pop(&ring)))                                   \
				pair_relax();                                                      \
			if (chunk->sequence != n)                                                  \
				bench_fail(#source ": chunk %lu is another", (unsigned long)n);    \
			free_it(chunk);                                                            \
		}                                                                                  \
	}

APART(malloc, malloc_release)
APART(list, list_release)
APART(queue, queue_release)
APART(pool, release)
APART(recycling, release)
APART(own, own_release)

/* ---- tables */

#define CROSSBEAM "crossbeam's ArrayQueue"

/* The first of each table is what the others are compared with. */
static const struct pair_path alone[] = {
	{ "malloc and free", NULL, malloc_again, NULL },
	{ "a list under a mutex", NULL, list_again, NULL },
	{ CROSSBEAM, NULL, queue_again, NULL },
	{ "the pool", NULL, pool_again, NULL },
	{ "a recycling pool", NULL, recycling_again, NULL },
};

static void nothing(void)
{
}

static const struct pair_path both[] = {
	{ "malloc and free", nothing, malloc_again, malloc_again },
	{ "a list under a mutex", nothing, list_again, list_again },
	{ CROSSBEAM, nothing, queue_again, queue_again },
	{ "the pool", nothing, pool_again, pool_again },
};

static const struct pair_path apart[] = {
	{ "malloc and free", init_ring, malloc_send, malloc_receive },
	{ "a list under a mutex", init_ring, list_send, list_receive },
	{ CROSSBEAM, init_ring, queue_send, queue_receive },
	{ "the pool", init_ring, pool_send, pool_receive },
	{ "a recycling pool", init_ring, recycling_send, recycling_receive },
	{ "none: the hand-over alone", init_ring, own_send, own_receive },
};

static void measure_alone(struct bench_row *row)
{
	const struct pair_path *path = row->arg;
	uint64_t start = bench_now_ns();

	path->send();
	bench_add(row, 0, (double)(bench_now_ns() - start) / (double)times);
}

static void measure_pair(struct bench_row *row)
{
	struct pair_sample sample = pair_run(row->arg);

	bench_add(row, sample.bounce_ns < PAIR_FAR_NS ? PAIR_NEAR : PAIR_FAR,
		  sample.took_ns / (double)times);
}

static void report(const char *name, const char *title, const struct pair_path *paths,
		   size_t count)
{
	struct bench_row rows[8] = { 0 };
	struct bench_table table = { .name = name, .title = title, .unit = "ns", .rows = rows };
	bool alone_here = !paths[0].receive;

	for (size_t i = 0; i < count; i++) {
		if (!queue && strcmp(paths[i].name, CROSSBEAM) == 0)
			continue;
		rows[table.count++] = (struct bench_row){
			.name = paths[i].name, .arg = &paths[i],
			.measure = alone_here ? measure_alone : measure_pair,
		};
	}
	if (!alone_here) {
		table.regimes[PAIR_NEAR] = "near";
		table.regimes[PAIR_FAR] = "far";
	}
	bench_measure(&table, bench_choose(51, 5));
	bench_report(&table, alone_here ? NULL : "near: a cache line takes less than 150 ns");
}

/* The C library's locks and its allocator spare themselves the atomics in a
 * program of one thread. One with an engine is not. */
static void *be_there(void *arg)
{
	for (;;)
		pause();
	return arg;
}

int main(void)
{
	pthread_t thread;

	setup();
	if (pthread_create(&thread, NULL, be_there, NULL) != 0)
		bench_fail("no second thread");
	times = bench_choose(50000, 10000);
	report("pool_alone", "acquire and release", alone, sizeof(alone) / sizeof(alone[0]));
	report("pool_both", "the same, on two threads at once", both,
	       sizeof(both) / sizeof(both[0]));
	report("pool_apart", "one acquires, the other releases", apart,
	       sizeof(apart) / sizeof(apart[0]));
	return 0;
}
