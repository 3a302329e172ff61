/* SPDX-License-Identifier: MIT */
/*
 * The sample reader: one channel of interleaved frames, in any format, as
 * floats between -1 and 1. Control side. What it gives is finite: infinities
 * and not-a-numbers are silence, and counted. It allocates nothing.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <peal/format.h>

#include "control/sample.h"

/* Integers fill 32 bits from the top, so that one scale fits them all. */
static inline float decoded(const unsigned char *from, uint32_t format)
{
	uint32_t bits = from[0] | (uint32_t)from[1] << 8;
	float value;

	if (format == ENGINE_FORMAT_S16_LE)
		return (float)(int32_t)(bits << 16) * 0x1p-31f;
	bits |= (uint32_t)from[2] << 16;
	if (format == ENGINE_FORMAT_S24_LE || format == ENGINE_FORMAT_S24_3LE)
		return (float)(int32_t)(bits << 8) * 0x1p-31f;
	bits |= (uint32_t)from[3] << 24;
	if (format == ENGINE_FORMAT_S32_LE)
		return (float)(int32_t)bits * 0x1p-31f;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* With a constant format the compiler makes a loop of its own for each. */
static inline void decode(float *to, size_t count, const unsigned char *from, size_t step,
			  uint32_t format)
{
	for (size_t i = 0; i < count; i++)
		to[i] = decoded(from + i * step, format);
}

uint64_t sample_silence(float *samples, size_t count)
{
	size_t silenced = 0;

	for (size_t i = 0; i < count; i++) {
		bool finite = isfinite(samples[i]);

		samples[i] = finite ? samples[i] : 0.0f;
		silenced += !finite;
	}
	return silenced;
}

size_t sample_reader_read(struct sample_reader *reader, float *to, size_t count)
{
	const unsigned char *from = reader->next;

	if (count > reader->left)
		count = reader->left;
	switch (reader->format) {
	case ENGINE_FORMAT_S16_LE:
		decode(to, count, from, reader->step, ENGINE_FORMAT_S16_LE);
		break;
	case ENGINE_FORMAT_S24_LE:
	case ENGINE_FORMAT_S24_3LE:
		decode(to, count, from, reader->step, ENGINE_FORMAT_S24_3LE);
		break;
	case ENGINE_FORMAT_S32_LE:
		decode(to, count, from, reader->step, ENGINE_FORMAT_S32_LE);
		break;
	default:
		decode(to, count, from, reader->step, ENGINE_FORMAT_FLOAT_LE);
		reader->silenced += sample_silence(to, count);
		break;
	}
	reader->next += count * reader->step;
	reader->left -= count;
	return count;
}
