/* SPDX-License-Identifier: MIT */
/*
 * Commands and voices where the timeline jumps or ends, on the fake card: what
 * falls into a gap runs at its end and says by how much it is late, a voice
 * keeps its place, and a lost device ends and refuses all of it.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include <peal/error.h>
#include "fake_rt.h"
#include "shared/message_words.h"
#include "support.h"

#define BOTH (ENGINE_PLAYBACK | ENGINE_CAPTURE)
#define FRAMES 4800

static struct fake_rt fake;
static struct engine_message message;

/* A sample that this program holds itself: it is never freed. */
static float silence[FRAMES + 2 * SAMPLE_PAD];
static struct engine_sample sample = {
	.samples = silence + SAMPLE_PAD, .channels = 1, .frames = FRAMES, .rate = 48000,
};
static atomic_of(struct engine_sample *) numbers[1] = { &sample };

static void begin(void)
{
	fake_rt_init(&fake, &(struct fake_shape){ 0 });
	fake.writes = false;
	store_relaxed(&sample.references, 1);
	fake.rt->bank.count = 1;
	fake.rt->bank.samples = numbers;
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	fake_strike(&fake.card, BOTH, FAKE_UNSEEN, 0, 0);
}

static void end(void)
{
	fake_rt_done(&fake);
}

static void send(struct engine_message command)
{
	ck_assert(message_ring_push(&fake.rt->lanes[0].in, message_pack(&command)));
}

static struct engine_message play(uint32_t id, uint64_t frame)
{
	return (struct engine_message){ .type = ENGINE_PLAY_SAMPLE, .id = id, .frame = frame,
					.play = { .velocity = 1.0f } };
}

/* We do not run for a while; the position tells by how much (FAKE_UNSEEN). */
static void oversleep(uint64_t ms)
{
	fake_strike(&fake.card, BOTH, FAKE_LEAP, (int64_t)(ms * FAKE_MS), 0);
}

/* The next message that is not an event; false: there is none. */
static bool receive(void)
{
	while (fake_rt_receive(&fake, 0, &message))
		if (message.type < ENGINE_EVENT_XRUN || message.type >= ENGINE_VOICE_ENDED)
			return true;
	return false;
}

START_TEST(what_falls_into_a_gap_runs_at_its_end_late)
{
	uint64_t seed = 5, frame = 1000, last = 0;
	uint32_t sent = 0, done = 0, late = 0;

	begin();
	while (done < 3000) {
		while (sent < 3000 && sent - done < 400) {
			send((struct engine_message){ .type = ENGINE_LOAD_SAMPLE, .id = sent++,
						      .frame = frame });
			frame += support_random(&seed) % 60;
		}
		if (support_random(&seed) % 20 == 0)
			oversleep(support_random(&seed) % 20);
		fake_rt_run(&fake, 1);
		while (receive()) {
			/* in their order, never early, and late by what it says */
			ck_assert_uint_eq(message.type, ENGINE_SAMPLE_LOADED);
			ck_assert_uint_eq(message.id, done++);
			ck_assert_int_eq(message.done.result, 0);
			ck_assert_uint_ge(message.frame, last);
			last = message.frame;
			late += message.done.late_frames > 0;
			ck_assert_uint_le(message.done.late_frames,
					  fake_count(&fake, lost_frames));
		}
	}
	ck_assert_uint_gt(fake_count(&fake, lost_frames), 0);
	ck_assert_uint_gt(late, 0);
	ck_assert_uint_lt(late, done / 2);
	end();
}
END_TEST

START_TEST(a_voice_keeps_its_place_across_a_gap)
{
	uint64_t began;

	begin();
	send(play(1, 1000));
	for (int i = 0; i < 10; i++) {
		fake_rt_run(&fake, 5);
		oversleep(7);
	}
	fake_rt_run(&fake, 100);
	ck_assert_uint_gt(fake_count(&fake, lost_frames), 0);
	ck_assert(receive());
	ck_assert_uint_eq(message.type, ENGINE_VOICE_STARTED);
	began = message.frame;
	ck_assert(receive());
	ck_assert_uint_eq(message.type, ENGINE_VOICE_ENDED);
	ck_assert_uint_eq(message.ended.reason, ENGINE_END_FINISHED);
	ck_assert_uint_eq(message.frame, began + FRAMES);
	ck_assert_uint_eq(load_relaxed(&sample.references), 1);
	end();
}
END_TEST

START_TEST(a_lost_device_ends_voices_and_refuses_more)
{
	begin();
	send(play(1, 0));
	send(play(2, 1000000));
	fake_rt_run(&fake, 3);
	ck_assert(receive());
	ck_assert_uint_eq(message.type, ENGINE_VOICE_STARTED);
	ck_assert_uint_eq(load_relaxed(&sample.references), 2);
	fake_strike(&fake.card, BOTH, FAKE_UNPLUG, 0, 0);
	fake_rt_run(&fake, 2);
	ck_assert_int_eq(fake_rt_state(&fake), ENGINE_STATE_LOST);
	ck_assert(receive());
	ck_assert_uint_eq(message.type, ENGINE_VOICE_ENDED);
	ck_assert_uint_eq(message.ended.reason, ENGINE_END_HALTED);
	ck_assert(receive());
	ck_assert_uint_eq(message.id, 2);
	ck_assert_int_eq(message.done.result, -ECANCELED);
	ck_assert_uint_eq(load_relaxed(&sample.references), 1);

	/* a frame that will never come is not waited for */
	send(play(3, 2000000));
	fake_rt_run(&fake, 2);
	ck_assert(receive());
	ck_assert_uint_eq(message.id, 3);
	ck_assert_int_eq(message.done.result, ENGINE_ELOST);
	ck_assert(!receive());
	end();
}
END_TEST

START_TEST(a_start_that_fails_cancels_what_was_sent_for_it)
{
	fake_rt_init(&fake, &(struct fake_shape){ 0 });
	send((struct engine_message){ .type = ENGINE_LOAD_SAMPLE, .id = 1, .frame = 1000 });
	fake.rt->bank.count = 1;
	fake.rt->bank.samples = numbers;
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_HELLO), 0);
	ck_assert(!receive());
	fake_strike(&fake.card, ENGINE_PLAYBACK, FAKE_START, -EIO, 1);
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), -EIO);
	ck_assert(receive());
	ck_assert_int_eq(message.done.result, -ECANCELED);
	ck_assert_uint_eq(fake.rt->transport.frame, 0);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timeline");
	TCase *tests = tcase_create("timeline");

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, what_falls_into_a_gap_runs_at_its_end_late);
	tcase_add_test(tests, a_voice_keeps_its_place_across_a_gap);
	tcase_add_test(tests, a_lost_device_ends_voices_and_refuses_more);
	tcase_add_test(tests, a_start_that_fails_cancels_what_was_sent_for_it);
	return support_run(suite);
}
