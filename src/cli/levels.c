/* SPDX-License-Identifier: MIT */
/*
 * Levels: sums over samples, for one thread at a time. A float that is not a
 * number, or infinite, is no level: it is left out of both figures, so that
 * one of them does not spoil the rest.
 */
#include "cli/levels.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/samples.h"

/* Samples that are unpacked at a time; a frame of 256 channels fits. */
#define LEVELS_BLOCK 1024u

int levels_init(struct levels *levels, uint32_t channels)
{
	levels->channels = channels;
	levels->channel = calloc(channels, sizeof(*levels->channel));
	return levels->channel || channels == 0 ? 0 : -ENOMEM;
}

void levels_done(struct levels *levels)
{
	free(levels->channel);
	*levels = (struct levels){ 0 };
}

static void level_add(struct level *level, double sample)
{
	if (!isfinite(sample))
		return;
	if (fabs(sample) > level->peak)
		level->peak = fabs(sample);
	level->squares += sample * sample;
	level->count++;
}

static void levels_add_floats(struct levels *levels, const char *samples, size_t count)
{
	float sample;

	for (size_t i = 0; i < count; i++) {
		memcpy(&sample, samples + i * sizeof(sample), sizeof(sample));
		level_add(&levels->channel[i % levels->channels], (double)sample);
	}
}

static void levels_add_integers(struct levels *levels, const char *samples, size_t count,
				enum engine_format format)
{
	int32_t block[LEVELS_BLOCK];

	samples_unpack(block, samples, count, format);
	for (size_t i = 0; i < count; i++)
		level_add(&levels->channel[i % levels->channels], block[i] / 2147483648.0);
}

void levels_add(struct levels *levels, const void *frames, size_t count, enum engine_format format)
{
	const size_t block = LEVELS_BLOCK - LEVELS_BLOCK % levels->channels;
	const char *samples = frames;
	size_t left = count * levels->channels;

	while (left > 0) {
		size_t now = left < block ? left : block;

		if (format == ENGINE_FORMAT_FLOAT_LE)
			levels_add_floats(levels, samples, now);
		else
			levels_add_integers(levels, samples, now, format);
		samples += now * (size_t)engine_format_bytes(format);
		left -= now;
	}
}

double levels_peak(const struct levels *levels, uint32_t channel)
{
	const struct level *level = &levels->channel[channel];

	return level->count ? level->peak : (double)NAN;
}

double levels_rms(const struct levels *levels, uint32_t channel)
{
	const struct level *level = &levels->channel[channel];

	return level->count ? sqrt(level->squares / (double)level->count) : (double)NAN;
}

void levels_clear(struct levels *levels)
{
	memset(levels->channel, 0, levels->channels * sizeof(*levels->channel));
}

double levels_dbfs(double share)
{
	return 20 * log10(share);
}
