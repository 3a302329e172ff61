/* SPDX-License-Identifier: MIT */
/*
 * The vitals: what the audio thread publishes about itself. It alone writes
 * them; any thread reads them, each exact by itself.
 */
#ifndef PEAL_SHARED_VITALS_H
#define PEAL_SHARED_VITALS_H

#include <stdint.h>

#include "shared/atomic.h"

struct vitals {
	atomic_of(uint64_t) frame; /* first not yet rendered */
	atomic_of(int) state;      /* enum engine_state */
	atomic_of(uint64_t) beat_ns; /* when the thread last woke */
	atomic_of(int) flushes;    /* 1: denormals are flushed to zero in the thread */

	/* as in struct engine_clock: both of one moment when `clock_looks` is even
	 * and the same before and after */
	atomic_of(uint32_t) clock_looks;
	atomic_of(uint64_t) clock_frame;
	atomic_of(uint64_t) clock_ns;

	/* as in struct engine_stats */
	atomic_of(uint64_t) cycles;
	atomic_of(uint64_t) periods;
	atomic_of(uint64_t) wakes;
	atomic_of(uint64_t) spurious_wakes;
	atomic_of(uint64_t) backoffs;
	atomic_of(uint64_t) poll_timeouts;
	atomic_of(uint64_t) xruns;
	atomic_of(uint64_t) suspends;
	atomic_of(uint64_t) stalls;
	atomic_of(uint64_t) slips;
	atomic_of(uint64_t) lost_frames;
};

#endif
