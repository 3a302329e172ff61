/* SPDX-License-Identifier: MIT */
/*
 * Ports on an engine whose audio thread runs: opened, closed and opened
 * again; each command answered once, on the port that sent it.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "control/guard.h"
#include "control/port.h"
#include "support.h"
#include "virtual_engine.h"

#define ALL ENGINE_RING_MESSAGES
#define PORTS 20
#define PINGS_EACH 5000u
#define SENDERS 4
#define HAMMERED 20000u

static struct engine *engine;
static struct engine_port *port;
static struct engine_message message, messages[ALL];

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = 64, .ports = PORTS);
	ck_assert_int_eq(engine_port_open(engine, &port, 0), 0);
}

static void teardown(void)
{
	virtual_destroy(engine);
}

/* A port that was just closed is free again after a period. */
static struct engine_port *open_soon(void)
{
	struct engine_port *opened;
	int err;

	while ((err = engine_port_open(engine, &opened, 0)) == -ENOSPC)
		sched_yield();
	ck_assert_int_eq(err, 0);
	return opened;
}

/* Commands with the ids first, first + 1, ...; waits until they fit. */
static void send_all(struct engine_port *to, uint32_t first, uint16_t flags)
{
	int err;

	for (uint32_t i = 0; i < ALL; i++)
		messages[i] = (struct engine_message){ .type = ENGINE_PING, .flags = flags,
						       .id = first + i };
	while ((err = engine_port_send_batch(to, messages, ALL)) == -ENOBUFS)
		sched_yield();
	ck_assert_int_eq(err, 0);
}

static void assert_received(struct engine_port *from, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_int_eq(engine_port_recv(from, &message, SUPPORT_PATIENCE_MS), 1);
		ck_assert_uint_eq(message.type, ENGINE_PONG);
		ck_assert_uint_eq(message.id, first + i);
		ck_assert_int_eq(message.reply.result, 0);
	}
}

/* Once more around, and there is nothing. */
static void assert_nothing_comes(struct engine_port *from)
{
	virtual_await_cycle(engine);
	ck_assert_int_eq(engine_port_try_recv(from, &message), 0);
}

/* ---- opening and closing */

START_TEST(the_own_port_is_a_port)
{
	ck_assert_ptr_ne(engine_own_port(engine), NULL);
	ck_assert_int_eq(engine_event_fd(engine), engine_port_event_fd(engine_own_port(engine)));
	ck_assert_int_eq(engine_port_send_ping(engine_own_port(engine), 3), 0);
	ck_assert_int_eq(engine_recv(engine, &message, SUPPORT_PATIENCE_MS), 1);
	ck_assert_uint_eq(message.id, 3);
	ck_assert_int_eq(engine_port_close(engine_own_port(engine)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "own port"));
}
END_TEST

START_TEST(one_port_too_many_is_enospc)
{
	struct engine_port *ports[PORTS], *none = port;

	ports[0] = port;
	for (unsigned i = 1; i < PORTS; i++)
		ck_assert_int_eq(engine_port_open(engine, &ports[i], ENGINE_PORT_EVENTS), 0);
	ck_assert_int_eq(engine_port_open(engine, &none, 0), -ENOSPC);
	ck_assert_ptr_null(none);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "config.ports"));
	/* whichever is closed makes room for one */
	for (unsigned i = 0; i < PORTS; i++) {
		ck_assert_int_eq(engine_port_close(ports[i]), 0);
		ports[i] = open_soon();
		ck_assert_int_eq(engine_port_open(engine, &none, 0), -ENOSPC);
		virtual_ping(ports[i], i, 0);
	}
}
END_TEST

START_TEST(unknown_flags_are_einval)
{
	struct engine_port *none = port;

	for (unsigned bit = 1; bit < 32; bit++) {
		ck_assert_int_eq(engine_port_open(engine, &none, 1u << bit), -EINVAL);
		ck_assert_ptr_null(none);
	}
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "ENGINE_PORT_EVENTS"));
}
END_TEST

START_TEST(a_closed_port_is_ebadf)
{
	struct engine_port_stats stats = { .size = sizeof(stats) };

	ck_assert_int_eq(engine_port_close(port), 0);
	ck_assert_int_eq(engine_port_send_ping(port, 1), -EBADF);
	messages[0] = (struct engine_message){ .type = ENGINE_PING };
	ck_assert_int_eq(engine_port_send(port, messages), -EBADF);
	ck_assert_int_eq(engine_port_send_batch(port, messages, 1), -EBADF);
	ck_assert_int_eq(engine_port_try_recv(port, &message), -EBADF);
	ck_assert_int_eq(engine_port_try_recv_batch(port, messages, ALL), -EBADF);
	ck_assert_int_eq(engine_port_recv(port, &message, -1), -EBADF);
	ck_assert_int_eq(engine_port_event_fd(port), -EBADF);
	ck_assert_int_eq(engine_port_get_stats(port, &stats), -EBADF);
	ck_assert_int_eq(engine_port_close(port), -EBADF);
	/* nor does it work again once its place is taken */
	for (unsigned i = 0; i < PORTS; i++)
		open_soon();
	ck_assert_int_eq(engine_port_send_ping(port, 1), -EBADF);
	ck_assert_int_eq(engine_port_try_recv(port, &message), -EBADF);
}
END_TEST

START_TEST(a_port_opened_again_begins_afresh)
{
	/* with all others open it gets the same place each time */
	for (unsigned i = 1; i < PORTS; i++)
		open_soon();
	for (uint32_t round = 0; round < 50; round++) {
		struct engine_port_stats stats = virtual_port_stats(port);

		ck_assert_uint_eq(stats.sent, 0);
		ck_assert_uint_eq(stats.received, 0);
		ck_assert(!support_readable(engine_port_event_fd(port)));
		ck_assert_int_eq(engine_port_try_recv(port, &message), 0);
		/* leave a reply unread and a command untaken */
		ck_assert_int_eq(engine_port_send_ping(port, round), 0);
		support_await_readable(engine_port_event_fd(port));
		ck_assert_int_eq(engine_port_send_ping(port, round), 0);
		ck_assert_int_eq(engine_port_close(port), 0);
		port = open_soon();
	}
	assert_nothing_comes(port);
}
END_TEST

static void *receive_one(void *arg)
{
	return engine_port_recv(port, arg, -1) == 1 ? NULL : "nothing was received";
}

START_TEST(a_port_with_a_thread_inside_is_ebusy_to_close)
{
	pthread_t sleeper = support_start(receive_one, &message);

	while (load_relaxed(&port->receiving) == 0)
		sched_yield();
	ck_assert_int_eq(engine_port_close(port), -EBUSY);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "receive"));
	ck_assert_int_eq(engine_port_send_ping(port, 6), 0);
	ck_assert_ptr_null(support_join(sleeper));
	ck_assert_uint_eq(message.id, 6);

	ck_assert(guard_take(&port->sending)); /* as a thread inside a send */
	ck_assert_int_eq(engine_port_close(port), -EBUSY);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "send"));
	guard_give(&port->sending);
	/* a refused close leaves it as it was */
	virtual_ping(port, 7, 0);
	ck_assert_int_eq(engine_port_close(port), 0);
}
END_TEST

/* ---- replies */

START_TEST(replies_go_to_the_port_that_asked)
{
	struct engine_port *ports[PORTS];

	ports[0] = port;
	for (uint32_t i = 1; i < PORTS; i++)
		ck_assert_int_eq(engine_port_open(engine, &ports[i], ENGINE_PORT_EVENTS), 0);
	/* the same ids on all: what tells them apart is how many */
	for (uint32_t i = 0; i < PORTS; i++)
		for (uint32_t id = 0; id <= i; id++)
			ck_assert_int_eq(engine_port_send_ping(ports[i], id), 0);
	for (uint32_t i = PORTS; i-- > 0;)
		assert_received(ports[i], 0, i + 1);
	for (uint32_t i = 0; i < PORTS; i++)
		assert_nothing_comes(ports[i]);
	ck_assert_int_eq(engine_try_recv(engine, &message), 0);
}
END_TEST

START_TEST(idle_ports_hold_no_other_up)
{
	struct engine_port *ports[PORTS];

	ports[0] = port;
	for (uint32_t i = 1; i < PORTS; i++)
		ck_assert_int_eq(engine_port_open(engine, &ports[i], 0), 0);
	for (uint32_t i = 0; i < PORTS; i += 3)
		ck_assert_int_eq(engine_port_send_ping(ports[i], i), 0);
	/* all within one turn of the audio thread, whichever lane it begins with */
	virtual_await_cycle(engine);
	for (uint32_t i = 0; i < PORTS; i++)
		ck_assert_int_eq(engine_port_try_recv(ports[i], &message), i % 3 == 0);
}
END_TEST

START_TEST(a_quiet_command_is_taken_and_not_answered)
{
	struct engine_message quiet = { .type = ENGINE_PING, .flags = ENGINE_FLAG_QUIET, .id = 1 };
	struct engine_port_stats stats;

	for (uint32_t i = 0; i < 10; i++) {
		ck_assert_int_eq(engine_port_send(port, &quiet), 0);
		ck_assert_int_eq(engine_port_send_ping(port, 100 + i), 0);
	}
	assert_received(port, 100, 10);
	assert_nothing_comes(port);
	stats = virtual_port_stats(port);
	ck_assert_uint_eq(stats.sent, 20);
	ck_assert_uint_eq(stats.handled, 20);
	ck_assert_uint_eq(stats.answered, 10);
	ck_assert_uint_eq(stats.received, 10);
	ck_assert_uint_eq(stats.refused, 0);
}
END_TEST

START_TEST(exactly_one_reply_when_the_out_ring_is_full)
{
	struct engine_port_stats stats;

	send_all(port, 0, 0);
	/* the second lot fits when the first was taken, and is held back for
	 * want of room for its replies */
	send_all(port, ALL, 0);
	for (unsigned i = 0; i < 3; i++) {
		virtual_await_cycle(engine);
		ck_assert_int_eq(engine_port_send_ping(port, 2 * ALL), -ENOBUFS);
	}
	stats = virtual_port_stats(port);
	ck_assert_uint_eq(stats.sent, 2 * ALL);
	ck_assert_uint_eq(stats.handled, ALL);
	ck_assert_uint_eq(stats.answered, ALL);
	ck_assert_uint_ge(stats.refused, 3);
	/* the others are not held up by that */
	virtual_ping(engine_own_port(engine), 1, 0);

	assert_received(port, 0, 2 * ALL);
	assert_nothing_comes(port);
	stats = virtual_port_stats(port);
	ck_assert_uint_eq(stats.handled, 2 * ALL);
	ck_assert_uint_eq(stats.answered, 2 * ALL);
	ck_assert_uint_eq(stats.received, 2 * ALL);
}
END_TEST

START_TEST(quiet_commands_need_no_room_for_replies)
{
	send_all(port, 0, 0);
	for (uint32_t i = 1; i <= 5; i++)
		send_all(port, i * ALL, ENGINE_FLAG_QUIET);
	virtual_await_handled(port, 6 * ALL);
	ck_assert_uint_eq(virtual_port_stats(port).answered, ALL);
	assert_received(port, 0, ALL);
	assert_nothing_comes(port);
}
END_TEST

START_TEST(the_event_fd_is_readable_exactly_while_something_waits)
{
	int fd = engine_port_event_fd(port);

	for (uint32_t round = 0; round < 100; round++) {
		ck_assert(!support_readable(fd));
		for (uint32_t id = 0; id < 3; id++)
			ck_assert_int_eq(engine_port_send_ping(port, id), 0);
		support_await_readable(fd);
		virtual_await_handled(port, 3 * (round + 1));
		for (uint32_t id = 0; id < 3; id++) {
			ck_assert(support_readable(fd));
			assert_received(port, id, 1);
		}
		/* the thread may yet ring for what we were quick to take */
		virtual_await_cycle(engine);
		ck_assert_int_eq(engine_port_try_recv(port, &message), 0);
	}
	ck_assert(!support_readable(fd));
}
END_TEST

/* ---- many threads */

struct asker {
	struct engine_port *port;
	uint32_t number;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;
	uint32_t first = asker->number << 24, sent = 0, received = 0;
	struct engine_message reply;

	while (received < PINGS_EACH) {
		while (sent < PINGS_EACH && engine_port_send_ping(asker->port, first + sent) == 0)
			sent++;
		if (engine_port_recv(asker->port, &reply, SUPPORT_PATIENCE_MS) != 1)
			return "a reply never came";
		if (reply.type == ENGINE_EVENT_BACKPRESSURE)
			continue; /* we fill our ring as fast as we can */
		if (reply.type != ENGINE_PONG || reply.id != first + received++)
			return "a reply to something else";
	}
	while (engine_port_try_recv(asker->port, &reply) == 1)
		if (reply.type != ENGINE_EVENT_BACKPRESSURE)
			return "a reply too many";
	return NULL;
}

START_TEST(twenty_ports_with_a_thread_each)
{
	struct asker askers[PORTS + 1] = { { .port = engine_own_port(engine) } };
	pthread_t threads[PORTS + 1];

	for (uint32_t i = 0; i <= PORTS; i++) {
		askers[i].number = i;
		if (i > 0)
			askers[i].port = i == 1 ? port : open_soon();
	}
	for (uint32_t i = 0; i <= PORTS; i++)
		threads[i] = support_start(ask, &askers[i]);
	for (uint32_t i = 0; i <= PORTS; i++) {
		const char *complaint = support_join(threads[i]);
		struct engine_port_stats stats = virtual_port_stats(askers[i].port);

		ck_assert_msg(!complaint, "port %u: %s", i, complaint);
		ck_assert_uint_eq(stats.sent, PINGS_EACH);
		ck_assert_uint_eq(stats.answered, PINGS_EACH);
		ck_assert_uint_ge(stats.received, PINGS_EACH);
	}
}
END_TEST

/* One of several threads that all send on one port, as they must not. */
struct sender {
	uint32_t number;
	uint32_t accepted;
	uint32_t answered; /* the receiving thread's */
};

static void *hammer(void *arg)
{
	struct sender *sender = arg;

	while (sender->accepted < HAMMERED) {
		int err = engine_port_send_ping(port, sender->number << 24 | sender->accepted);

		if (err == 0)
			sender->accepted++;
		else if (err == -EBUSY || err == -ENOBUFS)
			sched_yield();
		else
			return "neither 0, -EBUSY nor -ENOBUFS";
	}
	return NULL;
}

START_TEST(what_several_senders_had_accepted_is_answered)
{
	struct sender senders[SENDERS] = { { 0 } };
	pthread_t threads[SENDERS];

	for (uint32_t i = 0; i < SENDERS; i++) {
		senders[i].number = i;
		threads[i] = support_start(hammer, &senders[i]);
	}
	for (uint32_t i = 0; i < SENDERS * HAMMERED; i++) {
		uint32_t number;

		if (engine_port_recv(port, &message, SUPPORT_PATIENCE_MS) != 1)
			ck_abort_msg("answer %u never came", i);
		number = message.id >> 24;
		if (number >= SENDERS || (message.id & 0xffffff) != senders[number].answered++)
			ck_abort_msg("an answer to what no one sent: %#x", message.id);
	}
	for (uint32_t i = 0; i < SENDERS; i++) {
		const char *complaint = support_join(threads[i]);

		ck_assert_msg(!complaint, "%s", complaint);
		ck_assert_uint_eq(senders[i].answered, senders[i].accepted);
	}
	assert_nothing_comes(port);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("port");
	TCase *tests = tcase_create("port");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_own_port_is_a_port);
	tcase_add_test(tests, one_port_too_many_is_enospc);
	tcase_add_test(tests, unknown_flags_are_einval);
	tcase_add_test(tests, a_closed_port_is_ebadf);
	tcase_add_test(tests, a_port_opened_again_begins_afresh);
	tcase_add_test(tests, a_port_with_a_thread_inside_is_ebusy_to_close);
	tcase_add_test(tests, replies_go_to_the_port_that_asked);
	tcase_add_test(tests, idle_ports_hold_no_other_up);
	tcase_add_test(tests, a_quiet_command_is_taken_and_not_answered);
	tcase_add_test(tests, exactly_one_reply_when_the_out_ring_is_full);
	tcase_add_test(tests, quiet_commands_need_no_room_for_replies);
	tcase_add_test(tests, the_event_fd_is_readable_exactly_while_something_waits);
	tcase_add_test(tests, twenty_ports_with_a_thread_each);
	tcase_add_test(tests, what_several_senders_had_accepted_is_answered);
	return support_run(suite);
}
