/* SPDX-License-Identifier: MIT */
/*
 * The solo engine: an engine whose audio thread was never started, so that
 * the public calls can be measured with nobody at the other end of the rings.
 * The benchmark is the other end. It has the engine's own port and no device.
 */
#ifndef PEAL_BENCH_SOLO_H
#define PEAL_BENCH_SOLO_H

#include "control/engine.h"

struct solo {
	struct engine engine;
	struct rt rt;
	struct lane lane;
};

/* The public calls of one build of the library. */
struct calls {
	int (*send_ping)(struct engine *engine, uint32_t id);
	int (*send)(struct engine *engine, const struct engine_message *message);
	int (*send_batch)(struct engine *engine, const struct engine_message *messages,
			  size_t count);
	int (*try_recv)(struct engine *engine, struct engine_message *message);
	int (*try_recv_batch)(struct engine *engine, struct engine_message *messages,
			      size_t count);
};

/* Of the static library that the benchmark is linked with. */
extern const struct calls calls_static;

/* Of the shared library that PEAL_LIBRARY names, which must be of this build: it
 * is handed our structures. NULL when none is named. */
const struct calls *calls_shared(void);

/* A process has one; its rings are empty at first. */
struct solo *solo_get(void);

#endif
