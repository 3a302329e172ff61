/* SPDX-License-Identifier: MIT */
/*
 * Signals: a hundred thousand of them, from a timer and from a thread that
 * does nothing else, to a program that streams, plays, loads, sends and waits.
 * No call is interrupted but those whose description says so, nothing is lost,
 * and no handler runs on a thread of the library's. On a manual clock, so that
 * whatever is missing is missing for no other reason.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "long_run.h"
#include "support.h"
#include "virtual_engine.h"

#define SIGNALS 100000u
#define PERIOD 64
#define PERIODS 3
#define ALARM_US 200
/* How long a wait may be: it is to be interrupted, not to be over. */
#define WAIT_MS 5

static struct engine *engine;
static struct engine_port *messages, *voices;
static uint32_t handled[2]; /* SIGUSR1, SIGALRM */
static uint32_t strayed;    /* handlers on a thread that is not ours */
static uint32_t interrupted;
static _Thread_local bool ours;
static bool over;
static sigset_t both;

static void handle(int number)
{
	if (!ours)
		__atomic_add_fetch(&strayed, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&handled[number == SIGALRM], 1, __ATOMIC_RELAXED);
}

static uint32_t count_handled(int which)
{
	return __atomic_load_n(&handled[which], __ATOMIC_RELAXED);
}

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_ACQUIRE);
}

static void install(int flags)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = flags };

	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
}

static void set_timer(long us)
{
	const struct itimerval timer = { .it_interval.tv_usec = us, .it_value.tv_usec = us };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

/* On each thread that works: before this, it has them blocked. */
static void let_signals_in(void)
{
	ours = true;
	pthread_sigmask(SIG_UNBLOCK, &both, NULL);
}

/* ---- who works; each returns what went wrong first, or NULL */

#define TEXT_OF(what) #what
#define LINE(number) "line " TEXT_OF(number) ": "
#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			return (void *)(uintptr_t)(LINE(__LINE__) #what);                          \
	} while (0)

/* Every frame that was written comes back, in order. */
static void *stream(void *unused)
{
	int16_t played[PERIOD], captured[PERIOD + 1];
	struct engine_capture_chunk chunk = { .size = sizeof(chunk) };
	uint64_t frame = 0;
	int result;

	(void)unused;
	let_signals_in();
	while (!is_over()) {
		for (unsigned i = 0; i < PERIOD; i++)
			played[i] = (int16_t)(frame + i);
		EXPECT(engine_playback_write(engine, played, PERIOD) == PERIOD);
		EXPECT(engine_virtual_advance(engine, PERIOD, SUPPORT_PATIENCE_MS) == 0);
		EXPECT(engine_capture_read(engine, captured, PERIOD + 1, &chunk) == PERIOD);
		EXPECT(chunk.frame == frame && chunk.gap_frames == 0);
		frame += PERIOD;
		/* the first come once the buffer's silence is over */
		for (unsigned i = 0; frame > PERIODS * PERIOD && i < PERIOD; i++)
			EXPECT(captured[i] == (int16_t)(chunk.frame + i - PERIODS * PERIOD));
		/* not all were played: it waits, and is interrupted or in vain */
		result = engine_playback_drain(engine, WAIT_MS);
		EXPECT(result == 0 || result == -EINTR);
		__atomic_add_fetch(&interrupted, result == -EINTR, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *send_and_receive(void *unused)
{
	struct engine_message message;
	int result;

	(void)unused;
	let_signals_in();
	for (uint32_t id = 1; !is_over(); id++) {
		message = (struct engine_message){ .type = ENGINE_PING, .flags = ENGINE_FLAG_WAKE,
						   .id = id };
		EXPECT(engine_port_send(messages, &message) == 0);
		do
			result = engine_port_recv(messages, &message, SUPPORT_PATIENCE_MS);
		while (result == -EINTR);
		EXPECT(result == 1 && message.type == ENGINE_PONG && message.id == id);
		/* nothing is to come */
		result = engine_port_recv(messages, &message, WAIT_MS);
		EXPECT(result == 0 || result == -EINTR);
		__atomic_add_fetch(&interrupted, result == -EINTR, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *load_and_play(void *unused)
{
	static const float frames[PERIOD] = { 0 };
	struct engine_message play = { .type = ENGINE_PLAY_SAMPLE, .flags = ENGINE_FLAG_WAKE };
	struct engine_message message;
	struct engine_sample *sample;
	struct engine_port *passing;
	int result;

	(void)unused;
	let_signals_in();
	play.play.sample = 1;
	for (play.id = 1; !is_over(); play.id++) {
		EXPECT(engine_sample_create(&sample, frames, PERIOD, ENGINE_FORMAT_FLOAT_LE, 1,
					    48000, 0) == 0);
		EXPECT(engine_load_sample(engine, 1, sample) == 0);
		EXPECT(engine_sample_put(sample) == 0);
		EXPECT(engine_port_open(engine, &passing, 0) == 0);
		EXPECT(engine_port_send(voices, &play) == 0);
		for (unsigned reply = 0; reply < 2; reply++) {
			do
				result = engine_port_recv(voices, &message, WAIT_MS);
			while (!is_over() && (result == -EINTR || result == 0));
			if (is_over()) /* nobody moves the clock, and it may never end */
				return NULL;
			EXPECT(result == 1 && message.id == play.id);
			if (message.type == ENGINE_VOICE_STARTED)
				EXPECT(message.done.result == 0);
		}
		EXPECT(engine_port_close(passing) == 0);
		EXPECT(engine_unload_sample(engine, 1) == 0);
	}
	return NULL;
}

/* Control calls in the way of all that. */
static void *live_and_die(void *unused)
{
	const struct engine_config config = { .size = sizeof(config), .device = MANUAL };
	struct engine_stats stats = { .size = sizeof(stats) };
	struct engine *other;

	(void)unused;
	let_signals_in();
	while (!is_over()) {
		EXPECT(engine_create(&other, &config) == 0);
		EXPECT(engine_start(other) == 0);
		EXPECT(engine_get_stats(other, &stats) == 0);
		EXPECT(engine_stop(other) == 0);
		EXPECT(engine_destroy(other) == 0);
	}
	return NULL;
}

static void *(*const work[])(void *) = { stream, send_and_receive, load_and_play, live_and_die };
#define WORKERS (sizeof(work) / sizeof(work[0]))

/* ---- who sends the signals, and has them blocked: so all others are hit */

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = PERIOD,
				.periods = PERIODS, .channels = 1, .format = ENGINE_FORMAT_S16_LE);
	ck_assert_int_eq(engine_port_open(engine, &messages, 0), 0);
	ck_assert_int_eq(engine_port_open(engine, &voices, 0), 0);
	ck_assert_int_eq(engine_start(engine), 0);
	ours = true;
}

static void teardown(void)
{
	virtual_destroy(engine);
}

START_TEST(a_hundred_thousand_signals_disturb_nothing)
{
	uint32_t count = (uint32_t)long_run(SIGNALS);
	pthread_t threads[WORKERS];
	sigset_t before;
	uint32_t sent = 0;

	if (support_emulated("an emulator delivers signals in its own time"))
		return;
#ifdef __SANITIZE_THREAD__
	puts("skipped: ThreadSanitizer delivers signals in its own time");
	return;
#endif
	install(0);
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGALRM);
	ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &both, &before), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		threads[i] = support_start(work[i], NULL);
	set_timer(ALARM_US);
	/* one that is pending already is not counted, nor asked for again */
	while (count_handled(0) < count) {
		/* to one that works, or to whichever the kernel likes */
		if (++sent % 8)
			ck_assert_int_eq(pthread_kill(threads[sent % WORKERS], SIGUSR1), 0);
		else
			ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
		if (sent % 1000 == 0)
			install(sent / 1000 % 2 ? SA_RESTART : 0);
		if (sent % WORKERS == 0)
			sched_yield();
	}
	set_timer(0);
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < WORKERS; i++) {
		const char *wrong = support_join(threads[i]);

		ck_assert_msg(!wrong, "after %u signals: %s", count_handled(0), wrong);
	}
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
	ck_assert_uint_eq(__atomic_load_n(&strayed, __ATOMIC_RELAXED), 0);
	ck_assert_uint_gt(count_handled(1), 0);
	/* both kinds of waits were under way when signals came */
	ck_assert_uint_gt(__atomic_load_n(&interrupted, __ATOMIC_RELAXED), 0);
	ck_assert_uint_eq(virtual_stats(engine).xruns, 0);
	ck_assert_uint_eq(virtual_stats(engine).overrun_frames, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("signals");
	TCase *tests = tcase_create("signals");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	long_run_timeout(tests);
	tcase_add_test(tests, a_hundred_thousand_signals_disturb_nothing);
	return support_run(suite);
}
