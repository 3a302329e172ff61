/* SPDX-License-Identifier: MIT */
/*
 * The bus: what it writes is the stream's frames to the bit while nothing is
 * mixed, exact sums while they fit, and full scale beyond; and it writes where
 * the areas say, nowhere else.
 */
#include <math.h>
#include <string.h>

#include <peal/format.h>

#include "rt/bus.h"
#include "support.h"

#define CHANNELS 3
#define FRAMES 64
#define MARGIN 16
#define FORMATS 5

static float memory[(CHANNELS + 1) * FRAMES];
static struct bus bus;
static struct pcm pcm;
static unsigned char device[MARGIN + CHANNELS * FRAMES * 8 + MARGIN];
static unsigned char stream[CHANNELS * FRAMES * 4];

static void lay_out(uint32_t format, uint32_t channels, bool apart)
{
	uint32_t width = (uint32_t)engine_format_bytes(format);

	memset(device, 0x5a, sizeof(device));
	pcm = (struct pcm){ .channels = channels, .sample_bytes = width, .interleaved = !apart };
	for (uint32_t c = 0; c < channels; c++) {
		pcm.areas[c].first = device + MARGIN + c * (apart ? FRAMES * 8 : width);
		pcm.areas[c].step = apart ? width + 3 : width * channels;
	}
	ck_assert_uint_le(bus_floats(channels, FRAMES), sizeof(memory) / sizeof(float));
	bus_init(&bus, channels, FRAMES, format, memory);
	bus_clear(&bus, 0, FRAMES);
}

/* ---- a sample in a format, as a whole number; of float, its bits */

static int32_t get(uint32_t format, const unsigned char *from)
{
	uint32_t bits = 0;
	unsigned width = (unsigned)engine_format_bytes(format);

	for (unsigned b = 0; b < width; b++)
		bits |= (uint32_t)from[b] << 8 * b;
	if (width == 4)
		return (int32_t)bits;
	return (int32_t)(bits << (32 - 8 * width)) >> (32 - 8 * width);
}

static void put(uint32_t format, unsigned char *to, int32_t sample)
{
	for (unsigned b = 0; b < (unsigned)engine_format_bytes(format); b++)
		to[b] = (unsigned char)((uint32_t)sample >> 8 * b);
}

static int32_t bits_of(float x)
{
	int32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* What one sample of the stream becomes with that mixed, at that volume. */
static int32_t written(uint32_t format, int32_t sample, float mixed, float gain)
{
	put(format, stream, sample);
	bus_channel(&bus, 0)[0] = mixed;
	bus.gain[0] = gain;
	bus_write(&bus, 0, &pcm, stream, 1);
	return get(format, pcm.areas[0].first);
}

static void is_kept(uint32_t format, int32_t sample)
{
	int32_t it = written(format, sample, 0.0f, 1.0f);

	/* an assertion that holds costs much more than what it asserts */
	if (it != sample)
		ck_abort_msg("format %u: %d became %d", format, sample, it);
}

/* ---- bits */

START_TEST(every_sample_of_16_bits_is_kept)
{
	lay_out(ENGINE_FORMAT_S16_LE, 1, false);
	for (int32_t sample = INT16_MIN; sample <= INT16_MAX; sample++)
		is_kept(ENGINE_FORMAT_S16_LE, sample);
}
END_TEST

START_TEST(samples_of_24_bits_are_kept)
{
	uint32_t format = _i ? ENGINE_FORMAT_S24_3LE : ENGINE_FORMAT_S24_LE;

	lay_out(format, 1, false);
	for (int32_t sample = -(1 << 23); sample < 1 << 23; sample += 7)
		is_kept(format, sample);
	is_kept(format, (1 << 23) - 1);
	is_kept(format, -1);
	is_kept(format, 0);
	is_kept(format, 1);
}
END_TEST

START_TEST(samples_of_32_bits_are_kept)
{
	uint64_t random = 32;

	lay_out(ENGINE_FORMAT_S32_LE, 1, false);
	is_kept(ENGINE_FORMAT_S32_LE, INT32_MIN);
	is_kept(ENGINE_FORMAT_S32_LE, INT32_MIN + 1);
	is_kept(ENGINE_FORMAT_S32_LE, -1);
	is_kept(ENGINE_FORMAT_S32_LE, 0);
	is_kept(ENGINE_FORMAT_S32_LE, INT32_MAX - 1);
	is_kept(ENGINE_FORMAT_S32_LE, INT32_MAX);
	for (unsigned i = 0; i < 100000; i++)
		is_kept(ENGINE_FORMAT_S32_LE, (int32_t)support_random(&random));
}
END_TEST

START_TEST(floats_within_full_scale_are_kept)
{
	uint64_t random = 1;

	lay_out(ENGINE_FORMAT_FLOAT_LE, 1, false);
	is_kept(ENGINE_FORMAT_FLOAT_LE, bits_of(1.0f));
	is_kept(ENGINE_FORMAT_FLOAT_LE, bits_of(-1.0f));
	is_kept(ENGINE_FORMAT_FLOAT_LE, 0);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t n = support_random(&random);

		is_kept(ENGINE_FORMAT_FLOAT_LE,
			bits_of(ldexpf((float)(int32_t)n, -31 - (int)(n >> 58))));
	}
}
END_TEST

START_TEST(the_upper_byte_of_24_bits_in_4_says_nothing)
{
	lay_out(ENGINE_FORMAT_S24_LE, 1, false);
	ck_assert_int_eq(written(ENGINE_FORMAT_S24_LE, 0x55000001, 0.0f, 1.0f), 1);
	ck_assert_int_eq(written(ENGINE_FORMAT_S24_LE, 0x00ffffff, 0.0f, 1.0f), -1);
}
END_TEST

/* ---- sums */

/* Full scale of the formats, by their number. */
static const struct {
	int32_t low, high, half;
} scales[FORMATS + 1] = {
	[ENGINE_FORMAT_S16_LE] = { -0x8000, 0x7fff, 0x4000 },
	[ENGINE_FORMAT_S24_LE] = { -0x800000, 0x7fffff, 0x400000 },
	[ENGINE_FORMAT_S24_3LE] = { -0x800000, 0x7fffff, 0x400000 },
	[ENGINE_FORMAT_S32_LE] = { INT32_MIN, INT32_MAX, 0x40000000 },
	[ENGINE_FORMAT_FLOAT_LE] = { (int32_t)0xbf800000, 0x3f800000, 0x3f000000 },
};

START_TEST(voices_are_added_and_the_volume_is_of_both)
{
	uint32_t format = (uint32_t)_i;
	int32_t half = scales[_i].half;

	lay_out(format, 1, false);
	ck_assert_int_eq(written(format, 0, 0.5f, 1.0f), half);
	ck_assert_int_eq(written(format, half, -0.5f, 1.0f), 0);
	ck_assert_int_eq(written(format, half, 0.5f, 0.5f), half);
	ck_assert_int_eq(written(format, half, 0.0f, 0.0f), 0);
	/* only what comes out has to fit */
	ck_assert_int_eq(written(format, half, 1.5f, 0.25f), half);
}
END_TEST

START_TEST(what_is_too_loud_is_full_scale)
{
	static const float loud[] = { 1.0f, 1.0001f, 2.0f, 1e9f, 3e38f, INFINITY };
	uint32_t format = (uint32_t)_i;
	int32_t low = scales[_i].low, high = scales[_i].high;

	lay_out(format, 1, false);
	for (unsigned i = 0; i < sizeof(loud) / sizeof(loud[0]); i++) {
		ck_assert_int_eq(written(format, 0, loud[i], 1.0f), high);
		ck_assert_int_eq(written(format, 0, -loud[i], 1.0f), low);
		ck_assert_int_eq(written(format, high, loud[i], 16.0f), high);
		ck_assert_int_eq(written(format, low, -loud[i], 16.0f), low);
	}
	ck_assert_int_eq(written(format, high, 0.0f, 16.0f), high);
	ck_assert_int_eq(written(format, low, 0.0f, 16.0f), low);
}
END_TEST

START_TEST(fractions_go_to_the_nearest)
{
	static const float fractions[] = { 0.0f, 0.25f, 0.4375f, 0.5625f, 0.75f };

	lay_out(ENGINE_FORMAT_S16_LE, 1, false);
	for (int32_t sample = -1000; sample < 1000; sample++)
		for (unsigned i = 0; i < 5; i++) {
			float x = (float)sample + fractions[i];

			ck_assert_int_eq(written(ENGINE_FORMAT_S16_LE, 0, x * 0x1p-15f, 1.0f),
					 (int32_t)floorf(x + 0.5f));
		}
}
END_TEST

START_TEST(not_a_number_is_silence)
{
	int32_t bad = bits_of(NAN);

	lay_out((uint32_t)_i, 1, false);
	ck_assert_int_eq(written((uint32_t)_i, 0, NAN, 1.0f), 0);
	ck_assert_int_eq(written((uint32_t)_i, 0, INFINITY, 0.0f), 0);
	if (_i != ENGINE_FORMAT_FLOAT_LE)
		return;
	ck_assert_int_eq(written(ENGINE_FORMAT_FLOAT_LE, bad, 0.0f, 1.0f), 0);
	/* the voices are heard all the same */
	ck_assert_int_eq(written(ENGINE_FORMAT_FLOAT_LE, bad, 0.5f, 1.0f), bits_of(0.5f));
	ck_assert_int_eq(written(ENGINE_FORMAT_FLOAT_LE, bits_of(INFINITY), 0.0f, 1.0f),
			 bits_of(1.0f));
}
END_TEST

/* ---- places */

/* The stream's frame i, channel c is 100 * c + i, the mix 1000 times that, at frame `at`. */
static void check_places(uint32_t at, uint32_t count, bool streaming)
{
	static unsigned char expected[sizeof(device)];

	for (uint32_t c = 0; c < pcm.channels; c++)
		for (uint32_t i = 0; i < FRAMES; i++) {
			int32_t n = (int32_t)(100 * c + i);

			put(ENGINE_FORMAT_S24_3LE, stream + (i * pcm.channels + c) * 3, n);
			bus_channel(&bus, c)[i] = (float)(1000 * n) * 0x1p-23f;
		}
	memcpy(expected, device, sizeof(device));
	for (uint32_t c = 0; c < pcm.channels; c++)
		for (uint32_t i = 0; i < count; i++)
			put(ENGINE_FORMAT_S24_3LE, expected + (pcm.areas[c].first - device) +
							   i * pcm.areas[c].step,
			    1000 * (int32_t)(100 * c + at + i) +
				    (streaming ? (int32_t)(100 * c + i) : 0));
	bus_write(&bus, at, &pcm, streaming ? stream : NULL, count);
	ck_assert(memcmp(device, expected, sizeof(device)) == 0);
}

START_TEST(it_writes_into_the_areas_and_nothing_else)
{
	static const uint32_t places[5][2] = {
		{ 0, FRAMES }, { 0, 1 }, { 5, 17 }, { 63, 1 }, { 7, 0 },
	};

	for (unsigned i = 0; i < 5; i++)
		for (uint32_t channels = 1; channels <= CHANNELS; channels++)
			for (int streaming = 0; streaming < 2; streaming++) {
				lay_out(ENGINE_FORMAT_S24_3LE, channels, _i);
				check_places(places[i][0], places[i][1], streaming);
			}
}
END_TEST

START_TEST(clearing_leaves_the_other_frames)
{
	lay_out(ENGINE_FORMAT_S16_LE, CHANNELS, false);
	for (uint32_t i = 0; i < (CHANNELS + 1) * FRAMES; i++)
		memory[i] = 7.0f;
	bus_clear(&bus, 10, 20);
	for (uint32_t i = 0; i < FRAMES; i++) {
		bool cleared = i >= 10 && i < 30;

		for (uint32_t c = 0; c < CHANNELS; c++)
			ck_assert(bus_channel(&bus, c)[i] == (cleared ? 0.0f : 7.0f));
		ck_assert(bus.gain[i] == (cleared ? 1.0f : 7.0f));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bus");
	TCase *bits = tcase_create("bits"), *sums = tcase_create("sums"),
	      *places = tcase_create("places");

	suite_add_tcase(suite, bits);
	tcase_add_test(bits, every_sample_of_16_bits_is_kept);
	tcase_add_loop_test(bits, samples_of_24_bits_are_kept, 0, 2);
	tcase_add_test(bits, samples_of_32_bits_are_kept);
	tcase_add_test(bits, floats_within_full_scale_are_kept);
	tcase_add_test(bits, the_upper_byte_of_24_bits_in_4_says_nothing);
	suite_add_tcase(suite, sums);
	tcase_add_loop_test(sums, voices_are_added_and_the_volume_is_of_both, 1, FORMATS + 1);
	tcase_add_loop_test(sums, what_is_too_loud_is_full_scale, 1, FORMATS + 1);
	tcase_add_test(sums, fractions_go_to_the_nearest);
	tcase_add_loop_test(sums, not_a_number_is_silence, 1, FORMATS + 1);
	suite_add_tcase(suite, places);
	tcase_add_loop_test(places, it_writes_into_the_areas_and_nothing_else, 0, 2);
	tcase_add_test(places, clearing_leaves_the_other_frames);
	return support_run(suite);
}
