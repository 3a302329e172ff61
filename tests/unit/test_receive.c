/* SPDX-License-Identifier: MIT */
/*
 * Receiving from a port that no audio thread serves: what is taken, how long
 * is waited, and when the event descriptor is readable.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bare_port.h"
#include "before_read.h"
#include "control/guard.h"
#include "support.h"

#define ALL ENGINE_RING_MESSAGES
#define REPLIES 300000u
#define PAIRS 10000u
#define RECEIVERS 3

static struct engine *engine;
static struct engine_message message, messages[ALL + 1];

static void setup(void)
{
	engine = bare_port_open();
}

static void teardown(void)
{
	bare_port_close(engine);
}

static bool waiting(void)
{
	return support_readable(engine_event_fd(engine));
}

START_TEST(buffer_empty_does_not_block)
{
	struct engine_message untouched;

	/* no one will ever post: a call that waits never comes back */
	memset(&message, 0xa5, sizeof(message));
	untouched = message;
	ck_assert_int_eq(engine_try_recv(engine, &message), 0);
	ck_assert_int_eq(engine_try_recv_batch(engine, &message, 1), 0);
	ck_assert_int_eq(engine_recv(engine, &message, 0), 0);
	ck_assert_mem_eq(&message, &untouched, sizeof(message));
}
END_TEST

START_TEST(replies_are_received_in_order)
{
	for (uint32_t i = 0; i < ALL; i++)
		ck_assert(bare_port_post(engine, i, true));
	for (uint32_t i = 0; i < ALL; i++) {
		int taken = i % 2 ? engine_try_recv(engine, &message) :
				    engine_recv(engine, &message, -1);

		ck_assert_int_eq(taken, 1);
		ck_assert_uint_eq(message.type, ENGINE_PONG);
		ck_assert_uint_eq(message.id, i);
	}
	ck_assert_int_eq(engine_try_recv(engine, &message), 0);
}
END_TEST

START_TEST(a_batch_takes_what_there_is_and_no_more_than_asked)
{
	for (uint32_t i = 0; i < ALL; i++)
		ck_assert(bare_port_post(engine, i, true));
	memset(messages, 0, sizeof(messages));
	ck_assert_int_eq(engine_try_recv_batch(engine, messages, 0), 0);
	ck_assert_int_eq(engine_try_recv_batch(engine, NULL, 0), 0);
	ck_assert_int_eq(engine_try_recv_batch(engine, messages, 3), 3);
	ck_assert_uint_eq(messages[2].id, 2);
	ck_assert_uint_eq(messages[3].type, 0);
	/* room for more than a call takes is no matter */
	ck_assert_int_eq(engine_try_recv_batch(engine, messages, SIZE_MAX / 2 + 1), ALL - 3);
	for (uint32_t i = 0; i < ALL - 3; i++)
		ck_assert_uint_eq(messages[i].id, i + 3);
	ck_assert_int_eq(engine_try_recv_batch(engine, messages, ALL), 0);
}
END_TEST

START_TEST(the_event_fd_is_readable_exactly_while_something_waits)
{
	ck_assert(!waiting());
	ck_assert(bare_port_post(engine, 1, true));
	ck_assert(bare_port_post(engine, 2, true));
	ck_assert(waiting());
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
	ck_assert(waiting());
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
	ck_assert_int_eq(engine_try_recv(engine, &message), 0);
	ck_assert(!waiting());
	/* and so again, however it is found that nothing is left */
	ck_assert(bare_port_post(engine, 3, true));
	ck_assert(waiting());
	ck_assert_int_eq(engine_try_recv_batch(engine, messages, ALL), 1);
	ck_assert_int_eq(engine_recv(engine, &message, 0), 0);
	ck_assert(!waiting());
}
END_TEST

static void post_two(void)
{
	ck_assert(bare_port_post(engine, 2, true));
	ck_assert(bare_port_post(engine, 3, true));
}

START_TEST(replies_that_come_while_the_fd_is_cleared_are_not_missed)
{
	ck_assert(bare_port_post(engine, 1, true));
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
	before_read_call(engine_event_fd(engine), post_two);
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
	ck_assert_uint_eq(message.id, 2);
	ck_assert(waiting());
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
	ck_assert_uint_eq(message.id, 3);
	ck_assert_int_eq(engine_try_recv(engine, &message), 0);
	ck_assert(!waiting());
}
END_TEST

START_TEST(receive_waits_for_its_time_and_no_less)
{
	static const int timeouts_ms[] = { 0, 1, 30 };

	for (unsigned i = 0; i < 3; i++) {
		uint64_t start = monotonic_ns();

		ck_assert_int_eq(engine_recv(engine, &message, timeouts_ms[i]), 0);
		ck_assert_uint_ge(monotonic_ns() - start, (uint64_t)timeouts_ms[i] * 1000000u);
	}
}
END_TEST

static void *post_one(void *arg)
{
	return bare_port_post(engine, *(uint32_t *)arg, true) ? NULL : "no room";
}

START_TEST(receive_wakes_for_a_reply)
{
	for (uint32_t id = 0; id < 200; id++) {
		pthread_t poster = support_start(post_one, &id);
		int timeout_ms = id % 2 ? -1 : SUPPORT_PATIENCE_MS;

		ck_assert_int_eq(engine_recv(engine, &message, timeout_ms), 1);
		ck_assert_uint_eq(message.id, id);
		ck_assert_ptr_null(support_join(poster));
	}
}
END_TEST

static volatile sig_atomic_t alarms;

static void count_alarm(int signal)
{
	(void)signal;
	alarms++;
}

START_TEST(receive_returns_eintr_when_a_signal_handler_ran)
{
	/* not SA_RESTART: poll is not restarted in any case. It comes again
	 * and again, so that one of them finds us asleep. */
	struct sigaction action = { .sa_handler = count_alarm, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec every = { { 0, 10000000 }, { 0, 10000000 } };
	timer_t timer;

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	ck_assert_int_eq(timer_settime(timer, 0, &every, NULL), 0);
	ck_assert_int_eq(engine_recv(engine, &message, -1), -EINTR);
	ck_assert_int_gt(alarms, 0);
	/* a message that is there is taken all the same */
	ck_assert(bare_port_post(engine, 5, true));
	ck_assert_int_eq(engine_recv(engine, &message, -1), 1);
	timer_delete(timer);
}
END_TEST

START_TEST(null_is_einval)
{
	ck_assert(bare_port_post(engine, 1, true));
	ck_assert_int_eq(engine_try_recv(NULL, &message), -EINVAL);
	ck_assert_int_eq(engine_try_recv(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_try_recv_batch(NULL, messages, 1), -EINVAL);
	ck_assert_int_eq(engine_try_recv_batch(engine, NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_recv(NULL, &message, -1), -EINVAL);
	ck_assert_int_eq(engine_recv(engine, NULL, -1), -EINVAL);
	ck_assert_int_eq(engine_event_fd(NULL), -EINVAL);
	ck_assert_int_eq(engine_port_try_recv(NULL, &message), -EINVAL);
	ck_assert_int_eq(engine_port_try_recv_batch(NULL, messages, 1), -EINVAL);
	ck_assert_int_eq(engine_port_recv(NULL, &message, -1), -EINVAL);
	ck_assert_int_eq(engine_port_event_fd(NULL), -EINVAL);
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
}
END_TEST

START_TEST(a_second_receiver_gets_ebusy_and_takes_nothing)
{
	ck_assert(bare_port_post(engine, 1, true));
	ck_assert(guard_take(&engine->own.receiving)); /* as a thread inside a receive */
	ck_assert_int_eq(engine_try_recv(engine, &message), -EBUSY);
	ck_assert_int_eq(engine_try_recv_batch(engine, messages, ALL), -EBUSY);
	ck_assert_int_eq(engine_recv(engine, &message, -1), -EBUSY);
	/* a sender is no receiver */
	ck_assert_int_eq(engine_send_ping(engine, 1), 0);
	guard_give(&engine->own.receiving);
	ck_assert_int_eq(engine_try_recv(engine, &message), 1);
}
END_TEST

static void *receive_one(void *arg)
{
	return engine_recv(engine, arg, -1) == 1 ? NULL : "nothing was received";
}

START_TEST(a_receiver_that_sleeps_is_still_inside)
{
	pthread_t sleeper = support_start(receive_one, &message);
	struct engine_message other;

	while (load_relaxed(&engine->own.receiving) == 0)
		sched_yield();
	for (unsigned i = 0; i < 1000; i++) {
		ck_assert_int_eq(engine_try_recv(engine, &other), -EBUSY);
		ck_assert_int_eq(engine_recv(engine, &other, 0), -EBUSY);
		sched_yield();
	}
	ck_assert(bare_port_post(engine, 8, true));
	ck_assert_ptr_null(support_join(sleeper));
	ck_assert_uint_eq(message.id, 8);
}
END_TEST

/* Several threads receive on the same port, as they must not. */
static unsigned char received[REPLIES];
static atomic_of(uint32_t) received_count;

static void *receive_all(void *arg)
{
	struct engine_message reply;

	(void)arg;
	while (load_relaxed(&received_count) < REPLIES) {
		int taken = engine_try_recv(engine, &reply);

		if (taken == 1 && (reply.type != ENGINE_PONG || reply.id >= REPLIES))
			return "a reply that no one posted";
		if (taken == 1) {
			received[reply.id]++;
			atomic_fetch_add(&received_count, 1);
		} else if (taken == 0 || taken == -EBUSY) {
			sched_yield();
		} else {
			return "neither 1, 0 nor -EBUSY";
		}
	}
	return NULL;
}

START_TEST(several_receivers_on_one_port_get_each_reply_once)
{
	pthread_t threads[RECEIVERS];

	for (unsigned i = 0; i < RECEIVERS; i++)
		threads[i] = support_start(receive_all, NULL);
	for (uint32_t i = 0; i < REPLIES; i++)
		while (!bare_port_post(engine, i, true))
			sched_yield();
	for (unsigned i = 0; i < RECEIVERS; i++) {
		const char *complaint = support_join(threads[i]);

		ck_assert_msg(!complaint, "%s", complaint);
	}
	for (uint32_t i = 0; i < REPLIES; i++)
		if (received[i] != 1)
			ck_abort_msg("reply %u came %u times", i, received[i]);
}
END_TEST

/* Posts a pair, and the next only once both were received: each ring counts. */
static void *post_pairs(void *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < PAIRS; i++) {
		if (!bare_port_post(engine, 2 * i, true) ||
		    !bare_port_post(engine, 2 * i + 1, true))
			return "no room";
		while (load_acquire(&received_count) != 2 * (i + 1))
			sched_yield();
	}
	return NULL;
}

static void receive_pairs(int (*receive)(struct engine_message *message))
{
	const char *complaint;
	pthread_t poster;

	store_relaxed(&received_count, 0);
	poster = support_start(post_pairs, NULL);
	for (uint32_t i = 0; i < 2 * PAIRS; i++) {
		if (receive(&message) != 1)
			ck_abort_msg("reply %u never woke us", i);
		if (message.id != i)
			ck_abort_msg("reply %u is %u", i, message.id);
		store_release(&received_count, i + 1);
	}
	complaint = support_join(poster);
	ck_assert_msg(!complaint, "%s", complaint);
	ck_assert_int_eq(engine_try_recv(engine, &message), 0);
	ck_assert(!waiting());
}

static int by_sleeping(struct engine_message *reply)
{
	return engine_recv(engine, reply, SUPPORT_PATIENCE_MS);
}

/* As a program does with a loop of its own: one reply each time poll says so. */
static int by_polling(struct engine_message *reply)
{
	int taken;

	do {
		support_await_readable(engine_event_fd(engine));
		taken = engine_try_recv(engine, reply);
	} while (taken == 0);
	return taken;
}

START_TEST(no_wake_up_is_lost_in_a_receive)
{
	receive_pairs(by_sleeping);
}
END_TEST

START_TEST(no_wake_up_is_lost_on_the_event_fd)
{
	receive_pairs(by_polling);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("receive");
	TCase *tests = tcase_create("receive");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, buffer_empty_does_not_block);
	tcase_add_test(tests, replies_are_received_in_order);
	tcase_add_test(tests, a_batch_takes_what_there_is_and_no_more_than_asked);
	tcase_add_test(tests, the_event_fd_is_readable_exactly_while_something_waits);
	tcase_add_test(tests, replies_that_come_while_the_fd_is_cleared_are_not_missed);
	tcase_add_test(tests, receive_waits_for_its_time_and_no_less);
	tcase_add_test(tests, receive_wakes_for_a_reply);
	tcase_add_test(tests, receive_returns_eintr_when_a_signal_handler_ran);
	tcase_add_test(tests, null_is_einval);
	tcase_add_test(tests, a_second_receiver_gets_ebusy_and_takes_nothing);
	tcase_add_test(tests, a_receiver_that_sleeps_is_still_inside);
	tcase_add_test(tests, several_receivers_on_one_port_get_each_reply_once);
	tcase_add_test(tests, no_wake_up_is_lost_in_a_receive);
	tcase_add_test(tests, no_wake_up_is_lost_on_the_event_fd);
	return support_run(suite);
}
