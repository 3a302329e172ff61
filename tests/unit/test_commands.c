/* SPDX-License-Identifier: MIT */
/*
 * Commands on a virtual engine: each acts at exactly its frame, gets exactly
 * one reply, and what cannot be done is refused with its reason. On the manual
 * clock and its loopback, so that all of it is exact.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peal/error.h>
#include "support.h"
#include "virtual_engine.h"

#define PERIOD 64
#define BUFFER (3 * PERIOD)
#define RATE 48000

static struct engine *engine;
static struct engine_message message;
static float captured[1 << 16];

static void open_engine(uint32_t period, uint32_t voices)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = period,
				.channels = 1, .format = ENGINE_FORMAT_FLOAT_LE,
				.stream_frames = 1 << 16, .voices = voices, .samples = 8);
}

static void setup(void)
{
	open_engine(PERIOD, 4);
}

static void teardown(void)
{
	virtual_destroy(engine);
}

static void load(uint32_t number, const float *frames, size_t count)
{
	struct engine_sample *sample;

	ck_assert_int_eq(engine_sample_create(&sample, frames, count, ENGINE_FORMAT_FLOAT_LE, 1,
					      RATE, 0), 0);
	ck_assert_int_eq(engine_load_sample(engine, number, sample), 0);
	engine_sample_put(sample);
}

static void load_constant(uint32_t number, float value, size_t count)
{
	float *frames = malloc(count * sizeof(*frames));

	for (size_t i = 0; i < count; i++)
		frames[i] = value;
	load(number, frames, count);
	free(frames);
}

static void load_impulse(uint32_t number)
{
	load_constant(number, 1.0f, 1);
}

static struct engine_message play(uint32_t id, uint32_t number, uint64_t frame)
{
	return (struct engine_message){
		.type = ENGINE_PLAY_SAMPLE, .id = id, .frame = frame,
		.play = { .sample = (uint16_t)number, .velocity = 1.0f },
	};
}

static void send(struct engine_message command)
{
	ck_assert_int_eq(engine_send(engine, &command), 0);
}

static struct engine_message received(void)
{
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
	return message;
}

static void assert_done(uint32_t type, uint32_t id, int32_t result, uint64_t frame)
{
	struct engine_message done = received();

	ck_assert_msg(done.type == type, "type 0x%x, not 0x%x", done.type, type);
	ck_assert_uint_eq(done.id, id);
	ck_assert_msg(done.done.result == result, "result %d, not %d", done.done.result, result);
	ck_assert_uint_eq(done.frame, frame);
}

static void assert_ended(uint32_t id, uint32_t reason, uint64_t frame, uint64_t frames)
{
	struct engine_message end = received();

	ck_assert_msg(end.type == ENGINE_VOICE_ENDED, "type 0x%x", end.type);
	ck_assert_uint_eq(end.id, id);
	ck_assert_uint_eq(end.ended.reason, reason);
	ck_assert_uint_eq(end.frame, frame);
	ck_assert_uint_eq(end.ended.frames, frames);
}

static void assert_nothing(void)
{
	ck_assert_msg(engine_try_recv(engine, &message) == 0, "a message 0x%x", message.type);
}

static void start(void)
{
	ck_assert_int_eq(engine_start(engine), 0);
}

/* ---- frame accuracy */

#define IMPULSES 2000
static const uint32_t periods[] = { 32, 64, 100, 441, 1024 };

START_TEST(impulses_are_heard_at_exactly_their_frames)
{
	uint32_t period = periods[_i], sent = 0, started = 0, ended = 0;
	uint64_t seed = 20 + (uint64_t)_i, frame = 8 * period, read = 0;
	static uint64_t asked[IMPULSES];
	static uint8_t expected[1 << 20];

	open_engine(period, 256);
	load_constant(0, 1.0f / 8, 1);
	for (uint32_t i = 0; i < IMPULSES; i++) {
		frame += support_random(&seed) % 4 ? support_random(&seed) % 100 : 0;
		asked[i] = frame;
		ck_assert_uint_lt(frame, sizeof(expected));
		expected[frame]++;
	}
	start();
	while (ended < IMPULSES || read <= frame) {
		int count;

		/* out of order too: the next forty backwards */
		while (sent < IMPULSES && sent - ended <= 400) {
			uint32_t block = sent / 40 * 40;
			uint32_t i = block + 39 - (sent - block);

			send(play(i, 0, asked[i]));
			sent++;
		}
		virtual_advance(engine, period);
		while (engine_try_recv(engine, &message) == 1) {
			ck_assert_uint_lt(message.id, IMPULSES);
			if (message.type == ENGINE_VOICE_STARTED) {
				ck_assert_int_eq(message.done.result, 0);
				ck_assert_uint_eq(message.done.late_frames, 0);
				ck_assert_uint_eq(message.frame, asked[message.id]);
				started++;
			} else {
				ck_assert_uint_eq(message.type, ENGINE_VOICE_ENDED);
				ck_assert_uint_eq(message.frame, asked[message.id] + 1);
				ended++;
			}
		}
		count = (int)virtual_read(engine, read, captured, sizeof(captured) / sizeof(float));
		for (int i = 0; i < count; i++, read++)
			ck_assert_msg(captured[i] == (float)expected[read] / 8,
				      "frame %llu: %g, not %d/8", (unsigned long long)read,
				      (double)captured[i], expected[read]);
	}
	ck_assert_uint_eq(started, IMPULSES);
	ck_assert_uint_eq(ended, IMPULSES);
	teardown();
}
END_TEST

START_TEST(a_late_command_runs_at_once_and_says_by_how_much)
{
	uint64_t next;

	load_impulse(0);
	start();
	virtual_advance(engine, 10 * PERIOD);
	next = virtual_frame(engine);
	send(play(1, 0, next - 100));
	send(play(2, 0, next));
	send(play(3, 0, 0));
	virtual_advance(engine, PERIOD);
	assert_done(ENGINE_VOICE_STARTED, 1, 0, next);
	ck_assert_uint_eq(message.done.late_frames, 100);
	assert_done(ENGINE_VOICE_STARTED, 2, 0, next);
	ck_assert_uint_eq(message.done.late_frames, 0);
	assert_done(ENGINE_VOICE_STARTED, 3, 0, next);
	ck_assert_uint_eq(message.done.late_frames, 0);
}
END_TEST

START_TEST(a_ping_can_wait_for_a_frame_too)
{
	start();
	send((struct engine_message){ .type = ENGINE_PING, .id = 7, .frame = 1000 });
	virtual_advance(engine, 1000 / PERIOD * PERIOD - BUFFER);
	assert_nothing();
	virtual_advance(engine, PERIOD);
	assert_done(ENGINE_PONG, 7, 0, 1000);
}
END_TEST

START_TEST(a_ping_waits_on_an_engine_that_only_captures)
{
	struct engine *playing = engine;

	engine = virtual_create(MANUAL, .directions = ENGINE_CAPTURE, .period_frames = PERIOD);
	start();
	send((struct engine_message){ .type = ENGINE_PING, .id = 7, .frame = 1000 });
	virtual_advance(engine, 1000 / PERIOD * PERIOD);
	assert_nothing();
	virtual_advance(engine, PERIOD);
	assert_done(ENGINE_PONG, 7, 0, 1000);
	message = play(1, 0, 0);
	ck_assert_int_eq(engine_send(engine, &message), -ENOTSUP);
	virtual_destroy(engine);
	engine = playing;
}
END_TEST

START_TEST(what_is_sent_before_the_start_acts_at_its_first_frames)
{
	load_impulse(0);
	send(play(1, 0, 0));
	send(play(2, 0, 5));
	start();
	assert_done(ENGINE_VOICE_STARTED, 1, 0, 0);
	assert_ended(1, ENGINE_END_FINISHED, 1, 1);
	assert_done(ENGINE_VOICE_STARTED, 2, 0, 5);
	assert_ended(2, ENGINE_END_FINISHED, 6, 1);
	virtual_advance(engine, PERIOD);
	ck_assert_uint_eq(virtual_read(engine, 0, captured, PERIOD), PERIOD);
	for (int i = 0; i < PERIOD; i++)
		ck_assert(captured[i] == (i == 0 || i == 5 ? 1.0f : 0.0f));
}
END_TEST

/* ---- one reply */

START_TEST(a_full_schedule_is_told_at_once)
{
	start();
	for (uint32_t id = 0; id <= ENGINE_SCHEDULE_MESSAGES; id++)
		send((struct engine_message){ .type = ENGINE_PING, .id = id, .frame = 100000 - id });
	virtual_advance(engine, PERIOD);
	assert_done(ENGINE_PONG, ENGINE_SCHEDULE_MESSAGES, ENGINE_ESCHEDULE, BUFFER);
	assert_nothing();
	/* and a stop answers the others, the earliest first */
	ck_assert_int_eq(engine_stop(engine), 0);
	for (uint32_t id = ENGINE_SCHEDULE_MESSAGES; id-- > 0;) {
		ck_assert_uint_eq(received().id, id);
		ck_assert_int_eq(message.done.result, -ECANCELED);
	}
	assert_nothing();
}
END_TEST

START_TEST(a_stop_ends_voices_and_is_told)
{
	load_constant(0, 0.5f, 100000);
	start();
	send(play(1, 0, 0));
	virtual_advance(engine, PERIOD);
	assert_done(ENGINE_VOICE_STARTED, 1, 0, BUFFER);
	virtual_advance(engine, 2 * PERIOD);
	ck_assert_int_eq(engine_stop(engine), 0);
	assert_ended(1, ENGINE_END_HALTED, BUFFER + 3 * PERIOD, 3 * PERIOD);
	assert_nothing();
	/* nothing of it is heard after the next start */
	while (engine_capture_read(engine, captured, PERIOD, NULL) > 0)
		;
	start();
	virtual_advance(engine, 4 * PERIOD);
	ck_assert_uint_eq(virtual_read(engine, 0, captured, 4 * PERIOD), 4 * PERIOD);
	for (int i = 0; i < 4 * PERIOD; i++)
		ck_assert(captured[i] == 0.0f);
}
END_TEST

START_TEST(a_program_that_never_reads_is_held_back_and_loses_nothing)
{
	uint32_t sent = 0, started = 0, ended = 0;

	virtual_destroy(engine);
	open_engine(PERIOD, 256);
	load_constant(0, 0.001f, 10);
	start();
	for (int i = 0; i < 40; i++) {
		struct engine_message command = play(sent, 0, 0);

		while (engine_send(engine, &command) == 0)
			command.id = ++sent;
		virtual_advance(engine, PERIOD);
	}
	/* one ring's worth of messages came back, one's worth waits */
	ck_assert_uint_le(sent, 2 * ENGINE_RING_MESSAGES);
	ck_assert_uint_gt(sent, ENGINE_RING_MESSAGES);
	while (started < sent || ended < started) {
		virtual_advance(engine, PERIOD);
		while (engine_try_recv(engine, &message) == 1) {
			if (message.type == ENGINE_VOICE_STARTED)
				ck_assert_uint_eq(message.id, started++);
			else if (message.type == ENGINE_VOICE_ENDED)
				ended++;
			else
				ck_assert_uint_eq(message.type, ENGINE_EVENT_BACKPRESSURE);
			if (message.type == ENGINE_VOICE_STARTED && message.done.result < 0)
				ended++; /* no voice was free: it has no end */
		}
	}
	ck_assert_uint_eq(ended, sent);
}
END_TEST

START_TEST(a_batch_takes_effect_at_one_frame)
{
	static struct engine_message batch[ENGINE_RING_MESSAGES];
	struct engine *manual = engine;

	/* on a clock that runs: a batch that was cut in two would show two frames */
	engine = virtual_create("virtual", .period_frames = PERIOD);
	start();
	for (uint32_t id = 0; id < ENGINE_RING_MESSAGES; id++)
		batch[id] = (struct engine_message){ .type = ENGINE_PING, .id = id };
	for (uint32_t round = 0; round < 30; round++) {
		uint64_t frame = 0;

		/* the period's budget is touched, and cannot take the whole batch */
		send((struct engine_message){ .type = ENGINE_PING,
					      .flags = ENGINE_FLAG_QUIET | ENGINE_FLAG_WAKE });
		virtual_await_handled(engine_own_port(engine),
				      round * (ENGINE_RING_MESSAGES + 1) + 1);
		ck_assert_int_eq(engine_send_batch(engine, batch, ENGINE_RING_MESSAGES), 0);
		for (uint32_t id = 0; id < ENGINE_RING_MESSAGES;) {
			ck_assert_int_eq(engine_recv(engine, &message, SUPPORT_PATIENCE_MS), 1);
			if (message.type != ENGINE_PONG)
				continue; /* all that comes back fills the ring; a slow machine */
			frame = id == 0 ? message.frame : frame;
			ck_assert_uint_eq(message.id, id++);
			ck_assert_uint_eq(message.frame, frame);
		}
	}
	virtual_destroy(engine);
	engine = manual;
}
END_TEST

START_TEST(a_batch_whose_answers_never_fit_is_refused)
{
	static struct engine_message batch[513];

	for (uint32_t id = 0; id < 513; id++)
		batch[id] = play(id, 0, 0);
	ck_assert_int_eq(engine_send_batch(engine, batch, 513), -EMSGSIZE);
	ck_assert_int_eq(engine_send_batch(engine, batch, 512), 0);
	for (uint32_t id = 0; id < 513; id++)
		batch[id].flags = ENGINE_FLAG_QUIET;
	ck_assert_int_eq(engine_send_batch(engine, batch, 513), -ENOBUFS);
}
END_TEST

START_TEST(a_quiet_voice_is_neither_answered_nor_reported)
{
	struct engine_message command = play(1, 0, 0);

	load_impulse(0);
	start();
	command.flags = ENGINE_FLAG_QUIET;
	send(command);
	virtual_advance(engine, 2 * PERIOD);
	assert_nothing();
	virtual_advance(engine, 2 * PERIOD);
	ck_assert_uint_eq(virtual_read(engine, 0, captured, 4 * PERIOD), 4 * PERIOD);
	ck_assert(captured[BUFFER] == 1.0f);
}
END_TEST

/* ---- refusals */

START_TEST(the_audio_thread_says_why_not)
{
	load_constant(0, 0.1f, 100000);
	start();
	send(play(1, 5, 0));
	for (uint32_t id = 2; id <= 6; id++)
		send(play(id, 0, 0));
	send((struct engine_message){ .type = ENGINE_STOP_VOICE, .id = 7, .voice = { .id = 99 } });
	send((struct engine_message){ .type = ENGINE_SET_VOLUME, .id = 8,
				      .volume = { ENGINE_TARGET_VOICE, 99, 1.0f, 0 } });
	send((struct engine_message){ .type = ENGINE_LOAD_SAMPLE, .id = 9, .sample = { .sample = 5 } });
	send((struct engine_message){ .type = ENGINE_LOAD_SAMPLE, .id = 10 });
	virtual_advance(engine, PERIOD);
	assert_done(ENGINE_VOICE_STARTED, 1, ENGINE_ENOSAMPLE, BUFFER);
	for (uint32_t id = 2; id <= 5; id++)
		assert_done(ENGINE_VOICE_STARTED, id, 0, BUFFER);
	assert_done(ENGINE_VOICE_STARTED, 6, ENGINE_ENOVOICE, BUFFER);
	assert_done(ENGINE_VOICE_STOPPED, 7, ENGINE_EVOICE, BUFFER);
	assert_done(ENGINE_VOLUME_SET, 8, ENGINE_EVOICE, BUFFER);
	assert_done(ENGINE_SAMPLE_LOADED, 9, ENGINE_ENOSAMPLE, BUFFER);
	assert_done(ENGINE_SAMPLE_LOADED, 10, 0, BUFFER);
	assert_nothing();
}
END_TEST

static const struct engine_message nonsense[] = {
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .sample = 8, .velocity = 1 } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .velocity = -0.1f } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .velocity = NAN } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .velocity = 16.5f } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .loop = 2 } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .reserved = 1 } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .rate = 0.2f } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .rate = 4.1f } },
	{ .type = ENGINE_PLAY_SAMPLE, .play = { .rate = NAN } },
	{ .type = ENGINE_SET_VOLUME, .volume = { .target = 2 } },
	{ .type = ENGINE_SET_VOLUME, .volume = { .voice = 1 } },
	{ .type = ENGINE_SET_VOLUME, .volume = { .gain = INFINITY } },
	{ .type = ENGINE_SET_VOLUME, .volume = { .gain = NAN } },
	{ .type = ENGINE_SET_VOLUME, .volume = { .gain = -1.0f } },
	{ .type = ENGINE_STOP, .stop = { .cancel = 2 } },
	{ .type = ENGINE_STOP, .stop = { .reserved = 1 } },
	{ .type = ENGINE_STOP_VOICE, .voice = { .reserved = 1 } },
	{ .type = ENGINE_LOAD_SAMPLE, .sample = { .sample = 8 } },
	{ .type = ENGINE_LOAD_SAMPLE, .sample = { .reserved = { 0, 0, 1 } } },
	{ .type = ENGINE_PING, .words = { 1 } },
	{ .type = ENGINE_PING, .flags = 4 },
	{ .type = ENGINE_PING, .flags = 1 << 6 },
	{ .type = ENGINE_STOP_VOICE + 1 },
	{ .type = ENGINE_VOICE_STARTED },
	{ .type = 0 },
};

START_TEST(nonsense_is_refused_by_the_call)
{
	struct engine_message batch[2] = { { .type = ENGINE_PING }, nonsense[_i] };

	ck_assert_int_eq(engine_send(engine, &nonsense[_i]), -EINVAL);
	ck_assert_int_eq(engine_send_batch(engine, batch, 2), -EINVAL);
	ck_assert_uint_eq(virtual_port_stats(engine_own_port(engine)).sent, 0);
}
END_TEST

/* ---- ports */

START_TEST(a_port_that_closes_takes_what_waits_with_it)
{
	struct engine_port *port;
	struct engine_message command = play(1, 0, 1000);

	load_constant(0, 0.5f, 10 * PERIOD);
	start();
	ck_assert_int_eq(engine_port_open(engine, &port, 0), 0);
	ck_assert_int_eq(engine_port_send(port, &command), 0);
	command = play(2, 0, 0);
	ck_assert_int_eq(engine_port_send(port, &command), 0);
	virtual_advance(engine, PERIOD);
	ck_assert_int_eq(engine_port_recv(port, &message, 0), 1);
	ck_assert_uint_eq(message.id, 2);
	/* another port cannot stop its voice */
	send((struct engine_message){ .type = ENGINE_STOP_VOICE, .voice = { .id = 2 } });
	ck_assert_int_eq(engine_port_close(port), 0);
	virtual_advance(engine, 30 * PERIOD);
	assert_done(ENGINE_VOICE_STOPPED, 0, ENGINE_EVOICE, BUFFER + PERIOD);
	assert_nothing();
	/* its voice played on to the end, and the other never began */
	virtual_read(engine, 0, captured, 31 * PERIOD);
	for (int i = 0; i < 31 * PERIOD; i++)
		ck_assert(captured[i] == (i >= BUFFER && i < BUFFER + 10 * PERIOD ? 0.5f : 0.0f));
}
END_TEST

/* ---- volume, stopping */

START_TEST(a_volume_ramp_takes_no_step_larger_than_it_says)
{
	float last = 1.0f, step;

	load_constant(0, 1.0f, 100 * PERIOD);
	start();
	send(play(1, 0, BUFFER));
	send((struct engine_message){ .type = ENGINE_SET_VOLUME, .id = 2, .frame = 500,
				      .volume = { .gain = 0.25f, .ramp_frames = 300 } });
	send((struct engine_message){ .type = ENGINE_SET_VOLUME, .id = 3, .frame = 1000,
				      .volume = { ENGINE_TARGET_VOICE, 1, 0.0f, 100 } });
	virtual_advance(engine, 20 * PERIOD);
	virtual_read(engine, 0, captured, 20 * PERIOD);
	for (int i = BUFFER; i < 500; i++)
		ck_assert(captured[i] == 1.0f);
	step = 0.75f / 300;
	for (int i = 500; i < 1000; i++) {
		ck_assert(captured[i] <= last && last - captured[i] < step * 1.01f);
		last = captured[i];
	}
	ck_assert(captured[800] == 0.25f && captured[999] == 0.25f);
	for (int i = 1000; i < 1101; i++) {
		ck_assert(captured[i] <= last && last - captured[i] < 0.25f / 100 * 1.01f);
		last = captured[i];
	}
	ck_assert(captured[1100] == 0.0f);
}
END_TEST

START_TEST(the_volume_is_that_of_the_stream_too)
{
	static float ones[40 * PERIOD];

	for (int i = 0; i < 40 * PERIOD; i++)
		ones[i] = 0.7f;
	virtual_write(engine, ones, 40 * PERIOD);
	start();
	send((struct engine_message){ .type = ENGINE_SET_VOLUME, .frame = 500,
				      .volume = { .gain = 0.5f, .ramp_frames = 1 } });
	send((struct engine_message){ .type = ENGINE_SET_VOLUME, .frame = 1000,
				      .volume = { .gain = 1.0f, .ramp_frames = 1 } });
	virtual_advance(engine, 20 * PERIOD);
	virtual_read(engine, 0, captured, 20 * PERIOD);
	for (int i = 0; i < 20 * PERIOD; i++)
		ck_assert_msg(captured[i] == (i < 500 || i >= 1000 ? 0.7f : 0.35f), "frame %d: %g",
			      i, (double)captured[i]);
}
END_TEST

START_TEST(stop_all_fades_and_can_cancel)
{
	load_constant(0, 0.5f, 100 * PERIOD);
	start();
	send(play(1, 0, BUFFER));
	send(play(2, 0, 1000));
	send(play(3, 0, 1200));
	send((struct engine_message){ .type = ENGINE_STOP, .id = 4, .frame = 500,
				      .stop = { .fade_frames = 50 } });
	send((struct engine_message){ .type = ENGINE_STOP, .id = 5, .frame = 1100,
				      .stop = { .fade_frames = 1, .cancel = 1 } });
	virtual_advance(engine, 20 * PERIOD);
	assert_done(ENGINE_VOICE_STARTED, 1, 0, BUFFER);
	assert_done(ENGINE_STOPPED, 4, 0, 500);
	/* the fade's last frame is silent: the first without the voice */
	assert_ended(1, ENGINE_END_STOPPED, 549, 549 - BUFFER);
	assert_done(ENGINE_VOICE_STARTED, 2, 0, 1000);
	assert_done(ENGINE_VOICE_STARTED, 3, -ECANCELED, 1100);
	assert_done(ENGINE_STOPPED, 5, 0, 1100);
	ck_assert_uint_eq(received().type, ENGINE_VOICE_ENDED);
	ck_assert_uint_eq(message.id, 2);
	assert_nothing();
}
END_TEST

/* ---- samples */

START_TEST(a_sample_that_is_replaced_is_played_to_its_end)
{
	load_constant(0, 0.25f, 10 * PERIOD);
	start();
	send(play(1, 0, BUFFER));
	virtual_advance(engine, 2 * PERIOD);
	load_constant(0, 0.5f, 2 * PERIOD);
	send(play(2, 0, 12 * PERIOD + BUFFER));
	virtual_advance(engine, 2 * PERIOD);
	ck_assert_int_eq(engine_unload_sample(engine, 0), 0);
	ck_assert_int_eq(engine_unload_sample(engine, 0), ENGINE_ENOSAMPLE);
	send(play(3, 0, 0));
	virtual_advance(engine, 20 * PERIOD);
	virtual_read(engine, 0, captured, 24 * PERIOD);
	for (int i = 0; i < 24 * PERIOD; i++)
		ck_assert(captured[i] == (i >= BUFFER && i < BUFFER + 10 * PERIOD ? 0.25f : 0.0f));
	assert_done(ENGINE_VOICE_STARTED, 1, 0, BUFFER);
	assert_done(ENGINE_VOICE_STARTED, 3, ENGINE_ENOSAMPLE, BUFFER + 4 * PERIOD);
	assert_ended(1, ENGINE_END_FINISHED, BUFFER + 10 * PERIOD, 10 * PERIOD);
	/* a command names a number, and what has it at its frame is what counts */
	assert_done(ENGINE_VOICE_STARTED, 2, ENGINE_ENOSAMPLE, BUFFER + 12 * PERIOD);
}
END_TEST

#define LOADS 100000

/* Pages that are resident, without what a sanitizer keeps for itself. */
static long resident(void)
{
	long pages = 0;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	FILE *statm = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(statm);
	ck_assert_int_eq(fscanf(statm, "%*d %ld", &pages), 1);
	fclose(statm);
#endif
	return pages;
}

START_TEST(samples_come_and_go_beneath_voices_that_play_them)
{
	struct engine *manual = engine;
	uint64_t handled;
	long before;

	engine = virtual_create("virtual", .channels = 1, .period_frames = PERIOD, .samples = 8,
				.steal = ENGINE_STEAL_OLDEST);
	load_constant(0, 0.01f, 500);
	start();
	before = resident();
	for (uint32_t i = 0; i < LOADS; i++) {
		struct engine_message command = play(i, i % 8, 0);

		load_constant(i % 8, 0.01f, 100 + i % 400);
		if (i % 5 == 0)
			ck_assert_int_eq(engine_unload_sample(engine, i % 8), 0);
		command.flags = ENGINE_FLAG_QUIET;
		/* what does not fit is no matter: as many play as can */
		ck_assert_int_ge(engine_send(engine, &command), -ENOBUFS);
	}
	handled = virtual_port_stats(engine_own_port(engine)).handled;
	ck_assert_uint_gt(handled, 1000);
	virtual_destroy(engine);
	/* they would be 100000 pages */
	ck_assert_int_lt(resident() - before, 5000);
	engine = manual;
}
END_TEST

START_TEST(the_clock_says_which_frame_is_at_the_converter)
{
	struct engine_clock clock = { .size = sizeof(clock) };

	ck_assert_int_eq(engine_get_clock(engine, &clock), 0);
	ck_assert_uint_eq(clock.frame, 0);
	ck_assert_uint_eq(clock.running, 0);
	ck_assert_uint_eq(clock.rate, RATE);
	start();
	ck_assert_int_eq(engine_get_clock(engine, &clock), 0);
	ck_assert_uint_eq(clock.frame, 0);
	ck_assert_uint_gt(clock.time_ns, 0);
	for (uint64_t i = 1; i <= 5; i++) {
		virtual_advance(engine, PERIOD);
		ck_assert_int_eq(engine_get_clock(engine, &clock), 0);
		ck_assert_uint_eq(clock.frame, i * PERIOD);
		ck_assert_uint_eq(clock.running, 1);
	}
	ck_assert_int_eq(engine_get_clock(engine, NULL), -EINVAL);
	clock.size = 1;
	ck_assert_int_eq(engine_get_clock(engine, &clock), ENGINE_EABI);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("commands");
	TCase *frames = tcase_create("frames");
	TCase *tests = tcase_create("commands");

	suite_add_tcase(suite, frames);
	tcase_add_loop_test(frames, impulses_are_heard_at_exactly_their_frames, 0,
			    sizeof(periods) / sizeof(periods[0]));
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_late_command_runs_at_once_and_says_by_how_much);
	tcase_add_test(tests, a_ping_can_wait_for_a_frame_too);
	tcase_add_test(tests, a_ping_waits_on_an_engine_that_only_captures);
	tcase_add_test(tests, what_is_sent_before_the_start_acts_at_its_first_frames);
	tcase_add_test(tests, a_full_schedule_is_told_at_once);
	tcase_add_test(tests, a_stop_ends_voices_and_is_told);
	tcase_add_test(tests, a_program_that_never_reads_is_held_back_and_loses_nothing);
	tcase_add_test(tests, a_batch_takes_effect_at_one_frame);
	tcase_add_test(tests, a_batch_whose_answers_never_fit_is_refused);
	tcase_add_test(tests, a_quiet_voice_is_neither_answered_nor_reported);
	tcase_add_test(tests, the_audio_thread_says_why_not);
	tcase_add_loop_test(tests, nonsense_is_refused_by_the_call, 0,
			    sizeof(nonsense) / sizeof(nonsense[0]));
	tcase_add_test(tests, a_port_that_closes_takes_what_waits_with_it);
	tcase_add_test(tests, a_volume_ramp_takes_no_step_larger_than_it_says);
	tcase_add_test(tests, the_volume_is_that_of_the_stream_too);
	tcase_add_test(tests, stop_all_fades_and_can_cancel);
	tcase_add_test(tests, a_sample_that_is_replaced_is_played_to_its_end);
	tcase_add_test(tests, samples_come_and_go_beneath_voices_that_play_them);
	tcase_add_test(tests, the_clock_says_which_frame_is_at_the_converter);
	return support_run(suite);
}
