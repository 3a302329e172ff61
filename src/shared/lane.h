/* SPDX-License-Identifier: MIT */
/*
 * The lane: one port's ring pair between a program's thread and the audio
 * thread, with the bell that tells of replies. It lies in the engine's arena,
 * which no fork inherits; the handle that a program holds is the port.
 *
 * A lane goes FREE -> OPEN (control) -> CLOSING (control) -> FREE (audio). The
 * control side touches a FREE lane, both sides an OPEN one, the audio thread
 * alone a CLOSING one.
 */
#ifndef PEAL_SHARED_LANE_H
#define PEAL_SHARED_LANE_H

#include <stdalign.h>
#include <stdbool.h>

#include "shared/backpressure.h"
#include "shared/doorbell.h"
#include "shared/message_ring.h"

enum lane_state { LANE_FREE = 0, LANE_OPEN = 1, LANE_CLOSING = 2 };

struct lane {
	struct message_ring in;  /* program -> audio: commands */
	struct message_ring out; /* audio -> program: replies, events */

	/* control: set while FREE, then constant */
	alignas(CACHE_APART) struct doorbell bell; /* something lies in out */
	bool events;                               /* this lane gets events */

	/* both, see above; the release and acquire on it hand the lane over */
	atomic_of(int) state; /* enum lane_state */

	/* shared: the sender writes, control reads */
	alignas(CACHE_APART) atomic_of(uint64_t) refused;

	/* shared: audio writes, control reads */
	alignas(CACHE_APART) atomic_of(uint64_t) answered;
	atomic_of(uint64_t) events_lost;
	/* the audio thread updates, any thread reads */
	struct engine_backpressure in_pressure;
	struct engine_backpressure out_pressure;
	/* audio thread */
	uint32_t owed;   /* messages that out must have room for: promised */
	uint32_t untold; /* events lost since the last one that fitted */
	bool posted;     /* out has something that the bell was not rung for */
};

#endif
