/* SPDX-License-Identifier: MIT */
/*
 * The keeper of a bank: publishes samples to the audio thread, and has the
 * reclaimer free what was published before. It waits for neither. Control side.
 */
#ifndef PEAL_CONTROL_BANK_H
#define PEAL_CONTROL_BANK_H

#include <stdint.h>

#include "shared/bank.h"

struct bank_keeper;

/* A keeper for a bank whose count and samples are set; NULL: no memory. */
struct bank_keeper *bank_keeper_create(struct bank *bank);

/*
 * Give a number a sample, of which the bank takes a reference; NULL: forget
 * the number. number is below bank->count. Returns 0; -ENOMEM; -EAGAIN when
 * the reclaimer's thread cannot be created; ENGINE_ENOSAMPLE when there is
 * nothing to forget. To forget takes no memory. Any thread.
 */
int bank_keeper_publish(struct bank_keeper *keeper, uint32_t number, struct engine_sample *sample);

/*
 * Give up all that was published and free what was retired. The audio thread
 * has ended; the bank is not touched after this returned, which it does within
 * RECLAIMER_TIMEOUT_MS. NULL is allowed.
 */
void bank_keeper_destroy(struct bank_keeper *keeper);

#endif
