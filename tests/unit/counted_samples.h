/* SPDX-License-Identifier: MIT */
/*
 * Samples of the test's own, made and freed by it, and counted. For programs
 * that need nothing of the library's sample.c, whose place this takes.
 */
#ifndef PEAL_TESTS_COUNTED_SAMPLES_H
#define PEAL_TESTS_COUNTED_SAMPLES_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/sample.h"

#define COUNTED_FRAMES 16

static atomic_of(uint32_t) counted_made, counted_freed;

/* On which thread a sample was freed. */
struct counted_freer {
	char name[16];
	sigset_t blocked;
};

static struct counted_freer counted_freer;
static pthread_mutex_t counted_lock = PTHREAD_MUTEX_INITIALIZER;

/* With one reference. */
static inline struct engine_sample *counted_make(void)
{
	struct engine_sample *sample = calloc(1, sizeof(*sample));
	float *samples = calloc(COUNTED_FRAMES, sizeof(*samples));

	if (!sample || !samples)
		abort();
	for (int i = 0; i < COUNTED_FRAMES; i++)
		samples[i] = 0.5f;
	sample->memory = samples;
	sample->samples = samples;
	sample->frames = COUNTED_FRAMES;
	store_relaxed(&sample->references, 1);
	add_relaxed(&counted_made, 1);
	return sample;
}

/* Whether it was not freed: noticed without a sanitizer too. */
static inline bool counted_whole(const struct engine_sample *sample)
{
	for (int i = 0; i < COUNTED_FRAMES; i++)
		if (!(sample->samples[i] > 0))
			return false;
	return true;
}

/* What the library calls. */
void sample_free(struct engine_sample *sample)
{
	if (load_relaxed(&sample->references) != 0 || !counted_whole(sample))
		abort();
	memset(sample->memory, 0, COUNTED_FRAMES * sizeof(float));
	free(sample->memory);
	free(sample);
	pthread_mutex_lock(&counted_lock);
	pthread_getname_np(pthread_self(), counted_freer.name, sizeof(counted_freer.name));
	pthread_sigmask(SIG_SETMASK, NULL, &counted_freer.blocked);
	pthread_mutex_unlock(&counted_lock);
	add_relaxed(&counted_freed, 1);
}

static inline struct counted_freer counted_last_freer(void)
{
	struct counted_freer freer;

	pthread_mutex_lock(&counted_lock);
	freer = counted_freer;
	pthread_mutex_unlock(&counted_lock);
	return freer;
}

static inline void counted_put(struct engine_sample *sample)
{
	if (sample_put(sample))
		sample_free(sample);
}

#endif
