/* SPDX-License-Identifier: MIT */
/*
 * The reclaimer; see reclaimer.h. Its own thread, and those that push.
 *
 * A sample leaves in two steps. Once its number has been given to another one
 * nobody finds it any more, but the audio thread may be about to take a
 * reference. After a grace period it is not, and the bank's own reference is
 * given up. If voices still play it, the last of them retires it.
 *
 * The audio thread tells nobody that it did, for that would take a system
 * call. So the reclaimer looks from time to time, but only while something
 * that has left may still be played.
 */
#include "control/reclaimer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <urcu/urcu-bp.h>

#include "control/sample.h"
#include "control/time.h"

#define LOOK_MS 100

struct reclaimer {
	/* constant */
	struct bank *bank; /* gone once it is over */
	pthread_t thread;

	/* guards all below */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something was replaced; it is over; it has ended */
	struct bank_reference *replaced;
	uint32_t leaving; /* given up by the bank, but perhaps not by every voice */
	bool over;        /* told to the thread */
	bool ended;       /* told by the thread */
	bool abandoned;   /* the thread frees all this */
};

bool bank_reference_put(struct bank_reference *reference)
{
	bool last = sample_put(reference->sample);

	if (last)
		sample_free(reference->sample);
	free(reference);
	return last;
}

/* Returns how many were not the last of their sample. */
static uint32_t put_all(struct bank_reference *list)
{
	uint32_t others = 0;

	while (list) {
		struct bank_reference *next = list->next;

		others += !bank_reference_put(list);
		list = next;
	}
	return others;
}

static uint32_t free_all(struct engine_sample *retired)
{
	uint32_t count = 0;

	while (retired) {
		struct engine_sample *next = retired->next;

		sample_free(retired);
		retired = next;
		count++;
	}
	return count;
}

static struct engine_sample *take_retired(struct bank *bank)
{
	/* pairs with the release in shared/bank.c: the list is linked */
	return exchange_acquire(&bank->retired, NULL);
}

static struct timespec from_now(unsigned ms)
{
	uint64_t ns = monotonic_ns() + ms * 1000000ull;

	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u),
				  .tv_nsec = (long)(ns % 1000000000u) };
}

static void reclaimer_free(struct reclaimer *reclaimer)
{
	pthread_cond_destroy(&reclaimer->changed);
	pthread_mutex_destroy(&reclaimer->lock);
	free(reclaimer);
}

/* ---- the thread: under the lock, but not where it may take long */

static void put_replaced(struct reclaimer *reclaimer)
{
	struct bank_reference *batch = reclaimer->replaced;
	uint32_t others;

	reclaimer->replaced = NULL;
	pthread_mutex_unlock(&reclaimer->lock);
	/* one for all that was replaced while the last one went on */
	urcu_bp_synchronize_rcu();
	others = put_all(batch);
	pthread_mutex_lock(&reclaimer->lock);
	reclaimer->leaving += others;
}

static void free_retired(struct reclaimer *reclaimer)
{
	/* Pairs with the release in bank_put. 0: no voice has any sample, so
	 * none has one that left before; and what they retired is found next. */
	bool none_held = load_acquire(&reclaimer->bank->held) == 0;
	struct engine_sample *retired = take_retired(reclaimer->bank);
	uint32_t freed;

	pthread_mutex_unlock(&reclaimer->lock);
	freed = free_all(retired);
	pthread_mutex_lock(&reclaimer->lock);
	/* Who is not a voice gives up its references unseen: `leaving` may be
	 * too high, which costs a look now and then, until no voice is left. */
	if (none_held || freed > reclaimer->leaving)
		reclaimer->leaving = 0;
	else
		reclaimer->leaving -= freed;
}

static void await(struct reclaimer *reclaimer)
{
	struct timespec look = from_now(LOOK_MS);

	if (reclaimer->leaving)
		pthread_cond_timedwait(&reclaimer->changed, &reclaimer->lock, &look);
	else
		pthread_cond_wait(&reclaimer->changed, &reclaimer->lock);
}

static void *reclaim(void *arg)
{
	struct reclaimer *reclaimer = arg;
	bool abandoned;

	pthread_mutex_lock(&reclaimer->lock);
	while (!reclaimer->over) {
		if (reclaimer->replaced)
			put_replaced(reclaimer);
		if (!reclaimer->over && reclaimer->leaving)
			free_retired(reclaimer);
		if (!reclaimer->over && !reclaimer->replaced)
			await(reclaimer);
	}
	reclaimer->ended = true;
	abandoned = reclaimer->abandoned;
	pthread_cond_signal(&reclaimer->changed);
	pthread_mutex_unlock(&reclaimer->lock);
	if (abandoned)
		reclaimer_free(reclaimer);
	return NULL;
}

/* ---- everybody else */

static int create_thread(struct reclaimer *reclaimer)
{
	struct sched_param normal = { .sched_priority = 0 };
	sigset_t blocked, previous;
	pthread_attr_t attr;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return -err;
	/* not what the caller happens to run at */
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &normal);
	sigfillset(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &previous);
	err = pthread_create(&reclaimer->thread, &attr, reclaim, reclaimer);
	pthread_sigmask(SIG_SETMASK, &previous, NULL);
	pthread_attr_destroy(&attr);
	if (err == 0)
		pthread_setname_np(reclaimer->thread, "peal-reclaim");
	return -err;
}

int reclaimer_create(struct reclaimer **out, struct bank *bank)
{
	struct reclaimer *reclaimer = calloc(1, sizeof(*reclaimer));
	pthread_condattr_t attr;
	int err;

	if (!reclaimer)
		return -ENOMEM;
	reclaimer->bank = bank;
	pthread_mutex_init(&reclaimer->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&reclaimer->changed, &attr);
	pthread_condattr_destroy(&attr);
	err = create_thread(reclaimer);
	if (err < 0)
		reclaimer_free(reclaimer);
	else
		*out = reclaimer;
	return err;
}

void reclaimer_push(struct reclaimer *reclaimer, struct bank_reference *replaced)
{
	pthread_mutex_lock(&reclaimer->lock);
	replaced->next = reclaimer->replaced;
	reclaimer->replaced = replaced;
	pthread_cond_signal(&reclaimer->changed);
	pthread_mutex_unlock(&reclaimer->lock);
}

/* Under the lock. The thread touches the bank no more from here on. */
static void tell_to_end(struct reclaimer *reclaimer)
{
	struct timespec limit = from_now(RECLAIMER_TIMEOUT_MS);
	int err = 0;

	reclaimer->over = true;
	pthread_cond_signal(&reclaimer->changed);
	while (!reclaimer->ended && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&reclaimer->changed, &reclaimer->lock, &limit);
}

void reclaimer_destroy(struct reclaimer *reclaimer)
{
	pthread_t thread;
	bool ended;

	if (!reclaimer)
		return;
	pthread_mutex_lock(&reclaimer->lock);
	tell_to_end(reclaimer);
	ended = reclaimer->ended;
	reclaimer->abandoned = !ended;
	/* nobody reads: there is no grace period to wait for */
	put_all(reclaimer->replaced);
	free_all(take_retired(reclaimer->bank));
	thread = reclaimer->thread;
	/* when abandoned, it may be gone from here on */
	pthread_mutex_unlock(&reclaimer->lock);
	if (!ended) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	reclaimer_free(reclaimer);
}
