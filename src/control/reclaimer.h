/* SPDX-License-Identifier: MIT */
/*
 * The reclaimer: a thread that frees the samples a bank no longer has. It alone
 * waits for grace periods. Control side.
 *
 * A grace period waits only for threads inside a read section, which is the few
 * nanoseconds of bank_get: an audio thread that is stuck in its device, that
 * was never registered or has ended is no matter to it.
 */
#ifndef PEAL_CONTROL_RECLAIMER_H
#define PEAL_CONTROL_RECLAIMER_H

#include "shared/bank.h"

/* How long reclaimer_destroy waits for the thread. */
#define RECLAIMER_TIMEOUT_MS 1000

/* A reference that the bank has, on the heap. */
struct bank_reference {
	struct engine_sample *sample;
	struct bank_reference *next; /* the reclaimer's */
};

/* Give up a reference; false: it was not the sample's last. */
bool bank_reference_put(struct bank_reference *reference);

struct reclaimer;

/* Returns 0; -ENOMEM; -EAGAIN when no further thread can be created. */
int reclaimer_create(struct reclaimer **out, struct bank *bank);

/* Leave a reference to it that the bank does not show any more. Any thread. */
void reclaimer_push(struct reclaimer *reclaimer, struct bank_reference *replaced);

/*
 * Give up all that was left to it, and free what voices retired. Nobody may
 * read the bank any more; it is not touched after this returned. A thread that
 * another reader of the process keeps inside a grace period for longer than
 * RECLAIMER_TIMEOUT_MS is left alone: it then owns the reclaimer, and frees it
 * and the rest once it can. NULL is allowed.
 */
void reclaimer_destroy(struct reclaimer *reclaimer);

#endif
