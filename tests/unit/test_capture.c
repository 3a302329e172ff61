/* SPDX-License-Identifier: MIT */
/*
 * The capture stream: chunks of a period with the frame that each begins at,
 * and what a program that is late is told. On the manual clock, so that all
 * of it is exact.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "before_read.h"
#include "control/engine.h"
#include "control/guard.h"
#include "support.h"
#include "virtual_engine.h"

#define PERIOD 64
#define CHUNKS 5 /* that the stream holds */

static struct engine *engine;
static struct engine_capture_chunk chunk;
static int16_t frames[CHUNKS * PERIOD];

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = PERIOD,
				.channels = 1, .format = ENGINE_FORMAT_S16_LE,
				.stream_frames = CHUNKS * PERIOD);
	chunk = (struct engine_capture_chunk){ .size = sizeof(chunk) };
	ck_assert_int_eq(engine_start(engine), 0);
}

static void teardown(void)
{
	virtual_destroy(engine);
}

static void assert_read(int asked, int count, uint64_t frame, uint64_t sequence, uint64_t gap)
{
	ck_assert_int_eq(engine_capture_read(engine, frames, (size_t)asked, &chunk), count);
	ck_assert_uint_eq(chunk.frame, frame);
	ck_assert_uint_eq(chunk.sequence, sequence);
	ck_assert_uint_eq(chunk.gap_frames, gap);
}

static void assert_nothing_waits(void)
{
	ck_assert_int_eq(engine_capture_read(engine, frames, PERIOD, NULL), 0);
	ck_assert(!support_readable(engine_capture_fd(engine)));
}

START_TEST(buffer_empty_does_not_block)
{
	struct engine_capture_chunk untouched = chunk;

	ck_assert_int_eq(engine_capture_read(engine, frames, PERIOD, &chunk), 0);
	ck_assert_mem_eq(&chunk, &untouched, sizeof(chunk));
	assert_nothing_waits();
	ck_assert_int_eq(engine_stop(engine), 0);
	assert_nothing_waits();
}
END_TEST

START_TEST(a_read_never_joins_two_chunks)
{
	uint64_t before = monotonic_ns(), first_ns;

	virtual_advance(engine, 3 * PERIOD);
	assert_read(CHUNKS * PERIOD, PERIOD, 0, 0, 0);
	first_ns = chunk.time_ns;
	ck_assert_uint_ge(first_ns, before);
	ck_assert_uint_le(first_ns, monotonic_ns());
	/* a part of one is gone on with */
	assert_read(1, 1, PERIOD, 1, 0);
	assert_read(40, 40, PERIOD + 1, 1, 0);
	ck_assert_uint_gt(chunk.time_ns, first_ns);
	assert_read(PERIOD, 23, PERIOD + 41, 1, 0);
	assert_read(PERIOD, PERIOD, 2 * PERIOD, 2, 0);
	assert_nothing_waits();
}
END_TEST

START_TEST(a_slow_reader_is_told_what_is_missing)
{
	/* five chunks are kept, and the seven periods that follow dropped */
	virtual_advance(engine, (CHUNKS + 7) * PERIOD);
	ck_assert_uint_eq(virtual_stats(engine).overrun_frames, 7 * PERIOD);
	ck_assert_uint_eq(virtual_stats(engine).captured_frames, CHUNKS * PERIOD);
	for (uint64_t i = 0; i < CHUNKS; i++)
		assert_read(PERIOD, PERIOD, i * PERIOD, i, 0);
	assert_nothing_waits();

	/* what comes next says so, once, in its first part */
	virtual_advance(engine, 2 * PERIOD);
	assert_read(10, 10, (CHUNKS + 7) * PERIOD, CHUNKS, 7 * PERIOD);
	assert_read(PERIOD, 54, (CHUNKS + 7) * PERIOD + 10, CHUNKS, 0);
	assert_read(PERIOD, PERIOD, (CHUNKS + 8) * PERIOD, CHUNKS + 1, 0);
	ck_assert_uint_eq(virtual_stats(engine).overrun_frames, 7 * PERIOD);
	ck_assert_uint_eq(virtual_stats(engine).xruns, 0);
}
END_TEST

START_TEST(what_is_read_kept_and_dropped_is_all_there_was)
{
	uint64_t missed = 0;

	/* three periods pass for each that is read; in the end four are kept */
	for (uint64_t i = 0; i < 20; i++) {
		virtual_advance(engine, 3 * PERIOD);
		ck_assert_int_eq(engine_capture_read(engine, frames, PERIOD, &chunk), PERIOD);
		missed += chunk.gap_frames;
		ck_assert_uint_eq(chunk.sequence, i);
		ck_assert_uint_eq(chunk.frame, i * PERIOD + missed);
	}
	ck_assert_uint_eq(virtual_stats(engine).captured_frames, 24 * PERIOD);
	ck_assert_uint_eq(virtual_stats(engine).overrun_frames, (3 * 20 - 24) * PERIOD);
	while (engine_capture_read(engine, frames, PERIOD, &chunk) > 0)
		missed += chunk.gap_frames;
	virtual_advance(engine, PERIOD);
	ck_assert_int_eq(engine_capture_read(engine, frames, PERIOD, &chunk), PERIOD);
	ck_assert_uint_eq(missed + chunk.gap_frames, (3 * 20 - 24) * PERIOD);
	ck_assert_uint_eq(chunk.frame, 3 * 20 * PERIOD);
}
END_TEST

START_TEST(the_fd_is_readable_exactly_while_frames_may_wait)
{
	int fd = engine_capture_fd(engine);

	for (uint64_t i = 0; i < 10; i += 2) {
		assert_nothing_waits();
		virtual_advance(engine, 2 * PERIOD);
		support_await_readable(fd);
		assert_read(PERIOD, PERIOD, i * PERIOD, i, 0);
		ck_assert(support_readable(fd));
		assert_read(1, 1, (i + 1) * PERIOD, i + 1, 0);
		ck_assert(support_readable(fd));
		assert_read(PERIOD, PERIOD - 1, (i + 1) * PERIOD + 1, i + 1, 0);
	}
	assert_nothing_waits();
}
END_TEST

static void advance_two(void)
{
	virtual_advance(engine, 2 * PERIOD);
}

START_TEST(chunks_that_come_while_the_fd_is_cleared_are_not_missed)
{
	virtual_advance(engine, PERIOD);
	assert_read(PERIOD, PERIOD, 0, 0, 0);
	before_read_call(engine_capture_fd(engine), advance_two);
	assert_read(PERIOD, PERIOD, PERIOD, 1, 0);
	ck_assert(support_readable(engine_capture_fd(engine)));
	assert_read(PERIOD, PERIOD, 2 * PERIOD, 2, 0);
	assert_nothing_waits();
}
END_TEST

START_TEST(what_was_captured_can_be_read_after_the_stop)
{
	virtual_advance(engine, 2 * PERIOD);
	ck_assert_int_eq(engine_stop(engine), 0);
	assert_read(PERIOD, PERIOD, 0, 0, 0);
	/* a start counts frames anew, and chunks go on */
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, PERIOD);
	assert_read(PERIOD, PERIOD, PERIOD, 1, 0);
	assert_read(PERIOD, PERIOD, 0, 2, 0);
	assert_nothing_waits();
}
END_TEST

START_TEST(nonsense_is_einval)
{
	ck_assert_int_eq(engine_capture_read(NULL, frames, 1, NULL), -EINVAL);
	ck_assert_int_eq(engine_capture_read(engine, NULL, 1, NULL), -EINVAL);
	ck_assert_int_eq(engine_capture_read(engine, frames, 0, NULL), -EINVAL);
	ck_assert_int_eq(engine_capture_fd(NULL), -EINVAL);
	virtual_advance(engine, PERIOD);
	chunk.size = 0;
	ck_assert_int_eq(engine_capture_read(engine, frames, 1, &chunk), ENGINE_EABI);
	chunk.size = sizeof(chunk);
	assert_read(1, 1, 0, 0, 0);
}
END_TEST

START_TEST(without_capture_everything_is_enotsup)
{
	struct engine *playing = virtual_create(MANUAL);

	ck_assert_int_eq(engine_capture_read(playing, frames, 1, NULL), -ENOTSUP);
	ck_assert_int_eq(engine_capture_fd(playing), -ENOTSUP);
	virtual_destroy(playing);
}
END_TEST

START_TEST(a_second_reader_gets_ebusy)
{
	virtual_advance(engine, PERIOD);
	ck_assert(guard_take(&engine->reading)); /* as a thread inside a read */
	ck_assert_int_eq(engine_capture_read(engine, frames, 1, NULL), -EBUSY);
	/* a writer is no reader */
	virtual_write(engine, frames, 1);
	guard_give(&engine->reading);
	assert_read(PERIOD, PERIOD, 0, 0, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tests = tcase_create("capture");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, buffer_empty_does_not_block);
	tcase_add_test(tests, a_read_never_joins_two_chunks);
	tcase_add_test(tests, a_slow_reader_is_told_what_is_missing);
	tcase_add_test(tests, what_is_read_kept_and_dropped_is_all_there_was);
	tcase_add_test(tests, the_fd_is_readable_exactly_while_frames_may_wait);
	tcase_add_test(tests, chunks_that_come_while_the_fd_is_cleared_are_not_missed);
	tcase_add_test(tests, what_was_captured_can_be_read_after_the_stop);
	tcase_add_test(tests, nonsense_is_einval);
	tcase_add_test(tests, without_capture_everything_is_enotsup);
	tcase_add_test(tests, a_second_reader_gets_ebusy);
	return support_run(suite);
}
