/* SPDX-License-Identifier: MIT */
/*
 * The order: one request at a time from the control side (under the engine's
 * lock) that moves the audio thread or its device, and the audio thread's
 * answer. Not for messages: an order may change who owns the PCMs.
 *
 * The audio thread owns the PCMs from the moment it takes ORDER_START until it
 * has answered ORDER_STOP or ORDER_QUIT, or has published that they are lost.
 */
#ifndef PEAL_SHARED_ORDER_H
#define PEAL_SHARED_ORDER_H

#include <stdint.h>

#include "shared/atomic.h"
#include "shared/doorbell.h"

enum order_kind {
	ORDER_HELLO = 0, /* answered when the thread has set itself up */
	ORDER_START = 1,
	ORDER_STOP = 2,
	ORDER_QUIT = 3,
	ORDER_ADOPT = 4, /* the PCMs were opened again; they are the audio thread's if it
			  * answers 0 */
	ORDER_FAIL = 5,  /* they cannot be */
};

struct order {
	/* control: written before `given` rises */
	enum order_kind kind;
	int error; /* ORDER_FAIL: why */
	/* audio thread: written before `done` reaches `given` */
	int result;
	int step;      /* enum engine_step that failed */
	int direction; /* enum engine_direction that failed */

	atomic_of(uint32_t) given; /* control: how many orders were given */
	atomic_of(uint32_t) done;  /* audio: how many were carried out */
	struct doorbell answered;  /* rung by the audio thread after each */
};

#endif
