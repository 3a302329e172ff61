/* SPDX-License-Identifier: MIT */
/*
 * The port as the control side holds it: the handle on a lane. It lies on the
 * heap, so that a forked child, which has no arena, can still be told why it
 * is refused.
 */
#ifndef PEAL_CONTROL_PORT_H
#define PEAL_CONTROL_PORT_H

#include <stdbool.h>
#include <peal/port.h>

#include "shared/lane.h"

struct engine_port {
	/*
	 * 1 while a thread is inside a send or a receive, and for ever once the
	 * port is closed or in a forked child: the fast paths check just this.
	 */
	atomic_of(int) sending;
	char apart[CACHE_APART];
	atomic_of(int) receiving;
	char apart_too[CACHE_APART];
	/* constant while the port is open */
	struct engine *engine;
	struct lane *lane;
	struct rt *rt; /* in the arena: not there in a forked child */
	uint32_t samples; /* that can be loaded; 0: the engine has no playback */
	/* control: written under the engine's lock; read by whoever was refused */
	atomic_of(bool) closed;
	/* control: under the engine's lock */
	struct engine_port *next; /* in engine->ports, closed ones too */
};

/* Take a free lane for a port; 0 or -ENOSPC. Under the engine's lock. */
int port_attach(struct engine_port *port, struct engine *engine, bool events);

/* Why a port's guard lets no one in: a negative error. Any thread. */
int port_refusal(struct engine_port *port);

/* After the audio thread is gone. */
void port_free_all(struct engine *engine);

#endif
