/* SPDX-License-Identifier: MIT */
/*
 * The caretaker: a device that blocks holds up neither stop nor destroy for
 * longer than they say, what is late is done when it lets go, and an audio
 * thread that runs away loses its priority. alsa-lib's drop and close are
 * replaced for this program, by ones that block while told to.
 */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "control/engine.h"
#include "support.h"
#include "virtual_engine.h"

/* Both limits of 2 s, and a busy machine. */
#define LIMIT_NS (2ull * 1000000000)
#define PATIENCE_NS (LIMIT_NS + 10ull * 1000000000)

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool shut_drop, shut_close, shut_prepare; /* under gate */
static atomic_of(bool) spins;

static void pass(const bool *shut)
{
	pthread_mutex_lock(&gate);
	while (*shut)
		pthread_cond_wait(&opened, &gate);
	pthread_mutex_unlock(&gate);
}

static void shut(bool *which)
{
	pthread_mutex_lock(&gate);
	*which = true;
	pthread_mutex_unlock(&gate);
}

static void open_gates(void)
{
	pthread_mutex_lock(&gate);
	shut_drop = shut_close = shut_prepare = false;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&gate);
}

static int next_call(const char *name, snd_pcm_t *pcm)
{
	int (*next)(snd_pcm_t *);
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(&next, &found, sizeof(next));
	return next(pcm);
}

int snd_pcm_drop(snd_pcm_t *pcm)
{
	pass(&shut_drop);
	return next_call("snd_pcm_drop", pcm);
}

int snd_pcm_close(snd_pcm_t *pcm)
{
	pass(&shut_close);
	return next_call("snd_pcm_close", pcm);
}

static struct engine *engine;
static unsigned threads, fds;

static void *nothing(void *arg)
{
	return arg;
}

static void setup(void)
{
	/* a sanitizer starts a thread of its own with the first */
	support_join(support_start(nothing, NULL));
	/* what the first engine leaves behind for all that follow */
	threads = support_count_threads();
	virtual_destroy(virtual_create("virtual"));
	support_await_threads(threads);
	fds = support_count_fds();
	engine = virtual_create("virtual");
	ck_assert_int_eq(engine_start(engine), 0);
}

/* All of it went when the device let go. */
static void await_nothing_left(void)
{
	open_gates();
	support_await_threads(threads);
	while (support_count_fds() > fds)
		sched_yield();
}

static void assert_timed_out(int err, uint64_t since_ns)
{
	uint64_t took_ns = monotonic_ns() - since_ns;

	ck_assert_msg(err == -ETIMEDOUT, "%d, %s", err, engine_last_error());
	ck_assert_uint_ge(took_ns, LIMIT_NS * 9 / 10);
	ck_assert_uint_le(took_ns, PATIENCE_NS);
}

START_TEST(a_drop_that_blocks_is_told_and_done_all_the_same)
{
	uint64_t since_ns = monotonic_ns();

	shut(&shut_drop);
	assert_timed_out(engine_stop(engine), since_ns);
	ck_assert(strstr(engine_last_error(), "snd_pcm_drop blocks"));
	/* the audio thread is there meanwhile */
	virtual_ping(engine_own_port(engine), 1, ENGINE_FLAG_WAKE);
	open_gates();
	ck_assert_int_eq(engine_stop(engine), 0);
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_ping(engine_own_port(engine), 2, 0);
	virtual_destroy(engine);
	await_nothing_left();
}
END_TEST

START_TEST(a_close_that_blocks_does_not_hold_destroy)
{
	uint64_t since_ns = monotonic_ns();

	shut(&shut_close);
	assert_timed_out(engine_destroy(engine), since_ns);
	ck_assert(strstr(engine_last_error(), "stays open"));
	await_nothing_left();
}
END_TEST

START_TEST(a_drop_and_then_a_close_that_block_hold_nothing_either)
{
	uint64_t since_ns = monotonic_ns();

	shut(&shut_drop);
	shut(&shut_close);
	assert_timed_out(engine_stop(engine), since_ns);
	since_ns = monotonic_ns();
	assert_timed_out(engine_destroy(engine), since_ns);
	await_nothing_left();
}
END_TEST

static const struct pcm_ops *true_ops;
static struct pcm_ops bad_ops;

static int blocking_prepare(struct pcm *pcm)
{
	pass(&shut_prepare);
	return true_ops->prepare(pcm);
}

static int64_t spinning_avail(struct pcm *pcm, bool exact)
{
	while (load_relaxed(&spins))
		;
	return true_ops->avail(pcm, exact);
}

/* Before a start: the PCM is ours, and the order hands it over. */
static void spoil(void)
{
	struct pcm *pcm = &engine->rt->playback_pcm;

	ck_assert_int_eq(engine_stop(engine), 0);
	true_ops = pcm->ops;
	bad_ops = *true_ops;
	bad_ops.prepare = blocking_prepare;
	bad_ops.avail = spinning_avail;
	pcm->ops = &bad_ops;
}

START_TEST(an_audio_thread_that_is_stuck_holds_nothing)
{
	uint64_t since_ns;

	spoil();
	shut(&shut_prepare);
	since_ns = monotonic_ns();
	assert_timed_out(engine_start(engine), since_ns);
	ck_assert(strstr(engine_last_error(), "stuck"));
	since_ns = monotonic_ns();
	assert_timed_out(engine_destroy(engine), since_ns);
	await_nothing_left();
}
END_TEST

START_TEST(a_heartbeat_that_stops_is_seen)
{
	uint64_t age_ns = 0;

	ck_assert_int_eq(engine_heartbeat(engine, &age_ns), 0);
	ck_assert_int_eq(engine_heartbeat(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_heartbeat(NULL, &age_ns), -EINVAL);
	spoil();
	shut(&shut_prepare);
	ck_assert_int_eq(engine_start(engine), -ETIMEDOUT);
	ck_assert_int_eq(engine_heartbeat(engine, &age_ns), 0);
	ck_assert_uint_ge(age_ns, LIMIT_NS * 9 / 10);
	open_gates();
	while (engine_state(engine) != ENGINE_STATE_RUNNING)
		sched_yield();
	ck_assert_int_eq(engine_heartbeat(engine, &age_ns), 0);
	ck_assert_uint_lt(age_ns, PATIENCE_NS);
	virtual_destroy(engine);
}
END_TEST

START_TEST(an_audio_thread_that_runs_away_loses_its_priority)
{
	struct engine_rt_report report = { .size = sizeof(report) };
	struct sched_param param;
	int policy;

	ck_assert_int_eq(engine_get_rt_report(engine, &report), 0);
	if (report.priority == 0) {
		puts("skipped: this needs the right to real-time priority");
		virtual_destroy(engine);
		return;
	}
	spoil();
	store_relaxed(&spins, true);
	ck_assert_int_eq(engine_start(engine), -ETIMEDOUT);
	while (!virtual_stats(engine).demoted)
		usleep(10000); /* it is the caretaker that looks, not an event */
	ck_assert_int_eq(pthread_getschedparam(engine->thread, &policy, &param), 0);
	ck_assert_int_eq(policy, SCHED_OTHER);
	store_relaxed(&spins, false);
	virtual_ping(engine_own_port(engine), 1, 0);
	virtual_destroy(engine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("caretaker");
	TCase *tests = tcase_create("caretaker");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, a_drop_that_blocks_is_told_and_done_all_the_same);
	tcase_add_test(tests, a_close_that_blocks_does_not_hold_destroy);
	tcase_add_test(tests, a_drop_and_then_a_close_that_block_hold_nothing_either);
	tcase_add_test(tests, an_audio_thread_that_is_stuck_holds_nothing);
	tcase_add_test(tests, a_heartbeat_that_stops_is_seen);
	tcase_add_test(tests, an_audio_thread_that_runs_away_loses_its_priority);
	return support_run(suite);
}
