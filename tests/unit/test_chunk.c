/* SPDX-License-Identifier: MIT */
/* The chunk: how long it lasts, and what an engine's own say of themselves. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "control/engine.h"
#include "support.h"
#include "virtual_engine.h"

START_TEST(duration_is_frames_by_rate)
{
	struct engine_chunk chunk = { .capacity = 512, .frames = 512, .rate = 48000 };

	ck_assert_double_eq(engine_chunk_duration(&chunk), 512.0 / 48000.0);
	/* of what is in it, not of what would fit */
	chunk.frames = 441;
	chunk.rate = 44100;
	ck_assert_double_eq(engine_chunk_duration(&chunk), 0.01);
	chunk.frames = 0;
	ck_assert_double_eq(engine_chunk_duration(&chunk), 0.0);
	chunk.frames = UINT32_MAX;
	chunk.rate = 1;
	ck_assert_double_eq(engine_chunk_duration(&chunk), 4294967295.0);
}
END_TEST

START_TEST(what_has_no_rate_lasts_no_time)
{
	struct engine_chunk chunk = { .frames = 512 };

	ck_assert_double_eq(engine_chunk_duration(&chunk), 0.0);
	ck_assert_double_eq(engine_chunk_duration(NULL), 0.0);
}
END_TEST

static void check_stream(const struct stream *stream, const struct engine_info *info)
{
	uint32_t count = chunk_ring_length(&stream->emptied);

	ck_assert_uint_eq(count * info->period_frames, info->stream_frames);
	for (uint32_t i = 0; i < count; i++) {
		const struct engine_chunk *chunk = load_relaxed(&stream->emptied.slots[i]);

		ck_assert_uint_eq(chunk->index, i);
		ck_assert_uint_eq(chunk->capacity, info->period_frames);
		ck_assert_uint_eq(chunk->channels, info->channels);
		ck_assert_uint_eq(chunk->format, info->format);
		ck_assert_uint_eq(chunk->rate, info->rate);
		ck_assert_uint_eq((uintptr_t)chunk->samples % 64, 0);
		/* they go round in the stream, and to no pool */
		ck_assert_ptr_null(chunk->pool);
		/* if two shared a byte it would show in the next one */
		for (uint32_t j = 0; j < info->period_frames * info->frame_bytes; j++)
			ck_assert_uint_eq(((unsigned char *)chunk->samples)[j], 0);
		memset(chunk->samples, 0xff, info->period_frames * info->frame_bytes);
	}
}

START_TEST(an_engines_chunks_say_what_they_are)
{
	struct engine *engine = virtual_create(MANUAL, .directions = DUPLEX, .channels = 3,
					       .format = ENGINE_FORMAT_S24_3LE,
					       .period_frames = 33, .rate = 44100);
	struct engine_info info = virtual_info(engine);

	ck_assert_uint_eq(info.rate, 44100);
	ck_assert_uint_eq(info.channels, 3);
	check_stream(engine->rt->playback, &info);
	check_stream(engine->rt->capture, &info);
	virtual_destroy(engine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chunk");
	TCase *tests = tcase_create("chunk");

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, duration_is_frames_by_rate);
	tcase_add_test(tests, what_has_no_rate_lasts_no_time);
	tcase_add_test(tests, an_engines_chunks_say_what_they_are);
	return support_run(suite);
}
