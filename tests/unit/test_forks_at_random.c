/* SPDX-License-Identifier: MIT */
/*
 * Forks at random: a hundred children of a program that streams, plays, loads,
 * sends and lives through xruns, each forked at whatever moment it is. In the
 * child every call is refused, some have an engine of their own, and it ends
 * in one way or another; the parent's frames go on without a gap that is not
 * the device's, every message is answered, and nothing of the child's is left.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "long_run.h"
#include "support.h"
#include "virtual_engine.h"

#define CHILDREN 100u
#define AT_ONCE 4u
#define PERIOD 64
#define PERIODS 3
#define HANG_S 60 /* only a child that hangs takes so long */
/* What a child's complaint may be long. */
#define COMPLAINT 200

static const char *const devices[] = { MANUAL, MANUAL ",fault=xrun@1000/1777" };
#define DEVICES ((int)(sizeof(devices) / sizeof(devices[0])))

static struct engine *engine;
static struct engine_port *port, *voices;
static struct engine_sample *sample;
static struct engine_chunk *lent;
static uint64_t gaps; /* frames, told by the chunks */
static bool over, forked;
static int complaints[2];

/* A child leaves its parent's things to the kernel: nothing leaks by that. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return forked;
}

/* ---- who works; each returns what went wrong first, or NULL */

#define TEXT_OF(what) #what
#define LINE(number) "line " TEXT_OF(number) ": "
#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			return (void *)(uintptr_t)(LINE(__LINE__) #what);                          \
	} while (0)

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_ACQUIRE);
}

static void *stream(void *unused)
{
	struct engine_capture_chunk chunk = { .size = sizeof(chunk) };
	int16_t frames[PERIOD] = { 0 };
	uint64_t next = PERIOD; /* the first were lent */

	(void)unused;
	while (!is_over()) {
		int count;

		EXPECT(engine_playback_write(engine, frames, PERIOD) >= 0);
		EXPECT(engine_virtual_advance(engine, PERIOD, SUPPORT_PATIENCE_MS) == 0);
		while ((count = engine_capture_read(engine, frames, PERIOD, &chunk)) > 0) {
			EXPECT(chunk.frame == next + chunk.gap_frames);
			gaps += chunk.gap_frames;
			next = chunk.frame + (uint64_t)count;
		}
		EXPECT(count == 0);
	}
	return NULL;
}

static void *send_and_receive(void *unused)
{
	struct engine_message message;

	(void)unused;
	for (uint32_t id = 1; !is_over(); id++) {
		EXPECT(engine_port_send_ping(port, id) == 0);
		EXPECT(engine_wake(engine) == 0);
		EXPECT(engine_port_recv(port, &message, SUPPORT_PATIENCE_MS) == 1);
		EXPECT(message.type == ENGINE_PONG && message.id == id);
	}
	return NULL;
}

static void *load_and_play(void *unused)
{
	static const float frames[4 * PERIOD] = { 0 };
	struct engine_message play = { .type = ENGINE_PLAY_SAMPLE, .flags = ENGINE_FLAG_WAKE };
	struct engine_message reply;
	struct engine_sample *loaded;

	(void)unused;
	play.play.sample = 1;
	for (play.id = 1; !is_over(); play.id++) {
		EXPECT(engine_sample_create(&loaded, frames, 4 * PERIOD, ENGINE_FORMAT_FLOAT_LE, 1,
					    48000, 0) == 0);
		EXPECT(engine_load_sample(engine, 1, loaded) == 0);
		EXPECT(engine_sample_put(loaded) == 0);
		EXPECT(engine_port_send(voices, &play) == 0);
		do
			EXPECT(engine_port_recv(voices, &reply, SUPPORT_PATIENCE_MS) == 1);
		while (reply.type == ENGINE_VOICE_ENDED);
		EXPECT(reply.id == play.id);
		/* while the clock is slow all voices may play */
		EXPECT(reply.done.result == 0 || reply.done.result == ENGINE_ENOVOICE);
		EXPECT(engine_unload_sample(engine, 1) == 0);
	}
	return NULL;
}

static void *(*const work[])(void *) = { stream, send_and_receive, load_and_play };
#define WORKERS (sizeof(work) / sizeof(work[0]))

/* ---- the child */

#define REFUSED(call) EXPECT((call) == ENGINE_EFORKED)

static const char *refuse_ports(struct engine_port *any)
{
	struct engine_backpressure_stats pressure = { .size = sizeof(pressure) };
	struct engine_message message = { .type = ENGINE_PING, .flags = ENGINE_FLAG_WAKE };
	struct engine_port_stats stats = { .size = sizeof(stats) };

	REFUSED(engine_port_send_ping(any, 1));
	REFUSED(engine_port_send(any, &message));
	REFUSED(engine_port_send_batch(any, &message, 1));
	REFUSED(engine_port_try_recv(any, &message));
	REFUSED(engine_port_try_recv_batch(any, &message, 1));
	REFUSED(engine_port_recv(any, &message, -1));
	REFUSED(engine_port_event_fd(any));
	REFUSED(engine_port_get_stats(any, &stats));
	REFUSED(engine_port_get_backpressure(any, ENGINE_RING_REPLIES, &pressure));
	REFUSED(engine_port_close(any));
	return NULL;
}

static const char *refuse_streams(void)
{
	struct engine_chunk *chunk;
	int16_t frames[2];

	REFUSED(engine_playback_write(engine, frames, 1));
	REFUSED(engine_playback_free(engine));
	REFUSED(engine_playback_drain(engine, -1));
	REFUSED(engine_playback_fd(engine));
	REFUSED(engine_capture_read(engine, frames, 1, NULL));
	REFUSED(engine_capture_pop(engine, &chunk));
	REFUSED(engine_capture_release(lent));
	REFUSED(engine_capture_fd(engine));
	return NULL;
}

static const char *refuse_reports(void)
{
	struct engine_backpressure_stats pressure = { .size = sizeof(pressure) };
	struct engine_health_snapshot health = { .size = sizeof(health) };
	struct engine_rt_report report = { .size = sizeof(report) };
	struct engine_stats stats = { .size = sizeof(stats) };
	struct engine_clock clock = { .size = sizeof(clock) };
	struct engine_info info = { .size = sizeof(info) };
	uint64_t number;

	REFUSED(engine_get_backpressure(engine, ENGINE_RING_PLAYBACK, &pressure));
	REFUSED(engine_get_health(engine, &health));
	REFUSED(engine_reset_health(engine));
	REFUSED(engine_get_rt_report(engine, &report));
	REFUSED(engine_get_stats(engine, &stats));
	REFUSED(engine_get_clock(engine, &clock));
	REFUSED(engine_get_info(engine, &info));
	REFUSED(engine_frame(engine, &number));
	REFUSED(engine_heartbeat(engine, &number));
	REFUSED(engine_state(engine));
	return NULL;
}

static const char *refuse_control(void)
{
	struct engine_message message = { .type = ENGINE_PING };
	struct engine_port *none;

	REFUSED(engine_start(engine));
	REFUSED(engine_stop(engine));
	REFUSED(engine_wake(engine));
	REFUSED(engine_virtual_advance(engine, 1, 1));
	REFUSED(engine_send_ping(engine, 1));
	REFUSED(engine_send(engine, &message));
	REFUSED(engine_send_batch(engine, &message, 1));
	REFUSED(engine_try_recv(engine, &message));
	REFUSED(engine_try_recv_batch(engine, &message, 1));
	REFUSED(engine_recv(engine, &message, -1));
	REFUSED(engine_event_fd(engine));
	REFUSED(engine_port_open(engine, &none, 0));
	REFUSED(engine_load_sample(engine, 1, sample));
	REFUSED(engine_unload_sample(engine, 1));
	REFUSED(engine_destroy(engine));
	return NULL;
}

static const char *refuse_everything(void)
{
	const char *wrong = refuse_streams();

	wrong = wrong ? wrong : refuse_reports();
	wrong = wrong ? wrong : refuse_ports(engine_own_port(engine));
	wrong = wrong ? wrong : refuse_ports(port);
	wrong = wrong ? wrong : refuse_control();
	return wrong;
}

/* A sample is the child's as much as its parent's. */
static const char *live_on_its_own(void)
{
	const struct engine_config config = { .size = sizeof(config), .device = MANUAL };
	struct engine_message play = { .type = ENGINE_PLAY_SAMPLE, .flags = ENGINE_FLAG_WAKE };
	struct engine_message reply;
	struct engine *own;

	play.play.sample = 1;
	EXPECT(engine_create(&own, &config) == 0);
	/* twice, so that what is replaced waits for a grace period */
	EXPECT(engine_load_sample(own, 1, sample) == 0);
	EXPECT(engine_load_sample(own, 1, sample) == 0);
	EXPECT(engine_start(own) == 0);
	EXPECT(engine_send(own, &play) == 0);
	EXPECT(engine_recv(own, &reply, SUPPORT_PATIENCE_MS) == 1);
	EXPECT(reply.type == ENGINE_VOICE_STARTED && reply.done.result == 0);
	EXPECT(engine_virtual_advance(own, 1000, SUPPORT_PATIENCE_MS) == 0);
	EXPECT(engine_destroy(own) == 0);
	return NULL;
}

static void end(unsigned how)
{
	switch (how) {
	case 0:
		_exit(0);
	case 1:
		exit(0);
	case 2:
		abort();
	default:
		execl("/bin/true", "true", (char *)NULL);
		_exit(3);
	}
}

static void live(unsigned number)
{
	const struct rlimit no_core = { 0, 0 };
	const char *wrong;

	forked = true;
	signal(SIGALRM, SIG_DFL);
	alarm(HANG_S);
	setrlimit(RLIMIT_CORE, &no_core);
	wrong = refuse_everything();
	if (!wrong && number % 3 == 0)
		wrong = live_on_its_own();
	if (wrong && write(complaints[1], wrong, strlen(wrong)) < 0)
		_exit(2);
	end(number % 4);
}

/* ---- the parent */

static void begin(const char *device)
{
	static const float frame = 0.5f;

	engine = virtual_create(device, .directions = DUPLEX, .period_frames = PERIOD,
				.periods = PERIODS, .channels = 1, .format = ENGINE_FORMAT_S16_LE);
	ck_assert_int_eq(engine_port_open(engine, &port, 0), 0);
	ck_assert_int_eq(engine_port_open(engine, &voices, 0), 0);
	ck_assert_int_eq(engine_sample_create(&sample, &frame, 1, ENGINE_FORMAT_FLOAT_LE, 1, 48000,
					      0), 0);
	/* replaced, so that the reclaimer has its thread */
	ck_assert_int_eq(engine_load_sample(engine, 1, sample), 0);
	ck_assert_int_eq(engine_load_sample(engine, 1, sample), 0);
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, PERIOD);
	ck_assert_int_eq(engine_capture_pop(engine, &lent), 1);
	ck_assert_int_eq(pipe2(complaints, O_CLOEXEC | O_NONBLOCK), 0);
}

static void done(void)
{
	ck_assert_int_eq(engine_capture_release(lent), 0);
	virtual_destroy(engine);
	ck_assert_int_eq(engine_sample_put(sample), 0);
	close(complaints[0]);
	close(complaints[1]);
}

/* Let so many frames pass as it may be. */
static void wait_until_it_may_be_any_moment(uint64_t *random)
{
	uint64_t until = virtual_frame(engine) + support_random(random) % (4 * PERIOD);

	while (virtual_frame(engine) < until)
		sched_yield();
}

static pid_t begin_child(unsigned number)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0)
		live(number);
	return child;
}

static void assert_child_ended(pid_t child, unsigned number)
{
	char complaint[COMPLAINT] = "";
	int status, end_status = number % 4 == 2 ? SIGABRT : 0;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (read(complaints[0], complaint, sizeof(complaint) - 1) > 0)
		ck_abort_msg("in a child: %s", complaint);
	ck_assert_msg((status & 0xff7f) == end_status, "child %u ended with %#x", number,
		      (unsigned)status);
}

START_TEST(a_hundred_children_leave_no_trace)
{
	uint32_t children = (uint32_t)long_run(CHILDREN);
	unsigned fds, threads;
	pthread_t workers[WORKERS];
	pid_t living[AT_ONCE];
	struct engine_stats stats;
	uint64_t random = 1;

#ifdef __SANITIZE_THREAD__
	puts("skipped: ThreadSanitizer does not survive threads in a child that had others");
	return;
#endif
	begin(devices[_i]);
	fds = support_count_fds();
	threads = support_count_threads();
	for (unsigned i = 0; i < WORKERS; i++)
		workers[i] = support_start(work[i], NULL);
	for (unsigned i = 0; i < children + AT_ONCE; i++) {
		if (i >= AT_ONCE)
			assert_child_ended(living[i % AT_ONCE], i - AT_ONCE);
		if (i >= children)
			continue;
		wait_until_it_may_be_any_moment(&random);
		living[i % AT_ONCE] = begin_child(i);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < WORKERS; i++) {
		const char *wrong = support_join(workers[i]);

		ck_assert_msg(!wrong, "%s", wrong);
	}
	support_await_threads(threads);
	ck_assert_uint_eq(support_count_fds(), fds);
	stats = virtual_stats(engine);
	ck_assert_uint_eq(stats.overrun_frames, 0);
	if (_i == 0) {
		ck_assert_uint_eq(stats.xruns, 0);
		ck_assert_uint_eq(gaps, 0);
	} else {
		ck_assert_uint_gt(stats.xruns, 0);
	}
	ck_assert_int_eq(engine_state(engine), ENGINE_STATE_RUNNING);
	done();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forks_at_random");
	TCase *tests = tcase_create("forks_at_random");

	suite_add_tcase(suite, tests);
	long_run_timeout(tests);
	tcase_add_loop_test(tests, a_hundred_children_leave_no_trace, 0, DEVICES);
	return support_run(suite);
}
