/* SPDX-License-Identifier: MIT */
/*
 * The voice: one playing of a sample. It adds itself to the bus, at the
 * sample's own speed or interpolated at another, until the sample is over or
 * it has faded out. Audio thread.
 *
 * What it adds to a frame depends on its position and its gain there, and not
 * on the blocks in which it is rendered.
 */
#ifndef PEAL_RT_VOICE_H
#define PEAL_RT_VOICE_H

#include <stdbool.h>
#include <stdint.h>

#include <peal/message.h>
#include "rt/bus.h"
#include "rt/ramp.h"
#include "shared/sample.h"

struct lane;

/* What a new voice is. */
struct voice_order {
	struct engine_sample *sample; /* the reference becomes the voice's if it starts */
	struct lane *owner;
	uint32_t id;
	float velocity;   /* 0.0..ENGINE_VOLUME_MAX */
	float rate_ratio; /* ENGINE_RATE_RATIO_MIN..MAX; 0.0: 1.0 */
	uint32_t map;
	bool loop;
	bool quiet; /* nobody is to hear of its end: only carried along */
};

struct voice {
	/* constant while it plays */
	struct engine_sample *sample;
	struct lane *owner; /* NULL: disowned */
	uint32_t id;
	uint32_t map;    /* as in the order; one channel to all is written out */
	float velocity;
	bool loop;
	bool quiet;
	bool plain;      /* at the sample's own speed: positions are whole frames */
	uint64_t length; /* of the sample; as position */
	uint64_t step;   /* per engine frame; as position; of a loop modulo length */
	uint64_t began;  /* the engine frame */

	uint64_t position; /* in the sample: frames, 32.32 fixed point; below length */
	struct ramp gain;  /* velocity included */
	enum engine_end reason; /* of its end; anything but FINISHED: it fades out */

	/* the mixer's */
	struct voice *next;
	uint64_t end_frame;
};

void voice_start(struct voice *voice, const struct voice_order *order, uint64_t frame);

/* How many more frames it sounds: 0: it is over; a loop: UINT64_MAX. */
uint64_t voice_left(const struct voice *voice);

/* Add its next count frames, at most voice_left, to the bus from frame `at` on. */
void voice_render(struct voice *voice, struct bus *bus, uint32_t at, uint32_t count);

/* The same without a sound. Takes no longer for more frames. */
void voice_skip(struct voice *voice, uint64_t count);

/*
 * Fade out: the frames-th frame from now is the first without it; 1: the next
 * one. false: it is on its way out and gone by then.
 */
bool voice_fade(struct voice *voice, uint32_t frames);

#endif
