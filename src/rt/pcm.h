/* SPDX-License-Identifier: MIT */
/*
 * The PCM: one direction of a device as the audio thread sees it, behind a
 * small table of operations. The same cycle runs on alsa-lib (pcm_alsa.c) and,
 * in the unit tests, on a fake PCM with a fault script.
 *
 * Audio thread only, from ORDER_START to the answer of ORDER_STOP or
 * ORDER_QUIT. Every operation returns at once; a negative result is -errno.
 */
#ifndef PEAL_RT_PCM_H
#define PEAL_RT_PCM_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <peal/config.h>
#include <peal/message.h>

struct pcm;

struct pcm_ops {
	/* Fill in the descriptors to wait on (their number can change); returns
	 * how many, at most space. */
	int (*descriptors)(struct pcm *pcm, struct pollfd *fds, unsigned space);
	/* What poll's result means for the PCM, in *revents. */
	int (*revents)(struct pcm *pcm, struct pollfd *fds, unsigned count,
		       unsigned short *revents);
	/* What the device says it is: RUNNING, PREPARED, XRUN, SUSPENDED, LOST;
	 * anything else (being set up, draining, paused) is CLOSED. */
	enum engine_state (*state)(struct pcm *pcm);
	/* Frames that can be written or read now; exact: ask the hardware, and
	 * do not rely on the last interrupt. */
	int64_t (*avail)(struct pcm *pcm, bool exact);
	/* Get hold of up to *frames at the current position in pcm->areas;
	 * *frames becomes how many there are without a break (0 is an error). */
	int (*begin)(struct pcm *pcm, uint32_t *frames);
	/* Give back frames of them, moved; returns how many were taken. */
	int64_t (*commit)(struct pcm *pcm, uint32_t frames);
	int (*prepare)(struct pcm *pcm);
	int (*start)(struct pcm *pcm);
	int (*stop)(struct pcm *pcm); /* at once, dropping what is buffered */
	int (*resume)(struct pcm *pcm);
};

/* Where one channel's samples lie: sample n at first + n * step. */
struct pcm_area {
	unsigned char *first;
	uint32_t step; /* bytes */
};

struct pcm {
	/* constant */
	const struct pcm_ops *ops;
	void *handle; /* the implementation's */
	enum engine_direction direction;
	uint32_t channels;
	uint32_t sample_bytes;
	bool interleaved;
	bool exact_avail; /* its position moves only when asked exactly: servers, plug: */
	uint32_t period_frames;
	uint32_t buffer_frames;

	/* between begin and commit */
	uint64_t offset; /* the implementation's */
	struct pcm_area areas[ENGINE_CHANNELS_MAX]; /* 0..channels-1 */
};

/* Make a PCM on an open, negotiated snd_pcm_t (void *: the only file of the
 * audio thread that knows alsa-lib is pcm_alsa.c). Control side. */
void pcm_alsa_init(struct pcm *pcm, void *snd_pcm);

/* Once on the audio thread, before its first cycle: touch alsa-lib's
 * thread-local storage and silence its messages for this thread. */
void pcm_alsa_enter_thread(void);

#endif
