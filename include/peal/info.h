/* SPDX-License-Identifier: MIT */
/*
 * What was negotiated with the device, read back from it: never the request.
 */
#ifndef PEAL_INFO_H
#define PEAL_INFO_H

#include <stddef.h>
#include <stdint.h>

#include <peal/engine.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Which clock the device's time stamps are on. */
enum engine_timestamps {
	ENGINE_TIMESTAMPS_NONE = 0,
	ENGINE_TIMESTAMPS_MONOTONIC = 1,
	ENGINE_TIMESTAMPS_MONOTONIC_RAW = 2,
};

/* One direction's PCM. Everything is 0 or "" in a direction that is not used. */
struct engine_pcm_info {
	char name[128];          /* the PCM that was opened */
	char type[32];           /* ALSA's plugin type: "HW", "PLUG", "IOPLUG" ... */
	char card_id[32];        /* the card's id; "" when no card is behind it */
	char card_name[96];      /* the card's or plugin's own name for the PCM */
	int32_t card;            /* the card's index; -1: none */
	uint32_t device;         /* device number on the card */
	uint32_t subdevice;
	uint32_t access;         /* enum engine_access */
	uint32_t period_frames;
	uint32_t periods;
	uint32_t buffer_frames;
	uint32_t rate_num;       /* the exact rate is rate_num / rate_den */
	uint32_t rate_den;
	uint32_t batch;          /* 1: its position moves in steps, not frames */
	uint32_t timestamps;     /* enum engine_timestamps */
};

struct engine_info {
	size_t size;             /* sizeof(struct engine_info), set by the caller */
	uint32_t directions;     /* ENGINE_PLAYBACK and/or ENGINE_CAPTURE */
	uint32_t rate;           /* frames per second */
	uint32_t channels;
	uint32_t format;         /* enum engine_format */
	uint32_t sample_bytes;   /* engine_format_bytes(format) */
	uint32_t frame_bytes;    /* channels * sample_bytes */
	uint32_t period_frames;  /* the audio thread's period: the larger of the two PCMs' */
	uint32_t linked;         /* 1: both directions run on one clock and start together */
	uint32_t fallback;       /* 1: the virtual card, because there is no sound card */
	uint32_t stream_frames;  /* frames each stream holds */
	uint32_t ports;          /* ports that can be open beside the engine's own */
	uint32_t voices;         /* voices that can play at once; 0 without playback */
	uint32_t samples;        /* samples that can be loaded; 0 without playback */
	struct engine_pcm_info playback;
	struct engine_pcm_info capture;
};

/*
 * Fill in what was negotiated.
 *
 * info: info->size must be set to sizeof(struct engine_info).
 * Returns 0; -EINVAL when an argument is NULL; ENGINE_EABI; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_get_info(struct engine *engine, struct engine_info *info);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
