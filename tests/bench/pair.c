/* SPDX-License-Identifier: MIT */
/* The pair; see pair.h. */
#include "pair.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdint.h>

#include "harness.h"
#include "shared/atomic.h"

#define BOUNCES 2000 /* there and back */

/* One thread's part in a run. */
struct side {
	struct run *run;
	uint32_t number; /* 0: sends, 1: receives */
	uint32_t meetings;
};

struct run {
	const struct pair_path *path;

	/* both: how often a side has come to a meeting */
	alignas(CACHE_APART) atomic_of(uint32_t) arrivals;
	/* both: its parity says whose turn it is */
	alignas(CACHE_APART) atomic_of(uint32_t) ball;
};

static void meet(struct side *side)
{
	struct run *run = side->run;

	side->meetings++;
	/* pairs with the load, on the other side */
	atomic_fetch_add_explicit(&run->arrivals, 1, memory_order_release);
	while (load_acquire(&run->arrivals) < 2 * side->meetings)
		pair_relax();
}

static void throw_and_catch(struct side *side, uint32_t times)
{
	atomic_of(uint32_t) *ball = &side->run->ball;

	for (uint32_t i = 0; i < times; i++) {
		uint32_t turn;

		/* pairs with the store, on the other side */
		while ((turn = load_acquire(ball)) % 2 != side->number)
			pair_relax();
		store_release(ball, turn + 1);
	}
}

/* What a cache line takes for one way. */
static double bounce_ns(struct side *side)
{
	uint64_t start;

	throw_and_catch(side, BOUNCES / 10);
	meet(side);
	start = bench_now_ns();
	throw_and_catch(side, BOUNCES);
	meet(side);
	return (double)(bench_now_ns() - start) / (2 * BOUNCES);
}

static struct pair_sample play(struct side *side)
{
	const struct pair_path *path = side->run->path;
	struct pair_sample sample;
	double before_ns, after_ns;
	uint64_t start;

	meet(side);
	before_ns = bounce_ns(side);
	meet(side);
	start = bench_now_ns();
	if (side->number == 0)
		path->send();
	else
		path->receive();
	meet(side);
	sample.took_ns = (double)(bench_now_ns() - start);
	after_ns = bounce_ns(side);
	/* the other one may have been interrupted */
	sample.bounce_ns = before_ns < after_ns ? before_ns : after_ns;
	return sample;
}

static void *play_other(void *side)
{
	play(side);
	return NULL;
}

/* The first two processors that this process may run on. */
static void find_cpus(cpu_set_t *first, cpu_set_t *second)
{
	static cpu_set_t allowed; /* before we pinned ourselves */
	cpu_set_t *to = first;

	if (CPU_COUNT(&allowed) == 0 && sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		bench_fail("sched_getaffinity: %m");
	if (CPU_COUNT(&allowed) < 2)
		bench_skip("this process may run on one processor only");
	CPU_ZERO(first);
	CPU_ZERO(second);
	for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(second) == 0; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_SET(cpu, to);
		to = second;
	}
}

/*
 * First of all if that is allowed, and so is a thread that is created then:
 * on a busy machine two threads that run at the same time are rare otherwise.
 */
static void set_priority(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param);
}

struct pair_sample pair_run(const struct pair_path *path)
{
	struct run run = { .path = path };
	struct side sender = { .run = &run, .number = 0 };
	struct side receiver = { .run = &run, .number = 1 };
	cpu_set_t here, there;
	struct pair_sample sample;
	pthread_attr_t attr;
	pthread_t thread;

	find_cpus(&here, &there);
	path->prepare();
	set_priority(1);
	pthread_attr_init(&attr);
	if (sched_setaffinity(0, sizeof(here), &here) < 0 ||
	    pthread_attr_setaffinity_np(&attr, sizeof(there), &there) != 0 ||
	    pthread_create(&thread, &attr, play_other, &receiver) != 0)
		bench_fail("no second thread on a processor of its own");
	sample = play(&sender);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	set_priority(0);
	return sample;
}
