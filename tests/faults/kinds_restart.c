/* SPDX-License-Identifier: MIT */
/*
 * Kinds of faults after which the device is restarted, or sleeps and then is:
 * it runs again, in two periods or when it is awake.
 */
#include "kinds.h"

#include <errno.h>

void kind_xrun(struct trial *trial)
{
	trial_strike(trial, any_side(trial), FAKE_XRUN, 0, 0);
	await_xrun(trial, ENGINE_CAUSE_DEVICE, trial->struck_ns);
}

void kind_overslept(struct trial *trial)
{
	uint64_t buffer_periods = trial->fake.buffer_frames / trial->fake.period_frames;
	uint64_t leap_ns = periods_ns(trial, buffer_periods + 1) + any(trial, periods_ns(trial, 10));

	trial_strike(trial, any_one_side(trial), FAKE_LEAP, (int64_t)leap_ns, 0);
	await_xrun(trial, ENGINE_CAUSE_WOKEN_LATE, trial->struck_ns + leap_ns);
}

void kind_huge_avail(struct trial *trial)
{
	trial_strike(trial, any_one_side(trial), FAKE_AVAIL, any_huge(trial), 1);
	await_xrun(trial, ENGINE_CAUSE_DEVICE, trial->struck_ns);
}

/* The pointers go back by less than a buffer, which is negative at times. */
void kind_backwards(struct trial *trial)
{
	int64_t avail = (int64_t)any(trial, trial->fake.period_frames) -
			(int64_t)any(trial, trial->fake.buffer_frames);

	if (avail == -ENODEV || avail == -ESTRPIPE)
		avail = 0;
	trial_strike(trial, any_one_side(trial), FAKE_AVAIL, avail,
		     avail < 0 ? 1 : 1 + (uint32_t)any(trial, 5));
	if (avail < 0)
		await_xrun(trial, ENGINE_CAUSE_DEVICE, trial->struck_ns);
	else
		trial_moves(trial, trial->struck_ns);
}

void kind_far_backwards(struct trial *trial)
{
	trial_strike(trial, any_one_side(trial), FAKE_AVAIL, any_far_back(trial), 1);
	await_xrun(trial, ENGINE_CAUSE_DEVICE, trial->struck_ns);
}

void kind_operation_fails(struct trial *trial)
{
	static const enum fake_fault ops[] = { FAKE_AVAIL, FAKE_BEGIN, FAKE_COMMIT };
	enum fake_fault op = any_of(trial, ops);
	int64_t value = any_error(trial);

	/* or fewer frames than were asked for */
	if (op == FAKE_BEGIN && any(trial, 2))
		value = 0;
	if (op == FAKE_COMMIT && any(trial, 2))
		value = (int64_t)any(trial, trial->fake.period_frames);
	/* where the buffer wraps, a period may be moved in two pieces */
	if (value > 0)
		value = value % 16;
	trial_strike(trial, any_one_side(trial), op, value, 1);
	await_xrun(trial, ENGINE_CAUSE_DEVICE, trial->struck_ns);
}

/* Stopping before a restart fails, which is no matter. */
void kind_stop_fails(struct trial *trial)
{
	trial_strike(trial, any_side(trial), FAKE_STOP, any_error(trial), 1);
	/* a device that could not be stopped could not be prepared either */
	trial_strike(trial, BOTH, FAKE_XRUN, 0, 0);
	await_xrun(trial, ENGINE_CAUSE_DEVICE, trial->struck_ns);
}

/* ---- it is asleep */

static void suspend(struct trial *trial, int64_t awakening, uint32_t tries)
{
	unsigned struck = any_side(trial);
	uint64_t slept_ns = periods_ns(trial, tries * (struck == BOTH ? 2 : 1));

	trial_strike(trial, struck, FAKE_SUSPEND, awakening, tries);
	trial_await(trial, ENGINE_EVENT_SUSPEND, ENGINE_CAUSE_SYSTEM, trial->struck_ns,
		    periods_ns(trial, 2));
	/* one try a period, and a period until the first */
	trial_await(trial, ENGINE_EVENT_RESUME, ENGINE_CAUSE_SYSTEM, trial->struck_ns,
		    slept_ns + periods_ns(trial, 4));
}

void kind_suspend_resumes(struct trial *trial)
{
	suspend(trial, 0, 0);
}

void kind_suspend_without_resume(struct trial *trial)
{
	static const int refusals[] = { -ENOSYS, -EIO, -EBADFD, -EINVAL, -EPIPE };

	suspend(trial, any_of(trial, refusals), 0);
}

void kind_suspend_for_long(struct trial *trial)
{
	suspend(trial, any(trial, 2) ? 0 : -ENOSYS, 1 + (uint32_t)any(trial, 20));
}

/* It stays suspended, however long, until it can be resumed. */
void kind_asleep(struct trial *trial)
{
	if (any(trial, 2))
		trial_strike(trial, any_side(trial), FAKE_RESUME, -EAGAIN, FAKE_FOR_EVER);
	trial_strike(trial, BOTH, FAKE_SUSPEND, 0, FAKE_FOR_EVER);
	trial_await(trial, ENGINE_EVENT_SUSPEND, ENGINE_CAUSE_SYSTEM, trial->struck_ns,
		    periods_ns(trial, 2));
	trial_bear(trial, trial_now(trial) + any(trial, periods_ns(trial, 100)));
	trial_heal(trial);
	trial_await(trial, ENGINE_EVENT_RESUME, ENGINE_CAUSE_SYSTEM, trial_now(trial),
		    periods_ns(trial, 2));
}
