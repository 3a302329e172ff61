/* SPDX-License-Identifier: MIT */
/*
 * The burst: BURST messages pushed, or popped, in one go on one thread, by
 * the bare ring or by a public call of the solo engine. What is timed and
 * counted is the run alone; before it the ring is empty or filled, and after
 * it every word of every message is accounted for.
 */
#ifndef PEAL_BENCH_BURST_H
#define PEAL_BENCH_BURST_H

#include <stddef.h>

#include "solo.h"

/* Half a ring, so that a ring that wastes a slot can take part. */
#define BURST 512
/* How many messages a batch call takes at once. */
#define BURST_BATCH 64
/* The names of what is counted: every burst.run, and nothing else. */
#define BURST_RUNS "run_*"

enum burst_way { BURST_PUSH, BURST_POP };

struct burst {
	const char *name;
	enum burst_way way;
	bool shared; /* through the shared library */
	/* Returns how many messages went through. */
	unsigned (*run)(struct solo *solo, const struct calls *calls);
	/* The other end of the ring: the one of them that this way needs. */
	bool (*take)(struct message_words *words);
	bool (*put)(struct message_words words);
};

/* Room for all of them. */
#define BURST_ROWS 32

extern const struct burst bursts[];
extern const size_t burst_count;

/* Whether it can be run here: the shared library is only known if it is named. */
bool burst_possible(const struct burst *burst);

/* The three steps; the last stops the program if a message is not what was sent. */
void burst_prepare(const struct burst *burst);
unsigned burst_run(const struct burst *burst);
void burst_verify(const struct burst *burst, unsigned went);

#endif
