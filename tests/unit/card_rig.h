/* SPDX-License-Identifier: MIT */
/*
 * The rig: a virtual card and its PCMs, set up exactly as a test wants them
 * and driven through alsa-lib, as any program would. On a manual clock the
 * test's own thread can drive: it comes to wait, hands frames in and gets the
 * -ETIMEDOUT of nobody handling them meanwhile.
 *
 * What goes wrong in here fails the test; so only rig_play, rig_record and
 * rig_transfer may be called on a thread that the test started.
 */
#ifndef PEAL_TESTS_CARD_RIG_H
#define PEAL_TESTS_CARD_RIG_H

#include "card/card.h"

struct rig_setup {
	snd_pcm_access_t access;
	snd_pcm_format_t format;
	unsigned channels, rate;
	snd_pcm_uframes_t period;
	unsigned periods;
	snd_pcm_uframes_t avail_min; /* 0: never reached, poll tells of xruns alone */
	unsigned boundary_buffers;   /* wrap the pointers after so many; 0: as alsa-lib has it */
};

/* S16_LE interleaved stereo at 48000, 4 periods of 64 frames, avail_min 0 */
extern const struct rig_setup rig_plain;
#define RIG_BUFFER 256

#define RIG_FORMATS 5
extern const snd_pcm_format_t rig_formats[RIG_FORMATS];

struct rig {
	struct card *card;
	snd_pcm_t *playback, *capture; /* NULL: not open */
};

struct card *rig_card(const char *name, bool duplex);

/* Hardware parameters alone, or all; 0, or the first refusal. */
int rig_set_hardware(snd_pcm_t *pcm, const struct rig_setup *setup);
int rig_set_up(snd_pcm_t *pcm, const struct rig_setup *setup);

/* A setup that is NULL: not that direction. The card is duplex with both. */
struct rig rig_open(const char *name, const struct rig_setup *playback,
		    const struct rig_setup *capture);
void rig_close(struct rig *rig);
void rig_start(const struct rig *rig);

/* Come to wait; whether poll finds the PCM's descriptor ready. */
bool rig_ready(snd_pcm_t *pcm);

/* What the PCM says that poll's result means. */
unsigned short rig_events(snd_pcm_t *pcm);

/* Hand frames in on a manual clock, the PCMs left alone: avail_min must be 0
 * and no period shorter than 48. */
void rig_pass(const struct rig *rig, uint64_t frames);

/*
 * Move `count` frames, numbered from `frame` on; every byte of a sample
 * depends on its frame, its channel and its place. Returns how many were moved
 * before the first that is not as it should be, or an error.
 */
enum rig_work { RIG_WRITE, RIG_READ, RIG_READ_SILENCE };
long rig_transfer(snd_pcm_t *pcm, const struct rig_setup *setup, enum rig_work work, uint64_t frame,
		  long count);

/* The same with rig_plain's frames. */
long rig_play(const struct rig *rig, uint64_t frame, long count);
long rig_record(const struct rig *rig, uint64_t frame, long count);
long rig_record_silence(const struct rig *rig, long count);

#endif
