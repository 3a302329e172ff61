/* SPDX-License-Identifier: MIT */
/*
 * The refusal: the sentence that says what a device was refused, and what it
 * offers instead. Control threads.
 */
#ifndef PEAL_CONTROL_REFUSAL_H
#define PEAL_CONTROL_REFUSAL_H

#include <alsa/asoundlib.h>

#include <peal/config.h>

/* What is got exactly or refused, in the order in which it is set. */
enum refusal_part {
	REFUSAL_ACCESS,
	REFUSAL_FORMAT,
	REFUSAL_CHANNELS,
	REFUSAL_RATE,
};

/*
 * Say that a PCM refused a part of wish.
 * err: what alsa-lib answered; anything but -EINVAL is a failure of the PCM
 *   and is told as such.
 * space: what the PCM offers once the parts before it are set; not changed.
 * Returns err, with the sentence in the last error.
 */
int refusal_of_part(int err, enum refusal_part part, snd_pcm_t *pcm, const char *name,
		    snd_pcm_hw_params_t *space, const struct engine_config *wish);

/*
 * Say why a PCM could not be opened.
 * alsa_text: what alsa-lib said of it; "" if nothing.
 * Returns err, or -EACCES where err only says that a card which may not be
 * opened was not found.
 */
int refusal_of_open(int err, const char *name, snd_pcm_stream_t stream, const char *alsa_text);

#endif
