/* SPDX-License-Identifier: MIT */
/*
 * The bus: a block of mixed audio, as planar floats, and the way from there
 * into a PCM's areas: the stream's frames are added, the volume applied, and
 * the result saturates; it never wraps. Audio thread.
 */
#ifndef PEAL_RT_BUS_H
#define PEAL_RT_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "rt/pcm.h"

/* One channel of count frames, in one format: to[i] = saturated((from[i] +
 * mixed[i]) * gain[i]). Steps are in bytes; a from_step of 0 is one sample for
 * all of them. */
typedef void (*bus_write_channel)(unsigned char *to, uint32_t to_step, const unsigned char *from,
				  uint32_t from_step, const float *mixed, const float *gain,
				  uint32_t count);

struct bus {
	/* constant */
	uint32_t channels;
	uint32_t frames; /* its length */
	bus_write_channel write_channel;

	float *samples; /* channels * frames of them: channel c begins at c * frames */
	float *gain;    /* one for each frame: the volume */
};

/* The floats that bus_init needs for `samples` and `gain` together; the caller
 * has checked channels and frames. */
size_t bus_floats(uint32_t channels, uint32_t frames);

/* memory: zeroed, aligned to 64. format: enum engine_format. Control side. */
void bus_init(struct bus *bus, uint32_t channels, uint32_t frames, uint32_t format,
	      float *memory);

static inline float *bus_channel(struct bus *bus, uint32_t channel)
{
	return bus->samples + (size_t)channel * bus->frames;
}

/* Silence in frames at..at+count-1, and a gain of 1. */
void bus_clear(struct bus *bus, uint32_t at, uint32_t count);

/* From the bus's frame `at` into the PCM's areas (from their frame 0 on), with
 * count interleaved frames of the stream in the PCM's format; NULL: silence. */
void bus_write(const struct bus *bus, uint32_t at, const struct pcm *pcm,
	       const unsigned char *stream, uint32_t count);

#endif
