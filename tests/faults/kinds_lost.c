/* SPDX-License-Identifier: MIT */
/* Kinds of faults that lose the device; it may return. */
#include "kinds.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>

/* Whether a direction is started by itself. */
static bool starts(const struct trial *trial, unsigned direction)
{
	return direction == ENGINE_PLAYBACK || !trial->fake.card.grouped;
}

static void await_gone(struct trial *trial)
{
	trial_await(trial, ENGINE_EVENT_LOST, ENGINE_CAUSE_GONE, trial->struck_ns,
		    periods_ns(trial, 2));
}

void kind_unplug(struct trial *trial)
{
	trial_strike(trial, any_side(trial), FAKE_UNPLUG, 0, 0);
	/* a kernel's card goes on telling what is available */
	if (any(trial, 2))
		trial_strike(trial, BOTH, FAKE_AVAIL, trial->fake.period_frames, FAKE_FOR_EVER);
	await_gone(trial);
}

/* The engine frame that meets the converter, against the converter's own count. */
static uint64_t shift(const struct trial *trial)
{
	const struct transport *t = &trial->fake.rt->transport;
	const struct fake_card *card = &trial->fake.card;

	return (t->playback ? t->frame - (uint64_t)fake_distance(&card->playback) :
			      t->captured + (uint64_t)fake_distance(&card->capture)) -
	       card->converted;
}

void kind_unplug_and_return(struct trial *trial)
{
	uint64_t before = shift(trial);
	int64_t slipped;

	trial_strike(trial, any_side(trial), FAKE_UNPLUG, 0, 0);
	await_gone(trial);
	/* no device is back before its buffer would have been played */
	trial_bear(trial, trial_now(trial) + periods_ns(trial, 8 + any(trial, 100)));
	trial_return(trial);
	/* nothing but time told how much was missed */
	slipped = (int64_t)(shift(trial) - before);
	must(slipped <= 2 * (int64_t)trial->fake.period_frames &&
		     slipped >= -2 * (int64_t)trial->fake.period_frames,
	     "the engine's frames are off by %" PRId64, slipped);
}

void kind_no_device(struct trial *trial)
{
	static const enum fake_fault ops[] = { FAKE_AVAIL, FAKE_BEGIN, FAKE_COMMIT };

	trial_strike(trial, any_one_side(trial), any_of(trial, ops), -ENODEV, 1);
	await_gone(trial);
}

void kind_restart_refused(struct trial *trial)
{
	unsigned side = any_one_side(trial);
	enum fake_fault op = any(trial, 2) && starts(trial, side) ? FAKE_START : FAKE_PREPARE;
	bool gone = any(trial, 4) == 0;

	trial_strike(trial, side, op, gone ? -ENODEV : any_error(trial), 1);
	trial_strike(trial, any_side(trial), FAKE_XRUN, 0, 0);
	trial_await(trial, ENGINE_EVENT_LOST, gone ? ENGINE_CAUSE_GONE : ENGINE_CAUSE_REFUSED,
		    trial->struck_ns, periods_ns(trial, 2));
}

/* Lost within 8 restarts, each of which is told; a period each, and as long as
 * the device needs to show its trouble. */
static void await_hopeless(struct trial *trial, enum engine_message_type retried, uint64_t each_ns)
{
	unsigned retries = 0;
	struct engine_message event;
	uint64_t from_ns = trial->struck_ns;

	for (;;) {
		event = trial_await_any(trial, from_ns, each_ns);
		if (event.type == ENGINE_EVENT_LOST)
			break;
		from_ns = trial_now(trial);
		if (event.type == ENGINE_EVENT_STALLED || event.type == ENGINE_EVENT_SUSPEND)
			continue;
		must(event.type == retried, "event 0x%x", event.type);
		must(event.type != ENGINE_EVENT_XRUN || event.device.cause == ENGINE_CAUSE_DEVICE,
		     "xrun %u has cause %u", retries, event.device.cause);
		must(++retries <= TRANSPORT_RESTARTS_MAX, "restarted %u times without a frame",
		     retries);
	}
	must(event.device.cause == ENGINE_CAUSE_RESTARTS ||
		     event.device.cause == ENGINE_CAUSE_REFUSED,
	     "lost by cause %u", event.device.cause);
}

void kind_operation_fails_for_ever(struct trial *trial)
{
	static const enum fake_fault ops[] = { FAKE_AVAIL, FAKE_BEGIN, FAKE_COMMIT, FAKE_PREPARE,
					       FAKE_START };
	unsigned side = any_one_side(trial);
	enum fake_fault op = any_of(trial, ops);

	if (op == FAKE_START && !starts(trial, side))
		op = FAKE_PREPARE;
	trial_strike(trial, side, op, any_error(trial), FAKE_FOR_EVER);
	if (op == FAKE_PREPARE || op == FAKE_START)
		trial_strike(trial, side, FAKE_XRUN, 0, 0);
	await_hopeless(trial, ENGINE_EVENT_XRUN, periods_ns(trial, 2));
}

void kind_nonsense_for_ever(struct trial *trial)
{
	trial_strike(trial, any_one_side(trial), FAKE_AVAIL,
		     any(trial, 2) ? any_huge(trial) : any_far_back(trial), FAKE_FOR_EVER);
	await_hopeless(trial, ENGINE_EVENT_XRUN, periods_ns(trial, 2));
}

/* As PipeWire's once its server is gone. */
void kind_prepares_for_ever(struct trial *trial)
{
	unsigned side = any_one_side(trial);

	if (!starts(trial, side))
		side = ENGINE_PLAYBACK;
	trial_strike(trial, side, FAKE_STILLBORN, 0, 0);
	trial_strike(trial, any_side(trial), FAKE_XRUN, 0, 0);
	await_hopeless(trial, ENGINE_EVENT_XRUN, periods_ns(trial, 2));
}

/* It sleeps, resumes, starts, and says that it sleeps: only capture gets so far,
 * since playback is filled before it starts. */
void kind_suspends_for_ever(struct trial *trial)
{
	static const enum fake_fault ops[] = { FAKE_AVAIL, FAKE_BEGIN, FAKE_COMMIT };

	trial_strike(trial, ENGINE_CAPTURE, any_of(trial, ops), -ESTRPIPE, FAKE_FOR_EVER);
	await_hopeless(trial, ENGINE_EVENT_RESUME, periods_ns(trial, 4));
}

/* The other one runs, and so has an xrun a buffer later. */
void kind_one_side_stuck_for_good(struct trial *trial)
{
	uint64_t buffer_periods = trial->fake.buffer_frames / trial->fake.period_frames;

	trial_strike(trial, any_one_side(trial), FAKE_STUCK, 0, 0);
	await_hopeless(trial, ENGINE_EVENT_XRUN, periods_ns(trial, buffer_periods + 2));
}
