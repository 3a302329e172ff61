/* SPDX-License-Identifier: MIT */
/*
 * Areas: interleaved frames to and from a PCM's channel areas, sample for
 * sample, untouched. Audio thread; between the PCM's begin and commit.
 */
#ifndef PEAL_RT_AREAS_H
#define PEAL_RT_AREAS_H

#include "rt/pcm.h"

/* From interleaved frames into the areas, at frame `at` of them. */
void areas_write(const struct pcm *pcm, uint32_t at, const unsigned char *frames, uint32_t count);

/* From the areas, at frame `at` of them, into interleaved frames. */
void areas_read(const struct pcm *pcm, uint32_t at, unsigned char *frames, uint32_t count);

/* Zeros (silence in every format that we take), at frame `at`. */
void areas_silence(const struct pcm *pcm, uint32_t at, uint32_t count);

#endif
