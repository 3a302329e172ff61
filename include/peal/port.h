/* SPDX-License-Identifier: MIT */
/*
 * The port: a pair of rings of its own for one more sending thread. The
 * engine's own functions of the same names (peal/engine.h) work on a port
 * that every engine has; all that is said there holds here.
 */
#ifndef PEAL_PORT_H
#define PEAL_PORT_H

#include <stddef.h>
#include <stdint.h>

#include <peal/engine.h>
#include <peal/message.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_port;

/* engine_port_open: this port receives events as the engine's own port does */
#define ENGINE_PORT_EVENTS 1u

/*
 * Open a port.
 *
 * out: where to put it; NULL on failure. Owner: the caller, until
 *   engine_port_close or engine_destroy.
 * flags: 0 or ENGINE_PORT_EVENTS.
 * Returns 0; -ENOSPC when config.ports are open (a port that was closed is
 * free again at the latest one period later); -EINVAL; ENGINE_EFORKED.
 * Thread: control.
 */
int engine_port_open(struct engine *engine, struct engine_port **out, unsigned flags);

/*
 * Close a port. Commands not yet taken and replies not yet received are
 * dropped. A later call on the port returns -EBADF, until engine_destroy.
 *
 * port: NULL is allowed and does nothing.
 * Returns 0; -EBUSY when a thread is inside a call on the port; -EBADF when it
 * is closed already; -EINVAL when it is the engine's own; ENGINE_EFORKED.
 * Thread: control.
 */
int engine_port_close(struct engine_port *port);

/* The engine's own port, for code that works on any port. NULL for NULL. Thread: any. */
struct engine_port *engine_own_port(struct engine *engine);

/* As engine_send_ping, engine_send ... of peal/engine.h; also -EBADF for a closed port. */
int engine_port_send_ping(struct engine_port *port, uint32_t id);
int engine_port_send(struct engine_port *port, const struct engine_message *message);
int engine_port_send_batch(struct engine_port *port, const struct engine_message *messages,
			   size_t count);
int engine_port_try_recv(struct engine_port *port, struct engine_message *message);
int engine_port_try_recv_batch(struct engine_port *port, struct engine_message *messages,
			       size_t count);
int engine_port_recv(struct engine_port *port, struct engine_message *message, int timeout_ms);
int engine_port_event_fd(struct engine_port *port);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
