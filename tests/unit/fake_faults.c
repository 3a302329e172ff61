/* SPDX-License-Identifier: MIT */
/* The fake card's faults: what each does to a side, and the script of them. The
 * test's thread. */
#include "fake_inner.h"

#include <string.h>

static void strike_answer(struct fake_side *side, const struct fake_event *event)
{
	side->answers[event->fault] = (struct fake_answer){ event->value, event->times };
}

static void strike_lasting(struct fake_side *side, const struct fake_event *event)
{
	side->lasting |= 1u << event->fault;
}

static void strike_xrun(struct fake_side *side, const struct fake_event *event)
{
	(void)event;
	if (side->state == ENGINE_STATE_RUNNING)
		fake_xrun(side->card, side);
}

static void strike_suspend(struct fake_side *side, const struct fake_event *event)
{
	if (side->state == ENGINE_STATE_RUNNING)
		side->state = ENGINE_STATE_SUSPENDED;
	side->asleep = event->times;
	side->awakening = (int)event->value;
}

static void strike_unplug(struct fake_side *side, const struct fake_event *event)
{
	(void)event;
	side->state = ENGINE_STATE_LOST;
}

static void strike_leap(struct fake_side *side, const struct fake_event *event)
{
	fake_pass(side->card, side->card->now_ns + (uint64_t)event->value);
}

static void strike_heal(struct fake_side *side, const struct fake_event *event)
{
	(void)event;
	side->lasting = 0;
	side->asleep = 0;
	memset(side->answers, 0, sizeof(side->answers));
}

static const struct {
	const char *name;
	void (*strike)(struct fake_side *side, const struct fake_event *event);
} faults[FAKE_FAULTS] = {
	[FAKE_DESCRIPTORS] = { "descriptors answers", strike_answer },
	[FAKE_REVENTS] = { "revents answers", strike_answer },
	[FAKE_STATE] = { "state answers", strike_answer },
	[FAKE_AVAIL] = { "avail answers", strike_answer },
	[FAKE_BEGIN] = { "begin answers", strike_answer },
	[FAKE_COMMIT] = { "commit answers", strike_answer },
	[FAKE_PREPARE] = { "prepare answers", strike_answer },
	[FAKE_START] = { "start answers", strike_answer },
	[FAKE_STOP] = { "stop answers", strike_answer },
	[FAKE_RESUME] = { "resume answers", strike_answer },
	[FAKE_XRUN] = { "xrun", strike_xrun },
	[FAKE_SUSPEND] = { "suspend", strike_suspend },
	[FAKE_UNPLUG] = { "unplug", strike_unplug },
	[FAKE_LEAP] = { "leap", strike_leap },
	[FAKE_HEAL] = { "heal", strike_heal },
	[FAKE_STUCK] = { "stuck", strike_lasting },
	[FAKE_MUTE] = { "mute", strike_lasting },
	[FAKE_READY] = { "always ready", strike_lasting },
	[FAKE_POLLERR] = { "error without cause", strike_lasting },
	[FAKE_DEAD_FD] = { "dead descriptor", strike_lasting },
	[FAKE_UNPACED] = { "not paced", strike_lasting },
	[FAKE_UNSEEN] = { "unseen xrun", strike_lasting },
	[FAKE_STILLBORN] = { "xrun at each start", strike_lasting },
	[FAKE_FLAPPING] = { "flapping", strike_lasting },
};

const char *fake_fault_name(enum fake_fault fault)
{
	return faults[fault].name;
}

static void strike(struct fake_card *card, const struct fake_event *event)
{
	if (event->directions & ENGINE_PLAYBACK && card->playback.pcm)
		faults[event->fault].strike(&card->playback, event);
	if (event->directions & ENGINE_CAPTURE && card->capture.pcm)
		faults[event->fault].strike(&card->capture, event);
}

void fake_strike(struct fake_card *card, unsigned directions, enum fake_fault fault, int64_t value,
		 uint32_t times)
{
	struct fake_event event = { card->now_ns, directions, fault, value, times };

	strike(card, &event);
}

void fake_follow_script(struct fake_card *card)
{
	while (card->script_left > 0 && card->script->at_ns <= card->now_ns) {
		strike(card, card->script);
		card->script++;
		card->script_left--;
	}
}
