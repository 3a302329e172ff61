/* SPDX-License-Identifier: MIT */
/*
 * Replies: what the audio thread posts into the lanes' out rings. Audio thread.
 *
 * Exactly one reply: room is promised before a command is taken, and nothing
 * else is put where it was promised. Only events may find no room; they are
 * dropped, and counted.
 */
#include "rt/rt.h"

/* A reply's type is its command's with this bit. */
#define REPLY 0x100

bool reply_fits(struct lane *lane, uint32_t more)
{
	uint32_t all = lane->owed + more;

	/* promises beyond the ring's size could never be kept */
	return more == 0 ||
	       (all <= MESSAGE_RING_CAPACITY && message_ring_has_room(&lane->out, all));
}

static void post(struct lane *lane, struct message_words words)
{
	/* there is room: it was promised, or has just been looked for */
	message_ring_push(&lane->out, words);
	lane->posted = true;
}

void reply_post(struct rt *rt, struct lane *lane, const struct message_words *command,
		int32_t result, uint32_t detail, uint64_t frame)
{
	if (message_flags(command->head) & ENGINE_FLAG_QUIET)
		return;
	post(lane, (struct message_words){
		.head = message_head(REPLY | message_type(command->head), 0,
				     message_id(command->head)),
		.frame = frame,
		.a = (uint64_t)(uint32_t)result | (uint64_t)detail << 32,
		.b = rt->now_ns,
	});
	count_add(&lane->answered, 1);
}

void reply_ended(struct lane *lane, const struct voice_end *end)
{
	post(lane, (struct message_words){
		.head = message_head(ENGINE_VOICE_ENDED, 0, end->id),
		.frame = end->end_frame,
		.a = (uint64_t)end->reason,
		.b = end->frames,
	});
}

void event_post_to(struct rt *rt, struct lane *lane, enum engine_message_type type, uint64_t a,
		   uint64_t b)
{
	if (!lane->events)
		return;
	if (!reply_fits(lane, 1)) {
		lane->untold++;
		count_add(&lane->events_lost, 1);
		return;
	}
	post(lane, (struct message_words){
		.head = message_head(type, 0, lane->untold),
		.frame = load_relaxed(&rt->vitals.frame),
		.a = a,
		.b = b,
	});
	lane->untold = 0;
}

void event_post(struct rt *rt, enum engine_message_type type, uint64_t a, uint64_t b)
{
	/* pairs with the release in control/port.c: the lane is set up */
	uint32_t used = load_acquire(&rt->lanes_used);

	for (uint32_t i = 0; i < used; i++)
		/* pairs with the release in control/port.c */
		if (load_acquire(&rt->lanes[i].state) == LANE_OPEN)
			event_post_to(rt, &rt->lanes[i], type, a, b);
}
