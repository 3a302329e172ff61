/* SPDX-License-Identifier: MIT */
/*
 * Ports: opening and closing them. Control side, under the engine's lock. The
 * sending and receiving is in send.c and receive.c.
 */
#include "control/port.h"

#include <stdlib.h>

#include "control/engine.h"
#include "control/guard.h"
#include "control/last_error.h"

int port_attach(struct engine_port *port, struct engine *engine, bool events)
{
	struct rt *rt = engine->rt;

	for (uint32_t i = 0; i < rt->lane_count; i++) {
		struct lane *lane = &rt->lanes[i];

		/* pairs with the release in rt/dispatch.c: it is done with the lane */
		if (load_acquire(&lane->state) != LANE_FREE)
			continue;
		message_ring_init(&lane->in, 0);
		message_ring_init(&lane->out, 0);
		doorbell_answer(&lane->bell);
		lane->events = events;
		lane->untold = 0;
		store_relaxed(&lane->refused, 0);
		store_relaxed(&lane->answered, 0);
		store_relaxed(&lane->events_lost, 0);
		engine_backpressure_reset(&lane->in_pressure);
		engine_backpressure_reset(&lane->out_pressure);
		port->engine = engine;
		port->lane = lane;
		port->rt = rt;
		port->samples = rt->bank.count;
		/* pairs with the acquire in rt/dispatch.c: the lane is set up */
		store_release(&lane->state, LANE_OPEN);
		if (i >= load_relaxed(&rt->lanes_used))
			/* pairs with the acquires in rt/dispatch.c and cycle.c */
			store_release(&rt->lanes_used, i + 1);
		return 0;
	}
	return -ENOSPC;
}

int port_refusal(struct engine_port *port)
{
	if (port->engine->forked)
		return ENGINE_EFORKED;
	return load_relaxed(&port->closed) ? -EBADF : -EBUSY;
}

int engine_port_open(struct engine *engine, struct engine_port **out, unsigned flags)
{
	struct engine_port *port;
	int err = engine_usable(engine);

	if (out)
		*out = NULL;
	if (err < 0)
		return last_error_set(err, "engine: %s", engine_strerror(err));
	if (!out)
		return last_error_set(-EINVAL, "out is NULL: where should the port go?");
	if (flags & ~ENGINE_PORT_EVENTS)
		return last_error_set(-EINVAL, "flags 0x%x: only ENGINE_PORT_EVENTS is known",
				      flags);
	port = calloc(1, sizeof(*port));
	if (!port)
		return last_error_set(-ENOMEM, "no memory for a port");
	pthread_mutex_lock(&engine->lock);
	err = port_attach(port, engine, flags & ENGINE_PORT_EVENTS);
	if (err == 0) {
		port->next = engine->ports;
		engine->ports = port;
	}
	pthread_mutex_unlock(&engine->lock);
	if (err < 0) {
		free(port);
		return last_error_set(err, "all %u ports are open; config.ports sets how many",
				      engine->device.info.ports);
	}
	*out = port;
	return 0;
}

static int close_locked(struct engine_port *port)
{
	if (load_relaxed(&port->closed))
		return last_error_set(-EBADF, "the port is closed already");
	if (!guard_take(&port->sending))
		return last_error_set(-EBUSY, "a thread is inside a send on this port");
	if (!guard_take(&port->receiving)) {
		guard_give(&port->sending);
		return last_error_set(-EBUSY, "a thread is inside a receive on this port");
	}
	/* both guards stay taken: no call gets past them again */
	store_relaxed(&port->closed, true);
	/* pairs with the acquire in rt/dispatch.c: we are done with the lane */
	store_release(&port->lane->state, LANE_CLOSING);
	return 0;
}

int engine_port_close(struct engine_port *port)
{
	struct engine *engine;
	int err;

	if (!port)
		return 0;
	engine = port->engine;
	if (engine->forked)
		return last_error_set(ENGINE_EFORKED, "%s", engine_strerror(ENGINE_EFORKED));
	if (port == &engine->own)
		return last_error_set(-EINVAL, "the engine's own port closes with the engine");
	pthread_mutex_lock(&engine->lock);
	err = close_locked(port);
	pthread_mutex_unlock(&engine->lock);
	return err;
}

struct engine_port *engine_own_port(struct engine *engine)
{
	return engine ? &engine->own : NULL;
}

void port_free_all(struct engine *engine)
{
	while (engine->ports) {
		struct engine_port *port = engine->ports;

		engine->ports = port->next;
		free(port);
	}
}
