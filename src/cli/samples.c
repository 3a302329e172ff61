/* SPDX-License-Identifier: MIT */
/*
 * Samples: plain functions on arrays, for one thread at a time. Bits that a
 * narrower format has no room for are cut off, never rounded up, so that
 * nothing overflows; what fits passes bit for bit, both ways.
 */
#include "cli/samples.h"

#include <math.h>

void samples_quantise(int32_t *out, const float *in, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		double scaled = (double)in[i] * 2147483648.0;

		if (isnan(scaled))
			out[i] = 0;
		else if (scaled >= INT32_MAX)
			out[i] = INT32_MAX;
		else if (scaled <= INT32_MIN)
			out[i] = INT32_MIN;
		else
			out[i] = (int32_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
	}
}

void samples_pack(void *out, const int32_t *in, size_t count, enum engine_format format)
{
	uint8_t *bytes = out;
	size_t size = (size_t)engine_format_bytes(format);

	for (size_t i = 0; i < count; i++, bytes += size) {
		uint32_t sample = (uint32_t)in[i];

		if (format == ENGINE_FORMAT_S24_LE) /* its fourth byte repeats the sign */
			sample = (uint32_t)(in[i] >> 8);
		else
			sample >>= 32 - 8 * size;
		for (size_t byte = 0; byte < size; byte++)
			bytes[byte] = (uint8_t)(sample >> 8 * byte);
	}
}

void samples_unpack(int32_t *out, const void *in, size_t count, enum engine_format format)
{
	const uint8_t *bytes = in;
	size_t size = (size_t)engine_format_bytes(format);
	/* what S24_LE has in its fourth byte is the device's affair: shifted out */
	size_t bits = format == ENGINE_FORMAT_S24_LE ? 24 : 8 * size;

	for (size_t i = 0; i < count; i++, bytes += size) {
		uint32_t sample = 0;

		for (size_t byte = 0; byte < size; byte++)
			sample |= (uint32_t)bytes[byte] << 8 * byte;
		out[i] = (int32_t)(sample << (32 - bits));
	}
}
