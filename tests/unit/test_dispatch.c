/* SPDX-License-Identifier: MIT */
/*
 * Dispatch on the fake card: exactly one reply to each command, within two
 * periods whatever the device does, within the period's budget and fairly,
 * and events that find no room counted and told.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "fake_rt.h"
#include "shared/message_words.h"

#define BOTH (ENGINE_PLAYBACK | ENGINE_CAPTURE)

static struct fake_rt fake;

/* At the beginning of a period, with a new budget. */
static void begin(uint32_t lanes)
{
	fake_rt_init(&fake, &(struct fake_shape){ .lanes = lanes });
	ck_assert_int_eq(fake_rt_order(&fake, ORDER_START), 0);
	fake_rt_run(&fake, 10);
	while (fake.rt->tick_ns != fake.rt->now_ns)
		fake_rt_turn(&fake);
}

static void end(void)
{
	fake_rt_done(&fake);
}

static uint64_t answered(uint32_t lane)
{
	return fake_load(&fake.rt->lanes[lane].answered);
}

static uint64_t handled(uint32_t lane)
{
	return fake_load(&fake.rt->lanes[lane].in.popped);
}

/* Send until the ring is full; returns how many more ids were used. */
static uint32_t fill(uint32_t lane, unsigned flags, uint32_t id)
{
	uint32_t from = id;

	while (fake_rt_send(&fake, lane, flags, id))
		id++;
	return id - from;
}

static void next_period(void)
{
	uint64_t tick_ns = fake.rt->tick_ns;

	while (fake.rt->tick_ns == tick_ns)
		fake_rt_turn(&fake);
}

/* ---- replies */

START_TEST(a_ping_is_answered_once_with_its_id)
{
	struct engine_message pong;
	uint64_t sent_ns, frame;

	begin(2);
	sent_ns = fake.card.now_ns;
	ck_assert(fake_rt_send(&fake, 1, 0, 0xdeadbeef));
	frame = fake_count(&fake, frame);
	next_period();
	ck_assert(fake_rt_receive(&fake, 1, &pong));
	ck_assert_uint_eq(pong.type, ENGINE_PONG);
	ck_assert_uint_eq(pong.flags, 0);
	ck_assert_uint_eq(pong.id, 0xdeadbeef);
	ck_assert_int_eq(pong.reply.result, 0);
	/* taken at the next period's start, before that period was rendered */
	ck_assert_uint_eq(pong.frame, frame);
	ck_assert_uint_eq(fake_count(&fake, frame), frame + 64);
	ck_assert_uint_eq(pong.reply.time_ns, fake.card.now_ns);
	ck_assert_uint_eq(pong.reply.age_ns, fake.card.now_ns - sent_ns);
	ck_assert_uint_le(pong.reply.age_ns, fake.period_ns + fake.card.wake_ns);
	ck_assert(!fake_rt_receive(&fake, 1, &pong));
	ck_assert(!fake_rt_receive(&fake, 0, &pong));
	ck_assert_uint_eq(answered(1), 1);
	ck_assert(doorbell_answer(&fake.rt->lanes[1].bell));
	end();
}
END_TEST

START_TEST(a_ping_with_a_wake_is_answered_at_once)
{
	struct engine_message pong;
	uint64_t sent_ns;

	begin(1);
	if (_i)
		ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
	sent_ns = fake.card.now_ns;
	ck_assert(fake_rt_send(&fake, 0, ENGINE_FLAG_WAKE, 1));
	fake_rt_turn(&fake);
	ck_assert(fake_rt_receive(&fake, 0, &pong));
	ck_assert_uint_eq(fake.card.now_ns, sent_ns + fake.card.wake_ns);
	ck_assert_uint_eq(pong.reply.age_ns, fake.card.wake_ns);
	ck_assert_uint_eq(fake_count(&fake, wakes), 2 + (uint64_t)_i);
	end();
}
END_TEST

START_TEST(a_quiet_command_is_taken_without_a_reply)
{
	struct engine_message message;

	begin(1);
	ck_assert(fake_rt_send(&fake, 0, ENGINE_FLAG_QUIET, 1));
	next_period();
	ck_assert_uint_eq(handled(0), 1);
	ck_assert_uint_eq(answered(0), 0);
	ck_assert(!fake_rt_receive(&fake, 0, &message));
	ck_assert(!doorbell_answer(&fake.rt->lanes[0].bell));
	end();
}
END_TEST

START_TEST(a_command_that_is_none_is_refused_by_reply)
{
	struct engine_message message = { .type = 0xff, .id = 3 };

	begin(1);
	ck_assert(message_ring_push(&fake.rt->lanes[0].in, message_pack(&message)));
	next_period();
	ck_assert(fake_rt_receive(&fake, 0, &message));
	ck_assert_uint_eq(message.type, 0x1ff);
	ck_assert_uint_eq(message.id, 3);
	ck_assert_int_eq(message.reply.result, -EINVAL);
	end();
}
END_TEST

START_TEST(an_age_is_never_negative_and_never_wraps)
{
	const uint64_t sent_ns[] = { UINT64_MAX, 0 };
	struct engine_message message = { .type = ENGINE_PING };

	begin(1);
	fake_rt_run_ns(&fake, 5ull * FAKE_S);
	message.ping.time_ns = sent_ns[_i];
	ck_assert(message_ring_push(&fake.rt->lanes[0].in, message_pack(&message)));
	next_period();
	ck_assert(fake_rt_receive(&fake, 0, &message));
	ck_assert_uint_eq(message.reply.age_ns, _i ? UINT32_MAX : 0);
	end();
}
END_TEST

/* ---- a program that does not read */

START_TEST(a_command_without_room_for_its_reply_waits)
{
	struct engine_message pong;
	uint32_t sent, received = 0;

	begin(1);
	sent = fill(0, 0, 0);
	ck_assert_uint_eq(sent, ENGINE_RING_MESSAGES);
	next_period();
	/* the out ring is full now: what comes next stays where it is */
	sent += fill(0, 0, sent);
	ck_assert_uint_eq(sent, 2 * ENGINE_RING_MESSAGES);
	fake_rt_run(&fake, 10);
	ck_assert_uint_eq(handled(0), ENGINE_RING_MESSAGES);
	ck_assert(!fake_rt_send(&fake, 0, 0, 0));
	/* one is read: one is taken */
	ck_assert(fake_rt_receive(&fake, 0, &pong));
	ck_assert_uint_eq(pong.id, received++);
	next_period();
	ck_assert_uint_eq(handled(0), ENGINE_RING_MESSAGES + 1);
	fake_rt_run(&fake, 10);
	ck_assert_uint_eq(handled(0), ENGINE_RING_MESSAGES + 1);
	/* all is read: each got one reply, in order */
	for (int i = 0; i < 10; i++, next_period())
		while (fake_rt_receive(&fake, 0, &pong))
			ck_assert_uint_eq(pong.id, received++);
	ck_assert_uint_eq(received, sent);
	ck_assert_uint_eq(answered(0), sent);
	end();
}
END_TEST

START_TEST(a_full_lane_holds_no_other_back)
{
	struct engine_message pong;

	begin(2);
	fill(0, 0, 0);
	next_period();
	fill(0, 0, 0);
	ck_assert(fake_rt_send(&fake, 1, 0, 9));
	next_period();
	ck_assert(fake_rt_receive(&fake, 1, &pong));
	ck_assert_uint_eq(pong.id, 9);
	ck_assert_uint_eq(handled(0), ENGINE_RING_MESSAGES);
	end();
}
END_TEST

START_TEST(quiet_commands_need_no_room)
{
	begin(1);
	fill(0, 0, 0);
	next_period();
	fill(0, ENGINE_FLAG_QUIET, 0);
	next_period();
	ck_assert_uint_eq(handled(0), 2 * ENGINE_RING_MESSAGES);
	ck_assert_uint_eq(answered(0), ENGINE_RING_MESSAGES);
	end();
}
END_TEST

/* ---- events */

START_TEST(events_without_room_are_counted_and_told)
{
	struct engine_message message;
	uint32_t told = 0;

	begin(2);
	fake.rt->lanes[1].events = true;
	fill(0, 0, 0);
	next_period();
	for (int i = 0; i < 5; i++) {
		fake_strike(&fake.card, BOTH, FAKE_XRUN, 0, 0);
		fake_rt_run(&fake, 2);
	}
	ck_assert_uint_eq(fake_load(&fake.rt->lanes[0].events_lost), 5);
	/* a lane that has room loses nothing */
	ck_assert_uint_eq(fake_load(&fake.rt->lanes[1].events_lost), 0);
	while (fake_rt_receive(&fake, 1, &message)) {
		ck_assert_uint_eq(message.type, ENGINE_EVENT_XRUN);
		ck_assert_uint_eq(message.id, 0);
		told++;
	}
	ck_assert_uint_eq(told, 5);
	while (fake_rt_receive(&fake, 0, &message))
		ck_assert_uint_eq(message.type, ENGINE_PONG);
	fake_strike(&fake.card, BOTH, FAKE_XRUN, 0, 0);
	fake_rt_run(&fake, 2);
	ck_assert_uint_eq(fake_rt_event(&fake, ENGINE_EVENT_XRUN).id, 5);
	fake_strike(&fake.card, BOTH, FAKE_XRUN, 0, 0);
	fake_rt_run(&fake, 2);
	ck_assert_uint_eq(fake_rt_event(&fake, ENGINE_EVENT_XRUN).id, 0);
	ck_assert_uint_eq(fake_load(&fake.rt->lanes[0].events_lost), 5);
	end();
}
END_TEST

START_TEST(events_go_to_open_lanes_that_asked_for_them)
{
	struct engine_message message;

	begin(3);
	fake.rt->lanes[2].events = true;
	store_release(&fake.rt->lanes[2].state, LANE_FREE);
	fake_strike(&fake.card, BOTH, FAKE_XRUN, 0, 0);
	fake_rt_turn(&fake);
	fake_rt_event(&fake, ENGINE_EVENT_XRUN);
	ck_assert(!fake_rt_receive(&fake, 1, &message));
	ck_assert(!fake_rt_receive(&fake, 2, &message));
	ck_assert(!doorbell_answer(&fake.rt->lanes[1].bell));
	end();
}
END_TEST

/* ---- budget and fairness */

START_TEST(a_period_takes_1024_messages_over_all_lanes)
{
	uint64_t taken = 0;

	begin(3);
	for (uint32_t lane = 0; lane < 3; lane++)
		fill(lane, 0, 0);
	for (uint64_t period = 1; period <= 3; period++) {
		next_period();
		taken = handled(0) + handled(1) + handled(2);
		ck_assert_uint_eq(taken, period * RT_BUDGET);
		/* fairly: within a turn of each other */
		for (uint32_t lane = 0; lane < 3; lane++) {
			ck_assert_uint_ge(handled(lane), taken / 3 - 16);
			ck_assert_uint_le(handled(lane), taken / 3 + 16);
		}
	}
	end();
}
END_TEST

START_TEST(a_single_message_is_not_behind_a_thousand)
{
	begin(2);
	fill(0, 0, 0);
	fill(0, ENGINE_FLAG_QUIET, 0);
	ck_assert(fake_rt_send(&fake, 1, 0, 0));
	next_period();
	ck_assert_uint_eq(handled(1), 1);
	ck_assert_uint_eq(handled(0), RT_BUDGET - 1);
	end();
}
END_TEST

/* Wake it as often as it lets us until the period is over; how often it woke. */
static uint64_t flood(unsigned flags)
{
	uint64_t wakes = fake_count(&fake, wakes), tick_ns = fake.rt->tick_ns;

	while (fake.rt->tick_ns == tick_ns) {
		if (flags)
			fake_rt_send(&fake, 0, flags, 0);
		doorbell_ring(&fake.rt->wake);
		fake_rt_turn(&fake);
	}
	return fake_count(&fake, wakes) - wakes;
}

START_TEST(wakes_cost_as_much_as_messages)
{
	uint64_t before;

	begin(1);
	/* fast enough to wake it far more than 1024 times in a period */
	fake.card.wake_ns = 100;
	if (_i)
		ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
	flood(0);
	/* in the turn that ends a period there is one of the next */
	ck_assert_uint_ge(flood(0), RT_BUDGET - 1);
	ck_assert_uint_le(flood(0), RT_BUDGET + 1);
	/* each wake with a message: half of them */
	before = handled(0);
	flood(ENGINE_FLAG_QUIET);
	before = handled(0);
	ck_assert_uint_le(flood(ENGINE_FLAG_QUIET), RT_BUDGET / 2 + 1);
	ck_assert_uint_le(handled(0) - before, RT_BUDGET + 1);
	end();
}
END_TEST

START_TEST(a_spent_budget_leaves_the_bell_alone_until_the_next_period)
{
	uint64_t before;

	begin(1);
	fill(0, ENGINE_FLAG_QUIET, 0);
	fill(0, ENGINE_FLAG_QUIET, 0);
	doorbell_ring(&fake.rt->wake);
	fake_rt_turn(&fake);
	ck_assert_uint_eq(fake.rt->budget, 0);
	/* the wake was one of the 1024 */
	ck_assert_uint_eq(handled(0), RT_BUDGET - 1);
	before = fake_count(&fake, wakes);
	ck_assert(fake_rt_send(&fake, 0, ENGINE_FLAG_WAKE, 0));
	fake_rt_turn(&fake);
	ck_assert(!fake.card.polled_bell);
	ck_assert_uint_eq(fake_count(&fake, wakes), before);
	if (fake.rt->budget == 0)
		ck_assert_uint_eq(handled(0), RT_BUDGET - 1);
	/* nothing was forgotten */
	fake_rt_run(&fake, 2);
	ck_assert_uint_eq(handled(0), RT_BUDGET + 1);
	ck_assert_uint_eq(fake_count(&fake, wakes), before + 1);
	end();
}
END_TEST

/* ---- lanes that close */

START_TEST(a_closing_lane_is_free_within_a_period)
{
	struct engine_message message;

	begin(2);
	if (_i)
		ck_assert_int_eq(fake_rt_order(&fake, ORDER_STOP), 0);
	ck_assert(fake_rt_send(&fake, 1, 0, 1));
	store_release(&fake.rt->lanes[1].state, LANE_CLOSING);
	next_period();
	ck_assert_int_eq(load_acquire(&fake.rt->lanes[1].state), LANE_FREE);
	ck_assert_uint_eq(handled(1), 0);
	ck_assert(!fake_rt_receive(&fake, 1, &message));
	ck_assert(!doorbell_answer(&fake.rt->lanes[1].bell));
	/* and is taken from no more */
	fake_rt_run(&fake, 3);
	ck_assert_uint_eq(handled(1), 0);
	end();
}
END_TEST

START_TEST(a_lane_that_is_not_used_yet_is_not_looked_at)
{
	fake_rt_init(&fake, &(struct fake_shape){ .lanes = 2 });
	store_release(&fake.rt->lanes_used, 1);
	ck_assert(fake_rt_send(&fake, 1, 0, 1));
	fake_rt_run(&fake, 3);
	ck_assert_uint_eq(handled(1), 0);
	store_release(&fake.rt->lanes_used, 2);
	fake_rt_run(&fake, 2);
	ck_assert_uint_eq(handled(1), 1);
	end();
}
END_TEST

/* ---- in every state, with every fault */

static void strike_lastingly(enum fake_fault fault)
{
	switch (fault) {
	case FAKE_SUSPEND:
		fake_strike(&fake.card, BOTH, fault, 0, FAKE_FOR_EVER);
		break;
	case FAKE_LEAP:
		/* the program does not run then: any time is too long */
		break;
	case FAKE_REVENTS:
		fake_strike(&fake.card, BOTH, fault, POLLERR, FAKE_FOR_EVER);
		break;
	case FAKE_DESCRIPTORS:
	case FAKE_STATE:
	case FAKE_AVAIL:
		fake_strike(&fake.card, BOTH, fault, 0, FAKE_FOR_EVER);
		break;
	default:
		fake_strike(&fake.card, BOTH, fault, -EIO, FAKE_FOR_EVER);
		break;
	}
	/* what only a restart meets */
	if (fault == FAKE_STILLBORN || fault == FAKE_PREPARE || fault == FAKE_START ||
	    fault == FAKE_STOP)
		fake_strike(&fake.card, BOTH, FAKE_XRUN, 0, 0);
	if (fault == FAKE_RESUME)
		fake_strike(&fake.card, BOTH, FAKE_SUSPEND, 0, 0);
}

/* One ping at a time, sent at odd moments, for so many periods. */
static void expect_answers(uint64_t periods, enum fake_fault fault)
{
	const uint64_t most_ns = 2 * fake.period_ns + 10 * (uint64_t)fake.card.wake_ns;
	uint64_t until_ns = fake.card.now_ns + periods * fake.period_ns;
	struct engine_message message;
	uint32_t id = 0;

	while (fake.card.now_ns < until_ns) {
		uint64_t sent_ns = fake.card.now_ns;
		bool pong = false;

		ck_assert(fake_rt_send(&fake, 0, 0, ++id));
		while (!pong) {
			fake_rt_turn(&fake);
			while (!pong && fake_rt_receive(&fake, 0, &message))
				pong = message.type == ENGINE_PONG;
			ck_assert_msg(fake.card.now_ns - sent_ns <= most_ns,
				      "no answer with fault '%s' in state %d",
				      fake_fault_name(fault), fake_rt_state(&fake));
		}
		ck_assert_uint_eq(message.id, id);
	}
}

START_TEST(a_ping_is_answered_within_two_periods_whatever_the_fault)
{
	enum fake_fault fault = (enum fake_fault)_i;

	begin(1);
	fake.knows = false;
	strike_lastingly(fault);
	expect_answers(100, fault);
	fake_rt_order(&fake, ORDER_STOP);
	expect_answers(10, fault);
	fake_rt_order(&fake, ORDER_START);
	expect_answers(100, fault);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dispatch");
	TCase *replies = tcase_create("replies");
	TCase *events = tcase_create("events");
	TCase *budget = tcase_create("budget");
	TCase *lanes = tcase_create("lanes");
	TCase *faults = tcase_create("faults");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(replies, a_ping_is_answered_once_with_its_id);
	tcase_add_loop_test(replies, a_ping_with_a_wake_is_answered_at_once, 0, 2);
	tcase_add_test(replies, a_quiet_command_is_taken_without_a_reply);
	tcase_add_test(replies, a_command_that_is_none_is_refused_by_reply);
	tcase_add_loop_test(replies, an_age_is_never_negative_and_never_wraps, 0, 2);
	tcase_add_test(replies, a_command_without_room_for_its_reply_waits);
	tcase_add_test(replies, a_full_lane_holds_no_other_back);
	tcase_add_test(replies, quiet_commands_need_no_room);
	suite_add_tcase(suite, replies);

	tcase_add_test(events, events_without_room_are_counted_and_told);
	tcase_add_test(events, events_go_to_open_lanes_that_asked_for_them);
	suite_add_tcase(suite, events);

	tcase_add_test(budget, a_period_takes_1024_messages_over_all_lanes);
	tcase_add_test(budget, a_single_message_is_not_behind_a_thousand);
	tcase_add_loop_test(budget, wakes_cost_as_much_as_messages, 0, 2);
	tcase_add_test(budget, a_spent_budget_leaves_the_bell_alone_until_the_next_period);
	suite_add_tcase(suite, budget);

	tcase_add_loop_test(lanes, a_closing_lane_is_free_within_a_period, 0, 2);
	tcase_add_test(lanes, a_lane_that_is_not_used_yet_is_not_looked_at);
	suite_add_tcase(suite, lanes);

	tcase_add_loop_test(faults, a_ping_is_answered_within_two_periods_whatever_the_fault, 0,
			    FAKE_FAULTS);
	suite_add_tcase(suite, faults);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
