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

/*
 * The words are ready before the guard is taken: it is held for the ring
 * alone. Always inline, or the words would travel through memory.
 */
__attribute__((always_inline)) static inline int
send_words(struct engine_port *port, struct message_words words)
{
	int err = 0;

	if (!guard_take(&port->sending))
		return port_refusal(port);
	if (!message_ring_push(&port->lane->in, words))
		err = refuse_full(port->lane, 1);
	guard_give(&port->sending);
	return err;
}

static int send_ping(struct engine_port *port, uint32_t id)
{
	return port ? send_words(port, ping(id)) : -EINVAL;
}

int engine_port_send_ping(struct engine_port *port, uint32_t id)
{
	return send_ping(port, id);
}

/* What the audio thread would have to reject is refused here. */
static int check(struct message_words words)
{
	const uint64_t known = message_head(0, ENGINE_FLAG_WAKE | ENGINE_FLAG_QUIET, UINT32_MAX);

	if ((words.head & ~known) != message_head(ENGINE_PING, 0, 0))
		return -EINVAL;
	return words.frame != 0 || words.a != 0 ? -EINVAL : 0;
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
		err = check(message_pack(&messages[i]));
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

/* One message is read once: what is checked is what is sent. */
static int send_one(struct engine_port *port, const struct engine_message *message)
{
	struct message_words words;
	int err;

	if (!port || !message)
		return -EINVAL;
	words = message_pack(message);
	err = check(words);
	if (err < 0)
		return err;
	if (words.b == 0)
		words.b = monotonic_ns();
	err = send_words(port, words);
	if (err == 0 && message_flags(words.head) & ENGINE_FLAG_WAKE)
		doorbell_ring(port->wake);
	return err;
}

int engine_port_send(struct engine_port *port, const struct engine_message *message)
{
	return send_one(port, message);
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
	return send_ping(own_port(engine), id);
}

int engine_send(struct engine *engine, const struct engine_message *message)
{
	return send_one(own_port(engine), message);
}

int engine_send_batch(struct engine *engine, const struct engine_message *messages, size_t count)
{
	return engine_port_send_batch(own_port(engine), messages, count);
}
