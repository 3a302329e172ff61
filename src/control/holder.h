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

#endif
