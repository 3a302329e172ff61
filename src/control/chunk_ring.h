/* SPDX-License-Identifier: MIT */
/*
 * The chunk ring as a program has it: the shared ring, with a guard at each
 * end that turns a second thread away, and a count of what was refused. One
 * thread at each end at a time; creating and destroying are the control side's.
 */
#ifndef PEAL_CONTROL_CHUNK_RING_H
#define PEAL_CONTROL_CHUNK_RING_H

#include <peal/chunk_ring.h>

#include "shared/chunk_ring.h"

struct engine_chunk_ring {
	struct chunk_ring ring;

	/* the pushing end */
	alignas(CACHE_APART) atomic_of(int) pushing; /* guards it */
	atomic_of(uint64_t) dropped;                 /* any thread reads */

	/* the popping end */
	alignas(CACHE_APART) atomic_of(int) popping; /* guards it */

	alignas(CACHE_APART) atomic_of(struct engine_chunk *) slots[];
};

#endif
