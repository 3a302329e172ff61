/* SPDX-License-Identifier: MIT */
/*
 * The engine on a virtual card with a script of faults: each is told once and
 * with its cause, the engine goes on or says that it cannot, and afterwards
 * what is captured is what was played, frame by frame.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "virtual_engine.h"

#define PERIOD 128

static struct engine *engine_with(const char *clock, const char *script, uint32_t reopen)
{
	char name[256];

	snprintf(name, sizeof(name), "virtual:clock=%s,fault=%s", clock, script);
	return virtual_create(name, .directions = DUPLEX, .period_frames = PERIOD, .periods = 4,
			      .format = ENGINE_FORMAT_S32_LE, .channels = 1, .reopen = reopen,
			      .stream_frames = 64 * PERIOD, .rate = 48000);
}

/* ---- the streams: numbered frames out, and in again */

struct tape {
	struct engine *engine;
	uint32_t written;    /* the number of the next frame to play; from 1 on */
	uint64_t lost;       /* by how much the timeline is ahead of those numbers */
	uint64_t checked;    /* captured frames that were what they should be */
	uint64_t next_frame; /* the engine's, that should be captured next */
};

static void feed(struct tape *tape)
{
	int32_t frames[PERIOD];

	for (;;) {
		for (int i = 0; i < PERIOD; i++)
			frames[i] = (int32_t)tape->written + i;
		/* whole periods or nothing */
		if (engine_playback_free(tape->engine) < PERIOD)
			return;
		virtual_write(tape->engine, frames, PERIOD);
		tape->written += PERIOD;
	}
}

/* Read what was captured; frames before `since` are of a time that is over. */
static void check(struct tape *tape)
{
	struct engine_capture_chunk chunk = { .size = sizeof(chunk) };
	int32_t frames[PERIOD];
	int count;

	while ((count = engine_capture_read(tape->engine, frames, PERIOD, &chunk)) > 0) {
		ck_assert_uint_eq(chunk.frame, tape->next_frame + chunk.gap_frames);
		for (int i = 0; i < count; i++)
			ck_assert_int_eq(frames[i],
					 (int32_t)(chunk.frame + (unsigned)i - tape->lost + 1));
		tape->next_frame = chunk.frame + (unsigned)count;
		tape->checked += (unsigned)count;
	}
	ck_assert_int_eq(count, 0);
}

static struct tape tape_started(struct engine *engine)
{
	struct tape tape = { .engine = engine, .written = 1 };

	feed(&tape);
	ck_assert_int_eq(engine_start(engine), 0);
	return tape;
}

/* Let frames pass on a manual clock, and stream meanwhile. */
static void stream(struct tape *tape, uint64_t frames)
{
	while (frames > 0) {
		uint64_t step = frames < 8 * PERIOD ? frames : 8 * PERIOD;

		virtual_advance(tape->engine, step);
		feed(tape);
		check(tape);
		frames -= step;
	}
}

/* ---- events */

/* About rings: how well the test itself keeps up. */
static bool is_of_a_ring(const struct engine_message *message)
{
	return message->type >= ENGINE_EVENT_BACKPRESSURE && message->type <= ENGINE_EVENT_OVERRUN;
}

/* The next one about the device, which must be of this type. */
static struct engine_message event(struct engine *engine, uint16_t type)
{
	struct engine_message message;

	do {
		ck_assert_int_eq(engine_recv(engine, &message, SUPPORT_PATIENCE_MS), 1);
	} while (is_of_a_ring(&message));
	ck_assert_msg(message.type == type, "0x%x instead of 0x%x", message.type, type);
	ck_assert_uint_eq(message.id, 0);
	return message;
}

static void is(const struct engine_message *message, uint8_t from, uint8_t to, uint8_t cause)
{
	ck_assert_uint_eq(message->device.from, from);
	ck_assert_uint_eq(message->device.to, to);
	ck_assert_uint_eq(message->device.cause, cause);
}

static void no_more_events(struct engine *engine)
{
	struct engine_message message;

	virtual_await_cycle(engine);
	while (engine_try_recv(engine, &message) == 1)
		ck_assert_msg(is_of_a_ring(&message), "0x%x", message.type);
}

/* ---- on a manual clock */

START_TEST(an_xrun_is_told_once_and_frames_go_on)
{
	struct engine *engine = engine_with("manual", "xrun@10000/10000", 0);
	struct tape tape = tape_started(engine);

	for (unsigned i = 1; i <= 20; i++) {
		struct engine_message message;

		stream(&tape, 10000);
		message = event(engine, ENGINE_EVENT_XRUN);
		ck_assert_uint_eq(message.device.from, ENGINE_STATE_RUNNING);
		ck_assert_uint_eq(message.device.to, ENGINE_STATE_RUNNING);
		ck_assert_uint_eq(message.device.lost_frames, 0);
		ck_assert_uint_eq(virtual_stats(engine).xruns, i);
	}
	no_more_events(engine);
	ck_assert_uint_gt(tape.checked, 180000);
	virtual_destroy(engine);
}
END_TEST

START_TEST(an_xrun_with_time_left_is_the_devices)
{
	struct engine_message message;
	/* a buffer of 8 s: whoever comes within that is not late */
	struct engine *engine = virtual_create("virtual:clock=manual,fault=xrun@3000",
					       .period_frames = 1024, .periods = 64, .rate = 8000);

	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 8192);
	message = event(engine, ENGINE_EVENT_XRUN);
	is(&message, ENGINE_STATE_RUNNING, ENGINE_STATE_RUNNING, ENGINE_CAUSE_DEVICE);
	ck_assert_uint_eq(message.device.directions, ENGINE_PLAYBACK);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

/* _i: a pointer that ran ahead, and one that ran back */
START_TEST(a_pointer_that_lies_is_an_xrun)
{
	struct engine *engine =
		engine_with("manual", _i ? "backwards@5000/5000" : "hugeavail@5000/5000", 0);
	struct tape tape = tape_started(engine);

	for (unsigned i = 1; i <= 10; i++) {
		struct engine_message message;

		stream(&tape, 5000);
		message = event(engine, ENGINE_EVENT_XRUN);
		ck_assert_int_eq(message.device.error, -EPIPE);
		ck_assert_uint_eq(message.device.step, ENGINE_STEP_AVAIL);
		ck_assert_uint_eq(virtual_stats(engine).xruns, i);
		ck_assert_uint_eq(message.device.lost_frames, 0);
	}
	no_more_events(engine);
	ck_assert_uint_gt(tape.checked, 40000);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_suspend_is_told_and_so_is_its_end)
{
	struct engine *engine = engine_with("manual", "suspend@10000/20000:5", 0);
	struct tape tape = tape_started(engine);

	for (unsigned i = 1; i <= 10; i++) {
		struct engine_message message;

		stream(&tape, 20000);
		message = event(engine, ENGINE_EVENT_SUSPEND);
		is(&message, ENGINE_STATE_RUNNING, ENGINE_STATE_SUSPENDED, ENGINE_CAUSE_SYSTEM);
		message = event(engine, ENGINE_EVENT_RESUME);
		is(&message, ENGINE_STATE_SUSPENDED, ENGINE_STATE_RUNNING, ENGINE_CAUSE_SYSTEM);
		ck_assert_uint_eq(virtual_stats(engine).suspends, i);
		ck_assert_uint_eq(message.device.lost_frames, 0);
	}
	no_more_events(engine);
	ck_assert_uint_gt(tape.checked, 150000);
	virtual_destroy(engine);
}
END_TEST

START_TEST(messages_are_answered_while_the_card_sleeps)
{
	struct engine *engine = engine_with("manual", "suspend@1000,resume@99999999", 0);
	struct tape tape = tape_started(engine);

	stream(&tape, 2000);
	event(engine, ENGINE_EVENT_SUSPEND);
	for (uint32_t i = 1; i <= 20; i++)
		virtual_ping(engine_own_port(engine), i, ENGINE_FLAG_WAKE);
	ck_assert_int_eq(engine_stop(engine), 0);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_is_unplugged_in_its_sleep_is_lost)
{
	struct engine *engine = engine_with("manual", "suspend@1000:100,unplug@2000", 0);
	struct engine_message message;

	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 1500);
	/* asleep, frames pass without the engine: it may be late to see it */
	while (engine_state(engine) != ENGINE_STATE_SUSPENDED)
		sched_yield();
	event(engine, ENGINE_EVENT_SUSPEND);
	virtual_advance(engine, 1500);
	while (engine_state(engine) != ENGINE_STATE_LOST)
		sched_yield();
	message = event(engine, ENGINE_EVENT_LOST);
	is(&message, ENGINE_STATE_SUSPENDED, ENGINE_STATE_LOST, ENGINE_CAUSE_GONE);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_returns_is_taken_again)
{
	unsigned before = support_count_fds();
	struct engine *engine = engine_with("manual", "unplug@10000/20000,return@15000/20000", 1);
	struct tape tape = tape_started(engine);

	stream(&tape, 9000);
	for (unsigned i = 1; i <= 3; i++) {
		struct engine_message message;

		virtual_advance(engine, 2000);
		message = event(engine, ENGINE_EVENT_LOST);
		is(&message, ENGINE_STATE_RUNNING, ENGINE_STATE_LOST, ENGINE_CAUSE_GONE);
		check(&tape);
		no_more_events(engine);
		virtual_advance(engine, 8000);
		message = event(engine, ENGINE_EVENT_RETURNED);
		is(&message, ENGINE_STATE_LOST, ENGINE_STATE_RUNNING, ENGINE_CAUSE_NONE);
		/* what no one played is time, but no frame of ours */
		tape.lost += message.device.lost_frames;
		feed(&tape);
		no_more_events(engine);
		stream(&tape, 10000);
	}
	virtual_destroy(engine);
	ck_assert_uint_gt(tape.checked, 30000);
	ck_assert_uint_eq(support_count_fds(), before);
}
END_TEST

START_TEST(a_whole_script_runs_in_one_advance)
{
	struct engine *engine =
		engine_with("manual",
			    "xrun@4800,suspend@9600,unplug@24000,return@28800,stuck@30000,go@31000,"
			    "spin@32000,go@33000,burst@34000:192,go@36000",
			    1);
	static const uint16_t told[] = {
		ENGINE_EVENT_XRUN, ENGINE_EVENT_SUSPEND,  ENGINE_EVENT_RESUME,
		ENGINE_EVENT_LOST, ENGINE_EVENT_RETURNED,
	};

	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 48000);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		event(engine, told[i]);
	no_more_events(engine);
	ck_assert_uint_eq(virtual_stats(engine).xruns, 1);
	ck_assert_uint_eq(virtual_stats(engine).suspends, 1);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_does_not_return_is_lost)
{
	struct engine *engine = engine_with("manual", "unplug@1000,return@2000", 0);
	struct tape tape = tape_started(engine);
	struct engine_message message;

	virtual_advance(engine, 1500);
	message = event(engine, ENGINE_EVENT_LOST);
	is(&message, ENGINE_STATE_RUNNING, ENGINE_STATE_LOST, ENGINE_CAUSE_GONE);
	check(&tape);
	virtual_ping(engine_own_port(engine), 7, ENGINE_FLAG_WAKE);
	ck_assert_int_eq(engine_start(engine), ENGINE_ELOST);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_is_busy_when_it_returns_is_asked_again)
{
	struct engine *engine =
		engine_with("manual", "unplug@1000,return@2000,busy@2000:2,open@2000", 1);

	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 10000);
	event(engine, ENGINE_EVENT_LOST);
	event(engine, ENGINE_EVENT_RETURNED);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_returns_as_another_is_not_taken)
{
	struct engine *engine = engine_with("manual", "unplug@1000,return@2000,params@2000:9", 1);
	struct engine_message message;

	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 1100);
	event(engine, ENGINE_EVENT_LOST);
	/* to its return; nobody will take what comes after it */
	virtual_advance(engine, 800);
	ck_assert_int_eq(engine_virtual_advance(engine, 1000, 0), -ETIMEDOUT);
	message = event(engine, ENGINE_EVENT_FAILED);
	is(&message, ENGINE_STATE_LOST, ENGINE_STATE_FAILED, ENGINE_CAUSE_REFUSED);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

START_TEST(an_xrun_that_cannot_be_mended_is_a_loss)
{
	static const char *const scripts[] = { "prepare@1000,xrun@2000", "start@1000,xrun@2000" };
	struct engine *engine = engine_with("manual", scripts[_i], 0);
	struct engine_message message;

	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 2500);
	message = event(engine, ENGINE_EVENT_LOST);
	ck_assert_uint_eq(message.device.to, ENGINE_STATE_LOST);
	ck_assert_uint_eq(message.device.cause, ENGINE_CAUSE_REFUSED);
	ck_assert_uint_eq(message.device.step, _i ? ENGINE_STEP_START : ENGINE_STEP_PREPARE);
	ck_assert_int_eq(message.device.error, -EIO);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_bursts_drifts_or_spins_loses_nothing)
{
	static const char *const scripts[] = {
		"burst@5000:192",
		"drift@5000:2000",
		"drift@5000:-2000",
		"spin@5000",
		"stuck@5000/5000,go@6000/5000",
	};
	struct engine *engine = engine_with("manual", scripts[_i], 0);
	struct tape tape = tape_started(engine);

	stream(&tape, 30000);
	no_more_events(engine);
	ck_assert_uint_eq(virtual_stats(engine).xruns, 0);
	ck_assert_uint_gt(tape.checked, 24000);
	virtual_destroy(engine);
}
END_TEST

START_TEST(engines_side_by_side_have_faults_of_their_own)
{
	enum { ENGINES = 8 };
	struct tape tapes[ENGINES];
	unsigned before = support_count_fds();

	for (int i = 0; i < ENGINES; i++) {
		char script[64];

		snprintf(script, sizeof(script), i % 2 ? "suspend@%d:1" : "xrun@%d",
			 1000 * (i + 1));
		tapes[i] = tape_started(engine_with("manual", script, 0));
	}
	for (int step = 0; step < 10; step++)
		for (int i = 0; i < ENGINES; i++)
			stream(&tapes[i], 1000);
	for (int i = 0; i < ENGINES; i++) {
		struct engine *engine = tapes[i].engine;
		struct engine_stats stats = virtual_stats(engine);

		ck_assert_int_eq((int)stats.xruns, i % 2 == 0);
		ck_assert_int_eq((int)stats.suspends, i % 2);
		event(engine, i % 2 ? ENGINE_EVENT_SUSPEND : ENGINE_EVENT_XRUN);
		if (i % 2)
			event(engine, ENGINE_EVENT_RESUME);
		no_more_events(engine);
		ck_assert_uint_gt(tapes[i].checked, 8000);
		virtual_destroy(engine);
	}
	ck_assert_uint_eq(support_count_fds(), before);
}
END_TEST

/* ---- what cannot even begin */

START_TEST(what_cannot_be_opened_leaves_nothing)
{
	static const struct {
		const char *script;
		int error;
	} refusals[] = {
		{ "open@0", -EIO },    { "busy@0", -EBUSY },    { "params@0:99", -EINVAL },
		{ "prepare@0", -EIO }, { "unplug@0", -ENODEV }, { "xrum@7", -EINVAL },
	};
	unsigned before = support_count_fds();
	struct engine *engine;
	char name[64];

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct engine_config config = {
			.size = sizeof(config),
			.device = name,
			.directions = DUPLEX,
		};

		snprintf(name, sizeof(name), "virtual:fault=%s", refusals[i].script);
		ck_assert_int_eq(engine_create(&engine, &config), refusals[i].error);
		ck_assert_ptr_null(engine);
	}
	ck_assert_msg(strstr(engine_last_error(), "\"xrum@7\": possible is xrun suspend"), "%s",
		      engine_last_error());
	ck_assert_uint_eq(support_count_fds(), before);
}
END_TEST

START_TEST(a_start_that_failed_can_be_tried_again)
{
	struct engine *engine = engine_with("manual", "start@0:2", 0);
	struct tape tape = { .engine = engine, .written = 1 };

	ck_assert_int_eq(engine_start(engine), -EIO);
	ck_assert_msg(strstr(engine_last_error(), "snd_pcm_start"), "%s", engine_last_error());
	ck_assert_int_eq(engine_start(engine), -EIO);
	tape = tape_started(engine);
	stream(&tape, 5000);
	ck_assert_uint_gt(tape.checked, 4000);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

/* ---- in real time: no upper bounds */

/* The next of this type; a busy machine may have xruns of its own. */
static struct engine_message await(struct engine *engine, uint16_t type)
{
	struct engine_message message;

	do {
		ck_assert_int_eq(engine_recv(engine, &message, SUPPORT_PATIENCE_MS), 1);
	} while (is_of_a_ring(&message) ||
		 (message.type == ENGINE_EVENT_XRUN && message.type != type));
	ck_assert_msg(message.type == type, "0x%x instead of 0x%x", message.type, type);
	return message;
}

static void await_frames(struct engine *engine, uint64_t frames)
{
	uint64_t frame = virtual_frame(engine);

	while (virtual_frame(engine) < frame + frames)
		sched_yield();
}

START_TEST(a_stuck_card_stalls_and_goes_on)
{
	/* it stalls after a grace of a second */
	struct engine *engine = engine_with("real", "stuck@4800,go@86400", 0);
	struct engine_message message;

	ck_assert_int_eq(engine_start(engine), 0);
	message = await(engine, ENGINE_EVENT_STALLED);
	is(&message, ENGINE_STATE_RUNNING, ENGINE_STATE_STALLED, ENGINE_CAUSE_SILENT);
	message = await(engine, ENGINE_EVENT_RESUME);
	is(&message, ENGINE_STATE_STALLED, ENGINE_STATE_RUNNING, ENGINE_CAUSE_NONE);
	ck_assert_uint_eq(virtual_stats(engine).stalls, 1);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_stuck_card_is_lost_in_the_end)
{
	struct engine *engine = engine_with("real", "stuck@4800", 0);
	struct engine_message message;

	ck_assert_int_eq(engine_start(engine), 0);
	await(engine, ENGINE_EVENT_STALLED);
	message = await(engine, ENGINE_EVENT_LOST);
	is(&message, ENGINE_STATE_STALLED, ENGINE_STATE_LOST, ENGINE_CAUSE_SILENT);
	no_more_events(engine);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_spinning_card_is_held_off)
{
	struct engine *engine = engine_with("real", "spin@480", 0);
	struct engine_stats stats;

	ck_assert_int_eq(engine_start(engine), 0);
	do {
		sched_yield();
		stats = virtual_stats(engine);
	} while (stats.backoffs < 50);
	/* so often at most is it looked at for nothing before each time */
	ck_assert_uint_le(stats.spurious_wakes, 9 * (stats.backoffs + 1) + stats.periods);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_drifts_far_is_noticed)
{
	struct engine *engine = engine_with("real", "drift@1:200000", 0);

	ck_assert_int_eq(engine_start(engine), 0);
	while (virtual_stats(engine).slips == 0)
		sched_yield();
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_returns_in_real_time)
{
	struct engine *engine = engine_with("real", "unplug@4800,return@9600", 1);
	struct engine_message message;

	ck_assert_int_eq(engine_start(engine), 0);
	message = await(engine, ENGINE_EVENT_LOST);
	is(&message, ENGINE_STATE_RUNNING, ENGINE_STATE_LOST, ENGINE_CAUSE_GONE);
	message = await(engine, ENGINE_EVENT_RETURNED);
	/* it was away for 4800 frames, and at most the 512 of the buffer were played */
	ck_assert_uint_ge(message.device.lost_frames, 4800 - 4 * PERIOD);
	await_frames(engine, 4800);
	virtual_destroy(engine);
}
END_TEST

START_TEST(a_card_that_sleeps_a_second_wakes_up)
{
	struct engine *engine = engine_with("real", "xrun@2400,suspend@4800,resume@52800", 0);
	struct engine_message message;

	ck_assert_int_eq(engine_start(engine), 0);
	await(engine, ENGINE_EVENT_XRUN);
	message = await(engine, ENGINE_EVENT_SUSPEND);
	is(&message, ENGINE_STATE_RUNNING, ENGINE_STATE_SUSPENDED, ENGINE_CAUSE_SYSTEM);
	virtual_ping(engine_own_port(engine), 1, ENGINE_FLAG_WAKE);
	message = await(engine, ENGINE_EVENT_RESUME);
	is(&message, ENGINE_STATE_SUSPENDED, ENGINE_STATE_RUNNING, ENGINE_CAUSE_SYSTEM);
	await_frames(engine, 4800);
	virtual_destroy(engine);
}
END_TEST

START_TEST(wake_ups_that_are_late_are_not_waited_for)
{
	/* none in ten seconds: who waits for one has xruns only, or nothing at all */
	struct engine *engine = engine_with("real", "jitter@0:2,late@4800:10000", 0);

	ck_assert_int_eq(engine_start(engine), 0);
	await_frames(engine, 24000);
	ck_assert_uint_eq(virtual_stats(engine).stalls, 0);
	virtual_destroy(engine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_faults");
	TCase *manual = tcase_create("manual clock");
	TCase *set_up = tcase_create("set-up");
	TCase *real_time = tcase_create("real time");

	tcase_set_timeout(manual, 2 * SUPPORT_PATIENCE_MS / 1000);
	tcase_add_test(manual, an_xrun_is_told_once_and_frames_go_on);
	tcase_add_test(manual, an_xrun_with_time_left_is_the_devices);
	tcase_add_loop_test(manual, a_pointer_that_lies_is_an_xrun, 0, 2);
	tcase_add_test(manual, a_suspend_is_told_and_so_is_its_end);
	tcase_add_test(manual, messages_are_answered_while_the_card_sleeps);
	tcase_add_test(manual, a_card_that_is_unplugged_in_its_sleep_is_lost);
	tcase_add_test(manual, a_card_that_returns_is_taken_again);
	tcase_add_test(manual, a_whole_script_runs_in_one_advance);
	tcase_add_test(manual, a_card_that_does_not_return_is_lost);
	tcase_add_test(manual, a_card_that_is_busy_when_it_returns_is_asked_again);
	tcase_add_test(manual, a_card_that_returns_as_another_is_not_taken);
	tcase_add_loop_test(manual, an_xrun_that_cannot_be_mended_is_a_loss, 0, 2);
	tcase_add_loop_test(manual, a_card_that_bursts_drifts_or_spins_loses_nothing, 0, 5);
	tcase_add_test(manual, engines_side_by_side_have_faults_of_their_own);
	suite_add_tcase(suite, manual);

	tcase_add_test(set_up, what_cannot_be_opened_leaves_nothing);
	tcase_add_test(set_up, a_start_that_failed_can_be_tried_again);
	suite_add_tcase(suite, set_up);

	tcase_set_timeout(real_time, 2 * SUPPORT_PATIENCE_MS / 1000);
	tcase_add_test(real_time, a_stuck_card_stalls_and_goes_on);
	tcase_add_test(real_time, a_stuck_card_is_lost_in_the_end);
	tcase_add_test(real_time, a_spinning_card_is_held_off);
	tcase_add_test(real_time, a_card_that_drifts_far_is_noticed);
	tcase_add_test(real_time, a_card_returns_in_real_time);
	tcase_add_test(real_time, a_card_that_sleeps_a_second_wakes_up);
	tcase_add_test(real_time, wake_ups_that_are_late_are_not_waited_for);
	suite_add_tcase(suite, real_time);
	return support_run(suite);
}
