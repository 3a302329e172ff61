/* SPDX-License-Identifier: MIT */
/*
 * The keeper of a bank; see bank.h. It knows a sample by the reference that the
 * bank has to it, which is allocated when it is published: so there is nothing
 * left that could fail when it leaves.
 */
#include "control/bank.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <peal/error.h>
#include "control/reclaimer.h"

struct bank_keeper {
	/* constant */
	struct bank *bank;

	/* guards all below, and the publishing end of the bank */
	pthread_mutex_t lock;
	struct reclaimer *reclaimer;        /* NULL: nothing was published yet */
	struct bank_reference *published[]; /* by number; NULL: none */
};

struct bank_keeper *bank_keeper_create(struct bank *bank)
{
	struct bank_keeper *keeper =
		calloc(1, sizeof(*keeper) + bank->count * sizeof(keeper->published[0]));

	if (!keeper)
		return NULL;
	keeper->bank = bank;
	pthread_mutex_init(&keeper->lock, NULL);
	return keeper;
}

/* Under the lock; reference NULL: forget. */
static int publish(struct bank_keeper *keeper, uint32_t number, struct bank_reference *reference)
{
	struct bank_reference *replaced = keeper->published[number];
	int err = 0;

	if (!reference && !replaced)
		return ENGINE_ENOSAMPLE;
	if (!keeper->reclaimer)
		err = reclaimer_create(&keeper->reclaimer, keeper->bank);
	if (err < 0)
		return err;
	if (reference)
		sample_get(reference->sample);
	keeper->published[number] = reference;
	/* pairs with the acquire in bank_get: the sample is made */
	store_release(&keeper->bank->samples[number], reference ? reference->sample : NULL);
	if (replaced)
		reclaimer_push(keeper->reclaimer, replaced);
	return 0;
}

int bank_keeper_publish(struct bank_keeper *keeper, uint32_t number, struct engine_sample *sample)
{
	struct bank_reference *reference = NULL;
	int err;

	if (sample) {
		reference = malloc(sizeof(*reference));
		if (!reference)
			return -ENOMEM;
		*reference = (struct bank_reference){ .sample = sample };
	}
	pthread_mutex_lock(&keeper->lock);
	err = publish(keeper, number, reference);
	pthread_mutex_unlock(&keeper->lock);
	if (err < 0)
		free(reference);
	return err;
}

void bank_keeper_destroy(struct bank_keeper *keeper)
{
	if (!keeper)
		return;
	reclaimer_destroy(keeper->reclaimer);
	for (uint32_t i = 0; i < keeper->bank->count; i++) {
		store_relaxed(&keeper->bank->samples[i], NULL);
		if (keeper->published[i])
			bank_reference_put(keeper->published[i]);
	}
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}
