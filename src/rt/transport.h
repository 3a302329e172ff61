/* SPDX-License-Identifier: MIT */
/*
 * The transport: the PCMs, whether they run, and the timeline on which the
 * engine counts frames. Audio thread only.
 *
 * The timeline: `frame` is the first frame not yet rendered, `captured` the
 * first not yet captured. Both directions move by whole periods, together, so
 * that frame - captured is the buffer's length from start to stop; after an
 * xrun both go on from one common frame.
 */
#ifndef PEAL_RT_TRANSPORT_H
#define PEAL_RT_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/pcm.h"

struct rt;

struct transport {
	/* constant */
	struct pcm *playback; /* NULL: not used */
	struct pcm *capture;  /* NULL: not used */
	bool grouped;         /* starting playback starts capture: one kernel group */
	bool free_running;    /* frames may pass faster than time: a manual clock */
	uint32_t rate;
	uint32_t period_frames;
	uint64_t period_ns;
	uint64_t patience_ns; /* a device that stalled is lost after this long */

	enum engine_state state;
	bool wanted; /* the program has started it and not stopped it */
	uint64_t frame;
	uint64_t captured;
	/* the directions that lacked a period when last looked at: what to wait for */
	bool playback_lacks;
	bool capture_lacks;

	unsigned restarts;      /* since a frame moved, 0..TRANSPORT_RESTARTS_MAX */
	unsigned halves;        /* since frames moved: one direction alone had a period */
	unsigned idle_wakes;    /* since a frame moved: the device woke us for nothing */
	uint64_t overdue_ns;    /* when a device that does not wake us counts as late */
	uint64_t hold_until_ns; /* leave the device alone until then; 0: do not */
	uint64_t pace_ns;       /* until when the fastest device would take for what passed */
	uint64_t trouble_ns;    /* when the trouble being dealt with was found */
	uint64_t moved_ns;      /* when frames last moved, those that fill the buffer too */
	uint64_t progress_ns;   /* when they last did by the device's own doing */
	uint64_t looked_ns;     /* when we last looked and found no trouble */
	uint64_t worked_ns;     /* how long the work of that cycle took */
	uint64_t stalled_ns;    /* when it stalled, or was lost */

	/* the position against the clock: what it was a second ago; 0: not known */
	uint64_t truth_frame;
	uint64_t truth_ns;
};

/* Whether the device should be moving. */
static inline bool transport_runs(const struct transport *t)
{
	return t->state == ENGINE_STATE_RUNNING || t->state == ENGINE_STATE_STALLED;
}

/* One more restart without a frame moved and the device is lost. */
#define TRANSPORT_RESTARTS_MAX 8

/* Start from frame 0; -errno with the step and direction in rt->order. */
int transport_start(struct rt *rt);

/* Leave the PCMs alone from now on; the control side drops them. */
void transport_stop(struct rt *rt);

/* Prepare, fill and start the PCMs at the current frame. On failure names the
 * PCM and step; the PCMs are in no certain state then. */
int transport_run(struct rt *rt, struct pcm **culprit, enum engine_step *step);

/*
 * How many periods both directions have, at most a buffer's: asked when the
 * device woke us (fired), told of an error (suspicious), or did neither in
 * time. Deals with what it finds: afterwards the state may be another, and
 * the device may be left alone for a while because it wakes us for nothing or
 * runs faster than time.
 */
uint32_t transport_ready(struct rt *rt, bool fired, bool suspicious);

/* Move that many periods in both directions. */
void transport_move(struct rt *rt, uint32_t periods);

/* Publish a state. */
void transport_enter(struct rt *rt, enum engine_state state);

#endif
