/* SPDX-License-Identifier: MIT */
/* The kinds of faults, and what several of them share; see kinds.h. */
#include "kinds.h"

#include <errno.h>

int any_error(struct trial *trial)
{
	static const int errors[] = { -EPIPE, -EIO, -EBADFD, -EINVAL, -EAGAIN, -EBUSY, -ETIME };

	return any_of(trial, errors);
}

int64_t any_huge(struct trial *trial)
{
	int64_t buffer = trial->fake.buffer_frames;

	switch (any(trial, 4)) {
	case 0:
		return buffer + 1;
	case 1:
		return buffer + 1 + (int64_t)any(trial, 20 * (uint64_t)buffer);
	case 2:
		return INT64_C(6917529027641081729);
	default:
		return buffer + 1 + (int64_t)(any(trial, INT64_MAX) >> any(trial, 48)) / 2;
	}
}

int64_t any_far_back(struct trial *trial)
{
	int64_t avail = -(int64_t)((any(trial, INT64_MAX) >> any(trial, 30)) | 1ull << 32);

	return any(trial, 2) ? avail : avail & ~(int64_t)UINT32_MAX;
}

void await_xrun(struct trial *trial, enum engine_cause cause, uint64_t from_ns)
{
	trial_await(trial, ENGINE_EVENT_XRUN, cause, from_ns, periods_ns(trial, 2));
}

const struct kind kinds[] = {
	{ "xrun", kind_xrun, 0 },
	{ "overslept", kind_overslept, 0 },
	{ "operation fails once", kind_operation_fails, 0 },
	{ "available: too much", kind_huge_avail, 0 },
	{ "position runs backwards", kind_backwards, 0 },
	{ "position far backwards", kind_far_backwards, 0 },
	{ "stop fails", kind_stop_fails, 0 },
	{ "suspend", kind_suspend_resumes, 0 },
	{ "suspend, no resume", kind_suspend_without_resume, 0 },
	{ "suspend, not yet back", kind_suspend_for_long, 0 },
	{ "suspend, back by itself", kind_asleep, 0 },
	{ "stuck", kind_stuck, 0 },
	{ "always ready, or flapping", kind_spin, TRIAL_EXACT },
	{ "error without a cause", kind_error_without_cause, TRIAL_EXACT },
	{ "bad descriptors", kind_bad_descriptors, TRIAL_EXACT | TRIAL_ROOM },
	{ "wrong state", kind_wrong_state, 0 },
	{ "unplug", kind_unplug, 0 },
	{ "unplug and return", kind_unplug_and_return, 0 },
	{ "operation finds no device", kind_no_device, 0 },
	{ "restart refused", kind_restart_refused, 0 },
	{ "operation fails for ever", kind_operation_fails_for_ever, 0 },
	{ "available: nonsense for ever", kind_nonsense_for_ever, 0 },
	{ "prepares for ever", kind_prepares_for_ever, 0 },
	{ "suspends for ever", kind_suspends_for_ever, TRIAL_DUPLEX },
	{ "stuck for good", kind_stuck_for_good, 0 },
	{ "one side stuck for good", kind_one_side_stuck_for_good, TRIAL_DUPLEX },
	{ "two at once", kind_two_at_once, 0 },
	{ "one after the other", kind_one_after_the_other, 0 },
};

const unsigned kind_count = sizeof(kinds) / sizeof(kinds[0]);
