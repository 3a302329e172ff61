/* SPDX-License-Identifier: MIT */
/*
 * The making of samples, as its parts know each other: sample.c lays them out
 * in memory, sample_reader.c reads what they are made of, sample_rate.c
 * converts rates, sample_file.c reads files. Control side.
 */
#ifndef PEAL_CONTROL_SAMPLE_H
#define PEAL_CONTROL_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "shared/sample.h"

/* Free a sample whose last reference is gone. Any control thread. */
void sample_free(struct engine_sample *sample);

/* Whether a sample can have so many channels, and its rate be converted so. */
int sample_check(uint32_t channels, uint32_t rate, uint32_t to_rate);

/* One channel of interleaved frames, on its way to floats. */
struct sample_reader {
	const unsigned char *next; /* need not be aligned */
	size_t left;               /* frames */
	size_t step;               /* bytes from one frame to the next */
	uint32_t format;
	uint64_t silenced;
};

/* Up to count samples, all of them finite; 0 at the end. */
size_t sample_reader_read(struct sample_reader *reader, float *to, size_t count);

/* Not-a-numbers and infinities become 0; returns how many. */
uint64_t sample_silence(float *samples, size_t count);

/* Whether there is a converter from one rate to another, that is not the same. */
int sample_rate_check(uint32_t from, uint32_t to);

/* All that the reader has, at another rate, into count samples: what is missing
 * to the last stays as it is, what is too much is lost. 0 or -ENOMEM; the
 * result need not be finite. */
int sample_rate_convert(struct sample_reader *reader, double ratio, float *to, size_t count);

#endif
