/* SPDX-License-Identifier: MIT */
/*
 * The cycle on the fake card: what is captured at a frame is what was rendered
 * at it, a device that wakes us wrongly neither makes us spin nor outruns its
 * rate, and orders are carried out. Faults that restart a PCM are in
 * test_recover.c, messages in test_dispatch.c.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <peal/error.h>
#include "fake_rt.h"

#define BOTH (ENGINE_PLAYBACK | ENGINE_CAPTURE)

static struct fake_rt fake;

static void begin(struct fake_shape shape)
{
	fake_rt_init(&fake, &shape);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
}

static void end(void)
{
	fake_rt_done(&fake);
}

/* ---- frames */

static const uint32_t period_sizes[] = { 32, 48, 64, 100, 256, 441, 1024 };
static const struct fake_shape layouts[] = {
	{ .channels = 2, .sample_bytes = 2 },
	{ .channels = 3, .sample_bytes = 3, .planar = true, .grouped = true },
	{ .channels = 1, .sample_bytes = 4, .planar = true },
};

#define PERIOD_SIZES ((int)(sizeof(period_sizes) / sizeof(period_sizes[0])))
#define LAYOUTS ((int)(sizeof(layouts) / sizeof(layouts[0])))
#define PERIODS_MAX 8

START_TEST(captured_frame_is_the_rendered_frame)
{
	struct fake_shape shape = layouts[_i / PERIOD_SIZES % LAYOUTS];

	shape.period_frames = period_sizes[_i % PERIOD_SIZES];
	for (shape.periods = 2; shape.periods <= PERIODS_MAX; shape.periods++) {
		begin(shape);
		fake_rt_run(&fake, 10 * shape.periods);
		ck_assert_uint_ge(fake.read_frames,
				  (10 * shape.periods - 1) * (uint64_t)shape.period_frames);
		ck_assert_uint_eq(fake.read_gaps, 0);
		ck_assert_uint_eq(fake.rt->transport.frame - fake.rt->transport.captured,
				  fake.buffer_frames);
		ck_assert_uint_eq(fake_count(&fake, xruns), 0);
		ck_assert_uint_eq(fake_count(&fake, backoffs), 0);
		end();
	}
}
END_TEST

START_TEST(areas_that_come_in_pieces_change_nothing)
{
	begin(layouts[_i]);
	fake_strike(&fake.card, ENGINE_PLAYBACK, FAKE_BEGIN, 7, FAKE_FOR_EVER);
	fake_strike(&fake.card, ENGINE_CAPTURE, FAKE_BEGIN, 5, FAKE_FOR_EVER);
	fake_rt_run(&fake, 100);
	ck_assert_uint_ge(fake.read_frames, 99u * 64);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
	end();
}
END_TEST

START_TEST(one_direction_alone_moves_every_frame)
{
	unsigned direction = _i ? ENGINE_CAPTURE : ENGINE_PLAYBACK;

	begin((struct fake_shape){ .directions = direction });
	fake_rt_run(&fake, 1000);
	ck_assert_uint_ge(fake_count(&fake, frame), 999u * 64);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
	if (direction == ENGINE_CAPTURE)
		ck_assert_uint_eq(fake.read_frames, fake_count(&fake, frame));
	else
		ck_assert_uint_eq(fake_load(&fake.rt->playback->moved),
				  fake_count(&fake, frame));
	end();
}
END_TEST

START_TEST(a_period_takes_a_wake_for_each_direction)
{
	begin((struct fake_shape){ 0 });
	fake_rt_run(&fake, 1000);
	ck_assert_uint_ge(fake_count(&fake, periods), 999);
	ck_assert_uint_le(fake_count(&fake, cycles), 2 * 1000 + 10);
	end();
}
END_TEST

START_TEST(a_direction_that_has_its_period_is_not_waited_for)
{
	begin((struct fake_shape){ 0 });
	/* capture comes after playback from now on, by less than a period */
	fake.knows = false;
	fake_strike(&fake.card, ENGINE_CAPTURE, FAKE_STUCK, 0, 0);
	fake_strike(&fake.card, BOTH, FAKE_LEAP, 200000, 0);
	fake_strike(&fake.card, BOTH, FAKE_HEAL, 0, 0);
	fake_rt_run(&fake, 1000);
	ck_assert_uint_ge(fake_count(&fake, periods), 999);
	ck_assert_uint_le(fake_count(&fake, cycles), 2 * 1000 + 10);
	ck_assert_uint_eq(fake_count(&fake, spurious_wakes), 0);
	end();
}
END_TEST

START_TEST(a_late_program_plays_silence_and_loses_nothing)
{
	const uint64_t capacity = 24 * 64;

	begin((struct fake_shape){ 0 });
	fake.writes = false;
	fake_rt_run(&fake, 100);
	ck_assert_uint_eq(fake_load(&fake.rt->playback->moved), capacity);
	ck_assert_uint_eq(fake_load(&fake.rt->playback->end_frame), capacity);
	ck_assert_uint_eq(fake_load(&fake.rt->playback->missed),
			  fake.rt->transport.frame - capacity);
	fake.writes = true;
	fake_rt_run(&fake, 100);
	ck_assert_uint_eq(fake_load(&fake.rt->playback->moved) +
				  fake_load(&fake.rt->playback->missed),
			  fake.rt->transport.frame);
	ck_assert_uint_ge(fake_load(&fake.rt->playback->moved), capacity + 98 * 64);
	end();
}
END_TEST

START_TEST(silence_after_the_last_frame_is_no_underrun)
{
	begin((struct fake_shape){ .directions = ENGINE_PLAYBACK });
	fake.writes = false;
	store_release(&fake.rt->playback->ending, fake_load(&fake.rt->playback->written));
	fake_rt_run(&fake, 100);
	ck_assert_uint_eq(fake_load(&fake.rt->playback->missed), 0);
	end();
}
END_TEST

START_TEST(a_late_reader_is_told_what_is_missing)
{
	begin((struct fake_shape){ 0 });
	fake.reads = false;
	fake_rt_run(&fake, 100);
	ck_assert_uint_ge(fake_load(&fake.rt->capture->missed), (100 - 24 - 2) * 64);
	fake.reads = true;
	fake_rt_run(&fake, 10);
	ck_assert_uint_eq(fake.read_gaps, fake_load(&fake.rt->capture->missed));
	end();
}
END_TEST

START_TEST(the_program_s_bells_ring_when_there_is_something)
{
	struct doorbell *room, *frames;

	begin((struct fake_shape){ .lanes = 2 });
	room = &fake.rt->playback->bell;
	frames = &fake.rt->capture->bell;
	fake_rt_run(&fake, 3);
	ck_assert(doorbell_answer(room));
	ck_assert(doorbell_answer(frames));
	ck_assert(fake_rt_send(&fake, 1, ENGINE_FLAG_WAKE, 1));
	fake_rt_turn(&fake);
	ck_assert(!doorbell_answer(room));
	ck_assert(!doorbell_answer(frames));
	ck_assert(!doorbell_answer(&fake.rt->lanes[0].bell));
	ck_assert(doorbell_answer(&fake.rt->lanes[1].bell));
	/* who waits for a stream must learn that it will not move */
	fake_strike(&fake.card, BOTH, FAKE_UNPLUG, 0, 0);
	fake_rt_run(&fake, 2);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_LOST);
	ck_assert(doorbell_answer(room));
	ck_assert(doorbell_answer(frames));
	ck_assert(doorbell_answer(&fake.rt->lanes[0].bell));
	ck_assert(!doorbell_answer(&fake.rt->lanes[1].bell));
	end();
}
END_TEST

/* ---- a device that wakes us for nothing, or not at all */

static const struct {
	enum fake_fault fault;
	int64_t value;
	uint32_t times;
} bad_wakers[] = {
	{ FAKE_READY, 0, 0 },
	{ FAKE_POLLERR, 0, 0 },
	{ FAKE_DEAD_FD, 0, 0 },
	/* a plugin that says "nothing" to a descriptor that is ready */
	{ FAKE_REVENTS, 0, FAKE_FOR_EVER },
	{ FAKE_REVENTS, -EIO, FAKE_FOR_EVER },
};

#define BAD_WAKERS ((int)(sizeof(bad_wakers) / sizeof(bad_wakers[0])))

/* Cycles in the next periods, for each of them. */
static double cycles_per_period(uint64_t periods)
{
	uint64_t before = fake_count(&fake, cycles);

	fake_rt_run(&fake, periods);
	return (double)(fake_count(&fake, cycles) - before) / (double)periods;
}

START_TEST(a_bad_waker_neither_spins_nor_loses_a_frame)
{
	const struct fake_shape shapes[] = {
		{ .periods = 2 },
		{ .periods = 3, .period_frames = 1024 },
		{ .periods = 2, .directions = ENGINE_PLAYBACK },
		{ .periods = 8, .directions = ENGINE_CAPTURE },
	};

	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		begin(shapes[i]);
		fake.card.wake_ns = 50000;
		fake_strike(&fake.card, BOTH, FAKE_READY, 0, 0);
		fake_strike(&fake.card, BOTH, bad_wakers[_i].fault, bad_wakers[_i].value,
			    bad_wakers[_i].times);
		ck_assert_double_lt(cycles_per_period(2000), 20);
		ck_assert_uint_eq(fake_count(&fake, xruns), 0);
		ck_assert_uint_ge(fake_count(&fake, frame), 1999u * fake.period_frames);
		ck_assert_uint_gt(fake_count(&fake, backoffs), 1000);
		end();
	}
}
END_TEST

START_TEST(a_bad_waker_that_stands_still_does_not_spin)
{
	begin((struct fake_shape){ 0 });
	fake_strike(&fake.card, BOTH, FAKE_STUCK, 0, 0);
	fake_strike(&fake.card, _i ? BOTH : ENGINE_CAPTURE, FAKE_READY, 0, 0);
	ck_assert_double_lt(cycles_per_period(700), 20);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	/* waking is not moving: it is found out all the same, and not spun on */
	ck_assert_double_lt(cycles_per_period(200), 20);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_STALLED);
	end();
}
END_TEST

START_TEST(a_position_that_comes_and_goes_does_not_spin)
{
	begin((struct fake_shape){ 0 });
	fake_rt_run(&fake, 10);
	/* capture has a period every other time, playback never has one */
	fake_strike(&fake.card, BOTH, FAKE_READY, 0, 0);
	fake_strike(&fake.card, ENGINE_CAPTURE, FAKE_FLAPPING, 0, 0);
	fake_strike(&fake.card, ENGINE_PLAYBACK, FAKE_AVAIL, 0, FAKE_FOR_EVER);
	fake_strike(&fake.card, BOTH, FAKE_UNSEEN, 0, 0);
	fake_strike(&fake.card, ENGINE_CAPTURE, FAKE_STUCK, 0, 0);
	fake.card.capture.hw = fake.card.capture.appl + fake.period_frames;
	ck_assert_double_lt(cycles_per_period(1000), 40);
	end();
}
END_TEST

START_TEST(descriptors_that_cannot_be_had_do_not_stop_it)
{
	const int64_t answers[] = { 0, -EIO, 17 };

	begin((struct fake_shape){ 0 });
	fake_strike(&fake.card, BOTH, FAKE_DESCRIPTORS, answers[_i], FAKE_FOR_EVER);
	ck_assert_double_lt(cycles_per_period(1000), 20);
	ck_assert_uint_ge(fake_count(&fake, periods), 997);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
	end();
}
END_TEST

START_TEST(a_poll_that_is_refused_does_not_spin)
{
	begin((struct fake_shape){ 0 });
	fake.card.poll_error = -EINVAL;
	ck_assert_double_lt(cycles_per_period(1000), 20);
	ck_assert_uint_ge(fake_count(&fake, periods), 997);
	end();
}
END_TEST

START_TEST(an_interrupted_poll_is_no_trouble)
{
	uint64_t before_ns;

	begin((struct fake_shape){ 0 });
	before_ns = fake.card.now_ns;
	fake.card.poll_error = -EINTR;
	fake_rt_turn(&fake);
	ck_assert_uint_eq(fake.card.now_ns, before_ns + fake.card.wake_ns);
	fake.card.poll_error = 0;
	fake_rt_run(&fake, 100);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
	ck_assert_uint_eq(fake_count(&fake, spurious_wakes), 0);
	end();
}
END_TEST

START_TEST(a_device_that_never_wakes_us_moves_by_time)
{
	begin((struct fake_shape){ .periods = 3 + (uint32_t)_i });
	fake_strike(&fake.card, BOTH, FAKE_MUTE, 0, 0);
	fake_rt_run(&fake, 3000);
	ck_assert_uint_ge(fake_count(&fake, periods), 2997);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
	/* it is not late: its frames came */
	ck_assert_uint_eq(fake_count(&fake, poll_timeouts), 0);
	ck_assert_double_lt(cycles_per_period(1000), 2);
	end();
}
END_TEST

START_TEST(a_device_that_stands_still_has_stalled_and_goes_on)
{
	struct engine_message event;

	begin((struct fake_shape){ 0 });
	fake_strike(&fake.card, BOTH, FAKE_STUCK, 0, 0);
	/* it has a second to start, and 50 ms; told once, and then late again and again */
	fake_rt_run_ns(&fake, FAKE_S);
	ck_assert_uint_eq(fake_count(&fake, poll_timeouts), 0);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	fake_rt_run_ns(&fake, 500 * FAKE_MS);
	event = fake_rt_event(&fake, ENGINE_EVENT_STALLED);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_STALLED);
	ck_assert_int_eq(event.device.from, ENGINE_STATE_RUNNING);
	ck_assert_int_eq(event.device.to, ENGINE_STATE_STALLED);
	ck_assert_int_eq(event.device.cause, ENGINE_CAUSE_SILENT);
	ck_assert_uint_ge(fake_count(&fake, poll_timeouts), 8);
	ck_assert_uint_le(fake_count(&fake, poll_timeouts), 10);
	ck_assert_uint_eq(fake_count(&fake, stalls), 1);
	/* and it goes on where it stood */
	fake_strike(&fake.card, BOTH, FAKE_HEAL, 0, 0);
	fake_rt_run(&fake, 100);
	event = fake_rt_event(&fake, ENGINE_EVENT_RESUME);
	ck_assert_int_eq(event.device.from, ENGINE_STATE_STALLED);
	ck_assert_int_eq(event.device.to, ENGINE_STATE_RUNNING);
	ck_assert_uint_ge(fake.read_frames, 99u * 64);
	ck_assert_uint_eq(fake.read_gaps, 0);
	/* without the second that a start has */
	fake_strike(&fake.card, BOTH, FAKE_STUCK, 0, 0);
	fake_rt_run_ns(&fake, 60 * FAKE_MS);
	fake_rt_event(&fake, ENGINE_EVENT_STALLED);
	end();
}
END_TEST

START_TEST(a_device_that_stands_still_for_too_long_is_lost)
{
	struct engine_message event;

	begin((struct fake_shape){ 0 });
	fake.rt->transport.patience_ns = _i ? 5ull * FAKE_S : FAKE_S;
	fake_rt_run(&fake, 10);
	fake_strike(&fake.card, BOTH, FAKE_STUCK, 0, 0);
	fake_rt_run_ns(&fake, 60 * FAKE_MS);
	fake_rt_event(&fake, ENGINE_EVENT_STALLED);
	fake_rt_run_ns(&fake, fake.rt->transport.patience_ns - 60 * FAKE_MS);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_STALLED);
	fake_rt_run_ns(&fake, 120 * FAKE_MS);
	event = fake_rt_event(&fake, ENGINE_EVENT_LOST);
	ck_assert_int_eq(event.device.from, ENGINE_STATE_STALLED);
	ck_assert_int_eq(event.device.cause, ENGINE_CAUSE_SILENT);
	ck_assert(doorbell_answer(&fake.rt->lost));
	end();
}
END_TEST

START_TEST(a_position_that_slips_against_the_clock_is_counted)
{
	begin((struct fake_shape){ 0 });
	fake_rt_run_ns(&fake, 5ull * FAKE_S);
	ck_assert_uint_eq(fake_count(&fake, slips), 0);
	/* a crystal that is 2 % off is only bad; 5 % are lost frames */
	fake.rt->transport.rate = 49000;
	fake_rt_run_ns(&fake, 5ull * FAKE_S);
	ck_assert_uint_eq(fake_count(&fake, slips), 0);
	fake.rt->transport.rate = 50500;
	fake_rt_run_ns(&fake, 5ull * FAKE_S);
	ck_assert_uint_ge(fake_count(&fake, slips), 4);
	ck_assert_uint_le(fake_count(&fake, slips), 5);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	end();
}
END_TEST

/* ---- pace */

START_TEST(a_fast_crystal_is_left_alone)
{
	struct fake_shape shape = { .directions = ENGINE_PLAYBACK, .period_frames = 1024 };

	fake_rt_init(&fake, &shape);
	fake.card.rate = 48000 * 6 / 5;
	fake.writes = false;
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	fake_rt_run_ns(&fake, 600ull * FAKE_S);
	ck_assert_uint_eq(fake_count(&fake, backoffs), 0);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
	ck_assert_uint_ge(fake_count(&fake, frame), 600ull * 57600);
	end();
}
END_TEST

START_TEST(a_device_without_pace_is_given_one)
{
	const struct fake_shape shapes[] = {
		{ .periods = 2, .period_frames = 32 },
		{ .periods = 8, .period_frames = 256, .directions = ENGINE_PLAYBACK },
		{ .periods = 4, .period_frames = 1024, .directions = ENGINE_CAPTURE },
		{ .periods = 2, .period_frames = 16384, .directions = ENGINE_PLAYBACK },
		{ .periods = 3, .period_frames = 65536, .directions = ENGINE_PLAYBACK },
	};
	const uint64_t seconds = 60;
	uint64_t ahead, most;

	fake_rt_init(&fake, &shapes[_i]);
	fake.knows = false;
	fake_strike(&fake.card, BOTH, FAKE_UNPACED, 0, 0);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	ck_assert_double_lt(cycles_per_period(seconds * FAKE_S / fake.period_ns), 5);
	ahead = fake.buffer_frames * (uint64_t)(shapes[_i].directions ? 1 : 2) +
		4 * fake.period_frames;
	/* a quarter more than its rate, and a buffer before the first cycle and in the last */
	most = (fake.card.now_ns / 1000 * 48 / 1000 + ahead) * 5 / 4 + 2 * fake.buffer_frames +
	       fake.period_frames;
	ck_assert_uint_le(fake_count(&fake, frame), most);
	ck_assert_uint_ge(fake_count(&fake, frame), seconds * 48000 * 9 / 10);
	end();
}
END_TEST

START_TEST(a_device_without_pace_may_be_meant)
{
	struct fake_shape shape = { .directions = ENGINE_PLAYBACK };

	fake_rt_init(&fake, &shape);
	fake.rt->transport.free_running = true;
	fake_strike(&fake.card, BOTH, FAKE_UNPACED, 0, 0);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	fake_rt_run(&fake, 10);
	ck_assert_uint_ge(fake_count(&fake, frame), 10000u * 64);
	ck_assert_uint_eq(fake_count(&fake, backoffs), 0);
	end();
}
END_TEST

START_TEST(a_device_without_pace_is_stopped_like_any_other)
{
	struct fake_shape shape = { .directions = ENGINE_PLAYBACK };

	fake_rt_init(&fake, &shape);
	fake_strike(&fake.card, BOTH, FAKE_UNPACED, 0, 0);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	fake_rt_run(&fake, 20);
	ck_assert_uint_gt(fake_count(&fake, backoffs), 0);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
	ck_assert_double_lt(cycles_per_period(100), 2);
	end();
}
END_TEST

/* ---- orders */

START_TEST(hello_is_answered_and_moves_nothing)
{
	fake_rt_init(&fake, &(struct fake_shape){ 0 });
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_HELLO), 0);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_PREPARED);
	ck_assert_uint_eq(fake.card.playback.calls[FAKE_PREPARE], 0);
	end();
}
END_TEST

/* libc's write, for this program: which bell was rung last? */
static int last_written;

ssize_t write(int fd, const void *from, size_t size)
{
	last_written = fd;
	return syscall(SYS_write, fd, from, size);
}

START_TEST(an_answer_is_the_last_bell_of_its_cycle)
{
	/* so that after the call no bell is heard that was rung for it */
	begin((struct fake_shape){ 0 });
	ck_assert_int_eq(last_written, fake.rt->order.answered.fd);
	doorbell_answer(&fake.rt->playback->bell);
	doorbell_answer(&fake.rt->capture->bell);
	ck_assert(fake_rt_send(&fake, 0, 0, 1));
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
	ck_assert_int_eq(last_written, fake.rt->order.answered.fd);
	ck_assert(doorbell_answer(&fake.rt->playback->bell));
	ck_assert(doorbell_answer(&fake.rt->lanes[0].bell));
	end();
}
END_TEST

START_TEST(start_fills_the_buffer_and_starts_both_at_one_frame)
{
	begin((struct fake_shape){ .periods = 4, .grouped = _i });
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	ck_assert_uint_eq(fake_count(&fake, frame), 4 * 64);
	ck_assert_uint_eq(fake.card.playback.appl, 4 * 64);
	ck_assert_uint_eq(fake.card.playback.hw, fake.card.capture.hw);
	ck_assert_int_eq(fake.card.capture.state, ENGINE_STATE_RUNNING);
	/* and once more it does nothing */
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	ck_assert_uint_eq(fake.card.playback.calls[FAKE_PREPARE], 1);
	ck_assert_uint_eq(fake.card.capture.calls[FAKE_START], !_i);
	end();
}
END_TEST

START_TEST(each_start_counts_frames_from_zero)
{
	begin((struct fake_shape){ 0 });
	for (int i = 0; i < 5; i++) {
		fake_rt_run(&fake, 100);
		ck_assert_uint_ge(fake.read_frames, 99u * 64);
		ck_assert_uint_eq(fake.read_gaps, 0);
		/* a gap that no chunk told of yet is not the next start's */
		fake_strike(&fake.card, BOTH, FAKE_XRUN, 0, 0);
		fake_rt_turn(&fake);
		ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
		ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_PREPARED);
		fake_rt_run(&fake, 100);
		ck_assert(!fake.card.polled_playback && !fake.card.polled_capture);
		ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
		ck_assert_uint_eq(fake_count(&fake, frame), fake.buffer_frames);
		ck_assert_uint_eq(fake.read_frame, 0);
	}
	ck_assert_uint_eq(fake_count(&fake, xruns), 5);
	end();
}
END_TEST

START_TEST(a_start_that_fails_names_step_and_direction)
{
	const struct {
		unsigned direction;
		enum fake_fault fault;
		int64_t value;
		int result;
		enum engine_step step;
	} refusals[] = {
		{ ENGINE_PLAYBACK, FAKE_PREPARE, -EIO, -EIO, ENGINE_STEP_PREPARE },
		{ ENGINE_CAPTURE, FAKE_PREPARE, -EBADFD, -EBADFD, ENGINE_STEP_PREPARE },
		{ ENGINE_PLAYBACK, FAKE_AVAIL, -EPERM, -EPERM, ENGINE_STEP_AVAIL },
		{ ENGINE_PLAYBACK, FAKE_AVAIL, 1000, -EPIPE, ENGINE_STEP_AVAIL },
		{ ENGINE_PLAYBACK, FAKE_BEGIN, -EIO, -EIO, ENGINE_STEP_BEGIN },
		{ ENGINE_PLAYBACK, FAKE_BEGIN, 0, -EPIPE, ENGINE_STEP_BEGIN },
		{ ENGINE_PLAYBACK, FAKE_COMMIT, -EIO, -EIO, ENGINE_STEP_COMMIT },
		{ ENGINE_PLAYBACK, FAKE_COMMIT, 3, -EPIPE, ENGINE_STEP_COMMIT },
		{ ENGINE_PLAYBACK, FAKE_START, -EAGAIN, -EAGAIN, ENGINE_STEP_START },
		{ ENGINE_CAPTURE, FAKE_START, -ENODEV, -ENODEV, ENGINE_STEP_START },
	};
	struct engine_message message;

	for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		fake_rt_init(&fake, &(struct fake_shape){ 0 });
		fake_strike(&fake.card, refusals[i].direction, refusals[i].fault,
			    refusals[i].value, 1);
		ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), refusals[i].result);
		ck_assert_int_eq(fake.rt->order.step, refusals[i].step);
		ck_assert_int_eq(fake.rt->order.direction, (int)refusals[i].direction);
		ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_PREPARED);
		ck_assert(!fake_rt_receive(&fake, 0, &message));
		/* it was said once: the next start succeeds */
		ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
		ck_assert_int_eq(fake.rt->order.step, ENGINE_STEP_NONE);
		fake_rt_run(&fake, 10);
		ck_assert_uint_ge(fake.read_frames, 9u * 64);
		end();
	}
}
END_TEST

START_TEST(quit_leaves_the_device_alone)
{
	begin((struct fake_shape){ 0 });
	fake_rt_run(&fake, 10);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_QUIT), 0);
	ck_assert(fake.rt->quit);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_PREPARED);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cycle");
	TCase *frames = tcase_create("frames");
	TCase *wakes = tcase_create("wakes");
	TCase *pace = tcase_create("pace");
	TCase *orders = tcase_create("orders");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(frames, captured_frame_is_the_rendered_frame, 0,
			    PERIOD_SIZES * LAYOUTS);
	tcase_add_loop_test(frames, areas_that_come_in_pieces_change_nothing, 0, LAYOUTS);
	tcase_add_loop_test(frames, one_direction_alone_moves_every_frame, 0, 2);
	tcase_add_test(frames, a_period_takes_a_wake_for_each_direction);
	tcase_add_test(frames, a_direction_that_has_its_period_is_not_waited_for);
	tcase_add_test(frames, a_late_program_plays_silence_and_loses_nothing);
	tcase_add_test(frames, silence_after_the_last_frame_is_no_underrun);
	tcase_add_test(frames, a_late_reader_is_told_what_is_missing);
	tcase_add_test(frames, the_program_s_bells_ring_when_there_is_something);
	suite_add_tcase(suite, frames);

	tcase_add_loop_test(wakes, a_bad_waker_neither_spins_nor_loses_a_frame, 0, BAD_WAKERS);
	tcase_add_loop_test(wakes, a_bad_waker_that_stands_still_does_not_spin, 0, 2);
	tcase_add_test(wakes, a_position_that_comes_and_goes_does_not_spin);
	tcase_add_loop_test(wakes, descriptors_that_cannot_be_had_do_not_stop_it, 0, 3);
	tcase_add_test(wakes, a_poll_that_is_refused_does_not_spin);
	tcase_add_test(wakes, an_interrupted_poll_is_no_trouble);
	tcase_add_loop_test(wakes, a_device_that_never_wakes_us_moves_by_time, 0, 3);
	tcase_add_test(wakes, a_device_that_stands_still_has_stalled_and_goes_on);
	tcase_add_loop_test(wakes, a_device_that_stands_still_for_too_long_is_lost, 0, 2);
	tcase_add_test(wakes, a_position_that_slips_against_the_clock_is_counted);
	suite_add_tcase(suite, wakes);

	tcase_add_test(pace, a_fast_crystal_is_left_alone);
	tcase_add_loop_test(pace, a_device_without_pace_is_given_one, 0, 5);
	tcase_add_test(pace, a_device_without_pace_may_be_meant);
	tcase_add_test(pace, a_device_without_pace_is_stopped_like_any_other);
	suite_add_tcase(suite, pace);

	tcase_add_test(orders, hello_is_answered_and_moves_nothing);
	tcase_add_test(orders, an_answer_is_the_last_bell_of_its_cycle);
	tcase_add_loop_test(orders, start_fills_the_buffer_and_starts_both_at_one_frame, 0, 2);
	tcase_add_test(orders, each_start_counts_frames_from_zero);
	tcase_add_test(orders, a_start_that_fails_names_step_and_direction);
	tcase_add_test(orders, quit_leaves_the_device_alone);
	suite_add_tcase(suite, orders);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
