/* SPDX-License-Identifier: MIT */
/*
 * The bank, as the audio thread reads it; see bank.h. The read section covers
 * the look-up and the count, nothing that could wait: so a grace period of the
 * control side lasts nanoseconds, whatever state the device is in.
 */
#include "shared/bank.h"

#include <urcu/urcu-bp.h>

void bank_enter_thread(void)
{
	urcu_bp_register_thread();
}

void bank_leave_thread(void)
{
	/* liburcu does it itself when the thread ends; this says so */
	urcu_bp_unregister_thread();
}

struct engine_sample *bank_get(struct bank *bank, uint32_t number)
{
	struct engine_sample *sample;

	if (number >= bank->count)
		return NULL;
	urcu_bp_read_lock();
	/* Pairs with the release in control/bank.c: the sample is made. More
	 * than rcu_dereference asks for, and free where it matters. */
	sample = load_acquire(&bank->samples[number]);
	if (sample) {
		sample_get(sample);
		/* in here, so that the end of a grace period shows it */
		count_add(&bank->held, 1);
	}
	urcu_bp_read_unlock();
	return sample;
}

/*
 * In a fixed number of steps, without a loop: nobody else pushes, so what lies
 * there can be taken back and put behind the new one. A consumer that looks in
 * between finds nothing and looks again later.
 */
static void retire(struct bank *bank, struct engine_sample *sample)
{
	/* relaxed: whatever is in there was pushed by this thread */
	sample->next = exchange_relaxed(&bank->retired, NULL);
	/* pairs with the acquire in control/reclaimer.c: the list is linked */
	store_release(&bank->retired, sample);
}

void bank_put(struct bank *bank, struct engine_sample *sample)
{
	if (sample_put(sample))
		retire(bank, sample);
	/* pairs with the acquire in control/reclaimer.c: 0 shows all that was retired */
	store_release(&bank->held, load_relaxed(&bank->held) - 1);
}
