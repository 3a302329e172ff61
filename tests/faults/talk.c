/* SPDX-License-Identifier: MIT */
/* The talk; see talk.h. */
#include "talk.h"

#include <check.h>
#include <inttypes.h>

void talk_send(struct trial *trial)
{
	uint64_t now_ns = trial_now(trial);
	uint32_t lane = (uint32_t)any(trial, trial->fake.rt->lane_count);
	struct trial_talk *talk = &trial->talks[lane];

	if (now_ns < trial->next_ping_ns)
		return;
	trial->next_ping_ns = now_ns + any(trial, trial->period_ns);
	talk->sent_ns[talk->sent % TRIAL_PINGS] = now_ns;
	must(fake_rt_send(&trial->fake, lane, any(trial, 8) ? 0 : ENGINE_FLAG_WAKE, talk->sent),
	     "the ring of lane %u is full", lane);
	talk->sent++;
	trial->figures->pings++;
}

static void check_chain(struct trial *trial, const struct engine_message *event)
{
	static const enum engine_state to[] = {
		[ENGINE_EVENT_XRUN & 0xf] = ENGINE_STATE_RUNNING,
		[ENGINE_EVENT_SUSPEND & 0xf] = ENGINE_STATE_SUSPENDED,
		[ENGINE_EVENT_RESUME & 0xf] = ENGINE_STATE_RUNNING,
		[ENGINE_EVENT_LOST & 0xf] = ENGINE_STATE_LOST,
		[ENGINE_EVENT_STALLED & 0xf] = ENGINE_STATE_STALLED,
		[ENGINE_EVENT_RETURNED & 0xf] = ENGINE_STATE_RUNNING,
		[0xf] = ENGINE_STATE_CLOSED,
	};
	/* while it restarted a device that ran, nothing was told of yet */
	bool restarting = event->device.from == ENGINE_STATE_XRUN &&
			  (trial->state == ENGINE_STATE_RUNNING ||
			   trial->state == ENGINE_STATE_STALLED);
	uint64_t frame;

	must(event->device.from == trial->state || restarting,
	     "event 0x%x from state %u, and the last one told of %u", event->type,
	     event->device.from, trial->state);
	must(event->type >> 4 == 0x20 && event->device.to == to[event->type & 0xf] &&
		     event->device.to != ENGINE_STATE_CLOSED,
	     "event 0x%x to state %u", event->type, event->device.to);
	must(event->id == 0, "%u events were dropped", event->id);
	/* those that a stalled device has at last are moved after it was told */
	frame = fake_count(&trial->fake, frame);
	must(event->frame <= frame && frame - event->frame <= trial->fake.buffer_frames,
	     "event 0x%x at frame %" PRIu64 ", and the engine is at %" PRIu64, event->type,
	     event->frame, frame);
	trial->state = event->device.to;
}

static void note_told(struct trial *trial)
{
	uint64_t from_ns = trial->struck_ns + trial->leap_ns, now_ns = trial_now(trial);

	figures_add(&trial->figures->told, now_ns > from_ns ? now_ns - from_ns : 0,
		    trial->period_ns);
}

static void note_event(struct trial *trial, const struct engine_message *event)
{
	check_chain(trial, event);
	must(trial->event_count < TRIAL_EVENTS, "%u events at once", TRIAL_EVENTS);
	trial->events[trial->event_count++] = (struct trial_event){ trial_now(trial), *event };
	trial->figures->events++;
	if (!trial->told && trial->strikes)
		note_told(trial);
	trial->told = true;
	if (event->device.to != ENGINE_STATE_RUNNING)
		trial->declared = true;
}

/* What a ping may take: two periods, and as long as nobody ran. */
static uint64_t patience_ns(const struct trial *trial)
{
	return 2 * trial->period_ns + trial->leap_ns;
}

static void note_answer(struct trial *trial, struct trial_talk *talk,
			const struct engine_message *pong)
{
	uint64_t sent_ns = talk->sent_ns[talk->answered % TRIAL_PINGS];

	must(talk->answered != talk->sent, "ping %u was answered twice", pong->id);
	must(pong->id == talk->answered, "ping %u was answered in place of %u", pong->id,
	     talk->answered);
	must(pong->reply.result == 0, "ping %u: result %d", pong->id, pong->reply.result);
	must(pong->reply.time_ns - sent_ns <= patience_ns(trial),
	     "ping %u was answered after %" PRIu64 " ns, with a period of %" PRIu64, pong->id,
	     pong->reply.time_ns - sent_ns, trial->period_ns);
	talk->answered++;
}

void talk_receive(struct trial *trial)
{
	for (uint32_t lane = 0; lane < trial->fake.rt->lane_count; lane++) {
		struct trial_talk *talk = &trial->talks[lane];
		struct engine_message message;

		while (fake_rt_receive(&trial->fake, lane, &message)) {
			if (message.type == ENGINE_PONG)
				note_answer(trial, talk, &message);
			else if (lane == 0)
				note_event(trial, &message);
			else
				ck_abort_msg("message 0x%x on lane %u", message.type, lane);
		}
		must(talk->answered == talk->sent ||
			     trial_now(trial) - talk->sent_ns[talk->answered % TRIAL_PINGS] <=
				     patience_ns(trial),
		     "ping %u is not answered", talk->answered);
	}
}
