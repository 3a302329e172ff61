/* SPDX-License-Identifier: MIT */
/*
 * The bank: which sample has which number. The control side publishes, the
 * audio thread reads, by RCU: the reader neither waits nor makes a system
 * call (liburcu's bp flavour; the others wake the writer through a futex).
 *
 * bank.c is the only file of src/shared that includes urcu. Publishing and
 * reclaiming are in control/bank.c and control/reclaimer.c.
 */
#ifndef PEAL_SHARED_BANK_H
#define PEAL_SHARED_BANK_H

#include "shared/sample.h"

struct bank {
	/* constant */
	uint32_t count;

	/* published: control writes, audio reads */
	atomic_of(struct engine_sample *) *samples; /* count of them; NULL: none */

	/* pushed by the audio thread alone, taken as a whole by the control
	 * side: samples whose last reference the audio thread gave up */
	atomic_of(struct engine_sample *) retired;

	/* shared: audio writes, control reads: references that voices have */
	atomic_of(uint32_t) held;
};

/* Once on the audio thread, before its first cycle: bp registers a thread on
 * its first read otherwise, which allocates. bank_leave_thread at its end. */
void bank_enter_thread(void);
void bank_leave_thread(void);

/* The sample with a number, with a reference for the caller; NULL: none.
 * Audio thread. */
struct engine_sample *bank_get(struct bank *bank, uint32_t number);

/* Give up a reference that bank_get gave. Audio thread. */
void bank_put(struct bank *bank, struct engine_sample *sample);

#endif
