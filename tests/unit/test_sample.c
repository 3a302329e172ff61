/* SPDX-License-Identifier: MIT */
/*
 * The sample made of frames in memory: what it holds, what it refuses, and
 * that it is freed once. Samples' memory comes from mmap, which is watched.
 */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <peal/config.h>
#include <peal/error.h>
#include <peal/format.h>
#include <peal/sample.h>

#include "shared/sample.h"
#include "support.h"

/* ---- the memory of samples: how often, how much, and whether there is any */

static unsigned maps, unmaps;
static void *mapped; /* the last one made; sanitizers map things too */
static size_t mapped_bytes;
static bool no_memory, no_locking;

/* Sanitizers call these before they can be called themselves. */
#define EARLY __attribute__((no_sanitize("thread")))

EARLY static void *map(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
#ifdef SYS_mmap2
	return (void *)syscall(SYS_mmap2, at, bytes, protection, flags, fd, offset >> 12);
#else
	return (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
#endif
}

EARLY void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	if (!(flags & MAP_POPULATE))
		return map(at, bytes, protection, flags, fd, offset);
	if (no_memory) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	maps++;
	mapped_bytes += bytes;
	mapped = map(at, bytes, protection, flags, fd, offset);
	return mapped;
}

EARLY int munmap(void *at, size_t bytes)
{
	if (at == mapped) {
		unmaps++;
		mapped_bytes -= bytes;
	}
	return (int)syscall(SYS_munmap, at, bytes);
}

EARLY int mlock(const void *at, size_t bytes)
{
	if (no_locking) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_mlock, at, bytes);
}

/* ---- making them */

static struct engine_sample *create(const void *frames, size_t count, uint32_t format,
				    uint32_t channels)
{
	struct engine_sample *sample = NULL;

	ck_assert_msg(engine_sample_create(&sample, frames, count, format, channels, 48000, 0) == 0,
		      "%s", engine_last_error());
	ck_assert_ptr_nonnull(sample);
	return sample;
}

static struct engine_sample_info info_of(const struct engine_sample *sample)
{
	struct engine_sample_info info = { .size = sizeof(info) };

	ck_assert_int_eq(engine_sample_get_info(sample, &info), 0);
	return info;
}

/* A number for each sample of a sound, exact as a float. */
static float known(uint32_t channel, uint32_t frame)
{
	return (float)(1 + frame * 256 + channel) * 0x1p-24f;
}

static float *known_frames(uint32_t frames, uint32_t channels)
{
	float *floats = malloc((size_t)frames * channels * sizeof(*floats));

	ck_assert_ptr_nonnull(floats);
	for (uint32_t i = 0; i < frames * channels; i++)
		floats[i] = known(i % channels, i / channels);
	return floats;
}

/* ---- what it holds */

/* The same five values in each format; unaligned, as a program may have them. */
START_TEST(each_format_is_read_exactly)
{
	static const struct {
		uint32_t format;
		unsigned char bytes[20];
	} given[] = {
		{ ENGINE_FORMAT_S16_LE, { 0, 0, 0xff, 0x7f, 0, 0x80, 1, 0, 0, 0xc0 } },
		{ ENGINE_FORMAT_S24_3LE,
		  { 0, 0, 0, 0, 0xff, 0x7f, 0, 0, 0x80, 0, 1, 0, 0, 0, 0xc0 } },
		/* the fourth byte is not part of it */
		{ ENGINE_FORMAT_S24_LE, { 0, 0, 0, 0xaa, 0, 0xff, 0x7f, 0xff, 0, 0, 0x80, 0,
					  0, 1, 0, 0x55, 0, 0, 0xc0, 0xff } },
		{ ENGINE_FORMAT_S32_LE, { 0, 0, 0, 0, 0, 0, 0xff, 0x7f, 0, 0, 0, 0x80,
					  0, 0, 1, 0, 0, 0, 0, 0xc0 } },
		{ ENGINE_FORMAT_FLOAT_LE, { 0, 0, 0, 0, 0, 0xfe, 0x7f, 0x3f, 0, 0, 0x80, 0xbf,
					    0, 0, 0, 0x38, 0, 0, 0, 0xbf } },
	};
	static const float expected[] = { 0.0f, 32767.0f / 32768.0f, -1.0f, 1.0f / 32768.0f,
					  -0.5f };
	unsigned char frames[21];
	struct engine_sample *sample;

	memcpy(frames + 1, given[_i].bytes, 20);
	sample = create(frames + 1, 5, given[_i].format, 1);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_float_eq(sample->samples[i], expected[i]);
	ck_assert_uint_eq(sample->silenced, 0);
	engine_sample_put(sample);
}
END_TEST

START_TEST(channels_lie_apart_with_zeros_around_each)
{
	static const uint32_t counts[] = { 1, 2, 3, 17, 256 };
	uint32_t channels = counts[_i];

	for (uint32_t frames = 1; frames < 40; frames++) {
		float *floats = known_frames(frames, channels);
		struct engine_sample *sample = create(floats, frames, ENGINE_FORMAT_FLOAT_LE,
						      channels);

		ck_assert_uint_eq(sample->frames, frames);
		ck_assert_uint_eq(sample->channels, channels);
		ck_assert_uint_eq(sample->stride % 16, 0);
		ck_assert_uint_ge(sample->stride, frames + SAMPLE_PAD);
		for (uint32_t c = 0; c < channels; c++) {
			const float *samples = sample_channel(sample, c);

			ck_assert_uint_eq((uintptr_t)samples % 64, 0);
			for (uint32_t i = 0; i < frames; i++)
				ck_assert_float_eq(samples[i], known(c, i));
			for (uint32_t i = 0; i < SAMPLE_PAD; i++) {
				ck_assert_float_eq(samples[frames + i], 0.0f);
				ck_assert_float_eq(*(samples - 1 - i), 0.0f);
			}
		}
		engine_sample_put(sample);
		free(floats);
	}
	ck_assert_uint_eq(mapped_bytes, 0);
}
END_TEST

START_TEST(what_is_not_finite_becomes_silence_and_is_counted)
{
	float frames[] = { 1.0f, NAN, -INFINITY, 3e38f, INFINITY, -NAN, -0.25f, 1e-42f };
	static const float expected[2][4] = { { 1.0f, 0.0f, 0.0f, -0.25f },
					      { 0.0f, 3e38f, 0.0f, 1e-42f } };
	struct engine_sample *sample = create(frames, 4, ENGINE_FORMAT_FLOAT_LE, 2);

	for (uint32_t c = 0; c < 2; c++)
		for (unsigned i = 0; i < 4; i++)
			ck_assert_float_eq(sample_channel(sample, c)[i], expected[c][i]);
	ck_assert_uint_eq(info_of(sample).silenced, 4);
	engine_sample_put(sample);
}
END_TEST

START_TEST(its_info_says_what_it_is)
{
	float *floats = known_frames(1000, 3);
	struct engine_sample *sample = create(floats, 1000, ENGINE_FORMAT_FLOAT_LE, 3);
	struct engine_sample_info info = info_of(sample);

	ck_assert_uint_eq(info.size, sizeof(info));
	ck_assert_uint_eq(info.frames, 1000);
	ck_assert_uint_eq(info.source_frames, 1000);
	ck_assert_uint_eq(info.channels, 3);
	ck_assert_uint_eq(info.rate, 48000);
	ck_assert_uint_eq(info.source_rate, 48000);
	ck_assert_uint_eq(info.silenced, 0);
	ck_assert_uint_eq(info.bytes, mapped_bytes);
	ck_assert_uint_ge(info.bytes, 3 * 1000 * sizeof(float));
	ck_assert_uint_lt(info.bytes, 3 * 1000 * sizeof(float) + 2 * 65536);
	engine_sample_put(sample);
	free(floats);
}
END_TEST

START_TEST(a_sample_that_may_not_be_locked_says_so)
{
	struct engine_sample *sample;

	no_locking = true;
	sample = create("\0", 1, ENGINE_FORMAT_S16_LE, 1);
	ck_assert_uint_eq(info_of(sample).locked, 0);
	engine_sample_put(sample);
	no_locking = false;
	sample = create("\0", 1, ENGINE_FORMAT_S16_LE, 1);
	/* as far as we are allowed to */
	ck_assert_uint_eq(info_of(sample).locked, mlock(sample->memory, sample->bytes) == 0);
	engine_sample_put(sample);
}
END_TEST

START_TEST(the_last_reference_frees_it)
{
	struct engine_sample *sample = create("\0", 1, ENGINE_FORMAT_S16_LE, 1);

	ck_assert_uint_eq(maps, 1);
	for (unsigned i = 0; i < 3; i++)
		sample_get(sample);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(engine_sample_put(sample), 0);
	ck_assert_uint_eq(unmaps, 0);
	ck_assert_int_eq(engine_sample_put(sample), 0);
	ck_assert_uint_eq(unmaps, 1);
	ck_assert_uint_eq(mapped_bytes, 0);
	ck_assert_int_eq(engine_sample_put(NULL), 0);
}
END_TEST

/* ---- what it refuses: nothing is read, and nothing allocated */

static const unsigned char nothing[1];

static void refused(size_t count, uint32_t format, uint32_t channels, uint32_t rate,
		    uint32_t to_rate, int error, const char *words)
{
	struct engine_sample *sample = (struct engine_sample *)&sample;
	unsigned before = maps;

	ck_assert_int_eq(engine_sample_create(&sample, nothing, count, format, channels, rate,
					      to_rate), error);
	ck_assert_ptr_null(sample);
	ck_assert_uint_eq(maps, before);
	ck_assert_msg(strstr(engine_last_error(), words), "%s", engine_last_error());
}

START_TEST(each_argument_has_its_range)
{
	const uint32_t s16 = ENGINE_FORMAT_S16_LE;

	refused(0, s16, 1, 48000, 0, -EINVAL, "count 0 refused: 1..2147483584");
	refused((size_t)ENGINE_SAMPLE_FRAMES_MAX + 1, s16, 1, 48000, 0, -EINVAL, "count ");
	refused(SIZE_MAX, s16, 1, 48000, 0, -EINVAL, "count ");
	refused(1, ENGINE_FORMAT_ANY, 1, 48000, 0, -EINVAL, "format 0 refused: 1..5");
	refused(1, 6, 1, 48000, 0, -EINVAL, "format 6 refused");
	refused(1, UINT32_MAX, 1, 48000, 0, -EINVAL, "format ");
	refused(1, s16, 0, 48000, 0, -EINVAL, "channels 0 refused: 1..256");
	refused(1, s16, 257, 48000, 0, -EINVAL, "channels 257 refused");
	refused(1, s16, UINT32_MAX, 48000, 0, -EINVAL, "channels ");
	refused(1, s16, 1, 999, 0, -EINVAL, "rate 999 refused: 1000..768000 Hz");
	refused(1, s16, 1, 768001, 0, -EINVAL, "rate 768001 refused");
	refused(1, s16, 1, 0, 0, -EINVAL, "rate 0 refused");
	refused(1, s16, 1, 48000, 999, -EINVAL, "to_rate 999 refused: 1000..768000 Hz");
	refused(1, s16, 1, 48000, UINT32_MAX, -EINVAL, "to_rate ");
}
END_TEST

START_TEST(sizes_that_are_too_much_are_refused_before_anything_is_allocated)
{
	const uint32_t format = ENGINE_FORMAT_FLOAT_LE;

	refused(ENGINE_SAMPLE_FRAMES_MAX, format, 256, 48000, 0, -EOVERFLOW, "2147483584 frames");
	refused(ENGINE_SAMPLE_FRAMES_MAX, format, 1, 48000, 0, -EOVERFLOW, "4294967296 bytes");
	refused(1u << 30, format, 1, 48000, 0, -EOVERFLOW, "bytes are possible");
	refused((1u << 22) - 4, format, 256, 48000, 0, -EOVERFLOW, "of 256 channels");
	/* a product that is 0 in 32 bits, and in 64 with the bytes of a float */
	refused(1u << 24, format, 256, 48000, 0, -EOVERFLOW, "16777216 frames of 256 channels");
}
END_TEST

START_TEST(null_is_refused)
{
	struct engine_sample *sample = create("\0", 1, ENGINE_FORMAT_S16_LE, 1), *none;
	struct engine_sample_info info = { .size = sizeof(info) };

	ck_assert_int_eq(engine_sample_create(NULL, nothing, 1, 1, 1, 48000, 0), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "out"));
	none = sample;
	ck_assert_int_eq(engine_sample_create(&none, NULL, 1, 1, 1, 48000, 0), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "frames is NULL"));
	ck_assert_ptr_null(none);
	ck_assert_int_eq(engine_sample_get_info(NULL, &info), -EINVAL);
	ck_assert_int_eq(engine_sample_get_info(sample, NULL), -EINVAL);
	info.size--;
	ck_assert_int_eq(engine_sample_get_info(sample, &info), ENGINE_EABI);
	engine_sample_put(sample);
}
END_TEST

START_TEST(without_memory_there_is_no_sample)
{
	no_memory = true;
	refused(1, ENGINE_FORMAT_S16_LE, 1, 48000, 0, -ENOMEM, "no memory for 1 frames");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sample");
	TCase *holds = tcase_create("holds");
	TCase *refuses = tcase_create("refuses");

	tcase_add_loop_test(holds, each_format_is_read_exactly, 0, 5);
	tcase_add_loop_test(holds, channels_lie_apart_with_zeros_around_each, 0, 5);
	tcase_add_test(holds, what_is_not_finite_becomes_silence_and_is_counted);
	tcase_add_test(holds, its_info_says_what_it_is);
	tcase_add_test(holds, a_sample_that_may_not_be_locked_says_so);
	tcase_add_test(holds, the_last_reference_frees_it);
	suite_add_tcase(suite, holds);

	tcase_add_test(refuses, each_argument_has_its_range);
	tcase_add_test(refuses, sizes_that_are_too_much_are_refused_before_anything_is_allocated);
	tcase_add_test(refuses, null_is_refused);
	tcase_add_test(refuses, without_memory_there_is_no_sample);
	suite_add_tcase(suite, refuses);
	return support_run(suite);
}
