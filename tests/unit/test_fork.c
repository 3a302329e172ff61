/* SPDX-License-Identifier: MIT */
/*
 * Fork: the child is told so by every call, may have an engine of its own, and
 * the parent's stream goes on as if nothing had been.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/engine.h"
#include "support.h"
#include "virtual_engine.h"

#define PERIOD 64
#define STEPS 10
#define BUFFER (3 * PERIOD)

static struct engine *engine;
static struct engine_port *port, *closed;
static int16_t frames[STEPS * PERIOD], captured[STEPS * PERIOD + 1];

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = PERIOD,
				.channels = 1, .format = ENGINE_FORMAT_S16_LE);
	ck_assert_int_eq(engine_port_open(engine, &port, 0), 0);
	ck_assert_int_eq(engine_port_open(engine, &closed, 0), 0);
	ck_assert_int_eq(engine_port_close(closed), 0);
	ck_assert_int_eq(engine_start(engine), 0);
	for (int i = 0; i < STEPS * PERIOD; i++)
		frames[i] = (int16_t)(i + 1);
}

static void teardown(void)
{
	virtual_destroy(engine);
}

/* In the child: a check of Check's own would be reported as the parent's. */
#define EXPECT(call, value)                                                                        \
	do {                                                                                       \
		if ((call) != (value))                                                             \
			return #call;                                                              \
	} while (0)

/* Run in a child of a fork; its complaint, or NULL, is ours. */
static void assert_child(const char *(*run)(void))
{
	char complaint[200] = "";
	int ends[2], status;
	ssize_t length;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		const char *text = run();

		if (text && write(ends[1], text, strlen(text)) < 0)
			_exit(2);
		_exit(text ? 1 : 0);
	}
	close(ends[1]);
	length = read(ends[0], complaint, sizeof(complaint) - 1);
	close(ends[0]);
	ck_assert_int_ge(length, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(length == 0, "in the child: %s", complaint);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child's status is %#x",
		      (unsigned)status);
}

static const char *refuse_sending(struct engine_port *any)
{
	struct engine_message message = { .type = ENGINE_PING, .flags = ENGINE_FLAG_WAKE };

	EXPECT(engine_port_send_ping(any, 1), ENGINE_EFORKED);
	EXPECT(engine_port_send(any, &message), ENGINE_EFORKED);
	EXPECT(engine_port_send_batch(any, &message, 1), ENGINE_EFORKED);
	EXPECT(engine_port_try_recv(any, &message), ENGINE_EFORKED);
	EXPECT(engine_port_try_recv_batch(any, &message, 1), ENGINE_EFORKED);
	EXPECT(engine_port_recv(any, &message, -1), ENGINE_EFORKED);
	EXPECT(engine_port_event_fd(any), ENGINE_EFORKED);
	return NULL;
}

static const char *refuse_ports(void)
{
	struct engine_port *ports[] = { engine_own_port(engine), port, closed }, *none = port;
	struct engine_port_stats stats = { .size = sizeof(stats) };
	const char *complaint;

	for (unsigned i = 0; i < 3; i++) {
		complaint = refuse_sending(ports[i]);
		if (complaint)
			return complaint;
		EXPECT(engine_port_get_stats(ports[i], &stats), ENGINE_EFORKED);
		EXPECT(engine_port_close(ports[i]), ENGINE_EFORKED);
	}
	EXPECT(engine_port_open(engine, &none, 0), ENGINE_EFORKED);
	EXPECT(none, NULL);
	return NULL;
}

static const char *refuse_streams(void)
{
	struct engine_capture_chunk chunk = { .size = sizeof(chunk) };

	EXPECT(engine_playback_write(engine, frames, 1), ENGINE_EFORKED);
	EXPECT(engine_playback_free(engine), ENGINE_EFORKED);
	EXPECT(engine_playback_drain(engine, -1), ENGINE_EFORKED);
	EXPECT(engine_playback_fd(engine), ENGINE_EFORKED);
	EXPECT(engine_capture_read(engine, captured, 1, &chunk), ENGINE_EFORKED);
	EXPECT(engine_capture_fd(engine), ENGINE_EFORKED);
	return NULL;
}

static const char *refuse_reports(void)
{
	struct engine_info info = { .size = sizeof(info) };
	struct engine_stats stats = { .size = sizeof(stats) };
	struct engine_rt_report report = { .size = sizeof(report) };
	uint64_t frame;

	EXPECT(engine_get_info(engine, &info), ENGINE_EFORKED);
	EXPECT(engine_get_stats(engine, &stats), ENGINE_EFORKED);
	EXPECT(engine_get_rt_report(engine, &report), ENGINE_EFORKED);
	EXPECT(engine_frame(engine, &frame), ENGINE_EFORKED);
	EXPECT(engine_state(engine), ENGINE_EFORKED);
	return NULL;
}

static const char *refuse_control(void)
{
	struct engine_message message = { .type = ENGINE_PING };

	EXPECT(engine_start(engine), ENGINE_EFORKED);
	EXPECT(engine_stop(engine), ENGINE_EFORKED);
	EXPECT(engine_virtual_advance(engine, 1, 1), ENGINE_EFORKED);
	EXPECT(engine_wake(engine), ENGINE_EFORKED);
	EXPECT(engine_send_ping(engine, 1), ENGINE_EFORKED);
	EXPECT(engine_send(engine, &message), ENGINE_EFORKED);
	EXPECT(engine_try_recv(engine, &message), ENGINE_EFORKED);
	EXPECT(engine_recv(engine, &message, -1), ENGINE_EFORKED);
	EXPECT(engine_event_fd(engine), ENGINE_EFORKED);
	EXPECT(engine_destroy(engine), ENGINE_EFORKED);
	EXPECT(strcmp(engine_last_error(), engine_strerror(ENGINE_EFORKED)), 0);
	/* and destroying has destroyed nothing */
	EXPECT(engine_destroy(engine), ENGINE_EFORKED);
	return NULL;
}

static const char *refuse_everything(void)
{
	const char *(*const all[])(void) = { refuse_ports, refuse_streams, refuse_reports,
					     refuse_control, refuse_ports };
	const char *complaint = NULL;

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]) && !complaint; i++)
		complaint = all[i]();
	return complaint;
}

START_TEST(every_call_tells_the_child_that_it_is_forked)
{
	assert_child(refuse_everything);
	ck_assert_int_eq(engine_stop(engine), 0);
	assert_child(refuse_everything);
}
END_TEST

/* Whether there is memory at this address. */
static bool mapped(const void *address)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	return msync((void *)((uintptr_t)address & -page), page, MS_ASYNC) == 0;
}

static const char *find_no_rings(void)
{
	EXPECT(mapped(engine), true);
	EXPECT(mapped(engine->rt), false);
	EXPECT(mapped(port->lane), false);
	return NULL;
}

START_TEST(the_rings_are_not_inherited)
{
	if (support_emulated("the emulator does not know MADV_DONTFORK"))
		return;
	ck_assert(mapped(engine->rt));
	ck_assert(mapped(port->lane));
	assert_child(find_no_rings);
}
END_TEST

static const char *live_on_its_own(void)
{
	struct engine_config config = { .size = sizeof(config), .device = MANUAL,
					.directions = DUPLEX, .period_frames = PERIOD,
					.channels = 1, .format = ENGINE_FORMAT_S16_LE };
	struct engine_message message;
	struct engine *own;

	EXPECT(engine_create(&own, &config), 0);
	EXPECT(engine_playback_write(own, frames, PERIOD), PERIOD);
	EXPECT(engine_start(own), 0);
	EXPECT(engine_virtual_advance(own, PERIOD, SUPPORT_PATIENCE_MS), 0);
	EXPECT(engine_capture_read(own, captured, PERIOD, NULL), PERIOD);
	EXPECT(memcmp(captured, frames, PERIOD * sizeof(frames[0])), 0);
	EXPECT(engine_send_ping(own, 77), 0);
	/* events may come first: nobody reads what this engine captures */
	do
		EXPECT(engine_recv(own, &message, SUPPORT_PATIENCE_MS), 1);
	while (message.type != ENGINE_PONG);
	EXPECT(message.id, 77);
	EXPECT(engine_state(engine), ENGINE_EFORKED);
	EXPECT(engine_destroy(own), 0);
	return NULL;
}

START_TEST(the_child_may_have_an_engine_of_its_own)
{
	assert_child(live_on_its_own);
}
END_TEST

static struct engine *childs;

static const char *refuse_both(void)
{
	EXPECT(engine_state(engine), ENGINE_EFORKED);
	EXPECT(engine_state(childs), ENGINE_EFORKED);
	EXPECT(engine_send_ping(childs, 1), ENGINE_EFORKED);
	EXPECT(engine_destroy(childs), ENGINE_EFORKED);
	return NULL;
}

static const char *fork_again(void)
{
	struct engine_config config = { .size = sizeof(config), .device = MANUAL };
	int status;
	pid_t child;

	EXPECT(engine_create(&childs, &config), 0);
	child = fork();
	if (child == 0)
		_exit(refuse_both() ? 1 : 0);
	EXPECT(waitpid(child, &status, 0), child);
	EXPECT(status, 0);
	EXPECT(engine_state(childs), ENGINE_STATE_PREPARED);
	EXPECT(engine_destroy(childs), 0);
	return NULL;
}

START_TEST(the_childs_engine_is_forked_in_its_own_child)
{
	assert_child(fork_again);
}
END_TEST

START_TEST(the_parents_stream_goes_on_undisturbed)
{
	struct engine_stats stats;

	for (int i = 0; i < STEPS; i++) {
		virtual_write(engine, frames + i * PERIOD, PERIOD);
		assert_child(i % 2 ? refuse_everything : live_on_its_own);
		virtual_advance(engine, PERIOD);
		virtual_ping(port, (uint32_t)i, 0);
	}
	virtual_advance(engine, BUFFER);
	ck_assert_uint_eq(virtual_read(engine, 0, captured, BUFFER), BUFFER);
	ck_assert_uint_eq(virtual_read(engine, BUFFER, captured, STEPS * PERIOD + 1),
			  STEPS * PERIOD);
	ck_assert_mem_eq(captured, frames, sizeof(frames));
	stats = virtual_stats(engine);
	ck_assert_uint_eq(stats.xruns, 0);
	ck_assert_uint_eq(stats.underrun_frames, BUFFER);
	ck_assert_int_eq(engine_state(engine), ENGINE_STATE_RUNNING);
	ck_assert_int_eq(engine_playback_drain(engine, -1), 1);
}
END_TEST

START_TEST(a_destroyed_engine_is_no_matter_to_a_fork)
{
	struct engine *others[3];

	/* from the middle, the end and the beginning of what fork watches */
	for (unsigned i = 0; i < 3; i++)
		others[i] = virtual_create(MANUAL);
	virtual_destroy(others[1]);
	assert_child(refuse_everything);
	virtual_destroy(others[0]);
	assert_child(refuse_everything);
	virtual_destroy(others[2]);
	assert_child(refuse_everything);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fork");
	TCase *tests = tcase_create("fork");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, every_call_tells_the_child_that_it_is_forked);
	tcase_add_test(tests, the_rings_are_not_inherited);
	tcase_add_test(tests, the_child_may_have_an_engine_of_its_own);
	tcase_add_test(tests, the_childs_engine_is_forked_in_its_own_child);
	tcase_add_test(tests, the_parents_stream_goes_on_undisturbed);
	tcase_add_test(tests, a_destroyed_engine_is_no_matter_to_a_fork);
	return support_run(suite);
}
