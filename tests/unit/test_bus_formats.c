/* SPDX-License-Identifier: MIT */
/*
 * What the bus makes of a float, in each format of whole numbers, against a
 * reference that computes with whole numbers alone: of 16 bits for floats over
 * all of their range (with PEAL_LONG=1 each of the 2^32), of 24 and 32 bits for
 * many that look random, at any steps between samples, and nothing beside.
 */
#include <string.h>

#include <peal/format.h>

#include "long_run.h"
#include "rt/bus.h"
#include "support.h"

#define BLOCK 4096
#define CHANNELS 4
#define STEP_MAX 32
#define FILLER 0xa5

static float memory[(CHANNELS + 1) * BLOCK];
static unsigned char device[CHANNELS * BLOCK * STEP_MAX + 64], copy[sizeof(device)];
static unsigned char stream[CHANNELS * BLOCK * 4];
static struct bus bus;
static struct pcm pcm;

/* ---- the reference */

/* Half of what it is added to is away from zero. */
static int64_t shifted(uint64_t magnitude, int right)
{
	if (right <= 0)
		return (int64_t)(magnitude << -right);
	if (right > 62)
		return 0;
	return (int64_t)((magnitude + (1ull << (right - 1))) >> right);
}

/*
 * The float of these bits as a number of so many bits: 1.0 is 2^(bits - 1), the
 * nearest, halves away from zero, within what can be said; not-a-numbers are 0.
 */
static int64_t converted(uint32_t float_bits, unsigned bits)
{
	uint32_t exponent = float_bits >> 23 & 0xff, fraction = float_bits & 0x7fffff;
	bool negative = float_bits >> 31;
	int64_t limit = 1ll << (bits - 1), x;

	if (exponent == 0xff && fraction)
		return 0;
	/* 1.0 is at exponent 127, and from 2.0 on it is beyond */
	if (exponent > 127)
		x = limit;
	else
		x = shifted(exponent ? fraction | 0x800000 : fraction,
			    (int)(23 - (bits - 1)) + 127 - (int)(exponent ? exponent : 1));
	if (negative)
		return x > limit ? -limit : -x;
	return x > limit - 1 ? limit - 1 : x;
}

/*
 * Whether x is what the float of these bits becomes. The greatest below half a
 * step may become a whole one: half a step more is no float, and the nearest is.
 */
static bool is_right(int64_t x, uint32_t float_bits, unsigned bits)
{
	uint32_t half = (127 - bits) << 23;

	if ((float_bits & 0x7fffffff) == half - 1 && bits < 32)
		return x == 0 || x == (float_bits >> 31 ? -1 : 1);
	return x == converted(float_bits, bits);
}

/* Of whole numbers, whatever they take in memory. */
static int64_t stored(const unsigned char *from, unsigned bytes, unsigned bits)
{
	uint64_t x = 0;

	for (unsigned b = 0; b < bytes; b++)
		x |= (uint64_t)from[b] << 8 * b;
	return (int64_t)(x << (64 - bits)) >> (64 - bits);
}

static unsigned bits_of(uint32_t format)
{
	switch (format) {
	case ENGINE_FORMAT_S16_LE:
		return 16;
	case ENGINE_FORMAT_S32_LE:
		return 32;
	default:
		return 24;
	}
}

static float float_of(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* ---- one channel, without a stream, at volume 1 */

static void begin(uint32_t format, uint32_t channels)
{
	unsigned bytes = (unsigned)engine_format_bytes(format);

	pcm = (struct pcm){ .channels = channels, .sample_bytes = bytes };
	for (uint32_t c = 0; c < channels; c++)
		pcm.areas[c] = (struct pcm_area){ device + c * bytes, channels * bytes };
	bus_init(&bus, channels, BLOCK, format, memory);
	bus_clear(&bus, 0, BLOCK);
}

/* Every step-th of the floats, from the first on. */
static void sweep(uint32_t format, uint64_t first, uint64_t step)
{
	unsigned bytes = (unsigned)engine_format_bytes(format), bits = bits_of(format);

	begin(format, 1);
	for (uint64_t base = first; base < 1ull << 32; base += BLOCK * step) {
		uint32_t count = 0;

		for (uint64_t n = base; count < BLOCK && n < 1ull << 32; n += step)
			bus_channel(&bus, 0)[count++] = float_of((uint32_t)n);
		bus_write(&bus, 0, &pcm, NULL, count);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t n = (uint32_t)(base + i * step);
			int64_t is = stored(device + i * bytes, bytes, bits);

			/* an assertion that holds costs much more than what it asserts */
			if (!is_right(is, n, bits))
				ck_abort_msg("format %u: float %#x (%a) became %ld and not %ld",
					     format, n, (double)float_of(n), (long)is,
					     (long)converted(n, bits));
		}
	}
}

START_TEST(floats_over_all_their_range_become_16_bits)
{
	if (long_run_asked())
		sweep(ENGINE_FORMAT_S16_LE, 0, 1);
	else
		sweep(ENGINE_FORMAT_S16_LE, 7, 251);
}
END_TEST

START_TEST(floats_over_all_their_range_become_24_and_32_bits)
{
	static const uint32_t formats[] = { ENGINE_FORMAT_S24_LE, ENGINE_FORMAT_S24_3LE,
					    ENGINE_FORMAT_S32_LE };

	sweep(formats[_i], 3, long_run_asked() ? 17 : 1021);
}
END_TEST

/* All floats near what is a step of 16 bits, where rounding shows. */
START_TEST(halves_of_16_bits_are_rounded_away_from_zero)
{
	begin(ENGINE_FORMAT_S16_LE, 1);
	for (int32_t sample = -32768; sample < 32767; sample++) {
		float half = ((float)sample + 0.5f) / 32768;

		for (int by = -1; by <= 1; by++) {
			uint32_t bits;

			memcpy(&bits, &half, sizeof(bits));
			bits += (uint32_t)by;
			bus_channel(&bus, 0)[0] = float_of(bits);
			bus_write(&bus, 0, &pcm, NULL, 1);
			if (!is_right(stored(device, 2, 16), bits, 16))
				ck_abort_msg("%a became %ld and not %ld", (double)float_of(bits),
					     (long)stored(device, 2, 16), (long)converted(bits, 16));
		}
	}
}
END_TEST

/* ---- many channels, at steps of their own, with a stream beneath or without */

/* Within what is exact in the format's own numbers: sixteenths of full scale and
 * any whole number of it. */
static int64_t mixed_with(int64_t x, int64_t under, unsigned bits)
{
	int64_t limit = 1ll << (bits - 1);

	x += under;
	return x < -limit ? -limit : x > limit - 1 ? limit - 1 : x;
}

/* Where each channel's samples go: all in one row, or a row each; and room after
 * a sample, as some devices have. */
static void scatter(uint64_t *random, unsigned bytes, uint32_t channels)
{
	bool planar = support_random(random) >> 63;
	uint32_t wide = bytes + (uint32_t)(support_random(random) >> 61);
	uint32_t from = (uint32_t)(support_random(random) >> 60);

	for (uint32_t c = 0; c < channels; c++) {
		pcm.areas[c].first = device + from + c * (planar ? BLOCK * wide : wide);
		pcm.areas[c].step = planar ? wide : channels * wide;
	}
}

static void put(unsigned char *to, int64_t x, unsigned bytes)
{
	for (unsigned b = 0; b < bytes; b++)
		to[b] = (unsigned char)((uint64_t)x >> 8 * b);
}

START_TEST(any_steps_are_kept_to)
{
	static const uint32_t formats[] = { ENGINE_FORMAT_S16_LE, ENGINE_FORMAT_S24_LE,
					    ENGINE_FORMAT_S24_3LE, ENGINE_FORMAT_S32_LE };
	uint32_t format = formats[_i];
	unsigned bytes = (unsigned)engine_format_bytes(format), bits = bits_of(format);
	uint64_t random = 1000 + (uint64_t)_i;

	for (unsigned round = 0; round < long_run(200); round++) {
		uint32_t channels = 1 + (uint32_t)(support_random(&random) % CHANNELS);
		uint32_t at = (uint32_t)(support_random(&random) % 100);
		uint32_t count = 1 + (uint32_t)(support_random(&random) % 500);
		bool under = support_random(&random) >> 63;

		begin(format, channels);
		scatter(&random, bytes, channels);
		memset(device, FILLER, sizeof(device));
		memset(copy, FILLER, sizeof(copy));
		for (uint32_t i = 0; i < count; i++)
			for (uint32_t c = 0; c < channels; c++) {
				/* -1.5..1.5 of full scale, and 16 bits of it */
				int64_t unit = INT64_C(1) << (bits - 16);
				int64_t x = (int64_t)(support_random(&random) % 98305) - 49152;
				int64_t y = (int64_t)(support_random(&random) >> 48) - 32768;
				unsigned char *to = copy + (pcm.areas[c].first - device) +
						    i * pcm.areas[c].step;

				bus_channel(&bus, c)[at + i] = (float)x / 32768;
				put(stream + (i * channels + c) * bytes, y * unit, bytes);
				put(to, mixed_with(x * unit, under ? y * unit : 0,
						   bits), bytes);
			}
		bus_write(&bus, at, &pcm, under ? stream : NULL, count);
		ck_assert_msg(memcmp(device, copy, sizeof(device)) == 0,
			      "format %u, round %u: %u channels, %u frames", format, round,
			      channels, count);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bus_formats");
	TCase *tests = tcase_create("against a reference");

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 60);
	long_run_timeout(tests);
	tcase_add_test(tests, floats_over_all_their_range_become_16_bits);
	tcase_add_loop_test(tests, floats_over_all_their_range_become_24_and_32_bits, 0, 3);
	tcase_add_test(tests, halves_of_16_bits_are_rounded_away_from_zero);
	tcase_add_loop_test(tests, any_steps_are_kept_to, 0, 4);
	return support_run(suite);
}
