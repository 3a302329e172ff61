/* SPDX-License-Identifier: MIT */
/*
 * What the audio thread tells of its streams: backpressure once each way, a
 * late program once each time, and the health figures of what it does.
 */
#include <check.h>
#include <stdlib.h>

#include "fake_rt.h"
#include "support.h"

static struct fake_rt fake;

static void begin(unsigned directions)
{
	struct fake_shape shape = { .directions = directions };

	fake_rt_init(&fake, &shape);
}

static void watch(struct engine_backpressure *pressure)
{
	pressure->on_at = BACKPRESSURE_FULL * 9 / 10;
	pressure->off_at = BACKPRESSURE_FULL * 7 / 10;
}

static void start(void)
{
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
}

static void no_event(void)
{
	struct engine_message message;

	ck_assert(!fake_rt_receive(&fake, 0, &message));
}

START_TEST(capture_backpressure_is_told_once_on_and_once_off)
{
	struct engine_message event;
	uint32_t capacity;

	begin(ENGINE_CAPTURE);
	watch(&fake.rt->capture->backpressure);
	capacity = fake.rt->capture->filled.capacity;
	fake.reads = false;
	start();
	fake_rt_run(&fake, capacity * 9 / 10 + 2);
	event = fake_rt_event(&fake, ENGINE_EVENT_BACKPRESSURE);
	ck_assert_uint_eq(event.ring.ring, ENGINE_RING_CAPTURE);
	ck_assert_uint_eq(event.ring.on, 1);
	ck_assert_uint_ge(event.ring.length * 10, capacity * 9);
	ck_assert_uint_eq(event.ring.permille, event.ring.length * 1000 / capacity);
	fake.reads = true;
	fake_rt_run(&fake, 3);
	event = fake_rt_event(&fake, ENGINE_EVENT_BACKPRESSURE);
	ck_assert_uint_eq(event.ring.on, 0);
	fake_rt_run(&fake, capacity);
	no_event();
	fake_rt_done(&fake);
}
END_TEST

START_TEST(playback_backpressure_is_of_what_was_written)
{
	struct engine_message event;

	begin(ENGINE_PLAYBACK);
	watch(&fake.rt->playback->backpressure);
	start();
	fake_rt_run(&fake, 3);
	event = fake_rt_event(&fake, ENGINE_EVENT_BACKPRESSURE);
	ck_assert_uint_eq(event.ring.ring, ENGINE_RING_PLAYBACK);
	ck_assert_uint_eq(event.ring.on, 1);
	fake_rt_done(&fake);
}
END_TEST

START_TEST(replies_that_nobody_takes_are_told_of_in_their_own_port)
{
	struct engine_message event = { 0 };
	struct lane *other;

	fake_rt_init(&fake, &(struct fake_shape){ .directions = ENGINE_PLAYBACK, .lanes = 2 });
	other = &fake.rt->lanes[1];
	watch(&fake.rt->lanes[0].out_pressure);
	watch(&other->out_pressure);
	start();
	for (uint32_t id = 0; id < MESSAGE_RING_CAPACITY * 95 / 100; id++) {
		ck_assert(fake_rt_send(&fake, 0, 0, id));
		ck_assert(fake_rt_send(&fake, 1, 0, id));
	}
	fake_rt_run(&fake, 5);
	for (uint32_t id = 0; fake_rt_receive(&fake, 0, &event); id++)
		ck_assert_uint_eq(event.type == ENGINE_PONG ? event.id : id, id);
	/* the first port gets events: its last message is one */
	ck_assert_uint_eq(event.type, ENGINE_EVENT_BACKPRESSURE);
	ck_assert_uint_eq(event.ring.ring, ENGINE_RING_REPLIES);
	ck_assert_uint_eq(event.ring.on, 1);
	ck_assert_uint_ge(event.ring.length * 10, MESSAGE_RING_CAPACITY * 9);
	fake_rt_run(&fake, 2);
	event = fake_rt_event(&fake, ENGINE_EVENT_BACKPRESSURE);
	ck_assert_uint_eq(event.ring.on, 0);

	/* the other gets none, and it has its figures all the same */
	while (fake_rt_receive(&fake, 1, &event))
		ck_assert_uint_eq(event.type, ENGINE_PONG);
	ck_assert_uint_eq(load_relaxed(&other->out_pressure.triggers), 1);
	fake_rt_done(&fake);
}
END_TEST

START_TEST(commands_that_are_not_taken_are_counted)
{
	struct engine_message message;

	begin(ENGINE_PLAYBACK);
	watch(&fake.rt->lanes[0].in_pressure);
	/* replies fill the out ring, commands wait behind them */
	for (uint32_t id = 0; id < MESSAGE_RING_CAPACITY; id++)
		ck_assert(fake_rt_send(&fake, 0, 0, id));
	fake_rt_run(&fake, 3);
	for (uint32_t id = 0; id < MESSAGE_RING_CAPACITY; id++)
		ck_assert(fake_rt_send(&fake, 0, 0, id));
	fake_rt_run(&fake, 3);
	ck_assert_uint_eq(load_relaxed(&fake.rt->lanes[0].in_pressure.triggers), 1);
	/* there was no room to tell it, and that is counted */
	ck_assert_uint_eq(load_relaxed(&fake.rt->lanes[0].events_lost), 1);
	while (fake_rt_receive(&fake, 0, &message))
		ck_assert_uint_eq(message.type, ENGINE_PONG);
	fake_rt_run(&fake, 3);
	ck_assert(!(load_relaxed(&fake.rt->lanes[0].in_pressure.state) & BACKPRESSURE_ON));
	fake_rt_done(&fake);
}
END_TEST

START_TEST(a_late_writer_is_told_once_each_time)
{
	struct engine_message event;
	uint32_t capacity;

	begin(ENGINE_PLAYBACK);
	capacity = fake.rt->playback->filled.capacity;
	start();
	fake_rt_run(&fake, 3);
	for (unsigned time = 1; time <= 3; time++) {
		fake.writes = false;
		fake_rt_run(&fake, capacity + 10);
		event = fake_rt_event(&fake, ENGINE_EVENT_UNDERRUN);
		ck_assert_uint_eq(event.ring.ring, ENGINE_RING_PLAYBACK);
		ck_assert_uint_eq(load_relaxed(&fake.rt->health->underruns), time);
		fake.writes = true;
		fake_rt_run(&fake, 3);
		no_event();
	}
	fake_rt_done(&fake);
}
END_TEST

START_TEST(a_late_reader_is_told_once_and_each_chunk_is_a_drop)
{
	struct engine_message event;
	uint32_t capacity;

	begin(ENGINE_CAPTURE);
	capacity = fake.rt->capture->filled.capacity;
	fake.reads = false;
	start();
	fake_rt_run(&fake, capacity + 20);
	event = fake_rt_event(&fake, ENGINE_EVENT_OVERRUN);
	ck_assert_uint_eq(event.ring.ring, ENGINE_RING_CAPTURE);
	ck_assert_uint_eq(event.ring.permille, 1000);
	ck_assert_uint_eq(load_relaxed(&fake.rt->health->overruns), 1);
	ck_assert_uint_eq(load_relaxed(&fake.rt->health->drops) * fake.period_frames,
			  load_relaxed(&fake.rt->capture->missed));
	fake_rt_done(&fake);
}
END_TEST

static uint64_t samples(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += load_relaxed(&histogram->buckets[i]);
	return count;
}

START_TEST(health_has_every_period_and_every_message)
{
	struct engine_health *health;

	begin(ENGINE_PLAYBACK | ENGINE_CAPTURE);
	health = fake.rt->health;
	start();
	fake_rt_run(&fake, 100);
	ck_assert_uint_ge(samples(&health->latency[ENGINE_HEALTH_CYCLE]), 99);
	ck_assert_uint_eq(samples(&health->latency[ENGINE_HEALTH_WAKEUP]),
			  samples(&health->latency[ENGINE_HEALTH_CYCLE]));
	ck_assert_uint_eq(samples(&health->load),
			  samples(&health->latency[ENGINE_HEALTH_CYCLE]));
	ck_assert_uint_eq(samples(&health->latency[ENGINE_HEALTH_MESSAGE]), 0);
	fake_rt_send(&fake, 0, 0, 7);
	fake_rt_run(&fake, 2);
	ck_assert_uint_eq(samples(&health->latency[ENGINE_HEALTH_MESSAGE]), 1);
	/* both directions' chunks, but for what was filled before the start */
	ck_assert_uint_eq(load_relaxed(&health->frames),
			  load_relaxed(&health->chunks) * fake.period_frames);
	ck_assert_uint_eq(load_relaxed(&health->frames),
			  load_relaxed(&fake.rt->playback->moved) +
				  load_relaxed(&fake.rt->capture->moved));
	fake_rt_done(&fake);
}
END_TEST

START_TEST(lateness_is_what_the_position_says)
{
	const struct histogram *wakeup;

	begin(ENGINE_PLAYBACK);
	wakeup = &fake.rt->health->latency[ENGINE_HEALTH_WAKEUP];
	start();
	fake_rt_run(&fake, 50);
	/* the fake wakes us in time: never as late as a period */
	for (uint32_t i = histogram_bucket(fake.period_ns); i < HISTOGRAM_BUCKETS; i++)
		ck_assert_uint_eq(load_relaxed(&wakeup->buckets[i]), 0);
	fake_rt_done(&fake);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pressure");
	TCase *tests = tcase_create("pressure");

	tcase_add_test(tests, capture_backpressure_is_told_once_on_and_once_off);
	tcase_add_test(tests, playback_backpressure_is_of_what_was_written);
	tcase_add_test(tests, replies_that_nobody_takes_are_told_of_in_their_own_port);
	tcase_add_test(tests, commands_that_are_not_taken_are_counted);
	tcase_add_test(tests, a_late_writer_is_told_once_each_time);
	tcase_add_test(tests, a_late_reader_is_told_once_and_each_chunk_is_a_drop);
	tcase_add_test(tests, health_has_every_period_and_every_message);
	tcase_add_test(tests, lateness_is_what_the_position_says);
	suite_add_tcase(suite, tests);
	return support_run(suite);
}
