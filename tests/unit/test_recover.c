/* SPDX-License-Identifier: MIT */
/*
 * Recovery on the fake card: every fault ends within its wake-up as running
 * again, suspended or lost, with one event that says what happened, and the
 * frames stay aligned. The last test strikes at random.
 */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <peal/error.h>
#include "fake_rt.h"

#define BOTH (ENGINE_PLAYBACK | ENGINE_CAPTURE)
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct fake_rt fake;

/* Running, and waiting for the next period in all directions. */
static void begin(struct fake_shape shape)
{
	const struct transport *t;

	fake_rt_init(&fake, &shape);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	t = &fake.rt->transport;
	fake_rt_run(&fake, 20);
	while (!t->playback_lacks || !t->capture_lacks) {
		ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
		fake_rt_turn(&fake);
	}
}

static void end(void)
{
	fake_rt_done(&fake);
}

static void strike(unsigned directions, enum fake_fault fault, int64_t value, uint32_t times)
{
	fake_strike(&fake.card, directions, fault, value, times);
}

/* A device event, as the one message that there is, with these contents. */
static struct engine_message expect(enum engine_message_type type, enum engine_state from,
				    enum engine_state to, enum engine_step step,
				    unsigned directions, int error)
{
	struct engine_message event = fake_rt_event(&fake, type);

	ck_assert_uint_eq(event.flags, 0);
	ck_assert_uint_eq(event.id, 0);
	ck_assert_uint_eq(event.frame, fake_count(&fake, frame));
	ck_assert_int_eq(event.device.from, (int)from);
	ck_assert_int_eq(event.device.to, (int)to);
	ck_assert_int_eq(event.device.step, (int)step);
	ck_assert_uint_eq(event.device.directions, directions);
	ck_assert_int_eq(event.device.error, error);
	return event;
}

static struct engine_message expect_xrun(enum engine_step step, unsigned directions, int error)
{
	return expect(ENGINE_EVENT_XRUN, ENGINE_STATE_RUNNING, ENGINE_STATE_RUNNING, step,
		      directions, error);
}

/* It runs, without another event, and what is read is what was rendered. */
static void expect_sound(uint64_t periods)
{
	uint64_t read = fake.read_frames, xruns = fake_count(&fake, xruns);
	struct engine_message message;

	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	fake_rt_run(&fake, periods);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	ck_assert_uint_eq(fake_count(&fake, xruns), xruns);
	ck_assert(!fake_rt_receive(&fake, 0, &message));
	if (fake.rt->capture)
		ck_assert_uint_ge(fake.read_frames, read + (periods - 2) * fake.period_frames);
	if (fake.rt->capture && fake.rt->playback)
		ck_assert_uint_eq(fake.rt->transport.frame - fake.rt->transport.captured,
				  fake.buffer_frames);
}

/* Turn until there is an event; the first turns may only begin to wait for it. */
static void turn_to_event(void)
{
	for (int turns = 0; turns < 4; turns++) {
		uint64_t words = load_relaxed(&fake.rt->lanes[0].out.pushed);

		fake_rt_turn(&fake);
		if (load_relaxed(&fake.rt->lanes[0].out.pushed) != words)
			return;
	}
	ck_abort_msg("no event");
}

/* ---- xruns */

static const struct {
	struct fake_shape shape;
	unsigned struck;
	unsigned told;
} struck_sides[] = {
	{ { 0 }, ENGINE_PLAYBACK, ENGINE_PLAYBACK },
	{ { 0 }, ENGINE_CAPTURE, ENGINE_CAPTURE },
	{ { 0 }, BOTH, ENGINE_PLAYBACK },
	{ { .grouped = true, .periods = 2 }, ENGINE_CAPTURE, ENGINE_PLAYBACK },
	{ { .directions = ENGINE_PLAYBACK }, ENGINE_PLAYBACK, ENGINE_PLAYBACK },
	{ { .directions = ENGINE_CAPTURE }, ENGINE_CAPTURE, ENGINE_CAPTURE },
};

START_TEST(an_xrun_is_told_once_and_runs_again_at_once)
{
	struct fake_shape shape = struck_sides[_i].shape;
	uint64_t struck_ns;
	struct engine_message event;

	begin(shape);
	fake.knows = shape.directions != ENGINE_CAPTURE;
	struck_ns = fake.card.now_ns;
	strike(struck_sides[_i].struck, FAKE_XRUN, 0, 0);
	fake_rt_turn(&fake);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	ck_assert_uint_eq(fake.card.now_ns, struck_ns + fake.card.wake_ns);
	ck_assert_uint_eq(fake_count(&fake, xruns), 1);
	event = expect_xrun(ENGINE_STEP_STATE, struck_sides[_i].told, 0);
	ck_assert_int_eq(event.device.cause, ENGINE_CAUSE_DEVICE);
	ck_assert_uint_eq(event.device.lost_frames, fake_count(&fake, lost_frames));
	expect_sound(100);
	/* playback was a buffer ahead of what was captured */
	if (fake.rt->capture)
		ck_assert_uint_eq(fake.read_gaps, fake.buffer_frames);
	end();
}
END_TEST

START_TEST(a_program_that_slept_too_long_has_an_xrun)
{
	struct engine_message event;

	begin(struck_sides[_i].shape);
	fake.knows = struck_sides[_i].shape.directions != ENGINE_CAPTURE;
	strike(BOTH, FAKE_LEAP, (int64_t)(10 * fake.period_ns), 0);
	fake_rt_turn(&fake);
	event = expect_xrun(ENGINE_STEP_STATE,
			    fake.rt->playback ? ENGINE_PLAYBACK : ENGINE_CAPTURE, 0);
	ck_assert_int_eq(event.device.cause, ENGINE_CAUSE_WOKEN_LATE);
	expect_sound(100);
	if (fake.rt->capture)
		ck_assert_uint_eq(fake.read_gaps, fake.buffer_frames);
	end();
}
END_TEST

START_TEST(an_xrun_after_too_much_work_says_so)
{
	begin((struct fake_shape){ 0 });
	strike(BOTH, FAKE_LEAP, (int64_t)(10 * fake.period_ns), 0);
	fake.rt->transport.worked_ns = fake.period_ns;
	fake_rt_turn(&fake);
	ck_assert_int_eq(expect_xrun(ENGINE_STEP_STATE, ENGINE_PLAYBACK, 0).device.cause,
			 ENGINE_CAUSE_WORK);
	end();
}
END_TEST

/* The engine frame that meets the converter, against the converter's clock. */
static uint64_t shift(void)
{
	const struct transport *t = &fake.rt->transport;

	return (t->playback ? t->frame - (uint64_t)fake_distance(&fake.card.playback) :
			      t->captured + (uint64_t)fake_distance(&fake.card.capture)) -
	       fake.card.converted;
}

START_TEST(frames_that_the_pointers_say_are_lost_are_counted)
{
	struct fake_shape shape = struck_sides[_i].shape;
	uint64_t before, frame, buffers, lost;
	struct engine_message event;

	begin(shape);
	before = shift();
	frame = fake_count(&fake, frame);
	strike(BOTH, FAKE_UNSEEN, 0, 0);
	strike(fake.rt->playback ? ENGINE_PLAYBACK : ENGINE_CAPTURE, FAKE_LEAP, 6234567, 0);
	strike(BOTH, FAKE_READY, 0, 0);
	fake_rt_turn(&fake);
	strike(BOTH, FAKE_HEAL, 0, 0);
	event = expect_xrun(ENGINE_STEP_AVAIL,
			    fake.rt->capture ? ENGINE_CAPTURE : ENGINE_PLAYBACK, -EPIPE);
	lost = event.device.lost_frames;
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_eq(fake_count(&fake, lost_frames), lost);
	buffers = fake.rt->playback ? fake.buffer_frames : 0;
	ck_assert_uint_eq(fake_count(&fake, frame), frame + lost + buffers);
	ck_assert_uint_eq(shift(), before);
	expect_sound(100);
	if (fake.rt->capture)
		ck_assert_uint_eq(fake.read_gaps, lost + buffers);
	end();
}
END_TEST

START_TEST(a_pointer_that_ran_away_measures_nothing)
{
	begin((struct fake_shape){ 0 });
	strike(BOTH, FAKE_AVAIL, INT64_C(6917529027641081729), 1);
	turn_to_event();
	ck_assert_uint_eq(expect_xrun(ENGINE_STEP_AVAIL, ENGINE_CAPTURE, -EPIPE).device.lost_frames,
			  0);
	ck_assert_uint_eq(fake.card.playback.answers[FAKE_AVAIL].times, 0);
	expect_sound(100);
	ck_assert_uint_eq(fake.read_gaps, fake.buffer_frames);
	end();
}
END_TEST

START_TEST(an_event_says_how_long_it_took)
{
	begin((struct fake_shape){ .periods = 8 });
	fake.card.prepare_ns = 300000;
	strike(ENGINE_PLAYBACK, FAKE_XRUN, 0, 0);
	fake_rt_turn(&fake);
	ck_assert_uint_eq(expect_xrun(ENGINE_STEP_STATE, ENGINE_PLAYBACK, 0).device.took_us, 600);
	strike(BOTH, FAKE_SUSPEND, 0, 0);
	turn_to_event();
	expect(ENGINE_EVENT_SUSPEND, ENGINE_STATE_RUNNING, ENGINE_STATE_SUSPENDED,
	       ENGINE_STEP_STATE, ENGINE_PLAYBACK, 0);
	turn_to_event();
	ck_assert_uint_eq(fake_rt_event(&fake, ENGINE_EVENT_RESUME).device.took_us, 600);
	end();
}
END_TEST

/* What an operation answers once, that is an xrun. */
static const struct {
	enum fake_fault op;
	int64_t answer;
	enum engine_step step;
	int error;
} slips[] = {
	{ FAKE_AVAIL, -EIO, ENGINE_STEP_AVAIL, -EIO },
	{ FAKE_AVAIL, 3 * 64 + 1, ENGINE_STEP_AVAIL, -EPIPE },
	{ FAKE_AVAIL, INT64_C(6917529027641081729), ENGINE_STEP_AVAIL, -EPIPE },
	{ FAKE_BEGIN, -EPIPE, ENGINE_STEP_BEGIN, -EPIPE },
	{ FAKE_BEGIN, 0, ENGINE_STEP_BEGIN, -EPIPE },
	{ FAKE_COMMIT, -EIO, ENGINE_STEP_COMMIT, -EIO },
	{ FAKE_COMMIT, 3, ENGINE_STEP_COMMIT, -EPIPE },
	{ FAKE_COMMIT, 0, ENGINE_STEP_COMMIT, -EPIPE },
};

START_TEST(an_operation_that_slips_is_an_xrun)
{
	for (unsigned direction = ENGINE_PLAYBACK; direction <= ENGINE_CAPTURE; direction++) {
		unsigned captured;

		begin((struct fake_shape){ .planar = _i % 2 });
		strike(direction, slips[_i].op, slips[_i].answer, 1);
		turn_to_event();
		expect_xrun(slips[_i].step, direction, slips[_i].error);
		expect_sound(100);
		/* before playback begins a period, capture has moved its */
		captured = direction == ENGINE_PLAYBACK && slips[_i].op != FAKE_AVAIL;
		ck_assert_uint_eq(fake.read_gaps,
				  fake.buffer_frames - captured * fake.period_frames);
		ck_assert_uint_eq(fake_count(&fake, xruns), 1);
		end();
	}
}
END_TEST

START_TEST(a_state_that_a_running_pcm_cannot_be_in_is_an_xrun)
{
	const enum engine_state states[] = { ENGINE_STATE_CLOSED, ENGINE_STATE_PREPARED };

	begin((struct fake_shape){ 0 });
	strike(ENGINE_PLAYBACK, FAKE_POLLERR, 0, 0);
	strike(ENGINE_PLAYBACK, FAKE_STATE, states[_i], 2);
	fake_rt_turn(&fake);
	strike(ENGINE_PLAYBACK, FAKE_HEAL, 0, 0);
	expect_xrun(ENGINE_STEP_STATE, ENGINE_PLAYBACK, 0);
	expect_sound(100);
	end();
}
END_TEST

START_TEST(restarts_between_which_frames_moved_are_not_counted_together)
{
	begin((struct fake_shape){ 0 });
	for (int i = 0; i < 100; i++) {
		strike(BOTH, FAKE_XRUN, 0, 0);
		fake_rt_turn(&fake);
		expect_xrun(ENGINE_STEP_STATE, ENGINE_PLAYBACK, 0);
		fake_rt_run(&fake, 1);
	}
	ck_assert_uint_eq(fake_count(&fake, xruns), 100);
	expect_sound(100);
	end();
}
END_TEST

START_TEST(a_device_without_pace_that_has_xruns_is_given_one_too)
{
	struct fake_shape shape = { .directions = ENGINE_PLAYBACK };
	struct engine_message message;
	uint64_t frames;

	fake_rt_init(&fake, &shape);
	strike(BOTH, FAKE_UNPACED, 0, 0);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	for (int i = 0; i < 2000; i++) {
		uint64_t periods = fake_count(&fake, periods);

		while (fake_count(&fake, periods) == periods)
			fake_rt_turn(&fake);
		strike(ENGINE_PLAYBACK, FAKE_XRUN, 0, 0);
		while (fake_rt_receive(&fake, 0, &message))
			;
	}
	frames = fake_count(&fake, periods) * fake.period_frames;
	ck_assert_uint_ge(fake.card.now_ns, frames * FAKE_S / 48000 * 3 / 4);
	end();
}
END_TEST

/* ---- lost */

START_TEST(a_device_that_starts_in_vain_is_lost_after_eight_restarts)
{
	struct engine_message message;
	uint64_t from_ns;

	begin((struct fake_shape){ 0 });
	from_ns = fake.card.now_ns;
	/* as PipeWire's once its server is gone: prepare and start succeed for ever */
	strike(_i ? ENGINE_CAPTURE : ENGINE_PLAYBACK, FAKE_STILLBORN, 0, 0);
	strike(BOTH, FAKE_XRUN, 0, 0);
	for (int i = 0; i < TRANSPORT_RESTARTS_MAX; i++) {
		fake_rt_turn(&fake);
		expect_xrun(ENGINE_STEP_STATE,
			    _i && i > 0 ? ENGINE_CAPTURE : ENGINE_PLAYBACK, 0);
	}
	fake_rt_turn(&fake);
	expect(ENGINE_EVENT_LOST, ENGINE_STATE_RUNNING, ENGINE_STATE_LOST, ENGINE_STEP_STATE,
	       _i ? ENGINE_CAPTURE : ENGINE_PLAYBACK, 0);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_LOST);
	ck_assert_uint_eq(fake.card.playback.calls[FAKE_PREPARE], 1 + TRANSPORT_RESTARTS_MAX);
	ck_assert_uint_eq(fake_count(&fake, xruns), 1 + TRANSPORT_RESTARTS_MAX);
	ck_assert_uint_le(fake.card.now_ns - from_ns, fake.period_ns);
	fake_rt_run(&fake, 10);
	ck_assert(!fake_rt_receive(&fake, 0, &message));
	end();
}
END_TEST

/* What an operation answers when a PCM is to start again. */
static const struct {
	unsigned direction;
	enum fake_fault op;
	int64_t answer;
	enum engine_step step;
	int error;
} refusals[] = {
	{ ENGINE_PLAYBACK, FAKE_PREPARE, -EIO, ENGINE_STEP_PREPARE, -EIO },
	{ ENGINE_CAPTURE, FAKE_PREPARE, -ENODEV, ENGINE_STEP_PREPARE, -ENODEV },
	{ ENGINE_PLAYBACK, FAKE_AVAIL, -EPIPE, ENGINE_STEP_AVAIL, -EPIPE },
	{ ENGINE_PLAYBACK, FAKE_BEGIN, -EPIPE, ENGINE_STEP_BEGIN, -EPIPE },
	{ ENGINE_PLAYBACK, FAKE_COMMIT, -EBADFD, ENGINE_STEP_COMMIT, -EBADFD },
	{ ENGINE_PLAYBACK, FAKE_START, -EIO, ENGINE_STEP_START, -EIO },
	{ ENGINE_CAPTURE, FAKE_START, -EPIPE, ENGINE_STEP_START, -EPIPE },
};

START_TEST(a_starved_thread_gives_the_device_time)
{
	struct engine_message message;

	begin((struct fake_shape){ 0 });
	/* woken too late, each time, for half a second: it is not the device's fault */
	for (int i = 0; i < 50; i++) {
		strike(ENGINE_PLAYBACK, FAKE_LEAP, 10 * FAKE_MS, 0);
		fake_rt_turn(&fake);
		ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_RUNNING);
	}
	while (fake_rt_receive(&fake, 0, &message))
		ck_assert_int_eq(message.device.cause, ENGINE_CAUSE_WOKEN_LATE);
	/* but it does not go on for ever */
	for (int i = 0; i < 60; i++) {
		strike(ENGINE_PLAYBACK, FAKE_LEAP, 10 * FAKE_MS, 0);
		fake_rt_turn(&fake);
	}
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_LOST);
	end();
}
END_TEST

START_TEST(a_device_that_cannot_be_restarted_is_lost)
{
	begin((struct fake_shape){ 0 });
	strike(refusals[_i].direction, refusals[_i].op, refusals[_i].answer, FAKE_FOR_EVER);
	strike(ENGINE_PLAYBACK, FAKE_XRUN, 0, 0);
	fake_rt_turn(&fake);
	expect(ENGINE_EVENT_LOST, ENGINE_STATE_XRUN, ENGINE_STATE_LOST, refusals[_i].step,
	       refusals[_i].direction, refusals[_i].error);
	ck_assert_uint_eq(fake_count(&fake, xruns), 1);
	end();
}
END_TEST

START_TEST(what_stop_answers_does_not_matter)
{
	begin((struct fake_shape){ 0 });
	strike(BOTH, FAKE_STOP, -EIO, FAKE_FOR_EVER);
	strike(BOTH, FAKE_XRUN, 0, 0);
	fake_rt_turn(&fake);
	expect_xrun(ENGINE_STEP_STATE, ENGINE_PLAYBACK, 0);
	expect_sound(10);
	end();
}
END_TEST

/* Lost for good: not waited for, not started, and yet alive. */
static void expect_lost_for_good(void)
{
	struct engine_message message;
	uint64_t cycles = fake_count(&fake, cycles);

	fake_rt_run(&fake, 100);
	ck_assert(!fake.card.polled_playback && !fake.card.polled_capture);
	ck_assert(fake.card.polled_bell);
	ck_assert_uint_le(fake_count(&fake, cycles) - cycles, 101);
	ck_assert(!fake_rt_receive(&fake, 0, &message));
	ck_assert(fake_rt_send(&fake, 0, 0, 7));
	fake_rt_run(&fake, 2);
	ck_assert(fake_rt_receive(&fake, 0, &message));
	ck_assert_uint_eq(message.type, ENGINE_PONG);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), ENGINE_ELOST);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), ENGINE_ELOST);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_QUIT), 0);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_LOST);
}

START_TEST(an_unplugged_device_is_lost_within_the_wake_up)
{
	uint64_t struck_ns;

	begin(struck_sides[_i % COUNT(struck_sides)].shape);
	struck_ns = fake.card.now_ns;
	strike(struck_sides[_i % COUNT(struck_sides)].struck, FAKE_UNPLUG, 0, 0);
	/* a kernel's card goes on telling what is available */
	if (_i >= COUNT(struck_sides))
		strike(BOTH, FAKE_AVAIL, 64, FAKE_FOR_EVER);
	fake_rt_turn(&fake);
	ck_assert_uint_eq(fake.card.now_ns, struck_ns + fake.card.wake_ns);
	expect(ENGINE_EVENT_LOST, ENGINE_STATE_RUNNING, ENGINE_STATE_LOST, ENGINE_STEP_STATE,
	       struck_sides[_i % COUNT(struck_sides)].struck & ENGINE_PLAYBACK ? ENGINE_PLAYBACK :
										 ENGINE_CAPTURE,
	       0);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
	expect_lost_for_good();
	end();
}
END_TEST

START_TEST(an_operation_that_finds_no_device_loses_it)
{
	const enum fake_fault ops[] = { FAKE_AVAIL, FAKE_BEGIN, FAKE_COMMIT };
	const enum engine_step steps[] = { ENGINE_STEP_AVAIL, ENGINE_STEP_BEGIN,
					   ENGINE_STEP_COMMIT };

	begin((struct fake_shape){ 0 });
	strike(ENGINE_CAPTURE, ops[_i], -ENODEV, 1);
	turn_to_event();
	expect(ENGINE_EVENT_LOST, ENGINE_STATE_RUNNING, ENGINE_STATE_LOST, steps[_i],
	       ENGINE_CAPTURE, -ENODEV);
	expect_lost_for_good();
	end();
}
END_TEST

/* ---- suspended */

/* Suspended, and told so. */
static void suspend(unsigned directions, int64_t awakening, uint32_t tries)
{
	strike(directions, FAKE_SUSPEND, awakening, tries);
	turn_to_event();
	expect(ENGINE_EVENT_SUSPEND, ENGINE_STATE_RUNNING, ENGINE_STATE_SUSPENDED,
	       ENGINE_STEP_STATE, directions & ENGINE_PLAYBACK ? ENGINE_PLAYBACK : ENGINE_CAPTURE,
	       0);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_SUSPENDED);
	ck_assert_uint_eq(fake_count(&fake, suspends), 1);
}

static void expect_resumed(void)
{
	expect(ENGINE_EVENT_RESUME, ENGINE_STATE_SUSPENDED, ENGINE_STATE_RUNNING,
	       ENGINE_STEP_RESUME, 0, 0);
	expect_sound(100);
	ck_assert_uint_eq(fake_count(&fake, xruns), 0);
}

START_TEST(a_suspended_device_is_tried_once_a_period)
{
	const int64_t awakenings[] = { 0, -ENOSYS, -EIO };
	const unsigned struck = struck_sides[_i / COUNT(awakenings)].struck;
	/* two sides wake one after the other */
	const uint32_t tries = struck == BOTH ? 100 : 50;
	struct engine_message message;
	uint64_t from_ns;

	begin(struck_sides[_i / COUNT(awakenings)].shape);
	fake.knows = fake.rt->playback;
	from_ns = fake.card.now_ns;
	suspend(struck, awakenings[_i % COUNT(awakenings)], 50);
	for (uint32_t i = 0; fake_rt_state(&fake) == ENGINE_STATE_SUSPENDED; i++) {
		ck_assert_uint_le(i, tries + 3);
		/* between two tries messages are taken as ever, and wake nothing else */
		fake_rt_send(&fake, 0, ENGINE_FLAG_WAKE, i);
		fake_rt_turn(&fake);
		ck_assert(!fake.card.polled_playback && !fake.card.polled_capture);
		ck_assert(fake_rt_receive(&fake, 0, &message));
		ck_assert_uint_eq(message.type, ENGINE_PONG);
		ck_assert_uint_eq(message.id, i);
		fake_rt_turn(&fake);
	}
	ck_assert_uint_ge(fake.card.now_ns - from_ns, tries * fake.period_ns);
	ck_assert_uint_le(fake.card.now_ns - from_ns, (tries + 3) * fake.period_ns);
	expect_resumed();
	end();
}
END_TEST

START_TEST(an_operation_that_finds_a_suspended_device_says_so)
{
	begin((struct fake_shape){ 0 });
	strike(ENGINE_PLAYBACK, FAKE_BEGIN, -ESTRPIPE, 1);
	turn_to_event();
	expect(ENGINE_EVENT_SUSPEND, ENGINE_STATE_RUNNING, ENGINE_STATE_SUSPENDED,
	       ENGINE_STEP_BEGIN, ENGINE_PLAYBACK, -ESTRPIPE);
	turn_to_event();
	expect_resumed();
	end();
}
END_TEST

START_TEST(a_restart_that_finds_a_suspended_device_waits_for_it)
{
	begin((struct fake_shape){ 0 });
	strike(ENGINE_CAPTURE, FAKE_PREPARE, -ESTRPIPE, 3);
	strike(ENGINE_PLAYBACK, FAKE_XRUN, 0, 0);
	fake_rt_turn(&fake);
	expect(ENGINE_EVENT_SUSPEND, ENGINE_STATE_XRUN, ENGINE_STATE_SUSPENDED,
	       ENGINE_STEP_PREPARE, ENGINE_CAPTURE, -ESTRPIPE);
	fake_rt_run(&fake, 3);
	expect(ENGINE_EVENT_RESUME, ENGINE_STATE_SUSPENDED, ENGINE_STATE_RUNNING,
	       ENGINE_STEP_RESUME, 0, 0);
	expect_sound(100);
	end();
}
END_TEST

START_TEST(a_suspended_device_that_cannot_be_restarted_is_lost)
{
	begin((struct fake_shape){ 0 });
	suspend(BOTH, -ENOSYS, 0);
	strike(refusals[_i].direction, refusals[_i].op, refusals[_i].answer, FAKE_FOR_EVER);
	turn_to_event();
	expect(ENGINE_EVENT_LOST, ENGINE_STATE_SUSPENDED, ENGINE_STATE_LOST, refusals[_i].step,
	       refusals[_i].direction, refusals[_i].error);
	expect_lost_for_good();
	end();
}
END_TEST

START_TEST(a_device_unplugged_while_suspended_is_lost)
{
	begin((struct fake_shape){ 0 });
	suspend(BOTH, 0, FAKE_FOR_EVER);
	fake_rt_run(&fake, 100);
	strike(BOTH, FAKE_UNPLUG, 0, 0);
	turn_to_event();
	expect(ENGINE_EVENT_LOST, ENGINE_STATE_SUSPENDED, ENGINE_STATE_LOST, ENGINE_STEP_PREPARE,
	       ENGINE_PLAYBACK, -ENODEV);
	expect_lost_for_good();
	end();
}
END_TEST

START_TEST(a_suspended_device_can_be_stopped_and_started)
{
	begin((struct fake_shape){ 0 });
	suspend(BOTH, 0, FAKE_FOR_EVER);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_SUSPENDED);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_PREPARED);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	ck_assert_uint_eq(fake.rt->transport.frame, fake.buffer_frames);
	expect_sound(100);
	end();
}
END_TEST

/* ---- at random */

#define SOAK_PERIODS 100000
#define SOAK_LANES 3

static uint64_t seed;

/* xorshift64*: 0..below-1 */
static uint32_t any(uint32_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 32) % below;
}

static uint32_t sent[SOAK_LANES];
static uint32_t received[SOAK_LANES];
static uint64_t lost_devices;

static void strike_any(void)
{
	static const int64_t values[] = { 0, 1, 3, 17, 64, 10000, -EPIPE, -EIO, -EAGAIN,
					  -ESTRPIPE, INT64_MAX, INT64_C(6917529027641081729) };
	enum fake_fault fault = any(FAKE_FAULTS);
	unsigned directions = 1 + any(BOTH);
	int64_t value = values[any(COUNT(values))];

	switch (fault) {
	case FAKE_STATE:
		value = any(ENGINE_STATE_LOST);
		break;
	case FAKE_DESCRIPTORS:
		value = -(int64_t)any(2);
		break;
	case FAKE_REVENTS:
		value = value > 0 ? POLLERR | POLLIN : value;
		break;
	case FAKE_AVAIL:
		/* who lies credibly about an xrun that he does not see is beyond help */
		value = value > 0 ? INT64_MAX : value;
		break;
	case FAKE_SUSPEND:
		value = any(2) ? 0 : -ENOSYS;
		directions = BOTH;
		break;
	case FAKE_UNPLUG:
		/* most devices stay */
		fault = any(8) ? FAKE_XRUN : FAKE_UNPLUG;
		break;
	case FAKE_LEAP:
		value = any(20 * FAKE_MS);
		break;
	case FAKE_STUCK:
	case FAKE_HEAL:
	case FAKE_UNPACED:
		/* one side alone would truly slip against the other */
		directions = BOTH;
		if (fault == FAKE_UNPACED)
			fake.knows = false;
		break;
	default:
		break;
	}
	strike(directions, fault, value, any(4) ? 1 + any(10) : FAKE_FOR_EVER);
}

static void talk(void)
{
	struct engine_message message;

	for (uint32_t lane = 0; lane < SOAK_LANES; lane++) {
		for (uint32_t n = any(8); n > 0; n--)
			sent[lane] += fake_rt_send(&fake, lane, any(16) ? 0 : ENGINE_FLAG_WAKE,
						   sent[lane]);
		/* now and then the program forgets to read for a while */
		for (uint32_t n = any(100) < 95 ? any(16) : 0; n > 0; n--) {
			if (!fake_rt_receive(&fake, lane, &message))
				break;
			if (message.type != ENGINE_PONG) {
				ck_assert_uint_eq(lane, 0);
				continue;
			}
			if (message.id != received[lane]++)
				ck_abort_msg("reply %u on lane %u after %u", message.id, lane,
					     received[lane] - 2);
		}
	}
}

static void check_messages(void)
{
	for (uint32_t lane = 0; lane < SOAK_LANES; lane++) {
		struct lane *l = &fake.rt->lanes[lane];
		uint64_t queued = load_relaxed(&l->in.pushed) - load_relaxed(&l->in.popped);

		if (load_relaxed(&l->answered) + queued != sent[lane])
			ck_abort_msg("lane %u: %u sent, %" PRIu64 " answered, %" PRIu64 " queued",
				     lane, sent[lane], load_relaxed(&l->answered), queued);
	}
}

static uint64_t soak_device(uint64_t most_periods)
{
	struct fake_shape shape = {
		.directions = any(4) ? BOTH : 1 + any(2),
		.period_frames = 16 + any(100),
		.periods = 2 + any(6),
		.planar = any(2),
		.grouped = any(2),
		.lanes = SOAK_LANES,
	};
	uint64_t periods, cycles;

	fake_rt_init(&fake, &shape);
	/* an xrun hides how much a card that only captures has lost */
	fake.knows = shape.directions != ENGINE_CAPTURE;
	for (int lane = 0; lane < SOAK_LANES; lane++)
		sent[lane] = received[lane] = 0;
	do {
		uint32_t turns = 1 + any(200);

		if (fake_rt_state(&fake) == ENGINE_STATE_PREPARED)
			fake_rt_order(&fake, ORDER_START);
		else if (any(50) == 0)
			fake_rt_order(&fake, ORDER_STOP);
		strike_any();
		while (turns-- > 0) {
			talk();
			fake_rt_turn(&fake);
			check_messages();
		}
		if (any(2))
			strike(BOTH, FAKE_HEAL, 0, 0);
		periods = fake.card.now_ns / fake.period_ns;
	} while (fake_rt_state(&fake) != ENGINE_STATE_LOST && periods < most_periods);
	lost_devices += fake_rt_state(&fake) == ENGINE_STATE_LOST;
	cycles = fake_count(&fake, cycles);
	ck_assert_uint_le(cycles, 40 * periods + 1000);
	fake_rt_done(&fake);
	return periods;
}

START_TEST(whatever_strikes_every_message_is_answered_and_every_frame_accounted_for)
{
	const char *wish = getenv("PEAL_SOAK_SEED");
	uint64_t periods = 0, devices = 0;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seed = wish ? strtoull(wish, NULL, 0) : (uint64_t)now.tv_nsec | 1;
	printf("soak: PEAL_SOAK_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	for (; periods < SOAK_PERIODS; devices++)
		periods += soak_device(SOAK_PERIODS / 20);
	printf("soak: %" PRIu64 " periods on %" PRIu64 " devices, %" PRIu64 " of them lost\n",
	       periods, devices, lost_devices);
	fflush(stdout);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recover");
	TCase *xruns = tcase_create("xruns");
	TCase *lost = tcase_create("lost");
	TCase *suspended = tcase_create("suspended");
	TCase *soak = tcase_create("soak");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(xruns, an_xrun_is_told_once_and_runs_again_at_once, 0,
			    COUNT(struck_sides));
	tcase_add_loop_test(xruns, a_program_that_slept_too_long_has_an_xrun, 0,
			    COUNT(struck_sides));
	tcase_add_test(xruns, an_xrun_after_too_much_work_says_so);
	tcase_add_loop_test(xruns, frames_that_the_pointers_say_are_lost_are_counted, 0,
			    COUNT(struck_sides));
	tcase_add_test(xruns, a_pointer_that_ran_away_measures_nothing);
	tcase_add_test(xruns, an_event_says_how_long_it_took);
	tcase_add_loop_test(xruns, an_operation_that_slips_is_an_xrun, 0, COUNT(slips));
	tcase_add_loop_test(xruns, a_state_that_a_running_pcm_cannot_be_in_is_an_xrun, 0, 2);
	tcase_add_test(xruns, restarts_between_which_frames_moved_are_not_counted_together);
	tcase_add_test(xruns, a_device_without_pace_that_has_xruns_is_given_one_too);
	suite_add_tcase(suite, xruns);

	tcase_add_loop_test(lost, a_device_that_starts_in_vain_is_lost_after_eight_restarts, 0, 2);
	tcase_add_test(lost, a_starved_thread_gives_the_device_time);
	tcase_add_loop_test(lost, a_device_that_cannot_be_restarted_is_lost, 0, COUNT(refusals));
	tcase_add_test(lost, what_stop_answers_does_not_matter);
	tcase_add_loop_test(lost, an_unplugged_device_is_lost_within_the_wake_up, 0,
			    2 * COUNT(struck_sides));
	tcase_add_loop_test(lost, an_operation_that_finds_no_device_loses_it, 0, 3);
	suite_add_tcase(suite, lost);

	tcase_add_loop_test(suspended, a_suspended_device_is_tried_once_a_period, 0,
			    3 * COUNT(struck_sides));
	tcase_add_test(suspended, an_operation_that_finds_a_suspended_device_says_so);
	tcase_add_test(suspended, a_restart_that_finds_a_suspended_device_waits_for_it);
	tcase_add_loop_test(suspended, a_suspended_device_that_cannot_be_restarted_is_lost, 0,
			    COUNT(refusals));
	tcase_add_test(suspended, a_device_unplugged_while_suspended_is_lost);
	tcase_add_test(suspended, a_suspended_device_can_be_stopped_and_started);
	suite_add_tcase(suite, suspended);

	tcase_add_test(soak,
		       whatever_strikes_every_message_is_answered_and_every_frame_accounted_for);
	suite_add_tcase(suite, soak);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
