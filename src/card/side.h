/* SPDX-License-Identifier: MIT */
/*
 * The side: one direction of the card, an ioplug and its place in its ring.
 * It knows how far its program has come and how far the converter has; what
 * time it is and what the other side does it does not know.
 *
 * Driving thread, except while the PCM is opened, set up or closed.
 */
#ifndef PEAL_CARD_SIDE_H
#define PEAL_CARD_SIDE_H

#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <stdbool.h>
#include <stdint.h>

#include "card/fault_script.h"

enum side_state {
	SIDE_STOPPED,
	SIDE_WAITING, /* started, but the clock waits for the other side */
	SIDE_RUNNING, /* frames pass */
	SIDE_XRUN,    /* frames passed that the program was too late for */
};

struct side {
	struct card *card;
	snd_pcm_ioplug_t io;
	bool opened;
	bool configured; /* io's format, channels, rate and sizes hold */
	enum side_state state;
	const snd_pcm_channel_area_t *areas; /* the ring; NULL before prepare */
	snd_pcm_uframes_t boundary;
	snd_pcm_uframes_t avail_min;
	snd_pcm_uframes_t hw; /* the next frame to convert, 0..boundary-1 */

	bool gone;          /* unplugged, for good: only another PCM will run again */
	bool slept;         /* it ran when the card was suspended */
	int32_t lie;        /* its pointer is off by so many buffers ... */
	uint64_t lie_until; /* ... until then */
};

static inline bool side_is_playback(const struct side *side)
{
	return side->io.stream == SND_PCM_STREAM_PLAYBACK;
}

/* Frames that the program can write or read. */
snd_pcm_uframes_t side_avail(const struct side *side);

/* Frames that the converter can pass: queued ones, or room. 0..buffer_size;
 * also 0 when the program has moved to where its pointer cannot be. */
snd_pcm_uframes_t side_left(const struct side *side);

/* What poll tells the program. */
unsigned short side_events(const struct side *side);

/* Frames until side_events tells something; only while it runs and tells nothing. */
snd_pcm_uframes_t side_quiet(const struct side *side);

/* Where it says that its converter is. */
snd_pcm_uframes_t side_pointer(const struct side *side);

/* What a fault does to it: an xrun, a suspend or an unplugging stops it here,
 * if it concerns it. Whether it did anything. */
bool side_strike(struct side *side, enum fault_kind kind);

/*
 * Let frames pass: into capture those of playback, or silence where playback
 * does not run. A side that cannot take part in all of them takes part in as
 * many as it can and then has an xrun (or was drained, which ends it too).
 * Returns whether a side ended.
 */
bool sides_convert(struct side *playback, struct side *capture, uint64_t frames);

#endif
