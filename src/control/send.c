/* SPDX-License-Identifier: MIT */
/*
 * Sending: commands into a port's in ring. Any one thread at a time; lock-free
 * and without a system call, but for the wake that a sender asks for.
 */
#include "control/command.h"
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

/* A ping says when it was sent; who sent it may have said so. */
static struct message_words stamped(struct message_words words, uint64_t now_ns)
{
	if (words.b == 0 && message_type(words.head) == ENGINE_PING)
		words.b = now_ns;
	return words;
}

static struct message_words member(const struct engine_message *message, uint32_t following,
				   uint64_t now_ns)
{
	struct message_words words = stamped(message_pack(message), now_ns);

	words.head |= message_head(0, following << MESSAGE_FOLLOWING_SHIFT, 0);
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
		message_ring_fill(&lane->in, i, member(&messages[i], count - 1 - i, now_ns));
	message_ring_advance(&lane->in, count);
	return 0;
}

/* Whether all of them are good; flags becomes what any of them asks for. */
static int check_batch(const struct engine_port *port, const struct engine_message *messages, size_t count,
		       unsigned *flags)
{
	uint32_t answers = 0;

	for (size_t i = 0; i < count; i++) {
		struct message_words words = message_pack(&messages[i]);
		int err = command_check(port, &words);

		if (err < 0)
			return err;
		*flags |= message_flags(words.head);
		answers += message_answers(words.head);
	}
	/* it would wait for room for ever */
	return answers > ENGINE_RING_MESSAGES ? -EMSGSIZE : 0;
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
	err = check_batch(port, messages, count, &flags);
	if (err < 0)
		return err;
	if (!guard_take(&port->sending))
		return port_refusal(port);
	err = count ? send_checked(port, messages, (uint32_t)count) : 0;
	guard_give(&port->sending);
	if (err == 0 && flags & ENGINE_FLAG_WAKE)
		doorbell_ring(&port->rt->wake);
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
	err = command_check(port, &words);
	if (err < 0)
		return err;
	if (words.b == 0)
		words = stamped(words, monotonic_ns());
	err = send_words(port, words);
	if (err == 0 && message_flags(words.head) & ENGINE_FLAG_WAKE)
		doorbell_ring(&port->rt->wake);
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
