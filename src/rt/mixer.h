/* SPDX-License-Identifier: MIT */
/*
 * The mixer: voices that play samples, and the engine's volume. Audio thread;
 * it allocates nothing, takes no longer than its voices, and knows no ring.
 *
 * It renders the timeline block by block. A voice keeps to the timeline: what
 * falls into a gap is not heard, and what comes after it is at its place.
 *
 * A place is a voice's memory, until its end has been taken. There are
 * MIXER_TAILS more of them than voices may play, for those that were stolen.
 */
#ifndef PEAL_RT_MIXER_H
#define PEAL_RT_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#include <peal/message.h>
#include "rt/bus.h"
#include "rt/ramp.h"
#include "rt/voice.h"

struct lane;

#define MIXER_TAILS 32
#define MIXER_STEAL_FADE_US 2000

struct mixer {
	/* constant */
	uint32_t voices; /* how many may play */
	uint32_t steal;  /* enum engine_steal */
	uint32_t places; /* voices + MIXER_TAILS */
	uint32_t steal_fade_frames;

	struct bus bus;
	struct ramp volume;
	uint64_t frame; /* which is rendered next */

	struct voice *place; /* places of them: each in order, ended or free */
	uint32_t *order;     /* the places of those that sound, the oldest first */
	uint32_t sounding;   /* 0..places */
	uint32_t playing;    /* of those, not stolen: 0..voices */
	struct voice *ended; /* over and not yet taken; of one block's the oldest first */
	struct voice **ended_last;
	struct voice *free;
};

/* Which voices: owner NULL is every one. */
struct voice_match {
	const struct lane *owner;
	uint32_t id;
};

/* A voice that is over. */
struct voice_end {
	struct engine_sample *sample; /* with the voice's reference: to be put */
	struct lane *owner;           /* NULL: it was disowned */
	uint32_t id;
	bool quiet; /* as in the order */
	enum engine_end reason;
	uint64_t end_frame; /* the first engine frame without it */
	uint64_t frames;    /* how many engine frames it sounded, gaps included */
};

/* In zeroed memory; place, order and the bus are set. Control side. */
void mixer_init(struct mixer *mixer, uint32_t rate, uint32_t voices, uint32_t steal);

/*
 * Start a voice at this engine frame, which is rendered next. 0, or
 * ENGINE_ENOVOICE. Where it steals, the other fades out; it is cut when its
 * place is needed for the next one. Places whose ends are not taken are not
 * free: take them before.
 */
int mixer_play(struct mixer *mixer, const struct voice_order *order, uint64_t frame);

/* Fade voices out and end them: the fade_frames-th frame from now is the first
 * without them (1: at once). Returns how many end sooner for it: those that
 * were fading and gone by then are not counted. */
uint32_t mixer_stop(struct mixer *mixer, struct voice_match match, uint32_t fade_frames);

/* Ramp voices' gain, by which their velocity is multiplied; returns how many.
 * Those fading to their end go on and are not counted. */
uint32_t mixer_set_gain(struct mixer *mixer, struct voice_match match, float gain,
			uint32_t ramp_frames);

void mixer_set_volume(struct mixer *mixer, float gain, uint32_t ramp_frames);

/* Whether the stream can be played as it is: no voice, and a volume of 1. */
bool mixer_idle(const struct mixer *mixer);

/* Render frames of the timeline into the bus, in place of what it holds from
 * its frame `at` on; at + count is at most the bus's length. */
void mixer_render(struct mixer *mixer, uint64_t frame, uint32_t at, uint32_t count);

/* Frames passed that nobody rendered: voices and ramps are that much further.
 * Takes no longer for more frames. */
void mixer_skip(struct mixer *mixer, uint64_t frame, uint64_t count);

/* End every voice at once; the volume arrives. */
void mixer_halt(struct mixer *mixer, uint64_t frame);

/* A port closes: its voices play on, but nobody hears of their end. */
void mixer_disown(struct mixer *mixer, const struct lane *owner);

/* The next voice that is over; its place is free then. false: there is none. */
bool mixer_take_ended(struct mixer *mixer, struct voice_end *end);

#endif
