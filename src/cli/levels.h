/* SPDX-License-Identifier: MIT */
/*
 * Levels: how loud each channel was since the last clear, as shares of full
 * scale (1.0): the greatest sample, and the root of the mean square.
 */
#ifndef CLI_LEVELS_H
#define CLI_LEVELS_H

#include <stddef.h>
#include <stdint.h>

#include <peal/format.h>

struct level {
	double peak;
	double squares; /* their sum */
	uint64_t count; /* samples that are numbers */
};

struct levels {
	uint32_t channels;
	struct level *channel;
};

/* Returns 0, or -ENOMEM. */
int levels_init(struct levels *levels, uint32_t channels);
void levels_done(struct levels *levels);

/* Add interleaved frames in one of the engine's formats. */
void levels_add(struct levels *levels, const void *frames, size_t count, enum engine_format format);

/* Of a channel, 0..channels-1. NaN when there was no sample. */
double levels_peak(const struct levels *levels, uint32_t channel);
double levels_rms(const struct levels *levels, uint32_t channel);

void levels_clear(struct levels *levels);

/* A share of full scale in decibels: silence is -infinity, NaN stays NaN. */
double levels_dbfs(double share);

#endif
