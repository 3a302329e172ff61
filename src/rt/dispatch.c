/* SPDX-License-Identifier: MIT */
/*
 * Dispatch: takes commands from the lanes, fairly and within the period's
 * budget. Audio thread.
 *
 * A command that wants a reply is taken only when there is room for it in the
 * lane's out ring; else it stays where it is, the in ring fills, and its
 * sender is told. What was sent as a batch is taken as a whole, in one cycle.
 */
#include "rt/rt.h"
#include "shared/message_words.h"

/* A lane's turn: so many messages, or one batch, before the next lane's. */
#define TURN 16

/* How much room the answers to the next count commands take; all are there. */
static uint32_t answers(const struct lane *lane, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += message_answers(message_ring_head(&lane->in, i));
	return sum;
}

/* Whether the budget has a batch of this size; an untouched one has any. */
static bool affords(const struct rt *rt, uint32_t taken, uint32_t count)
{
	return taken + count <= rt->budget || (taken == 0 && rt->untouched);
}

/* One lane's turn; returns how many commands were taken. */
static uint32_t take(struct rt *rt, struct lane *lane)
{
	uint32_t taken = 0;

	while (taken < TURN && taken < rt->budget) {
		uint64_t head = message_ring_head(&lane->in, 0);
		uint32_t batch = 1 + message_following(head);

		if (head == 0 || !affords(rt, taken, batch) ||
		    !reply_fits(lane, answers(lane, batch)))
			break;
		taken += batch;
		rt->untouched = false;
		while (batch-- > 0) {
			struct message_words command;

			message_ring_pop(&lane->in, &command);
			commands_take(rt, lane, &command);
		}
	}
	return taken;
}

static uint32_t serve(struct rt *rt, struct lane *lane)
{
	/* pairs with the releases in control/port.c */
	switch (load_acquire(&lane->state)) {
	case LANE_OPEN:
		return take(rt, lane);
	case LANE_CLOSING:
		commands_forget(rt, lane);
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
		rt->budget -= taken < rt->budget ? taken : rt->budget;
		idle = taken ? 0 : idle + 1;
	}
}
