/* SPDX-License-Identifier: MIT */
/*
 * The engine as the control side holds it. What the audio thread touches is
 * not in here but in struct rt, in the arena.
 */
#ifndef PEAL_CONTROL_ENGINE_H
#define PEAL_CONTROL_ENGINE_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include <peal/engine.h>
#include <peal/error.h>
#include <peal/rt_report.h>

#include "card/card.h"
#include "control/arena.h"
#include "control/caretaker.h"
#include "control/device.h"
#include "control/lending.h"
#include "control/port.h"
#include "control/time.h"
#include "rt/rt.h"

/* How long the audio thread may take to carry out an order. */
#define ENGINE_ORDER_TIMEOUT_MS 2000

struct engine {
	/* the engine's own port; first, for the shortest way to the ring */
	struct engine_port own;
	/* as engine_port.sending, for the program's side of the streams */
	atomic_of(int) writing;
	atomic_of(int) reading;
	/* as these, for the virtual card's manual clock */
	atomic_of(int) advancing;

	/* constant after engine_create */
	struct rt *rt;         /* in the arena */
	unsigned char *stack;  /* the audio thread's, first in the arena */
	struct arena arena;
	struct lender *lender; /* NULL: no capture */
	struct bank_keeper *keeper; /* NULL: no playback */
	struct caretaker *caretaker;
	bool reopen;           /* config.reopen */
	struct device device;
	struct engine_rt_report report;
	pthread_t thread;

	/* guards: orders, ports, and the PCMs while the audio thread has not got them */
	pthread_mutex_t lock;
	struct engine_port *ports; /* under lock: all that were opened, but own */

	/* the caretaker writes it: the audio thread has lost its priority */
	atomic_of(bool) demoted;

	/* set once, in the child of a fork, before any of our code runs there */
	bool forked;
	struct engine *next; /* fork.c's list */
};

/* engine_own_port without the call; nothing, since the port comes first. */
static inline struct engine_port *own_port(struct engine *engine)
{
	return engine ? &engine->own : NULL;
}

/* What every public call checks first. */
static inline int engine_usable(const struct engine *engine)
{
	if (!engine)
		return -EINVAL;
	return engine->forked ? ENGINE_EFORKED : 0;
}

/*
 * orders.c: have the audio thread carry out an order and wait for it, at most
 * ENGINE_ORDER_TIMEOUT_MS. Returns its result, or -ETIMEDOUT with the last
 * error set. Under the lock. For good: without a time limit.
 */
int order_give(struct engine *engine, enum order_kind kind);
void order_give_for_good(struct engine *engine, enum order_kind kind);

/* engine.c: free what is left of an engine without a thread, a device or a
 * caretaker. */
void engine_free(struct engine *engine);

/* fork.c: engines whose handles are made unusable in the child of a fork. */
int fork_watch(struct engine *engine);
void fork_unwatch(struct engine *engine);

/* lay_out.c: the arena and everything in it, from what was negotiated; 0 or a
 * negative error with the last error set. */
int engine_lay_out(struct engine *engine, const struct engine_config *config);
void engine_clear_away(struct engine *engine);

/* audio_thread.c: start the thread and wait until it says hello; 0 or a
 * negative error with the last error set. */
int audio_thread_start(struct engine *engine, const struct engine_config *config);

#endif
