/* SPDX-License-Identifier: MIT */
/*
 * The faults: a script as it comes true. They know what time it is on the card
 * (frames of its clock since its first start, whether it ran or not), how far
 * the converter has come by then, and what is wrong at present; what a fault
 * does to a PCM's state is the card's business.
 *
 * Whoever drives the card. Nothing here allocates, locks, waits or fails, and
 * all of it is exact: the same script gives the same frames every time.
 */
#ifndef PEAL_CARD_FAULT_H
#define PEAL_CARD_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "card/fault_script.h"

#define FAULT_NEVER UINT64_MAX

struct faults {
	const struct fault_script *script;
	unsigned rate;             /* for what a script says in milliseconds */
	uint64_t next[FAULTS_MAX]; /* when each fault is due; FAULT_NEVER: no more */
	uint64_t due;              /* the first of them */

	uint64_t frame; /* how much time has passed */

	/* The converter's position: it was `from_position` at `from_frame`, and
	 * has moved on since as the rest says. */
	uint64_t from_frame, from_position;
	bool stuck;
	uint32_t per_million; /* frames it moves in a million of time */
	uint32_t burst;       /* in steps of so many; 1: smoothly */

	bool spin;
	int32_t jitter_ms;   /* by how much at most a wake-up is late */
	int32_t late_ms;     /* there is none for so long ... */
	uint64_t late_frame; /* ... from here on */

	bool unplugged;
	uint64_t asleep_until; /* suspended until then */

	int32_t lie; /* the next pointer is off by so many buffers */
	uint32_t refusals[FAULT_KINDS - FAULT_OPEN]; /* how many calls will yet fail */
};

void faults_init(struct faults *faults, const struct fault_script *script);

/* From now on this many frames are a second. */
void faults_set_rate(struct faults *faults, unsigned rate);

/* Let time pass up to frame, at most `due`; how many frames the converter moves. */
uint64_t faults_pass(struct faults *faults, uint64_t frame);

/* The fault that is due: it takes effect here. One that comes again is next due
 * after `after`; what it missed until then is left out. */
const struct fault *faults_take(struct faults *faults, uint64_t after);

static inline bool faults_asleep(const struct faults *faults)
{
	return faults->frame < faults->asleep_until;
}

/* When the card is neither unplugged nor suspended any more; FAULT_NEVER. */
uint64_t faults_back(const struct faults *faults);

/*
 * When poll must wake who waits for `frames` more from the converter, or for
 * nothing (FAULT_NEVER), as things are and as the script will have them.
 */
uint64_t faults_wake(const struct faults *faults, uint64_t frames);

/* 0, or what a call answers this time: FAULT_OPEN, ... and FAULT_BUSY with it. */
int faults_refuse(struct faults *faults, enum fault_kind call);

#endif
