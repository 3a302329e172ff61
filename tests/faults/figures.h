/* SPDX-License-Identifier: MIT */
/*
 * The figures: what the injections of each kind of fault came to, and the
 * table of them. The rows are in memory that the tests' processes share, so
 * that those of a test that failed are there as well.
 */
#ifndef TESTS_FAULTS_FIGURES_H
#define TESTS_FAULTS_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

/* Times from the fault on, at most one of each injection. */
struct figures_times {
	struct figures_time {
		uint64_t ns;
		double periods;
	} *of;
	uint32_t count, room;
};

struct figures {
	const char *kind;
	uint32_t injected;
	uint32_t recovered; /* it ran again */
	uint32_t declared;  /* stalled, suspended or lost, and told so */
	uint32_t events;
	uint64_t pings;
	uint64_t lost_pings;  /* not yet answered when their device was done */
	uint64_t frames;      /* captured, and compared with what was played */
	struct figures_times told; /* until the first event */
	struct figures_times runs; /* until frames moved, from when they could */
	bool done; /* all of it, and nothing was wrong */

	/* the last device: the number of its first injection, and what it was */
	uint32_t first;
	char device[80];
};

/* As many rows, for as many injections each. */
struct figures *figures_new(unsigned rows, uint32_t injections);

void figures_add(struct figures_times *times, uint64_t ns, uint64_t period_ns);

void figures_print(const struct figures *rows, unsigned count, uint64_t seed);

#endif
