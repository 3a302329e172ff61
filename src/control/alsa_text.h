/* SPDX-License-Identifier: MIT */
/*
 * alsa-lib's own text: what it would print to stderr, caught for the calling
 * thread (never with the process-wide handler, which is the host program's)
 * so that it can be part of our error sentence. Control threads only.
 */
#ifndef PEAL_CONTROL_ALSA_TEXT_H
#define PEAL_CONTROL_ALSA_TEXT_H

#include <alsa/asoundlib.h>

struct alsa_text {
	snd_local_error_handler_t previous;
	struct alsa_text *outer;
	char text[256]; /* the first line caught since begin, without newline; "" if none */
};

/* Catch from here on; nests. */
void alsa_text_begin(struct alsa_text *text);
/* Stop catching; the text stays readable. */
void alsa_text_end(struct alsa_text *text);

/* The constant text of an error number of alsa-lib's own, beyond errno's
 * range; NULL if it is none. Any thread. */
const char *alsa_text_error(unsigned int number);

#endif
