/* SPDX-License-Identifier: MIT */
/*
 * The sample at another rate than its own: as long as it has to be, and near
 * to what it would have been had it been recorded at that rate. In a build
 * without libsamplerate: refused.
 */
#include <check.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <peal/config.h>
#include <peal/error.h>
#include <peal/format.h>
#include <peal/sample.h>

#include "shared/sample.h"
#include "support.h"

/* The whole of a second, at any rate. */
static float *floats;

static int create(struct engine_sample **sample, size_t count, uint32_t channels, uint32_t rate,
		  uint32_t to_rate)
{
	return engine_sample_create(sample, floats, count, ENGINE_FORMAT_FLOAT_LE, channels, rate,
				    to_rate);
}

static void setup(void)
{
	floats = calloc(ENGINE_RATE_MAX, sizeof(*floats));
	ck_assert_ptr_nonnull(floats);
}

static void teardown(void)
{
	free(floats);
}

START_TEST(its_own_rate_is_no_conversion)
{
	struct engine_sample *sample;

	for (unsigned i = 0; i < 100; i++)
		floats[i] = (float)i;
	ck_assert_int_eq(create(&sample, 100, 1, 44100, 44100), 0);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_float_eq(sample->samples[i], (float)i);
	ck_assert_uint_eq(sample->rate, 44100);
	engine_sample_put(sample);
}
END_TEST

#ifdef HAVE_SAMPLERATE

START_TEST(its_length_is_rounded_and_never_nothing)
{
	static const struct {
		uint32_t frames, from, to, expected;
	} lengths[] = {
		{ 44100, 44100, 48000, 48000 }, { 48000, 48000, 44100, 44100 },
		{ 441, 44100, 48000, 480 },     { 3, 44100, 48000, 3 },
		{ 1, 44100, 48000, 1 },         { 6, 44100, 48000, 7 },
		{ 1, 1000, 256000, 256 },       { 1, 256000, 1000, 1 },
		{ 127, 256000, 1000, 1 },       { 384, 256000, 1000, 2 },
		{ 1001, 44100, 44101, 1001 },   { 5, 48000, 24000, 3 },
	};
	struct engine_sample_info info = { .size = sizeof(info) };
	struct engine_sample *sample;

	ck_assert_int_eq(create(&sample, lengths[_i].frames, 1, lengths[_i].from, lengths[_i].to),
			 0);
	ck_assert_int_eq(engine_sample_get_info(sample, &info), 0);
	ck_assert_uint_eq(info.frames, lengths[_i].expected);
	ck_assert_uint_eq(info.source_frames, lengths[_i].frames);
	ck_assert_uint_eq(info.rate, lengths[_i].to);
	ck_assert_uint_eq(info.source_rate, lengths[_i].from);
	for (uint32_t i = 0; i < SAMPLE_PAD; i++)
		ck_assert_float_eq(sample->samples[info.frames + i], 0.0f);
	engine_sample_put(sample);
}
END_TEST

#define SINE(hz, rate, frame) (0.7 * sin(2.0 * M_PI * (hz) * (frame) / (rate)))

/* Within what 24 bits can tell, where the filter does not reach beyond the ends. */
START_TEST(a_sine_is_the_same_sine_at_another_rate)
{
	static const struct {
		uint32_t from, to;
	} rates[] = { { 44100, 48000 }, { 48000, 44100 }, { 96000, 48000 }, { 8000, 48000 } };
	static const double hz[2] = { 997.0, 2500.0 };
	uint32_t from = rates[_i].from, to = rates[_i].to;
	struct engine_sample *sample;

	for (uint32_t i = 0; i < from; i++)
		for (uint32_t c = 0; c < 2; c++)
			floats[i * 2 + c] = (float)SINE(hz[c], from, i);
	ck_assert_int_eq(create(&sample, from, 2, from, to), 0);
	ck_assert_uint_eq(sample->frames, to);
	for (uint32_t c = 0; c < 2; c++)
		for (uint32_t i = to / 20; i < to - to / 20; i++) {
			double expected = SINE(hz[c], to, i);

			ck_assert_double_le(fabs(sample_channel(sample, c)[i] - expected), 1e-6);
		}
	engine_sample_put(sample);
}
END_TEST

START_TEST(more_channels_than_the_converter_takes_are_converted)
{
	const uint32_t channels = 256, frames = 600;
	struct engine_sample *sample;

	for (uint32_t i = 0; i < frames * channels; i++)
		floats[i] = (float)(i % channels) * 0x1p-8f;
	ck_assert_int_eq(create(&sample, frames, channels, 24000, 48000), 0);
	for (uint32_t c = 0; c < channels; c++)
		ck_assert_float_eq_tol(sample_channel(sample, c)[frames], (float)c * 0x1p-8f,
				       1e-4f);
	engine_sample_put(sample);
}
END_TEST

START_TEST(what_is_not_finite_does_not_spread)
{
	struct engine_sample *sample;

	for (unsigned i = 0; i < 1000; i++)
		floats[i] = 0.5f;
	floats[500] = NAN;
	floats[510] = INFINITY;
	ck_assert_int_eq(create(&sample, 1000, 1, 44100, 48000), 0);
	ck_assert_uint_eq(sample->silenced, 2);
	for (unsigned i = 0; i < sample->frames; i++)
		ck_assert(fabsf(sample->samples[i]) < 1.0f);
	engine_sample_put(sample);
}
END_TEST

START_TEST(what_adds_up_to_infinity_is_silence)
{
	struct engine_sample *sample;

	for (unsigned i = 0; i < 1000; i++)
		floats[i] = i / 7 % 2 ? FLT_MAX : -FLT_MAX;
	ck_assert_int_eq(create(&sample, 1000, 1, 44100, 48000), 0);
	ck_assert_uint_gt(sample->silenced, 0);
	for (unsigned i = 0; i < sample->frames; i++)
		ck_assert(isfinite(sample->samples[i]));
	engine_sample_put(sample);
}
END_TEST

START_TEST(rates_too_far_apart_are_refused)
{
	struct engine_sample *sample;

	ck_assert_int_eq(create(&sample, 1, 1, 1000, 768000), -EINVAL);
	ck_assert_ptr_null(sample);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "a factor of up to 256"));
	ck_assert_int_eq(create(&sample, 1, 1, 256001, 1000), -EINVAL);
}
END_TEST

START_TEST(what_becomes_too_long_is_refused)
{
	struct engine_sample *sample;

	/* not one of these frames is there to be read */
	ck_assert_int_eq(create(&sample, 1u << 25, 1, 1000, 48000), -EOVERFLOW);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "1610612736 frames of 1 channels"));
	ck_assert_int_eq(create(&sample, 1u << 30, 1, 1000, 256000), -EOVERFLOW);
	ck_assert_ptr_null(sample);
}
END_TEST

#else

START_TEST(without_libsamplerate_another_rate_is_refused)
{
	struct engine_sample *sample = (struct engine_sample *)&sample;

	ck_assert_int_eq(create(&sample, 1, 1, 44100, 48000), -ENOSYS);
	ck_assert_ptr_null(sample);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "built without libsamplerate"));
}
END_TEST

#endif

int main(void)
{
	Suite *suite = suite_create("sample_rate");
	TCase *rates = tcase_create("rates");

	tcase_add_checked_fixture(rates, setup, teardown);
	tcase_add_test(rates, its_own_rate_is_no_conversion);
#ifdef HAVE_SAMPLERATE
	tcase_add_loop_test(rates, its_length_is_rounded_and_never_nothing, 0, 12);
	tcase_add_loop_test(rates, a_sine_is_the_same_sine_at_another_rate, 0, 4);
	tcase_add_test(rates, more_channels_than_the_converter_takes_are_converted);
	tcase_add_test(rates, what_is_not_finite_does_not_spread);
	tcase_add_test(rates, what_adds_up_to_infinity_is_silence);
	tcase_add_test(rates, rates_too_far_apart_are_refused);
	tcase_add_test(rates, what_becomes_too_long_is_refused);
#else
	tcase_add_test(rates, without_libsamplerate_another_rate_is_refused);
#endif
	suite_add_tcase(suite, rates);
	return support_run(suite);
}
