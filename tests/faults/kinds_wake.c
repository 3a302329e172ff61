/* SPDX-License-Identifier: MIT */
/*
 * Kinds of faults in what the device says of itself: nothing, too much, or
 * what is not so.
 */
#include "kinds.h"

#include <check.h>
#include <errno.h>

/* What a device may be silent for. */
static uint64_t silence_ns(const struct trial *trial)
{
	uint64_t four = periods_ns(trial, 4);

	return (four > 50 * FAKE_MS ? four : 50 * FAKE_MS) + periods_ns(trial, 2);
}

static void await_stalled(struct trial *trial)
{
	trial_await(trial, ENGINE_EVENT_STALLED, ENGINE_CAUSE_SILENT, trial->struck_ns,
		    silence_ns(trial));
}

void kind_stuck(struct trial *trial)
{
	uint64_t gaps = trial->fake.read_gaps;

	trial_strike(trial, BOTH, FAKE_STUCK, 0, 0);
	if (any(trial, 2))
		trial_strike(trial, any_side(trial), FAKE_READY, 0, 0);
	await_stalled(trial);
	/* it comes to itself before patience is over */
	trial_bear(trial, trial_now(trial) + any(trial, FAKE_S / 2));
	trial_heal(trial);
	trial_await(trial, ENGINE_EVENT_RESUME, ENGINE_CAUSE_NONE, trial_now(trial),
		    periods_ns(trial, 2));
	must(trial->fake.read_gaps == gaps, "what stood still has lost frames");
}

void kind_stuck_for_good(struct trial *trial)
{
	struct transport *t = &trial->fake.rt->transport;

	t->patience_ns = (any(trial, 8) ? 1 : 5) * (uint64_t)FAKE_S;
	trial_strike(trial, BOTH, FAKE_STUCK, 0, 0);
	await_stalled(trial);
	trial_await(trial, ENGINE_EVENT_LOST, ENGINE_CAUSE_SILENT, trial_now(trial),
		    t->patience_ns + silence_ns(trial));
}

/* ---- it says too much */

/* Periods go on in time, and few wakes are for nothing. */
static void expect_few_wakes(struct trial *trial, uint64_t periods)
{
	const struct vitals *vitals = &trial->fake.rt->vitals;
	uint64_t before, wakes;

	trial_moves(trial, trial->struck_ns);
	/* those that a ping caused are not the device's */
	before = fake_load(&vitals->cycles) - fake_load(&vitals->wakes);
	trial_quiet(trial, periods);
	wakes = fake_load(&vitals->cycles) - fake_load(&vitals->wakes) - before;
	must(wakes <= TRIAL_WAKES * (periods + 1), "%.1f wakes a period",
	     (double)wakes / (double)periods);
}

void kind_spin(struct trial *trial)
{
	if (any(trial, 2))
		trial_strike(trial, any_side(trial), FAKE_READY, 0, 0);
	else
		trial_strike(trial, any_one_side(trial), FAKE_FLAPPING, 0, 0);
	expect_few_wakes(trial, 10);
}

void kind_error_without_cause(struct trial *trial)
{
	trial_strike(trial, any_side(trial), FAKE_POLLERR, 0, 0);
	expect_few_wakes(trial, 10);
}

/* The descriptors are dead, cannot be had, or say the wrong thing, or nothing. */
void kind_bad_descriptors(struct trial *trial)
{
	static const struct {
		enum fake_fault fault;
		int64_t value;
	} ways[] = {
		{ FAKE_DEAD_FD, 0 },      { FAKE_MUTE, 0 },           { FAKE_DESCRIPTORS, 0 },
		{ FAKE_DESCRIPTORS, 17 }, { FAKE_DESCRIPTORS, -EIO }, { FAKE_REVENTS, 0 },
		{ FAKE_REVENTS, -EIO },
	};
	unsigned way = (unsigned)any(trial, sizeof(ways) / sizeof(ways[0]));
	uint32_t times = any(trial, 2) ? FAKE_FOR_EVER : 1 + (uint32_t)any(trial, 3);

	trial_strike(trial, any_side(trial), ways[way].fault, ways[way].value, times);
	expect_few_wakes(trial, 10);
}

/* What it says it is, is wrong: once, which is looked at twice and believed of
 * what the second look says; or for as long as it takes to be believed. */
void kind_wrong_state(struct trial *trial)
{
	static const enum engine_state states[] = { ENGINE_STATE_CLOSED, ENGINE_STATE_PREPARED,
						    ENGINE_STATE_XRUN, ENGINE_STATE_SUSPENDED,
						    ENGINE_STATE_LOST };
	unsigned side = any_one_side(trial);
	enum engine_state state = any_of(trial, states);
	uint32_t times = 1 + (uint32_t)any(trial, 2);

	trial_strike(trial, side, FAKE_STATE, state, times);
	/* something makes us look */
	trial_strike(trial, side, FAKE_REVENTS, POLLIN | POLLERR, 1);
	if (times == 1) {
		trial_moves(trial, trial->struck_ns);
		return;
	}
	switch (state) {
	case ENGINE_STATE_LOST:
		trial_await(trial, ENGINE_EVENT_LOST, ENGINE_CAUSE_GONE, trial->struck_ns,
			    periods_ns(trial, 2));
		break;
	case ENGINE_STATE_SUSPENDED:
		trial_await(trial, ENGINE_EVENT_SUSPEND, ENGINE_CAUSE_SYSTEM, trial->struck_ns,
			    periods_ns(trial, 2));
		trial_await(trial, ENGINE_EVENT_RESUME, ENGINE_CAUSE_SYSTEM, trial->struck_ns,
			    periods_ns(trial, 4));
		break;
	default:
		await_xrun(trial, ENGINE_CAUSE_DEVICE, trial->struck_ns);
		break;
	}
}
