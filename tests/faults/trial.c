/* SPDX-License-Identifier: MIT */
/* The trial; see trial.h. */
#include "talk.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#include "support.h"

/* ---- chance */

uint64_t any(struct trial *trial, uint64_t below)
{
	return support_random(&trial->random) % below;
}

unsigned any_one_side(struct trial *trial)
{
	if (trial->directions != BOTH)
		return trial->directions;
	return any(trial, 2) ? ENGINE_PLAYBACK : ENGINE_CAPTURE;
}

unsigned any_side(struct trial *trial)
{
	return any(trial, 3) ? any_one_side(trial) : trial->directions;
}

static struct fake_shape any_shape(struct trial *trial, unsigned wishes)
{
	static const uint32_t rates[] = { 48000, 44100, 96000, 192000, 8000 };
	struct fake_shape shape = {
		.directions = wishes & TRIAL_DUPLEX || any(trial, 2) ? BOTH :
								       1 + (unsigned)any(trial, 2),
		.rate = any_of(trial, rates),
		.period_frames = 16 + (uint32_t)any(trial, 16ull << any(trial, 6)),
		.periods = (wishes & TRIAL_ROOM ? 3 : 2) + (uint32_t)any(trial, 6),
		.sample_bytes = 2 + (uint32_t)any(trial, 3),
		.planar = any(trial, 2),
		.lanes = 1 + (uint32_t)any(trial, TRIAL_LANES),
	};

	/* a frame holds its number, and fake_rt no larger ones */
	shape.channels = 2 + (uint32_t)any(trial, 3);
	shape.grouped = shape.directions == BOTH && any(trial, 2);
	return shape;
}

/* ---- turns */

static void check_state(const struct trial *trial)
{
	enum engine_state state = fake_rt_state(&trial->fake);

	must(state == trial->state, "in state %u, and the last event told of %u", state,
	     trial->state);
}

void trial_turn(struct trial *trial)
{
	talk_send(trial);
	fake_rt_turn(&trial->fake);
	talk_receive(trial);
	check_state(trial);
}

/* ---- faults */

void trial_inject(struct trial *trial)
{
	must(trial->event_count == 0, "event 0x%x came before the fault",
	     trial->events[0].message.type);
	trial->figures->injected++;
	trial->strikes = 0;
	trial->leap_ns = 0;
	trial->told = trial->ran = trial->declared = false;
	trial->struck_ns = trial_now(trial) + 1 + any(trial, 4 * trial->period_ns);
	trial->fake.card.script = trial->script;
	trial->fake.card.script_left = 0;
}

void trial_strike(struct trial *trial, unsigned directions, enum fake_fault fault, int64_t value,
		  uint32_t times)
{
	trial->script[trial->strikes++] =
		(struct fake_event){ trial->struck_ns, directions, fault, value, times };
	trial->fake.card.script_left++;
	if (fault == FAKE_LEAP)
		trial->leap_ns += (uint64_t)value;
}

void trial_heal(struct trial *trial)
{
	fake_strike(&trial->fake.card, BOTH, FAKE_HEAL, 0, 0);
}

static void note_running(struct trial *trial, uint64_t after_ns)
{
	if (!trial->ran)
		figures_add(&trial->figures->runs, after_ns, trial->period_ns);
	trial->ran = true;
}

struct engine_message trial_await_any(struct trial *trial, uint64_t from_ns, uint64_t limit_ns)
{
	struct trial_event first;

	while (trial->event_count == 0) {
		must(trial_now(trial) <= from_ns + limit_ns,
		     "no event within %" PRIu64 " ns (%.1f periods); state %u", limit_ns,
		     (double)limit_ns / (double)trial->period_ns, trial->state);
		trial_turn(trial);
	}
	first = trial->events[0];
	trial->event_count--;
	for (unsigned i = 0; i < trial->event_count; i++)
		trial->events[i] = trial->events[i + 1];
	must(first.at_ns <= from_ns + limit_ns, "event 0x%x after %.2f periods, not %.2f",
	     first.message.type, (double)(first.at_ns - from_ns) / (double)trial->period_ns,
	     (double)limit_ns / (double)trial->period_ns);
	if (first.message.device.to == ENGINE_STATE_RUNNING)
		note_running(trial, first.at_ns - from_ns);
	return first.message;
}

struct engine_message trial_await(struct trial *trial, enum engine_message_type type,
				  enum engine_cause cause, uint64_t from_ns, uint64_t limit_ns)
{
	struct engine_message event = trial_await_any(trial, from_ns, limit_ns);

	must(event.type == type,
	     "event 0x%x (state %u to %u, step %u, error %d, cause %u), not 0x%x", event.type,
	     event.device.from, event.device.to, event.device.step, event.device.error,
	     event.device.cause, type);
	must(event.device.cause == cause,
	     "event 0x%x has cause %u, not %u (state %u to %u, step %u, error %d)", event.type,
	     event.device.cause, cause, event.device.from, event.device.to, event.device.step,
	     event.device.error);
	return event;
}

void trial_bear(struct trial *trial, uint64_t until_ns)
{
	while (trial_now(trial) < until_ns) {
		trial_turn(trial);
		trial->event_count = 0;
	}
}

void trial_quiet(struct trial *trial, uint64_t periods)
{
	uint64_t until_ns = trial_now(trial) + periods * trial->period_ns;

	while (trial_now(trial) < until_ns)
		trial_turn(trial);
	must(trial->event_count == 0, "one event too many: 0x%x (state %u to %u, cause %u)",
	     trial->events[0].message.type, trial->events[0].message.device.from,
	     trial->events[0].message.device.to, trial->events[0].message.device.cause);
}

void trial_moves(struct trial *trial, uint64_t from_ns)
{
	uint64_t periods;

	while (trial_now(trial) < from_ns)
		trial_turn(trial);
	periods = fake_count(&trial->fake, periods);
	while (fake_count(&trial->fake, periods) == periods) {
		trial_turn(trial);
		must(trial_now(trial) <= from_ns + 4 * trial->period_ns,
		     "no frame has moved for four periods");
	}
	note_running(trial, trial_now(trial) - from_ns);
	trial_quiet(trial, 0);
}

void trial_return(struct trial *trial)
{
	struct fake_card *card = &trial->fake.card;
	uint64_t from_ns = trial_now(trial);
	int result;

	trial_heal(trial);
	card->playback.state = card->capture.state = ENGINE_STATE_CLOSED;
	result = fake_rt_order(&trial->fake, ORDER_ADOPT);
	must(result == 0, "adopting it answers %d", result);
	talk_receive(trial);
	trial_await(trial, ENGINE_EVENT_RETURNED, ENGINE_CAUSE_NONE, from_ns, 2 * trial->period_ns);
}

/* It runs: frames move, and no event comes. */
static void check_running(struct trial *trial)
{
	uint64_t periods = 3 + any(trial, 6), before = fake_count(&trial->fake, periods);
	uint64_t after;

	trial_quiet(trial, periods);
	after = fake_count(&trial->fake, periods);
	must(trial->state == ENGINE_STATE_RUNNING, "it is in state %u", trial->state);
	must(after + 2 >= before + periods, "%" PRIu64 " periods in the time of %" PRIu64,
	     after - before, periods);
}

void trial_settle(struct trial *trial)
{
	struct fake_card *card = &trial->fake.card;

	trial_heal(trial);
	must(card->script_left == 0, "it was not struck");
	trial->figures->declared += trial->declared;
	if (trial->state != ENGINE_STATE_LOST) {
		trial->figures->recovered++;
		check_running(trial);
		return;
	}
	trial_quiet(trial, 3);
	if (any(trial, 2)) {
		/* whatever it was lost to, it may return */
		trial->ran = true;
		trial_return(trial);
		check_running(trial);
	}
}

/* ---- life */

void trial_begin(struct trial *trial, struct figures *figures, uint64_t seed, unsigned wishes)
{
	struct fake_shape shape;
	int result;

	*trial = (struct trial){ .figures = figures, .random = seed };
	shape = any_shape(trial, wishes);
	snprintf(figures->device, sizeof(figures->device), "%s%s, %u x %u frames, %u Hz%s",
		 shape.directions & ENGINE_PLAYBACK ? "playback" : "",
		 shape.directions & ENGINE_CAPTURE ? " capture" : "", shape.periods,
		 shape.period_frames, shape.rate, shape.grouped ? ", grouped" : "");
	fake_rt_init(&trial->fake, &shape);
	trial->directions = shape.directions;
	trial->period_ns = trial->fake.period_ns;
	/* an xrun hides how much a card that only captures has lost */
	trial->fake.knows = shape.directions != ENGINE_CAPTURE || wishes & TRIAL_EXACT;
	trial->fake.card.wake_ns = 1 + (uint32_t)any(trial, trial->period_ns / 64);
	trial->fake.card.prepare_ns = (uint32_t)any(trial, trial->period_ns / 16);
	result = fake_rt_order(&trial->fake, ORDER_START);
	must(result == 0, "starting it answers %d", result);
	trial->state = ENGINE_STATE_RUNNING;
	/* the grace that a start has is over with its first period */
	trial_quiet(trial, 3);
}

/* Whatever it was, it never was spun on. */
static void check_wakes(const struct trial *trial)
{
	const struct vitals *vitals = &trial->fake.rt->vitals;
	/* those that a ping caused are not the device's */
	uint64_t wakes = fake_load(&vitals->cycles) - fake_load(&vitals->wakes);
	uint64_t periods = trial_now(trial) / trial->period_ns;

	must(wakes <= TRIAL_WAKES * periods, "%" PRIu64 " wakes in %" PRIu64 " periods", wakes,
	     periods);
}

void trial_end(struct trial *trial)
{
	/* what was sent last has its two periods yet */
	trial->next_ping_ns = UINT64_MAX;
	trial_quiet(trial, 2);
	for (uint32_t lane = 0; lane < trial->fake.rt->lane_count; lane++) {
		struct trial_talk *talk = &trial->talks[lane];

		trial->figures->lost_pings += talk->sent - talk->answered;
		must(talk->sent == talk->answered, "%u pings were never answered",
		     talk->sent - talk->answered);
	}
	trial->figures->frames += trial->fake.knows ? trial->fake.read_frames : 0;
	check_wakes(trial);
	fake_rt_done(&trial->fake);
}
