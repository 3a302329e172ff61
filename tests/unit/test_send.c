/* SPDX-License-Identifier: MIT */
/*
 * Sending into a port that no audio thread serves: what is queued, what is
 * refused, and that a refusal queues nothing.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "bare_port.h"
#include "control/guard.h"
#include "support.h"

#define ALL ENGINE_RING_MESSAGES
#define BATCHES 1000u
#define SENDERS 4
#define SENT_EACH 150000u

static struct engine *engine;
static struct engine_message messages[ALL + 1], taken;

static void setup(void)
{
	engine = bare_port_open();
	for (uint32_t i = 0; i <= ALL; i++)
		messages[i] = (struct engine_message){ .type = ENGINE_PING, .id = i };
}

static void teardown(void)
{
	bare_port_close(engine);
}

static uint64_t queued(void)
{
	return load_relaxed(&engine->own.lane->in.pushed);
}

static uint64_t refused(void)
{
	return load_relaxed(&engine->own.lane->refused);
}

static void assert_nothing_queued(void)
{
	ck_assert(!bare_port_take(engine, &taken));
	ck_assert_uint_eq(queued(), 0);
}

START_TEST(a_ping_is_queued_with_its_id_and_the_time)
{
	uint64_t before = monotonic_ns();

	ck_assert_int_eq(engine_send_ping(engine, 0xfffffffe), 0);
	ck_assert_uint_eq(queued(), 1);
	ck_assert(bare_port_take(engine, &taken));
	ck_assert_uint_eq(taken.type, ENGINE_PING);
	ck_assert_uint_eq(taken.flags, 0);
	ck_assert_uint_eq(taken.id, 0xfffffffe);
	ck_assert_uint_eq(taken.frame, 0);
	ck_assert_uint_eq(taken.ping.reserved, 0);
	ck_assert_uint_ge(taken.ping.time_ns, before);
	ck_assert_uint_le(taken.ping.time_ns, monotonic_ns());
	ck_assert(!bare_port_take(engine, &taken));
}
END_TEST

START_TEST(a_command_is_queued_as_it_is_and_its_time_filled_in_when_zero)
{
	struct engine_message ping = { .type = ENGINE_PING, .flags = ENGINE_FLAG_QUIET, .id = 9 };
	uint64_t before = monotonic_ns();

	ck_assert_int_eq(engine_send(engine, &ping), 0);
	ck_assert(bare_port_take(engine, &taken));
	ck_assert_uint_ge(taken.ping.time_ns, before);
	ping.ping.time_ns = taken.ping.time_ns;
	ck_assert_mem_eq(&taken, &ping, sizeof(ping));

	ping.ping.time_ns = 12345;
	ck_assert_int_eq(engine_send(engine, &ping), 0);
	ck_assert(bare_port_take(engine, &taken));
	ck_assert_mem_eq(&taken, &ping, sizeof(ping));
}
END_TEST

START_TEST(buffer_full_drops_with_an_error_code_counted_and_nothing_queued)
{
	for (uint32_t i = 0; i < ALL; i++)
		ck_assert_int_eq(engine_send_ping(engine, i), 0);
	ck_assert_int_eq(engine_send_ping(engine, ALL), -ENOBUFS);
	ck_assert_int_eq(engine_send(engine, messages), -ENOBUFS);
	ck_assert_uint_eq(refused(), 2);
	ck_assert_int_eq(engine_send_batch(engine, messages, 5), -ENOBUFS);
	ck_assert_uint_eq(refused(), 7);
	ck_assert_uint_eq(queued(), ALL);
	for (uint32_t i = 0; i < ALL; i++) {
		ck_assert(bare_port_take(engine, &taken));
		ck_assert_uint_eq(taken.id, i);
	}
	ck_assert(!bare_port_take(engine, &taken));
	ck_assert_int_eq(engine_send_ping(engine, ALL), 0);
	ck_assert_uint_eq(refused(), 7);
}
END_TEST

START_TEST(a_batch_is_queued_whole_or_not_at_all)
{
	for (uint32_t held = 0; held <= ALL; held += held < 3 || held > ALL - 4 ? 1 : 339) {
		uint32_t left = ALL - held;

		for (uint32_t i = 0; i < held; i++)
			ck_assert_int_eq(engine_send_ping(engine, ALL), 0);
		ck_assert_int_eq(engine_send_batch(engine, messages, left + 1),
				 held ? -ENOBUFS : -EMSGSIZE);
		ck_assert_int_eq(engine_send_batch(engine, messages, left), 0);
		for (uint32_t i = 0; i < ALL; i++) {
			ck_assert(bare_port_take(engine, &taken));
			ck_assert_uint_eq(taken.id, i < held ? ALL : i - held);
		}
		ck_assert(!bare_port_take(engine, &taken));
	}
}
END_TEST

START_TEST(a_batch_over_1024_is_emsgsize_and_an_empty_one_does_nothing)
{
	ck_assert_int_eq(engine_send_batch(engine, messages, ALL + 1), -EMSGSIZE);
	ck_assert_int_eq(engine_send_batch(engine, messages, SIZE_MAX), -EMSGSIZE);
	ck_assert_int_eq(engine_send_batch(engine, messages, 0), 0);
	ck_assert_int_eq(engine_send_batch(engine, NULL, 0), 0);
	assert_nothing_queued();
	ck_assert_uint_eq(refused(), 0);
}
END_TEST

static void assert_invalid(struct engine_message message)
{
	ck_assert_int_eq(engine_send(engine, &message), -EINVAL);
	/* anywhere in a batch, and then none of the others are sent either */
	for (uint32_t i = 0; i < 3; i++) {
		struct engine_message good = messages[i];

		messages[i] = message;
		ck_assert_int_eq(engine_send_batch(engine, messages, 3), -EINVAL);
		messages[i] = good;
	}
	assert_nothing_queued();
}

START_TEST(unknown_types_are_einval)
{
	static const uint16_t types[] = { 0, 7, 8, 0xff, ENGINE_PONG, 0x102, ENGINE_EVENT_XRUN,
					  ENGINE_EVENT_LOST, 0x8001, 0xffff };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_invalid((struct engine_message){ .type = types[i] });
}
END_TEST

START_TEST(unknown_flags_are_einval)
{
	for (unsigned bit = 2; bit < 16; bit++)
		assert_invalid((struct engine_message){ .type = ENGINE_PING,
							.flags = (uint16_t)(1u << bit) });
	assert_invalid((struct engine_message){ .type = ENGINE_PING, .flags = 0xffff });
}
END_TEST

START_TEST(reserved_fields_that_are_not_zero_are_einval)
{
	assert_invalid((struct engine_message){ .type = ENGINE_PING, .ping.reserved = 1 });
	assert_invalid((struct engine_message){ .type = ENGINE_PING,
						.ping.reserved = (uint64_t)1 << 63 });
}
END_TEST

START_TEST(null_is_einval)
{
	ck_assert_int_eq(engine_send_ping(NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_send(NULL, messages), -EINVAL);
	ck_assert_int_eq(engine_send(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_send_batch(NULL, messages, 1), -EINVAL);
	ck_assert_int_eq(engine_send_batch(engine, NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_port_send_ping(NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_port_send(NULL, messages), -EINVAL);
	ck_assert_int_eq(engine_port_send_batch(NULL, messages, 1), -EINVAL);
	ck_assert_int_eq(engine_wake(NULL), -EINVAL);
	assert_nothing_queued();
}
END_TEST

START_TEST(only_the_wake_flag_and_engine_wake_ring_the_audio_thread)
{
	int wake = engine->rt->wake.fd;

	ck_assert_int_eq(engine_send_ping(engine, 1), 0);
	messages[1].flags = ENGINE_FLAG_QUIET;
	ck_assert_int_eq(engine_send_batch(engine, messages, 3), 0);
	ck_assert(!support_readable(wake));

	messages[1].flags = ENGINE_FLAG_QUIET | ENGINE_FLAG_WAKE;
	ck_assert_int_eq(engine_send_batch(engine, messages, 3), 0);
	ck_assert(support_readable(wake));
	ck_assert(doorbell_answer(&engine->rt->wake));

	/* what was refused wakes no one */
	while (engine_send_ping(engine, 1) == 0)
		;
	ck_assert_int_eq(engine_send(engine, &messages[1]), -ENOBUFS);
	messages[2].flags = 0x8000;
	ck_assert_int_eq(engine_send_batch(engine, messages, 3), -EINVAL);
	ck_assert(!support_readable(wake));

	ck_assert_int_eq(engine_wake(engine), 0);
	ck_assert(support_readable(wake));
}
END_TEST

START_TEST(a_second_sender_gets_ebusy_and_queues_nothing)
{
	ck_assert(guard_take(&engine->own.sending)); /* as a thread inside a send */
	ck_assert_int_eq(engine_send_ping(engine, 1), -EBUSY);
	ck_assert_int_eq(engine_send(engine, messages), -EBUSY);
	ck_assert_int_eq(engine_send_batch(engine, messages, ALL), -EBUSY);
	ck_assert_uint_eq(refused(), 0);
	assert_nothing_queued();
	/* a receiver is no sender */
	ck_assert_int_eq(engine_try_recv(engine, &taken), 0);
	guard_give(&engine->own.sending);
	ck_assert_int_eq(engine_send_ping(engine, 1), 0);
}
END_TEST

/* A thread of several that send on the same port: what it was told. */
struct sender {
	uint32_t number;
	uint32_t accepted; /* ids 0..accepted-1, in this order */
};

static void *hammer(void *arg)
{
	struct sender *sender = arg;

	while (sender->accepted < SENT_EACH) {
		uint32_t id = sender->number << 24 | sender->accepted;
		struct engine_message ping = { .type = ENGINE_PING, .id = id };
		int err = sender->accepted % 2 ? engine_send_ping(engine, id) :
						 engine_send(engine, &ping);

		if (err == 0)
			sender->accepted++;
		else if (err == -EBUSY || err == -ENOBUFS)
			sched_yield();
		else
			return "neither 0, -EBUSY nor -ENOBUFS";
	}
	return NULL;
}

START_TEST(several_senders_on_one_port_never_corrupt_it)
{
	struct sender senders[SENDERS] = { { 0 } };
	uint32_t next[SENDERS] = { 0 };
	pthread_t threads[SENDERS];

	for (uint32_t i = 0; i < SENDERS; i++) {
		senders[i].number = i;
		threads[i] = support_start(hammer, &senders[i]);
	}
	for (uint32_t left = SENDERS * SENT_EACH; left > 0; left--) {
		uint32_t number;

		while (!bare_port_take(engine, &taken))
			sched_yield();
		number = taken.id >> 24;
		if (taken.type != ENGINE_PING || number >= SENDERS ||
		    (taken.id & 0xffffff) != next[number]++)
			ck_abort_msg("a message that no one sent: id %#x", taken.id);
	}
	for (uint32_t i = 0; i < SENDERS; i++) {
		const char *complaint = support_join(threads[i]);

		ck_assert_msg(!complaint, "%s", complaint);
		ck_assert_uint_eq(next[i], senders[i].accepted);
	}
	ck_assert(!bare_port_take(engine, &taken));
}
END_TEST

static void *send_batches(void *arg)
{
	struct engine_message batch[ALL];
	uint64_t random = 1;

	(void)arg;
	support_stay_on(0);
	for (uint32_t n = 0; n < BATCHES; n++) {
		uint32_t few = (uint32_t)(support_random(&random) % 20);
		/* the large ones fit when the receiver has nothing else to look at */
		uint32_t size = n % 2 ? 1 + few : ALL - few;

		for (uint32_t i = 0; i < size; i++)
			batch[i] = (struct engine_message){ .type = ENGINE_PING,
							    .id = (size - 1) << 16 | i };
		while (engine_send_batch(engine, batch, size) == -ENOBUFS)
			sched_yield();
	}
	return NULL;
}

/* Whether the slot that many places after the next to take is full. */
static bool arrived(uint32_t ahead)
{
	struct message_ring *ring = &engine->own.lane->in;
	uint64_t next = load_relaxed(&ring->popped);

	return load_acquire(&message_ring_slot(ring, next + ahead)->head) != 0;
}

START_TEST(a_batch_is_never_received_in_part)
{
	pthread_t sender = support_start(send_batches, NULL);

	support_stay_on(1);
	for (uint32_t n = 0; n < BATCHES; n++) {
		uint32_t last, i = 0, looks = 0;

		/* look often, to be there while the rest is being filled in */
		while (!bare_port_take(engine, &taken))
			if (++looks % 1024 == 0)
				sched_yield();
		/* the first is here, so the last is, and all between */
		last = taken.id >> 16;
		if (last > 0 && !arrived(last - 1))
			ck_abort_msg("the first of a batch of %u without the last", last + 1);
		while (taken.id == (last << 16 | i) && i < last && bare_port_take(engine, &taken))
			i++;
		if (taken.id != (last << 16 | last))
			ck_abort_msg("%u of a batch of %u", i, last + 1);
	}
	support_join(sender);
	ck_assert(!bare_port_take(engine, &taken));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("send");
	TCase *tests = tcase_create("send");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_ping_is_queued_with_its_id_and_the_time);
	tcase_add_test(tests, a_command_is_queued_as_it_is_and_its_time_filled_in_when_zero);
	tcase_add_test(tests, buffer_full_drops_with_an_error_code_counted_and_nothing_queued);
	tcase_add_test(tests, a_batch_is_queued_whole_or_not_at_all);
	tcase_add_test(tests, a_batch_over_1024_is_emsgsize_and_an_empty_one_does_nothing);
	tcase_add_test(tests, unknown_types_are_einval);
	tcase_add_test(tests, unknown_flags_are_einval);
	tcase_add_test(tests, reserved_fields_that_are_not_zero_are_einval);
	tcase_add_test(tests, null_is_einval);
	tcase_add_test(tests, only_the_wake_flag_and_engine_wake_ring_the_audio_thread);
	tcase_add_test(tests, a_second_sender_gets_ebusy_and_queues_nothing);
	tcase_add_test(tests, several_senders_on_one_port_never_corrupt_it);
	tcase_add_test(tests, a_batch_is_never_received_in_part);
	return support_run(suite);
}
