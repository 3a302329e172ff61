/* SPDX-License-Identifier: MIT */
/*
 * The keeper of a bank; see bank.h. Control side.
 *
 * A sample leaves in two steps. Its number is given to another one: nobody
 * finds it any more, but the audio thread may be about to take a reference.
 * After a grace period it is not, and the bank's own reference is given up. If
 * voices still play it, the last of them retires it.
 *
 * The audio thread tells nobody that it did, for that would take a system
 * call. So the reclaimer looks from time to time, but only while something
 * that has left may still be played.
 */
#include "control/bank.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <urcu/urcu-bp.h>

#include <peal/error.h>
#include "control/sample.h"
#include "control/time.h"

#define LOOK_MS 100

/* A reference that the bank has. */
struct loaded {
	struct engine_sample *sample;
	struct loaded *next; /* in keeper->replaced */
};

struct bank_keeper {
	/* constant */
	struct bank *bank; /* not the reclaimer's any more once it is over */

	/* guards all below, and the publishing ends of the bank */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something was replaced; it is over; it has ended */
	struct loaded *replaced;
	uint32_t leaving; /* given up by the bank, but perhaps not by every voice */
	pthread_t reclaimer;
	bool started;
	bool over;      /* told to the reclaimer */
	bool ended;     /* told by the reclaimer */
	bool abandoned; /* the keeper is the reclaimer's, to free */
	struct loaded *loaded[]; /* by number; NULL: none */
};

static struct timespec from_now(unsigned ms)
{
	uint64_t ns = monotonic_ns() + ms * 1000000ull;

	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u),
				  .tv_nsec = (long)(ns % 1000000000u) };
}

struct bank_keeper *bank_keeper_create(struct bank *bank)
{
	struct bank_keeper *keeper =
		calloc(1, sizeof(*keeper) + bank->count * sizeof(keeper->loaded[0]));
	pthread_condattr_t attr;

	if (!keeper)
		return NULL;
	keeper->bank = bank;
	pthread_mutex_init(&keeper->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->changed, &attr);
	pthread_condattr_destroy(&attr);
	return keeper;
}

static void keeper_free(struct bank_keeper *keeper)
{
	pthread_cond_destroy(&keeper->changed);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

/* Give up the bank's references; returns how many were not the last. */
static uint32_t give_up(struct loaded *list)
{
	uint32_t others = 0;

	while (list) {
		struct loaded *next = list->next;

		if (sample_put(list->sample))
			sample_free(list->sample);
		else
			others++;
		free(list);
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

/* ---- the reclaimer. It holds the lock, but not where it may take long. */

static void give_up_replaced(struct bank_keeper *keeper)
{
	struct loaded *batch = keeper->replaced;
	uint32_t others;

	keeper->replaced = NULL;
	pthread_mutex_unlock(&keeper->lock);
	/* one for all that was replaced while the last one went on */
	urcu_bp_synchronize_rcu();
	others = give_up(batch);
	pthread_mutex_lock(&keeper->lock);
	keeper->leaving += others;
}

static void free_retired(struct bank_keeper *keeper)
{
	/* Pairs with the release in bank_put. 0: no voice has any sample, so
	 * none has one that left before; and what they retired is found next. */
	bool none_held = load_acquire(&keeper->bank->held) == 0;
	/* pairs with the release in bank_put's retire: the list is linked */
	struct engine_sample *retired = exchange_acquire(&keeper->bank->retired, NULL);
	uint32_t freed;

	pthread_mutex_unlock(&keeper->lock);
	freed = free_all(retired);
	pthread_mutex_lock(&keeper->lock);
	/* others than voices have references too, which end unseen: an estimate
	 * that is never too low, until no voice is left */
	if (none_held || freed > keeper->leaving)
		keeper->leaving = 0;
	else
		keeper->leaving -= freed;
}

static void await(struct bank_keeper *keeper)
{
	struct timespec look = from_now(LOOK_MS);

	if (keeper->leaving)
		pthread_cond_timedwait(&keeper->changed, &keeper->lock, &look);
	else
		pthread_cond_wait(&keeper->changed, &keeper->lock);
}

static void *reclaim(void *arg)
{
	struct bank_keeper *keeper = arg;
	bool abandoned;

	pthread_mutex_lock(&keeper->lock);
	while (!keeper->over) {
		if (keeper->replaced)
			give_up_replaced(keeper);
		if (!keeper->over && keeper->leaving)
			free_retired(keeper);
		if (!keeper->over && !keeper->replaced)
			await(keeper);
	}
	keeper->ended = true;
	abandoned = keeper->abandoned;
	pthread_cond_signal(&keeper->changed);
	pthread_mutex_unlock(&keeper->lock);
	if (abandoned)
		keeper_free(keeper);
	return NULL;
}

/* Under the lock. */
static int start_reclaimer(struct bank_keeper *keeper)
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
	err = pthread_create(&keeper->reclaimer, &attr, reclaim, keeper);
	pthread_sigmask(SIG_SETMASK, &previous, NULL);
	pthread_attr_destroy(&attr);
	if (err)
		return -err;
	pthread_setname_np(keeper->reclaimer, "peal-reclaim");
	keeper->started = true;
	return 0;
}

/* ---- publishing */

/* Under the lock; loaded NULL: forget. What had the number before is replaced. */
static int publish(struct bank_keeper *keeper, uint32_t number, struct loaded *loaded)
{
	struct loaded *old = keeper->loaded[number];
	int err;

	if (!loaded && !old)
		return ENGINE_ENOSAMPLE;
	/* before there is anything to reclaim, so that forgetting cannot fail */
	err = keeper->started ? 0 : start_reclaimer(keeper);
	if (err < 0)
		return err;
	if (loaded)
		sample_get(loaded->sample);
	keeper->loaded[number] = loaded;
	/* pairs with the acquire in bank_get: the sample is made */
	store_release(&keeper->bank->samples[number], loaded ? loaded->sample : NULL);
	if (old) {
		old->next = keeper->replaced;
		keeper->replaced = old;
		pthread_cond_signal(&keeper->changed);
	}
	return 0;
}

int bank_keeper_publish(struct bank_keeper *keeper, uint32_t number, struct engine_sample *sample)
{
	struct loaded *loaded = NULL;
	int err;

	if (sample) {
		loaded = malloc(sizeof(*loaded));
		if (!loaded)
			return -ENOMEM;
		*loaded = (struct loaded){ .sample = sample };
	}
	pthread_mutex_lock(&keeper->lock);
	err = publish(keeper, number, loaded);
	pthread_mutex_unlock(&keeper->lock);
	if (err < 0)
		free(loaded);
	return err;
}

/* ---- the end */

/* Under the lock: whether the reclaimer ended in time. */
static bool end_reclaimer(struct bank_keeper *keeper)
{
	struct timespec limit = from_now(BANK_DESTROY_TIMEOUT_MS);
	int err = 0;

	keeper->over = true;
	pthread_cond_signal(&keeper->changed);
	while (!keeper->ended && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&keeper->changed, &keeper->lock, &limit);
	return keeper->ended;
}

/* Under the lock. Nobody reads the bank: there is no grace period to wait for. */
static void give_up_all(struct bank_keeper *keeper)
{
	struct bank *bank = keeper->bank;

	give_up(keeper->replaced);
	keeper->replaced = NULL;
	for (uint32_t i = 0; i < bank->count; i++) {
		store_relaxed(&bank->samples[i], NULL);
		give_up(keeper->loaded[i]);
		keeper->loaded[i] = NULL;
	}
	/* pairs with the release in bank_put's retire: the list is linked */
	free_all(exchange_acquire(&bank->retired, NULL));
}

void bank_keeper_destroy(struct bank_keeper *keeper)
{
	pthread_t reclaimer;
	bool started, ended;

	if (!keeper)
		return;
	pthread_mutex_lock(&keeper->lock);
	started = keeper->started;
	reclaimer = keeper->reclaimer;
	ended = !started || end_reclaimer(keeper);
	give_up_all(keeper);
	keeper->abandoned = !ended;
	/* when abandoned, the keeper may be gone from here on */
	pthread_mutex_unlock(&keeper->lock);
	if (!ended) {
		pthread_detach(reclaimer);
		return;
	}
	if (started)
		pthread_join(reclaimer, NULL);
	keeper_free(keeper);
}
