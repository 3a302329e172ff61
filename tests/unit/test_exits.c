/* SPDX-License-Identifier: MIT */
/*
 * Exits: a program with an engine that runs may end in any way, at any time,
 * and does: it does not hang, it dies of nothing but what was asked for, and
 * nothing is printed. Each trial is this very program, run anew with the name
 * of its end, on the public headers alone. 10 of each; 100 with PEAL_LONG=1.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <peal.h>
#include "long_run.h"
#include "support.h"

#define TRIALS 10
#define STATUS 42        /* what a trial ends with that says what */
#define WENT_WRONG 99    /* ... that did not come so far */
#define HANG_S 60        /* only a trial that hangs takes so long */
#define SAMPLE_FRAMES 480
#define LATE_COMMANDS 1000

extern char **environ;

/* A trial leaves its engine to the kernel: the leak checker need not look. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

/* ---- the trial, a process of its own */

static struct engine *engine;
static struct engine_port *port;
static struct engine_chunk *lent;
static int flushed[2];
static atomic_bool exiting;

static void must(bool good)
{
	if (!good)
		_exit(WENT_WRONG);
}

static void play(uint32_t id, uint8_t loop, uint16_t flags)
{
	struct engine_message message = { .type = ENGINE_PLAY_SAMPLE, .id = id, .flags = flags };

	message.play.sample = 1;
	message.play.loop = loop;
	message.play.velocity = 0.1f;
	must(engine_port_send(port, &message) == 0);
}

static void await_reply(uint32_t id)
{
	struct engine_message message;

	do
		must(engine_port_recv(port, &message, 1000 * HANG_S) == 1);
	while (message.id != id || message.type == ENGINE_VOICE_ENDED);
}

static void load(void)
{
	static const float frames[SAMPLE_FRAMES] = { 0.5f };
	struct engine_sample *sample;

	must(engine_sample_create(&sample, frames, SAMPLE_FRAMES, ENGINE_FORMAT_FLOAT_LE, 1, 48000,
				  0) == 0);
	must(engine_load_sample(engine, 1, sample) == 0);
	must(engine_sample_put(sample) == 0);
}

/* An engine that runs, with a voice that plays. */
static void begin(void)
{
	const struct engine_config config = { .size = sizeof(config), .device = "virtual",
					      .directions = ENGINE_PLAYBACK | ENGINE_CAPTURE };
	const struct rlimit no_core = { 0, 0 };

	alarm(HANG_S);
	setrlimit(RLIMIT_CORE, &no_core);
	must(engine_create(&engine, &config) == 0);
	must(engine_port_open(engine, &port, 0) == 0);
	/* replaced, so that the reclaimer has its thread */
	load();
	load();
	must(engine_start(engine) == 0);
	play(1, 1, ENGINE_FLAG_WAKE);
	await_reply(1);
}

static void *wait_for_ever(void *unused)
{
	struct engine_message message;

	while (engine_recv(engine, &message, -1) >= 0)
		;
	return unused;
}

static void *go_on_loading(void *unused)
{
	for (;;)
		load();
	return unused;
}

static void *go_on_streaming(void *unused)
{
	static int16_t frames[256 * 2];

	for (;;) {
		engine_playback_write(engine, frames, 256);
		engine_capture_read(engine, frames, 256, NULL);
	}
	return unused;
}

static void *go_on_playing(void *unused)
{
	struct engine_message message;

	for (uint32_t id = 2;; id++) {
		play(id, 0, ENGINE_FLAG_WAKE);
		do
			must(engine_port_recv(port, &message, -1) == 1);
		while (message.id != id || message.type != ENGINE_VOICE_STARTED);
	}
	return unused;
}

static void start(void *(*run)(void *))
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, run, NULL) == 0);
}

static void *exit_here(void *unused)
{
	exit(STATUS);
	return unused;
}

static int returns(void)
{
	return STATUS;
}

static int exits_elsewhere(void)
{
	start(exit_here);
	wait_for_ever(NULL);
	return WENT_WRONG;
}

static int exits_while_a_thread_waits(void)
{
	start(wait_for_ever);
	exit(STATUS);
}

static int exits_at_once(void)
{
	_exit(STATUS);
}

static int exits_quickly(void)
{
	quick_exit(STATUS);
}

static int aborts(void)
{
	abort();
}

static int is_killed(void)
{
	return raise(SIGKILL);
}

static int is_terminated(void)
{
	signal(SIGTERM, SIG_DFL);
	return raise(SIGTERM);
}

static int exits_with_a_chunk_lent(void)
{
	while (engine_capture_pop(engine, &lent) == 0)
		must(engine_port_send_ping(port, 2) == 0), await_reply(2);
	exit(STATUS);
}

static int exits_with_all_at_work(void)
{
	start(wait_for_ever);
	start(go_on_loading);
	start(go_on_streaming);
	start(go_on_playing);
	exit(STATUS);
}

static int executes(void)
{
	execl("/proc/self/exe", "trial", "nothing", (char *)NULL);
	return WENT_WRONG;
}

static int does_nothing(void)
{
	return STATUS;
}

static void *ping_and_exit(void *main_thread)
{
	pthread_t *joined = main_thread;

	must(pthread_join(*joined, NULL) == 0);
	must(engine_port_send_ping(port, 2) == 0);
	await_reply(2);
	exit(STATUS);
}

static void *destroy_and_end(void *main_thread)
{
	pthread_t *joined = main_thread;

	must(pthread_join(*joined, NULL) == 0);
	must(engine_destroy(engine) == 0);
	return NULL;
}

static void leave_it_to(void *(*run)(void *))
{
	static pthread_t itself;
	pthread_t thread;

	itself = pthread_self();
	must(pthread_create(&thread, NULL, run, &itself) == 0);
	pthread_exit(NULL);
}

static int leaves_it_to_another_thread(void)
{
	leave_it_to(ping_and_exit);
	return WENT_WRONG;
}

static int leaves_the_end_to_another_thread(void)
{
	leave_it_to(destroy_and_end);
	return WENT_WRONG;
}

static void tell_that_it_exits(void)
{
	atomic_store(&exiting, true);
}

/* Voices start until the process is gone, but for the last flush, long after
 * every library was told that it is over. */
static void *play_and_let_flush(void *unused)
{
	char bytes[4096];

	while (!atomic_load(&exiting))
		sched_yield();
	for (uint32_t id = 2; id < LATE_COMMANDS; id++) {
		play(id, 0, ENGINE_FLAG_WAKE);
		await_reply(id);
	}
	while (read(flushed[0], bytes, sizeof(bytes)) > 0)
		;
	return unused;
}

/* As a program ends whose output goes into a pipe that is not read in time. */
static int exits_slowly(void)
{
	static const char bytes[4096];
	FILE *slow;

	must(pipe2(flushed, O_NONBLOCK) == 0);
	while (write(flushed[1], bytes, sizeof(bytes)) > 0)
		;
	must(fcntl(flushed[0], F_SETFL, 0) == 0 && fcntl(flushed[1], F_SETFL, 0) == 0);
	slow = fdopen(flushed[1], "w");
	must(slow && fputs("the last words", slow) >= 0);
	must(atexit(tell_that_it_exits) == 0);
	start(play_and_let_flush);
	exit(STATUS);
}

/* ---- the trials */

static const struct end {
	const char *name;
	int (*run)(void);
	int status; /* negative: the signal */
} ends[] = {
	{ "return", returns, STATUS },
	{ "exit-elsewhere", exits_elsewhere, STATUS },
	{ "exit-while-waiting", exits_while_a_thread_waits, STATUS },
	{ "_exit", exits_at_once, STATUS },
	{ "quick_exit", exits_quickly, STATUS },
	{ "abort", aborts, -SIGABRT },
	{ "kill", is_killed, -SIGKILL },
	{ "terminate", is_terminated, -SIGTERM },
	{ "exit-with-a-chunk", exits_with_a_chunk_lent, STATUS },
	{ "exit-at-work", exits_with_all_at_work, STATUS },
	{ "exec", executes, STATUS },
	{ "pthread_exit-then-exit", leaves_it_to_another_thread, STATUS },
	{ "pthread_exit-then-destroy", leaves_the_end_to_another_thread, 0 },
	{ "exit-slowly", exits_slowly, STATUS },
};
#define ENDS ((int)(sizeof(ends) / sizeof(ends[0])))

static int run_trial(const char *name)
{
	if (strcmp(name, "nothing") == 0)
		return does_nothing();
	for (int i = 0; i < ENDS; i++)
		if (strcmp(ends[i].name, name) == 0) {
			begin();
			return ends[i].run();
		}
	return WENT_WRONG;
}

/* Returns its status, or minus the signal that it died of. */
static int spawn_trial(const char *name, char *said, size_t size)
{
	char *argv[] = { (char *)(uintptr_t)"trial", (char *)(uintptr_t)name, NULL };
	posix_spawn_file_actions_t actions;
	int ends_of_pipe[2], status;
	size_t length = 0;
	ssize_t count;
	pid_t child;

	ck_assert_int_eq(pipe2(ends_of_pipe, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends_of_pipe[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends_of_pipe[1], STDERR_FILENO);
	ck_assert_int_eq(posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends_of_pipe[1]);
	while ((count = read(ends_of_pipe[0], said + length, size - 1 - length)) > 0)
		length += (size_t)count;
	said[length] = '\0';
	close(ends_of_pipe[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

START_TEST(a_program_ends_as_it_was_told_to)
{
	const struct end *end = &ends[_i];
	uint64_t trials = long_run(TRIALS);
	char said[2000];

	if (support_emulated("the emulator would have to run each trial too"))
		return;
#ifdef __SANITIZE_THREAD__
	if (strncmp(end->name, "pthread_exit", strlen("pthread_exit")) == 0) {
		puts("skipped: ThreadSanitizer does not know that the main thread can be joined");
		return;
	}
#endif
	for (uint64_t i = 0; i < trials || i == 0; i++) {
		int status = spawn_trial(end->name, said, sizeof(said));

		ck_assert_msg(status == end->status && said[0] == '\0',
			      "%s, trial %u of %u: ended with %d, not %d, and said \"%s\"",
			      end->name, (unsigned)i + 1, (unsigned)trials, status, end->status,
			      said);
	}
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite;
	TCase *tests;

	if (argc == 2)
		return run_trial(argv[1]);
	suite = suite_create("exits");
	tests = tcase_create("exits");
	suite_add_tcase(suite, tests);
	long_run_timeout(tests);
	tcase_add_loop_test(tests, a_program_ends_as_it_was_told_to, 0, ENDS);
	return support_run(suite);
}
