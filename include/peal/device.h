/* SPDX-License-Identifier: MIT */
/*
 * The devices of this machine: listed without opening any of them, and one of
 * them asked what it offers.
 */
#ifndef PEAL_DEVICE_H
#define PEAL_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_device {
	char name[128];        /* for engine_config.device; survives reboots */
	char description[256]; /* in words, one line */
	uint32_t directions;   /* ENGINE_PLAYBACK and/or ENGINE_CAPTURE */
	uint32_t hardware;     /* 1: a PCM of a card, 0: a plugin, a server or the virtual card */
};

/*
 * List the PCMs that engine_create can be given: each card's hardware PCMs
 * (as "hw:CARD=id,DEV=n"), then what ALSA's configuration names, then
 * "virtual". Busy devices are listed too. Nothing is opened but the cards'
 * control interfaces.
 *
 * devices: room for capacity entries; may be NULL when capacity is 0.
 * device_size: sizeof(struct engine_device).
 * Returns how many devices there are, which may be more than capacity (only
 * the first capacity are filled in); -EINVAL; ENGINE_EABI when device_size is
 * unknown; -ENOMEM; or ALSA's code.
 * Thread: control.
 */
int engine_list_devices(struct engine_device *devices, size_t capacity, size_t device_size);

/* How frames can be moved. The engine needs one of the first two. */
enum engine_device_access {
	ENGINE_DEVICE_MMAP_INTERLEAVED = 1,
	ENGINE_DEVICE_MMAP_NONINTERLEAVED = 2,
	ENGINE_DEVICE_RW_INTERLEAVED = 4,
	ENGINE_DEVICE_RW_NONINTERLEAVED = 8,
};

/*
 * What a device offers in one direction, each for itself: that is not to say
 * that every combination is taken. All 0 and "" in a direction that was not
 * asked for.
 */
struct engine_pcm_limits {
	int32_t error;           /* 0; else what refused, and the rest is 0 and "" */
	char reason[256];        /* ... in words */
	char type[32];           /* as in struct engine_pcm_info, as the next three */
	char card_id[32];
	char card_name[96];
	int32_t card;
	uint32_t accesses;       /* of enum engine_device_access */
	uint32_t formats;        /* 1 << ENGINE_FORMAT_S16_LE ... */
	char other_formats[512]; /* ALSA's names of those that peal has not, with ", " between */
	uint64_t channels[4];    /* 256 bits, the lowest of the first: 1 channel */
	uint32_t rate_min;       /* frames per second */
	uint32_t rate_max;       /* UINT32_MAX: without limit, as in those below */
	uint32_t rate_any;       /* 1: and every rate between; 0: only some */
	uint32_t rates[16];      /* of the usual rates those that it has, ascending; then 0 */
	/* The engine's own defaults, or the nearest to them that it takes; ... */
	uint32_t default_format;
	uint32_t default_channels;
	uint32_t default_rate;
	uint32_t period_min;     /* ... its sizes with those, in frames */
	uint32_t period_max;
	uint32_t buffer_min;
	uint32_t buffer_max;
	uint32_t batch;          /* 1: its position moves in steps, not frames */
};

struct engine_device_limits {
	size_t size;         /* sizeof(struct engine_device_limits), set by the caller */
	uint32_t directions; /* that could be asked: ENGINE_PLAYBACK and/or ENGINE_CAPTURE */
	uint32_t linkable;   /* 1: both could, and would run on one clock and start together */
	struct engine_pcm_limits playback;
	struct engine_pcm_limits capture;
};

/*
 * Ask a device what it offers: open it for a moment, one direction after the
 * other, without waiting and without setting it up. Hardware that is in use
 * is not opened; the reason names who holds it.
 *
 * name: as engine_config.device; NULL: "default".
 * directions: ENGINE_PLAYBACK and/or ENGINE_CAPTURE; 0: both.
 * limits: limits->size must be set.
 * Returns 0 when a direction could be asked: see limits->directions. Else the
 * first one's error, as of engine_create, which engine_last_error explains
 * (and limits still says of each); or -EINVAL; ENGINE_EABI; ENGINE_ESECURE.
 * Thread: control.
 */
int engine_query_device(const char *name, uint32_t directions,
			struct engine_device_limits *limits);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
