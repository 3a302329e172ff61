/* SPDX-License-Identifier: MIT */
/*
 * Counters since engine_create. Each is exact by itself; two of them read in
 * one call may be a cycle apart.
 */
#ifndef PEAL_STATS_H
#define PEAL_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <peal/backpressure.h>
#include <peal/engine.h>
#include <peal/port.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_port_stats {
	size_t size;          /* sizeof(struct engine_port_stats), set by the caller */
	uint64_t sent;        /* commands queued */
	uint64_t refused;     /* commands not queued: the ring was full */
	uint64_t handled;     /* commands that the audio thread took */
	uint64_t answered;    /* replies posted; handled minus quiet commands */
	uint64_t received;    /* replies and events that the program took */
	uint64_t events_lost; /* events that found no room */
};

struct engine_stats {
	size_t size;              /* sizeof(struct engine_stats), set by the caller */
	uint64_t cycles;          /* times the audio thread woke */
	uint64_t periods;         /* periods handled */
	uint64_t wakes;           /* cycles that a sender's wake caused */
	uint64_t spurious_wakes;  /* the device woke us with less than a period */
	uint64_t backoffs;        /* times a device that woke us without end was left alone */
	uint64_t poll_timeouts;   /* times the device did not wake us in time */
	uint64_t xruns;
	uint64_t suspends;
	uint64_t demoted;         /* 1: the audio thread used a whole processor for a second
				   * and a half, and was taken its real-time priority */
	uint64_t stalls;          /* times no frame moved and nothing said why */
	uint64_t slips;           /* seconds in which the position was off the clock by more
				   * than a period and 3 %: a wrong rate, or frames that
				   * were lost without a word */
	uint64_t lost_frames;     /* frames of the timeline that no one played or captured */
	uint64_t underrun_frames; /* frames of silence because the program was late */
	uint64_t overrun_frames;  /* captured frames dropped because the program was late */
	uint64_t played_frames;   /* frames of the playback stream rendered */
	uint64_t captured_frames; /* frames pushed into the capture stream */
};

/*
 * Fill in the engine's counters.
 * Returns 0; -EINVAL when an argument is NULL; ENGINE_EABI; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_get_stats(struct engine *engine, struct engine_stats *stats);

/*
 * Fill in a port's counters (the engine's own: engine_own_port).
 * Returns 0; -EINVAL; ENGINE_EABI; -EBADF when the port is closed; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_port_get_stats(struct engine_port *port, struct engine_port_stats *stats);

/*
 * Whether a ring fills up, how often and for how long it did. The audio thread
 * looks once a period; changes are told by ENGINE_EVENT_BACKPRESSURE: of a
 * stream to every port that gets events, of a port's ring to that port.
 *
 * ring: enum engine_ring; the messages' are those of the engine's own port.
 * Returns 0; -ENOTSUP when the engine has not this direction; -EINVAL;
 * ENGINE_EABI; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_get_backpressure(struct engine *engine, uint32_t ring,
			    struct engine_backpressure_stats *stats);

/*
 * The same for a port's rings.
 *
 * ring: ENGINE_RING_COMMANDS or ENGINE_RING_REPLIES.
 * Returns as engine_get_backpressure; -EBADF when the port is closed.
 * Thread: any.
 */
int engine_port_get_backpressure(struct engine_port *port, uint32_t ring,
				 struct engine_backpressure_stats *stats);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
