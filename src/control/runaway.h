/* SPDX-License-Identifier: MIT */
/*
 * The runaway: an audio thread that uses a whole processor. At a real-time
 * priority it would starve the machine, so it loses that priority. Control
 * side, on the caretaker's thread.
 */
#ifndef PEAL_CONTROL_RUNAWAY_H
#define PEAL_CONTROL_RUNAWAY_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

struct runaway {
	uint64_t looked_ns; /* CLOCK_MONOTONIC; 0: never */
	uint64_t used_ns;   /* processor time of the audio thread by then */
	unsigned full;      /* looks in a row that found it using all of the time */
	bool demoted;
};

/* Look, and demote it when it ran away. */
void runaway_watch(struct runaway *runaway, struct engine *engine);

#endif
