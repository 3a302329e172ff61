/* SPDX-License-Identifier: MIT */
/*
 * The playback stream: what is accepted, what a program that is late gets, and
 * when everything was played. On the manual clock, so that all of it is exact.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "before_read.h"
#include "control/engine.h"
#include "control/guard.h"
#include "support.h"
#include "virtual_engine.h"

#define PERIOD 64
#define BUFFER (3 * PERIOD)
#define HELD (10 * PERIOD) /* frames that the stream holds */

static struct engine *engine;
static int16_t frames[HELD + 1]; /* 1, 2, 3, ...: none is silent */
static int16_t captured[4 * HELD];

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = PERIOD,
				.channels = 1, .format = ENGINE_FORMAT_S16_LE,
				.stream_frames = HELD);
	for (int i = 0; i <= HELD; i++)
		frames[i] = (int16_t)(i + 1);
}

static void teardown(void)
{
	virtual_destroy(engine);
}

/* The captured frames from `from` on are so many of frames from `first` on;
 * first < 0: silence. */
static void assert_captured(int from, int count, int first)
{
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(captured[from + i], first < 0 ? 0 : frames[first + i]);
}

static uint64_t underruns(void)
{
	return virtual_stats(engine).underrun_frames;
}

/* ---- what is accepted */

START_TEST(buffer_full_accepts_what_fits_and_then_nothing)
{
	ck_assert_uint_eq(virtual_info(engine).stream_frames, HELD);
	ck_assert_int_eq(engine_playback_free(engine), HELD);
	ck_assert_int_eq(engine_playback_write(engine, frames, HELD + 1), HELD);
	ck_assert_int_eq(engine_playback_free(engine), 0);
	ck_assert_int_eq(engine_playback_write(engine, frames + HELD, 1), 0);
	ck_assert_int_eq(engine_playback_write(engine, frames + HELD, 1), 0);

	/* what was accepted is the front of it, and it is all played */
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(engine_playback_free(engine), BUFFER);
	virtual_advance(engine, HELD);
	ck_assert_uint_eq(virtual_read(engine, 0, captured, HELD), HELD);
	assert_captured(0, HELD, 0);
	ck_assert_int_eq(engine_playback_free(engine), HELD);
}
END_TEST

START_TEST(a_short_write_takes_a_chunk_of_a_period_all_the_same)
{
	for (int i = 0; i < HELD / PERIOD; i++) {
		ck_assert_int_eq(engine_playback_free(engine), HELD - i * PERIOD);
		virtual_write(engine, frames + i, 1);
	}
	ck_assert_int_eq(engine_playback_write(engine, frames, 1), 0);
}
END_TEST

START_TEST(writing_nothing_is_nothing)
{
	ck_assert_int_eq(engine_playback_write(engine, frames, 0), 0);
	ck_assert_int_eq(engine_playback_write(engine, NULL, 0), 0);
	ck_assert_int_eq(engine_playback_free(engine), HELD);
}
END_TEST

START_TEST(nonsense_is_einval)
{
	ck_assert_int_eq(engine_playback_write(NULL, frames, 1), -EINVAL);
	ck_assert_int_eq(engine_playback_write(engine, NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_playback_write(engine, frames, ENGINE_STREAM_FRAMES_MAX + 1),
			 -EINVAL);
	ck_assert_int_eq(engine_playback_write(engine, frames, SIZE_MAX), -EINVAL);
	ck_assert_int_eq(engine_playback_free(NULL), -EINVAL);
	ck_assert_int_eq(engine_playback_drain(NULL, 0), -EINVAL);
	ck_assert_int_eq(engine_playback_fd(NULL), -EINVAL);
	ck_assert_int_eq(engine_playback_free(engine), HELD);
}
END_TEST

START_TEST(without_playback_everything_is_enotsup)
{
	struct engine *capturing = virtual_create(MANUAL, .directions = ENGINE_CAPTURE);

	ck_assert_int_eq(engine_playback_write(capturing, frames, 1), -ENOTSUP);
	ck_assert_int_eq(engine_playback_free(capturing), -ENOTSUP);
	ck_assert_int_eq(engine_playback_drain(capturing, 0), -ENOTSUP);
	ck_assert_int_eq(engine_playback_fd(capturing), -ENOTSUP);
	virtual_destroy(capturing);
}
END_TEST

START_TEST(a_second_writer_gets_ebusy)
{
	ck_assert(guard_take(&engine->writing)); /* as a thread inside a write */
	ck_assert_int_eq(engine_playback_write(engine, frames, 1), -EBUSY);
	ck_assert_int_eq(engine_playback_drain(engine, -1), -EBUSY);
	guard_give(&engine->writing);
	ck_assert_int_eq(engine_playback_free(engine), HELD);
	virtual_write(engine, frames, 1);
}
END_TEST

START_TEST(the_fd_is_readable_exactly_while_there_may_be_room)
{
	int fd = engine_playback_fd(engine);

	ck_assert(support_readable(fd));
	virtual_write(engine, frames, HELD);
	/* it was all accepted: that there is no more room is not yet known */
	ck_assert(support_readable(fd));
	ck_assert_int_eq(engine_playback_write(engine, frames, 1), 0);
	ck_assert(!support_readable(fd));
	ck_assert_int_eq(engine_start(engine), 0);
	support_await_readable(fd);
	ck_assert_int_eq(engine_playback_write(engine, frames, HELD), BUFFER);
	ck_assert(!support_readable(fd));
	virtual_advance(engine, PERIOD);
	support_await_readable(fd);
	ck_assert_int_eq(engine_playback_write(engine, frames, HELD), PERIOD);
	ck_assert(!support_readable(fd));
}
END_TEST

static void advance_two(void)
{
	virtual_advance(engine, 2 * PERIOD);
}

START_TEST(room_that_comes_while_the_fd_is_cleared_is_not_missed)
{
	int fd = engine_playback_fd(engine);

	ck_assert_int_eq(engine_start(engine), 0);
	virtual_write(engine, frames, HELD);
	ck_assert(support_readable(fd));
	before_read_call(fd, advance_two);
	ck_assert_int_eq(engine_playback_write(engine, frames, PERIOD), PERIOD);
	ck_assert(support_readable(fd));
	ck_assert_int_eq(engine_playback_write(engine, frames, HELD), PERIOD);
	ck_assert(!support_readable(fd));
}
END_TEST

/* ---- what a program that is late gets */

START_TEST(silence_before_the_first_frame_is_no_underrun)
{
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 5 * PERIOD);
	virtual_write(engine, frames, PERIOD);
	virtual_advance(engine, PERIOD + BUFFER);
	ck_assert_uint_eq(virtual_read(engine, 0, captured, 9 * PERIOD), 9 * PERIOD);
	/* a buffer at the start, and five periods */
	assert_captured(0, BUFFER + 5 * PERIOD, -1);
	assert_captured(BUFFER + 5 * PERIOD, PERIOD, 0);
	ck_assert_uint_eq(underruns(), BUFFER);
}
END_TEST

START_TEST(a_slow_writer_gets_silence_counted_and_nothing_skipped)
{
	/* 70 frames, 3 periods in which they and 122 silent ones are played, ... */
	static const struct {
		int write, periods;
		uint64_t silence;
	} steps[] = { { 70, 3, 122 }, { 0, 1, 64 }, { 1, 1, 63 }, { 64, 1, 0 }, { 100, 1, 0 },
		      { 0, 1, 28 },  { 28, 1, 36 }, { 28, 2, 100 }, { 0, 3, 192 } };
	uint64_t silence = 0;
	int at = BUFFER, next = 0;

	ck_assert_int_eq(engine_start(engine), 0);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		virtual_write(engine, frames + next, (size_t)steps[i].write);
		virtual_advance(engine, (uint64_t)steps[i].periods * PERIOD);
		ck_assert_uint_eq(underruns(), silence += steps[i].silence);
		next += steps[i].write;
		at += (int)virtual_read(engine, (uint64_t)(at - BUFFER), captured + at - BUFFER,
					HELD);
	}
	ck_assert_uint_eq(virtual_stats(engine).played_frames, (uint64_t)next);
	/* take the silence out, and it is what was written */
	for (int i = 0, expected = 0; i < at - BUFFER; i++)
		if (captured[i] != 0)
			ck_assert_int_eq(captured[i], frames[expected++]);
	/* and it lies where it must: the steps that are one period each tell best */
	assert_captured(0, BUFFER, -1);
	assert_captured(BUFFER, 70, 0);
	assert_captured(BUFFER + 70, 122 + 64, -1);
	assert_captured(BUFFER + 256, 1, 70);
	assert_captured(BUFFER + 257, 63, -1);
	assert_captured(BUFFER + 320, 164, 71);
	assert_captured(BUFFER + 484, 28, -1);
	assert_captured(BUFFER + 512, 28, 235);
}
END_TEST

START_TEST(frames_not_yet_rendered_stay_for_the_next_start)
{
	virtual_write(engine, frames, HELD);
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(engine_stop(engine), 0);
	ck_assert_int_eq(engine_playback_free(engine), BUFFER);
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, HELD - BUFFER);
	ck_assert_uint_eq(virtual_read(engine, 0, captured, HELD), HELD - BUFFER);
	assert_captured(0, HELD - BUFFER, BUFFER);
}
END_TEST

/* ---- drain */

START_TEST(drain_returns_1_when_the_last_frame_has_left_the_buffer)
{
	/* one frame beyond a period: it leaves with the third */
	virtual_write(engine, frames, 2 * PERIOD + 1);
	ck_assert_int_eq(engine_start(engine), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(engine_playback_drain(engine, 0), 0);
		virtual_advance(engine, PERIOD);
	}
	ck_assert_uint_eq(virtual_read(engine, 0, captured, HELD), 3 * PERIOD);
	assert_captured(0, 2 * PERIOD + 1, 0);
	ck_assert_int_eq(engine_playback_drain(engine, 0), 1);
	ck_assert_int_eq(engine_playback_drain(engine, -1), 1);
}
END_TEST

START_TEST(silence_after_a_drain_is_no_underrun)
{
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_write(engine, frames, PERIOD + 1);
	ck_assert_int_eq(engine_playback_drain(engine, 0), 0);
	virtual_advance(engine, 20 * PERIOD);
	ck_assert_int_eq(engine_playback_drain(engine, -1), 1);
	ck_assert_uint_eq(underruns(), 0);
	/* until there is something again: then it goes on */
	virtual_write(engine, frames, 1);
	virtual_advance(engine, 2 * PERIOD);
	ck_assert_uint_eq(underruns(), 2 * PERIOD - 1);
}
END_TEST

static atomic_of(bool) enough;

static void *advance_until_enough(void *arg)
{
	(void)arg;
	/* no frame may pass before it is known where the stream ends */
	while (!load_relaxed(&engine->rt->playback->draining))
		sched_yield();
	while (!load_relaxed(&enough))
		if (engine_virtual_advance(engine, PERIOD, SUPPORT_PATIENCE_MS) < 0)
			return "the audio thread did not handle a period";
	return NULL;
}

START_TEST(drain_waits_while_frames_pass)
{
	pthread_t thread;

	virtual_write(engine, frames, HELD);
	ck_assert_int_eq(engine_start(engine), 0);
	thread = support_start(advance_until_enough, NULL);
	ck_assert_int_eq(engine_playback_drain(engine, _i ? -1 : SUPPORT_PATIENCE_MS), 1);
	store_relaxed(&enough, true);
	ck_assert_ptr_null(support_join(thread));
	ck_assert_uint_eq(virtual_stats(engine).played_frames, HELD);
	ck_assert_uint_ge(virtual_frame(engine), HELD + BUFFER);
	ck_assert_uint_eq(underruns(), 0);
}
END_TEST

START_TEST(drain_gives_up_after_its_time)
{
	uint64_t start = monotonic_ns();

	virtual_write(engine, frames, 1);
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(engine_playback_drain(engine, 20), 0);
	ck_assert_uint_ge(monotonic_ns() - start, 20000000);
}
END_TEST

START_TEST(drain_of_nothing_is_done)
{
	ck_assert_int_eq(engine_playback_drain(engine, -1), 1);
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(engine_playback_drain(engine, -1), 1);
}
END_TEST

START_TEST(drain_when_stopped_is_epipe_unless_all_was_played)
{
	virtual_write(engine, frames, 1);
	ck_assert_int_eq(engine_playback_drain(engine, -1), -EPIPE);
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(engine_stop(engine), 0);
	ck_assert_int_eq(engine_playback_drain(engine, -1), -EPIPE);
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_write(engine, frames, 1);
	virtual_advance(engine, PERIOD + BUFFER);
	ck_assert_int_eq(engine_stop(engine), 0);
	ck_assert_int_eq(engine_playback_drain(engine, -1), 1);
}
END_TEST

static void *drain(void *result)
{
	*(int *)result = engine_playback_drain(engine, -1);
	return NULL;
}

START_TEST(a_stop_ends_a_waiting_drain)
{
	pthread_t thread;
	int result = 1;

	virtual_write(engine, frames, HELD);
	ck_assert_int_eq(engine_start(engine), 0);
	thread = support_start(drain, &result);
	while (load_relaxed(&engine->writing) == 0)
		sched_yield();
	ck_assert_int_eq(engine_playback_write(engine, frames, 1), -EBUSY);
	ck_assert_int_eq(engine_stop(engine), 0);
	support_join(thread);
	ck_assert_int_eq(result, -EPIPE);
}
END_TEST

START_TEST(drain_waits_for_a_device_that_may_return_and_for_no_other)
{
	static const struct {
		const char *device;
		uint32_t reopen;
		int result;
	} cases[] = {
		{ "virtual:fault=unplug@256", 0, ENGINE_ELOST },
		{ "virtual:fault=unplug@256,return@512", 1, 1 },
		{ "virtual:fault=unplug@256,return@512,params@512:99", 1, ENGINE_ELOST },
	};

	virtual_destroy(engine);
	engine = virtual_create(cases[_i].device, .period_frames = PERIOD, .channels = 1,
				.format = ENGINE_FORMAT_S16_LE, .stream_frames = HELD,
				.reopen = cases[_i].reopen);
	virtual_write(engine, frames, HELD);
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(engine_playback_drain(engine, -1), cases[_i].result);
}
END_TEST

static void ignore(int signal)
{
	(void)signal;
}

START_TEST(drain_returns_eintr_when_a_signal_handler_ran)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec every = { { 0, 10000000 }, { 0, 10000000 } };
	timer_t timer;

	virtual_write(engine, frames, 1);
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	ck_assert_int_eq(timer_settime(timer, 0, &every, NULL), 0);
	ck_assert_int_eq(engine_playback_drain(engine, -1), -EINTR);
	timer_delete(timer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("playback");
	TCase *tests = tcase_create("playback");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, buffer_full_accepts_what_fits_and_then_nothing);
	tcase_add_test(tests, a_short_write_takes_a_chunk_of_a_period_all_the_same);
	tcase_add_test(tests, writing_nothing_is_nothing);
	tcase_add_test(tests, nonsense_is_einval);
	tcase_add_test(tests, without_playback_everything_is_enotsup);
	tcase_add_test(tests, a_second_writer_gets_ebusy);
	tcase_add_test(tests, the_fd_is_readable_exactly_while_there_may_be_room);
	tcase_add_test(tests, room_that_comes_while_the_fd_is_cleared_is_not_missed);
	tcase_add_test(tests, silence_before_the_first_frame_is_no_underrun);
	tcase_add_test(tests, a_slow_writer_gets_silence_counted_and_nothing_skipped);
	tcase_add_test(tests, frames_not_yet_rendered_stay_for_the_next_start);
	tcase_add_test(tests, drain_returns_1_when_the_last_frame_has_left_the_buffer);
	tcase_add_test(tests, silence_after_a_drain_is_no_underrun);
	tcase_add_loop_test(tests, drain_waits_while_frames_pass, 0, 2);
	tcase_add_loop_test(tests, drain_waits_for_a_device_that_may_return_and_for_no_other, 0, 3);
	tcase_add_test(tests, drain_gives_up_after_its_time);
	tcase_add_test(tests, drain_of_nothing_is_done);
	tcase_add_test(tests, drain_when_stopped_is_epipe_unless_all_was_played);
	tcase_add_test(tests, a_stop_ends_a_waiting_drain);
	tcase_add_test(tests, drain_returns_eintr_when_a_signal_handler_ran);
	return support_run(suite);
}
