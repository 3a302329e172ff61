/* SPDX-License-Identifier: MIT */
/*
 * The audio thread as a program meets it: what it was granted, its signals,
 * and that it answers in every state, at once if it is woken.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "virtual_engine.h"

#define WAKES 200

static struct engine *engine;

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = 64);
}

static void teardown(void)
{
	virtual_destroy(engine);
}

/* The first line of a thread's file that begins with key, without it. */
static void read_line(pid_t thread, const char *file, const char *key, char *value, size_t size)
{
	char path[64];
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", (int)thread, file);
	stream = fopen(path, "re");
	ck_assert_msg(stream, "%s: %s", path, strerror(errno));
	do
		ck_assert_msg(fgets(value, (int)size, stream), "%s has no %s", path, key);
	while (strncmp(value, key, strlen(key)) != 0);
	fclose(stream);
	memmove(value, value + strlen(key), strlen(value + strlen(key)) + 1);
	value[strcspn(value, "\n")] = '\0';
}

/* There is one engine, so one thread of that name. */
static pid_t find_thread(void)
{
	DIR *directory = opendir("/proc/self/task");
	struct dirent *entry;
	pid_t found = 0;
	char name[32];

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory))) {
		pid_t thread = atoi(entry->d_name);

		if (thread == 0)
			continue;
		read_line(thread, "comm", "", name, sizeof(name));
		if (strcmp(name, "peal-audio") != 0)
			continue;
		ck_assert_int_eq(found, 0);
		found = thread;
	}
	closedir(directory);
	ck_assert_int_ne(found, 0);
	return found;
}

static struct engine_rt_report assert_report_is_the_kernels(struct engine *other)
{
	struct engine_rt_report report = { .size = sizeof(report) };
	struct sched_param param;
	pid_t thread = find_thread();

	ck_assert_int_eq(engine_get_rt_report(other, &report), 0);
	ck_assert_int_eq(sched_getparam(thread, &param), 0);
	ck_assert_int_eq(report.policy, sched_getscheduler(thread));
	ck_assert_int_eq(report.priority, param.sched_priority);
	return report;
}

START_TEST(the_report_is_what_the_kernel_says)
{
	struct engine_rt_report report = assert_report_is_the_kernels(engine);

	ck_assert_int_eq(report.wanted_priority, 45);
	if (report.sched_error == 0) {
		ck_assert_int_eq(report.policy, SCHED_FIFO);
		ck_assert_int_eq(report.priority, 45);
		ck_assert_str_eq(report.sched_reason, "");
		ck_assert_str_eq(report.sched_remedy, "");
	} else {
		ck_assert_int_lt(report.priority, 45);
		ck_assert_str_ne(report.sched_reason, "");
		ck_assert_str_ne(report.sched_remedy, "");
	}
	ck_assert_uint_gt(report.arena_bytes, report.stack_bytes);
	ck_assert_uint_eq(report.locked_bytes, report.lock_error ? 0 : report.arena_bytes);
	ck_assert((report.lock_error != 0) == (report.lock_reason[0] != '\0'));
	ck_assert_uint_eq(report.signals_blocked, 1);
}
END_TEST

START_TEST(a_priority_is_tried_as_asked)
{
	struct engine_rt_report report;

	virtual_destroy(engine);
	engine = virtual_create(MANUAL, .priority = 1 + _i);
	report = assert_report_is_the_kernels(engine);
	ck_assert_int_eq(report.wanted_priority, 1 + _i);
	ck_assert(report.sched_error || report.priority == 1 + _i);
}
END_TEST

START_TEST(normal_priority_is_no_refusal)
{
	struct engine_rt_report report;

	virtual_destroy(engine);
	engine = virtual_create(MANUAL, .priority = ENGINE_PRIORITY_NORMAL);
	report = assert_report_is_the_kernels(engine);
	ck_assert_int_eq(report.policy, SCHED_OTHER);
	ck_assert_int_eq(report.priority, 0);
	ck_assert_int_eq(report.wanted_priority, 0);
	ck_assert_int_eq(report.sched_error, 0);
	ck_assert_ptr_nonnull(strstr(report.sched_reason, "config.priority"));
	ck_assert_str_eq(report.sched_remedy, "");
}
END_TEST

START_TEST(all_signals_but_sigsys_are_blocked_in_it)
{
	uint64_t blocked;
	char line[64];

	if (support_emulated("the emulator keeps some signals to itself"))
		return;
	read_line(find_thread(), "status", "SigBlk:", line, sizeof(line));
	blocked = strtoull(line, NULL, 16);
	for (int number = 1; number <= SIGRTMAX; number++) {
		/* those that cannot be blocked, and those that libc keeps to itself */
		bool open = number == SIGKILL || number == SIGSTOP || number == SIGSYS ||
			    (number >= 32 && number < SIGRTMIN);

		ck_assert_msg((blocked >> (number - 1) & 1) == !open, "signal %d", number);
	}
}
END_TEST

START_TEST(the_programs_signals_are_left_alone)
{
	struct engine *other;
	sigset_t some, now;

	sigemptyset(&some);
	sigaddset(&some, SIGUSR2);
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &some, NULL), 0);
	other = virtual_create(MANUAL);
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
	for (int number = 1; number <= SIGRTMAX; number++)
		ck_assert_int_eq(sigismember(&now, number) == 1, number == SIGUSR2);
	virtual_destroy(other);
}
END_TEST

START_TEST(a_ping_is_answered_in_every_state)
{
	struct engine_port *port = engine_own_port(engine);
	uint64_t frame;

	for (uint32_t round = 0; round < 3; round++) {
		ck_assert_int_eq(engine_state(engine), ENGINE_STATE_PREPARED);
		/* what is taken now acts at the next start's first frame */
		ck_assert_uint_eq(virtual_ping(port, 10 * round, 0).frame, 0);
		ck_assert_int_eq(engine_start(engine), 0);
		/* a device that does not move holds nothing up */
		frame = virtual_frame(engine);
		ck_assert_uint_eq(virtual_ping(port, 10 * round + 1, 0).frame, frame);
		virtual_advance(engine, 640);
		frame += 640;
		ck_assert_uint_eq(virtual_ping(port, 10 * round + 2, 0).frame, frame);
		ck_assert_int_eq(engine_stop(engine), 0);
	}
	ck_assert_uint_eq(virtual_ping(port, 99, 0).frame, 0);
}
END_TEST

START_TEST(a_pong_tells_when_and_how_old_its_ping_was)
{
	struct engine_message ping = { .type = ENGINE_PING }, pong;
	uint64_t before = 12345678, age;

	for (unsigned i = 0; i < 20; i++) {
		/* each was sent when the one before was answered */
		ping.ping.time_ns = before;
		ck_assert_int_eq(engine_send(engine, &ping), 0);
		ck_assert_int_eq(engine_recv(engine, &pong, SUPPORT_PATIENCE_MS), 1);
		ck_assert_uint_eq(pong.flags, 0);
		ck_assert_uint_gt(pong.reply.time_ns, before);
		age = pong.reply.time_ns - before;
		ck_assert_uint_eq(pong.reply.age_ns, age < UINT32_MAX ? age : UINT32_MAX);
		before = pong.reply.time_ns;
	}
}
END_TEST

START_TEST(the_wake_flag_answers_while_the_periods_end_is_far_away)
{
	/* A period takes 65 s, in which the audio thread looks around every half
	 * second: 200 answers within it were not waited for. */
	struct engine *slow =
		virtual_create("virtual", .directions = DUPLEX, .rate = ENGINE_RATE_MIN,
			       .period_frames = ENGINE_PERIOD_FRAMES_MAX, .periods = 2);
	struct engine_port *port = engine_own_port(slow);
	uint64_t start, frame;

	ck_assert_int_eq(engine_start(slow), 0);
	frame = virtual_frame(slow);
	start = virtual_ping(port, 0, ENGINE_FLAG_WAKE).reply.time_ns;
	for (uint32_t id = 1; id <= WAKES; id++) {
		struct engine_message pong = virtual_ping(port, id, ENGINE_FLAG_WAKE);

		ck_assert_uint_eq(pong.frame, frame);
		ck_assert_uint_lt(pong.reply.time_ns - start,
				  ENGINE_PERIOD_FRAMES_MAX * 1000000000ull / ENGINE_RATE_MIN);
	}
	ck_assert_uint_eq(virtual_stats(slow).periods, 0);
	ck_assert_uint_ge(virtual_stats(slow).wakes, WAKES);
	virtual_destroy(slow);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audio thread");
	TCase *tests = tcase_create("audio thread");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_report_is_what_the_kernel_says);
	tcase_add_loop_test(tests, a_priority_is_tried_as_asked, 0, 2);
	tcase_add_test(tests, normal_priority_is_no_refusal);
	tcase_add_test(tests, all_signals_but_sigsys_are_blocked_in_it);
	tcase_add_test(tests, the_programs_signals_are_left_alone);
	tcase_add_test(tests, a_ping_is_answered_in_every_state);
	tcase_add_test(tests, a_pong_tells_when_and_how_old_its_ping_was);
	tcase_add_test(tests, the_wake_flag_answers_while_the_periods_end_is_far_away);
	return support_run(suite);
}
