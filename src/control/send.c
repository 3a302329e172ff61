/* SPDX-License-Identifier: MIT */
/*
 * Sending: commands into a port's in ring. Any one thread at a time; lock-free
 * and without a system call, but for the wake that a sender asks for.
 */
#include "control/engine.h"
#include "control/guard.h"
#include "shared/message_words.h"

static int refuse_full(struct lane *lane, uint64_t count)
{
	count_add(&lane->refused, count);
	return -ENOBUFS;
}

static struct message_words ping(uint32_t id)
{
	struct message_words words = {
		.head = message_head(ENGINE_PING, 0, id),
		.b = monotonic_ns(),
	};

	return words;
}

int engine_port_send_ping(struct engine_port *port, uint32_t id)
{
	int err = 0;

	if (!port)
		return -EINVAL;
	if (!guard_take(&port->sending))
		return port_refusal(port);
	if (!message_ring_push(&port->lane->in, ping(id)))
		err = refuse_full(port->lane, 1);
	guard_give(&port->sending);
	return err;
}

/* What the audio thread would have to reject is refused here. */
static int check(const struct engine_message *message)
{
	if (message->type != ENGINE_PING)
		return -EINVAL;
	if (message->flags & ~(ENGINE_FLAG_WAKE | ENGINE_FLAG_QUIET))
		return -EINVAL;
	if (message->frame != 0 || message->ping.reserved != 0)
		return -EINVAL;
	return 0;
}

static struct message_words pack(const struct engine_message *message, uint64_t now_ns)
{
	struct message_words words = message_pack(message);

	if (words.b == 0)
		words.b = now_ns;
	return words;
}

static int send_checked(struct engine_port *port, const struct engine_message *messages,
			uint32_t count)
{
	uint64_t now_ns = monotonic_ns();
	struct lane *lane = port->lane;

	if (!message_ring_has_room(&lane->in, count))
		return refuse_full(lane, count);
	/* from the last to the first: the receiver sees all or none */
	for (uint32_t i = count; i-- > 0;)
		message_ring_fill(&lane->in, i, pack(&messages[i], now_ns));
	message_ring_advance(&lane->in, count);
	return 0;
}

int engine_port_send_batch(struct engine_port *port, const struct engine_message *messages,
			   size_t count)
{
	unsigned flags = 0;
	int err;

	if (!port || (!messages && count > 0))
		return -EINVAL;
	if (count > ENGINE_RING_MESSAGES)
		return -EMSGSIZE;
	for (size_t i = 0; i < count; i++) {
		err = check(&messages[i]);
		if (err < 0)
			return err;
		flags |= messages[i].flags;
	}
	if (!guard_take(&port->sending))
		return port_refusal(port);
	err = count ? send_checked(port, messages, (uint32_t)count) : 0;
	guard_give(&port->sending);
	if (err == 0 && flags & ENGINE_FLAG_WAKE)
		doorbell_ring(port->wake);
	return err;
}

int engine_port_send(struct engine_port *port, const struct engine_message *message)
{
	return engine_port_send_batch(port, message, 1);
}

int engine_wake(struct engine *engine)
{
	int err = engine_usable(engine);

	if (err == 0)
		doorbell_ring(&engine->rt->wake);
	return err;
}

/* The engine's own port is its first field, so that these are one jump. */

int engine_send_ping(struct engine *engine, uint32_t id)
{
	return engine_port_send_ping(engine_own_port(engine), id);
}

int engine_send(struct engine *engine, const struct engine_message *message)
{
	return engine_port_send(engine_own_port(engine), message);
}

int engine_send_batch(struct engine *engine, const struct engine_message *messages, size_t count)
{
	return engine_port_send_batch(engine_own_port(engine), messages, count);
}
