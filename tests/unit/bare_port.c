/* SPDX-License-Identifier: MIT */
/* The bare port; see bare_port.h. */
#include "bare_port.h"

#include <check.h>

#include "shared/message_words.h"

struct engine *bare_port_open(void)
{
	static struct engine engine;
	static struct lane lane;
	static struct rt rt;

	engine = (struct engine){ .rt = &rt, .own = { .engine = &engine, .lane = &lane } };
	engine.own.rt = &rt;
	message_ring_init(&lane.in, 0);
	message_ring_init(&lane.out, 0);
	store_relaxed(&lane.refused, 0);
	ck_assert_int_eq(doorbell_init(&lane.bell), 0);
	ck_assert_int_eq(doorbell_init(&rt.wake), 0);
	return &engine;
}

void bare_port_close(struct engine *engine)
{
	doorbell_done(&engine->own.lane->bell);
	doorbell_done(&engine->rt->wake);
}

bool bare_port_take(struct engine *engine, struct engine_message *command)
{
	struct message_words words;

	if (!message_ring_pop(&engine->own.lane->in, &words))
		return false;
	words.head = message_as_sent(words.head);
	message_unpack(command, &words);
	return true;
}

bool bare_port_post(struct engine *engine, uint32_t id, bool ring)
{
	struct lane *lane = engine->own.lane;
	struct message_words words = { .head = message_head(ENGINE_PONG, 0, id) };

	if (!message_ring_push(&lane->out, words))
		return false;
	if (ring)
		doorbell_ring(&lane->bell);
	return true;
}
