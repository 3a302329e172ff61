/* SPDX-License-Identifier: MIT */
/*
 * Receiving: replies and events from a port's out ring. Any one thread at a
 * time; lock-free, and a system call only on the way to sleep.
 */
#include <poll.h>

#include "control/engine.h"
#include "control/guard.h"
#include "shared/message_words.h"

static int pop(struct lane *lane, struct engine_message *messages, uint32_t count)
{
	struct message_words words;
	uint32_t taken = 0;

	while (taken < count && message_ring_pop(&lane->out, &words))
		message_unpack(&messages[taken++], &words);
	return (int)taken;
}

/*
 * Found nothing: make the event descriptor unreadable, then look again. If
 * something came meanwhile more may lie behind it, so the bell is rung again:
 * the descriptor is readable whenever the ring is not empty.
 */
static int pop_or_answer(struct lane *lane, struct engine_message *messages, uint32_t count)
{
	int taken = pop(lane, messages, count);

	if (taken > 0 || !doorbell_answer(&lane->bell))
		return taken;
	taken = pop(lane, messages, count);
	if (taken > 0)
		doorbell_ring(&lane->bell);
	return taken;
}

int engine_port_try_recv_batch(struct engine_port *port, struct engine_message *messages,
			       size_t count)
{
	int taken;

	if (!port || (!messages && count > 0))
		return -EINVAL;
	if (!guard_take(&port->receiving))
		return port_refusal(port);
	if (count > ENGINE_RING_MESSAGES)
		count = ENGINE_RING_MESSAGES;
	taken = count ? pop_or_answer(port->lane, messages, (uint32_t)count) : 0;
	guard_give(&port->receiving);
	return taken;
}

static int try_recv(struct engine_port *port, struct engine_message *message)
{
	struct message_words words;
	int taken = 1;

	if (!port || !message)
		return -EINVAL;
	if (!guard_take(&port->receiving))
		return port_refusal(port);
	if (message_ring_pop(&port->lane->out, &words))
		message_unpack(message, &words);
	else
		taken = pop_or_answer(port->lane, message, 1);
	guard_give(&port->receiving);
	return taken;
}

int engine_port_try_recv(struct engine_port *port, struct engine_message *message)
{
	return try_recv(port, message);
}

static int pop_or_wait(struct lane *lane, struct engine_message *message, int timeout_ms)
{
	struct pollfd fd = { .fd = lane->bell.fd, .events = POLLIN };
	uint64_t start = monotonic_ns();

	for (;;) {
		int taken = pop_or_answer(lane, message, 1);
		int left;

		if (taken > 0)
			return taken;
		left = timeout_left(timeout_ms, start);
		if (left == 0)
			return 0;
		if (poll(&fd, 1, left) < 0)
			return -errno;
	}
}

int engine_port_recv(struct engine_port *port, struct engine_message *message, int timeout_ms)
{
	int taken;

	if (!port || !message)
		return -EINVAL;
	/* kept while asleep: the port is not closed under us */
	if (!guard_take(&port->receiving))
		return port_refusal(port);
	taken = pop_or_wait(port->lane, message, timeout_ms);
	guard_give(&port->receiving);
	return taken;
}

int engine_port_event_fd(struct engine_port *port)
{
	if (!port)
		return -EINVAL;
	if (port->engine->forked)
		return ENGINE_EFORKED;
	return load_relaxed(&port->closed) ? -EBADF : port->lane->bell.fd;
}

int engine_try_recv(struct engine *engine, struct engine_message *message)
{
	return try_recv(own_port(engine), message);
}

int engine_try_recv_batch(struct engine *engine, struct engine_message *messages, size_t count)
{
	return engine_port_try_recv_batch(own_port(engine), messages, count);
}

int engine_recv(struct engine *engine, struct engine_message *message, int timeout_ms)
{
	return engine_port_recv(own_port(engine), message, timeout_ms);
}

int engine_event_fd(struct engine *engine)
{
	return engine_port_event_fd(own_port(engine));
}
