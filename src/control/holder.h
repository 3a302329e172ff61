/* SPDX-License-Identifier: MIT */
/*
 * The holder of a busy card: which program has its PCM open. Control threads.
 */
#ifndef PEAL_CONTROL_HOLDER_H
#define PEAL_CONTROL_HOLDER_H

#include <alsa/asoundlib.h>
#include <stdbool.h>
#include <sys/types.h>

#define HOLDER_PROC "/proc"

struct holder {
	pid_t pid;        /* 0: a process of another container, which has no number here */
	char program[32]; /* its name; "" if it is not to be seen */
};

/*
 * Look who holds the card that a PCM name stands for ("hw:0,0",
 * "plughw:CARD=PCH,DEV=3"); any card, when the name does not tell.
 * proc: HOLDER_PROC, but in tests.
 * Returns whether there is one.
 */
bool holder_find(struct holder *holder, const char *proc, const char *pcm_name,
		 snd_pcm_stream_t stream);

/*
 * Who holds a hardware PCM ("hw:0,0", "plughw:...") in a direction of which
 * no substream is left.
 * Returns whether that is so; never of another PCM.
 */
bool holder_of_full(struct holder *holder, const char *proc, const char *pcm_name,
		    snd_pcm_stream_t stream);

/* Whether the name is one of a PCM that no one else can have at the same time. */
bool holder_is_hardware(const char *pcm_name);

#endif
