/* SPDX-License-Identifier: MIT */
/*
 * Dispatch: takes commands from the lanes, carries them out and replies.
 * Audio thread.
 *
 * Exactly one reply: a command that wants one is taken only when there is
 * room for it in the lane's out ring; else it stays where it is, the in ring
 * fills, and its sender is told. Only events may be dropped, counted.
 */
#include "rt/rt.h"

#include <errno.h>

/* A lane's turn: so many messages before the next lane gets one. */
#define TURN 16

/* A reply's type is its command's with this bit. */
#define REPLY 0x100

static uint32_t age_ns(struct rt *rt, uint64_t sent_ns)
{
	uint64_t age;

	/* sent since this cycle woke: nothing takes effect before it was sent */
	if (sent_ns > rt->now_ns)
		rt->now_ns = rt->clock->now_ns(rt->clock);
	age = rt->now_ns > sent_ns ? rt->now_ns - sent_ns : 0;
	return age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
}

static void reply(struct rt *rt, struct lane *lane, const struct message_words *command,
		  int32_t result, uint32_t age)
{
	struct message_words words = {
		.head = message_head(REPLY | message_type(command->head), 0,
				     message_id(command->head)),
		.frame = load_relaxed(&rt->vitals.frame),
		.a = (uint64_t)(uint32_t)result | (uint64_t)age << 32,
		.b = rt->now_ns,
	};

	/* there was room before the command was taken */
	message_ring_push(&lane->out, words);
	count_add(&lane->answered, 1);
	lane->posted = true;
}

static void carry_out(struct rt *rt, struct lane *lane, const struct message_words *command)
{
	bool quiet = message_flags(command->head) & ENGINE_FLAG_QUIET;
	int32_t result = 0;
	uint32_t age = 0;

	switch (message_type(command->head)) {
	case ENGINE_PING:
		age = age_ns(rt, command->b);
		histogram_record(&rt->health->latency[ENGINE_HEALTH_MESSAGE], age);
		break;
	default:
		/* the control side lets nothing else through */
		result = -EINVAL;
		break;
	}
	if (!quiet)
		reply(rt, lane, command, result, age);
}

/* Take up to count commands of a lane; returns how many. */
static uint32_t take(struct rt *rt, struct lane *lane, uint32_t count)
{
	struct message_words command;
	uint32_t taken = 0;

	while (taken < count && message_ring_peek(&lane->in, &command)) {
		if (!(message_flags(command.head) & ENGINE_FLAG_QUIET) &&
		    !message_ring_has_room(&lane->out, 1))
			break;
		message_ring_drop(&lane->in);
		carry_out(rt, lane, &command);
		taken++;
	}
	return taken;
}

/* One lane's turn; returns how many commands were taken. */
static uint32_t serve(struct rt *rt, struct lane *lane)
{
	/* pairs with the releases in control/port.c */
	switch (load_acquire(&lane->state)) {
	case LANE_OPEN:
		return take(rt, lane, rt->budget < TURN ? rt->budget : TURN);
	case LANE_CLOSING:
		lane->posted = false;
		/* pairs with the acquire in control/port.c: we are done with it */
		store_release(&lane->state, LANE_FREE);
		return 0;
	default:
		return 0;
	}
}

void dispatch(struct rt *rt)
{
	/* pairs with the release in control/port.c: the lane is set up */
	uint32_t used = load_acquire(&rt->lanes_used);
	uint32_t idle = 0;

	while (rt->budget > 0 && idle < used) {
		uint32_t taken;

		if (rt->next_lane >= used)
			rt->next_lane = 0;
		taken = serve(rt, &rt->lanes[rt->next_lane++]);
		rt->budget -= taken;
		idle = taken ? 0 : idle + 1;
	}
}

void dispatch_event_to(struct rt *rt, struct lane *lane, enum engine_message_type type,
		       uint64_t a, uint64_t b)
{
	struct message_words words = {
		.head = message_head(type, 0, lane->untold),
		.frame = load_relaxed(&rt->vitals.frame),
		.a = a,
		.b = b,
	};

	if (!lane->events)
		return;
	if (message_ring_push(&lane->out, words)) {
		lane->untold = 0;
		lane->posted = true;
	} else {
		lane->untold++;
		count_add(&lane->events_lost, 1);
	}
}

void dispatch_event(struct rt *rt, enum engine_message_type type, uint64_t a, uint64_t b)
{
	uint32_t used = load_acquire(&rt->lanes_used); /* as in dispatch */

	for (uint32_t i = 0; i < used; i++)
		/* pairs with the release in control/port.c */
		if (load_acquire(&rt->lanes[i].state) == LANE_OPEN)
			dispatch_event_to(rt, &rt->lanes[i], type, a, b);
}
