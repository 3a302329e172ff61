/* SPDX-License-Identifier: MIT */
/*
 * The stage: a mixer without an engine, samples for it to play, and a record
 * of what was heard at each frame and of each voice's end.
 */
#ifndef PEAL_TESTS_STAGE_H
#define PEAL_TESTS_STAGE_H

#include "rt/mixer.h"

#define STAGE_RATE 48000
#define STAGE_CHANNELS 4 /* at most */
#define STAGE_VOICES 8
#define STAGE_BLOCK 1024   /* the bus's length */
#define STAGE_FRAMES 16384 /* that are recorded */
#define STAGE_SAMPLES 8
#define STAGE_SAMPLE_FRAMES 4096 /* at most */
#define STAGE_RATIOS 9

struct stage {
	struct mixer mixer;
	struct engine_sample samples[STAGE_SAMPLES];
	float sample_memory[STAGE_SAMPLES][STAGE_CHANNELS]
			   [SAMPLE_PAD + STAGE_SAMPLE_FRAMES + SAMPLE_PAD];
	float heard[STAGE_CHANNELS + 1][STAGE_FRAMES]; /* the last: the volume */
	struct voice_end ends[STAGE_FRAMES];
	uint32_t end_count;
	uint64_t now; /* the frame that is rendered next */
};

extern struct stage stage;
/* The lanes of two ports; the mixer only tells them apart. */
extern struct lane *const stage_owners[2];
/* Speeds worth trying; the first is 1.0. */
extern const float stage_ratios[STAGE_RATIOS];

/* A mixer as new, at frame 0; of one channel, and none is stolen. */
void stage_set_with(uint32_t channels, uint32_t steal);
void stage_set(void);

/* Sample n: zeros, to be filled (the first channel's frames); of one value;
 * random numbers in -1..1. */
float *stage_make(uint32_t n, uint32_t channels, uint32_t frames);
void stage_make_constant(uint32_t n, uint32_t frames, float value);
void stage_make_noise(uint32_t n, uint32_t channels, uint32_t frames, uint64_t *random);

/* The first owner's, as loud and as fast as the sample is. */
struct voice_order stage_order(uint32_t sample);
int stage_try_play(struct voice_order play);
void stage_play(struct voice_order play);

/* Which voices. */
extern const struct voice_match stage_everyone;
struct voice_match stage_voice(uint32_t owner, uint32_t id);

/* Render from now on until that frame, in pieces of at most so many, each
 * anywhere in the bus. */
void stage_render_in(uint64_t end, uint32_t piece);
void stage_render(uint64_t end);
void stage_take_ends(void);

#endif
