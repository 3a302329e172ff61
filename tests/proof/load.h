/* SPDX-License-Identifier: MIT */
/*
 * The load: threads of a program that uses everything an engine offers at the
 * same time, as long as it lasts. Each call that it makes must succeed, or be
 * refused as its description allows.
 */
#ifndef TESTS_PROOF_LOAD_H
#define TESTS_PROOF_LOAD_H

#include <peal.h>

/* What was done; each more than 0, or the run proves less than it says. */
struct load_sums {
	uint64_t samples; /* loaded, half of them unloaded again */
	uint64_t voices;  /* started */
	uint64_t ports;   /* opened and closed */
	uint64_t pongs;   /* pings answered, some of them with a wake */
	uint64_t returns; /* of a device that was lost */
	uint64_t looks;   /* at health, statistics, clock, state */
	uint64_t written, read; /* frames of the streams */
};

struct load;

struct load *load_begin(struct engine *engine);
/* The end of it: all of its threads. */
struct load_sums load_end(struct load *load);

#endif
