/* SPDX-License-Identifier: MIT */
/*
 * The keeper of a bank: publishes samples to the audio thread and frees those
 * that are no longer played. Control side.
 *
 * It has a thread of its own, the reclaimer, which alone waits for grace
 * periods: publishing waits for nobody. And a grace period waits only for
 * threads inside a read section, which is the few nanoseconds of bank_get: an
 * audio thread that is stuck in its device, that was never registered or has
 * ended is no matter to it.
 */
#ifndef PEAL_CONTROL_BANK_H
#define PEAL_CONTROL_BANK_H

#include <stdint.h>

#include "shared/bank.h"

/* How long bank_keeper_destroy waits for the reclaimer. */
#define BANK_DESTROY_TIMEOUT_MS 1000

struct bank_keeper;

/* A keeper for a bank whose count and samples are set; NULL: no memory. */
struct bank_keeper *bank_keeper_create(struct bank *bank);

/*
 * Give a number a sample, of which the bank takes a reference; NULL: forget
 * the number. number is below bank->count. Returns 0; -ENOMEM; -EAGAIN when
 * the reclaimer cannot be started; ENGINE_ENOSAMPLE when there is nothing to
 * forget. Forgetting needs no memory.
 */
int bank_keeper_publish(struct bank_keeper *keeper, uint32_t number, struct engine_sample *sample);

/*
 * Give up all that was published and free what was retired. No thread may read
 * the bank any more; it is not touched after this returned. A reclaimer that
 * another reader of the process keeps from ending in BANK_DESTROY_TIMEOUT_MS
 * is left alone: it then owns the keeper, and frees it once it can. NULL is
 * allowed.
 */
void bank_keeper_destroy(struct bank_keeper *keeper);

#endif
