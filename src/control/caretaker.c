/* SPDX-License-Identifier: MIT */
/*
 * The caretaker; see caretaker.h. What runs on its thread is in the second
 * half of the file.
 *
 * The PCMs are its own while the audio thread has published that they are
 * lost, and during a job.
 */
#include "control/caretaker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/alsa_text.h"
#include "control/engine.h"
#include "control/last_error.h"
#include "control/runaway.h"

/* How often a lost card is looked for, and the audio thread watched. */
#define LOOK_MS 250
#define WATCH_MS 500

/* A thread that returns is gone at once, but on a machine that is overloaded. */
#define GONE_NS 100000000u

struct caretaker {
	/* constant */
	struct engine *engine;
	pthread_t thread;
	struct doorbell call;

	atomic_of(pid_t) tid;     /* its thread's; written by it before any job is done */
	atomic_of(bool) watching; /* pairs with itself: engine->thread is written */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* with CLOCK_MONOTONIC */
	/* under lock */
	enum caretaker_job job; /* that was asked for and is not done; NONE: none */
	uint32_t done;          /* how many were done */
	int result;             /* of the last */
	unsigned owners;        /* 2: its thread and the engine; 1; the last frees it */
};

/* Give up the ownership; under the lock, which is gone or open afterwards. */
static void disown(struct caretaker *caretaker)
{
	bool last = --caretaker->owners == 0;

	pthread_mutex_unlock(&caretaker->lock);
	if (!last)
		return;
	doorbell_done(&caretaker->call);
	pthread_cond_destroy(&caretaker->changed);
	pthread_mutex_destroy(&caretaker->lock);
	free(caretaker);
}

/* Wait until no job is left; under the lock. */
static int wait_idle(struct caretaker *caretaker, const struct timespec *until)
{
	while (caretaker->job != CARETAKER_NONE)
		if (pthread_cond_timedwait(&caretaker->changed, &caretaker->lock, until))
			return -ETIMEDOUT;
	return 0;
}

/*
 * The end: its thread has nothing left to do but to return, or will have it
 * some time. It is detached, since nobody may be there to join it then; who
 * was in time sees it gone all the same. Under the lock.
 */
static void part(struct caretaker *caretaker, bool done)
{
	pid_t thread = load_relaxed(&caretaker->tid);
	uint64_t until_ns = monotonic_ns() + GONE_NS;

	disown(caretaker);
	while (done && tgkill(getpid(), thread, 0) == 0 && monotonic_ns() < until_ns)
		sched_yield();
}

int caretaker_do(struct caretaker *caretaker, enum caretaker_job job, int timeout_ms)
{
	uint64_t until_ns = monotonic_ns() + (uint64_t)timeout_ms * 1000000;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000),
					.tv_nsec = (long)(until_ns % 1000000000) };
	int result;

	pthread_mutex_lock(&caretaker->lock);
	result = wait_idle(caretaker, &until);
	/* an end is asked for even while another job is late: it comes after it */
	if (result == 0 || job != CARETAKER_DROP) {
		caretaker->job = job;
		doorbell_ring(&caretaker->call);
	}
	if (result == 0)
		result = wait_idle(caretaker, &until);
	if (result == 0)
		result = caretaker->result;
	if (job == CARETAKER_DROP)
		pthread_mutex_unlock(&caretaker->lock);
	else
		part(caretaker, result != -ETIMEDOUT);
	return result;
}

void caretaker_watch(struct caretaker *caretaker)
{
	store_release(&caretaker->watching, true);
	doorbell_ring(&caretaker->call);
}

/* ---- the caretaker's thread */

/* The first error, if any. */
static int drop(struct device *device)
{
	struct alsa_text text;
	int err = 0, err2 = 0;

	alsa_text_begin(&text);
	if (device->playback)
		err = snd_pcm_drop(device->playback);
	if (device->capture)
		err2 = snd_pcm_drop(device->capture);
	alsa_text_end(&text);
	return err < 0 ? err : err2;
}

static void bury(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	order_give_for_good(engine, ORDER_QUIT);
	pthread_mutex_unlock(&engine->lock);
	pthread_join(engine->thread, NULL);
	device_close(&engine->device);
	engine_free(engine);
}

/* A held descriptor would keep the card's place taken. */
static void let_go(struct engine *engine)
{
	device_close_pcms(&engine->device);
}

/* Whether to look again. */
static bool take_again(struct engine *engine)
{
	struct rt *rt = engine->rt;
	int err = device_reopen(&engine->device);

	if (err < 0 && err != -EINVAL)
		return true;
	pthread_mutex_lock(&engine->lock);
	if (err == 0) {
		if (rt->transport.playback)
			pcm_alsa_init(&rt->playback_pcm, engine->device.playback);
		if (rt->transport.capture)
			pcm_alsa_init(&rt->capture_pcm, engine->device.capture);
		rt->transport.grouped = engine->device.grouped;
		err = order_give(engine, ORDER_ADOPT);
	} else {
		/* it came back as another: no second look will change that */
		rt->order.error = err;
		order_give(engine, ORDER_FAIL);
	}
	pthread_mutex_unlock(&engine->lock);
	/* who does not answer has them: see bury */
	if (err < 0 && err != -ETIMEDOUT)
		let_go(engine);
	return err < 0 && err != -EINVAL && err != -ETIMEDOUT;
}

/* Do what was asked for; true: it was the last. */
static bool work(struct caretaker *caretaker, enum caretaker_job job)
{
	int result = 0;

	if (job == CARETAKER_DROP)
		result = drop(&caretaker->engine->device);
	else if (job == CARETAKER_BURY)
		bury(caretaker->engine);
	pthread_mutex_lock(&caretaker->lock);
	/* an end that was asked for meanwhile stays asked for */
	if (caretaker->job == job)
		caretaker->job = CARETAKER_NONE;
	caretaker->result = result;
	pthread_cond_broadcast(&caretaker->changed);
	if (job == CARETAKER_DROP) {
		pthread_mutex_unlock(&caretaker->lock);
		return false;
	}
	disown(caretaker);
	return true;
}

static enum caretaker_job next_job(struct caretaker *caretaker)
{
	enum caretaker_job job;

	pthread_mutex_lock(&caretaker->lock);
	job = caretaker->job;
	pthread_mutex_unlock(&caretaker->lock);
	return job;
}

static void *take_care(void *arg)
{
	struct caretaker *caretaker = arg;
	struct engine *engine = caretaker->engine;
	struct rt *rt = engine->rt;
	struct runaway runaway = { 0 };
	bool looking = false;

	store_relaxed(&caretaker->tid, gettid());
	for (;;) {
		struct pollfd fds[] = { { .fd = caretaker->call.fd, .events = POLLIN },
					{ .fd = rt->lost.fd, .events = POLLIN } };
		bool watching = load_acquire(&caretaker->watching);
		enum caretaker_job job;

		poll(fds, 2, looking ? LOOK_MS : watching ? WATCH_MS : -1);
		doorbell_answer(&caretaker->call);
		job = next_job(caretaker);
		if (job != CARETAKER_NONE && work(caretaker, job))
			return NULL;
		/* pairs with the release in rt/transport.c: the PCMs are ours */
		if (doorbell_answer(&rt->lost) &&
		    load_acquire(&rt->vitals.state) == ENGINE_STATE_LOST) {
			let_go(engine);
			looking = engine->reopen;
		}
		if (looking)
			looking = take_again(engine);
		if (watching)
			runaway_watch(&runaway, engine);
	}
}

static int start_thread(struct caretaker *caretaker)
{
	sigset_t all, previous;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &previous);
	err = pthread_create(&caretaker->thread, NULL, take_care, caretaker);
	pthread_sigmask(SIG_SETMASK, &previous, NULL);
	if (err)
		return -err;
	pthread_setname_np(caretaker->thread, "peal-care");
	pthread_detach(caretaker->thread);
	return 0;
}

int caretaker_create(struct engine *engine)
{
	struct caretaker *caretaker = calloc(1, sizeof(*caretaker));
	pthread_condattr_t attr;
	int err;

	if (!caretaker)
		return last_error_set(-ENOMEM, "no memory for the caretaker");
	caretaker->engine = engine;
	caretaker->owners = 2;
	pthread_mutex_init(&caretaker->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&caretaker->changed, &attr);
	pthread_condattr_destroy(&attr);
	err = doorbell_init(&caretaker->call);
	if (err == 0)
		err = start_thread(caretaker);
	if (err < 0) {
		pthread_mutex_lock(&caretaker->lock);
		caretaker->owners = 1;
		disown(caretaker);
		return last_error_set(err, "cannot create the caretaker's thread: %s",
				      engine_strerror(err));
	}
	engine->caretaker = caretaker;
	return 0;
}
