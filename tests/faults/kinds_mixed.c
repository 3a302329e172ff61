/* SPDX-License-Identifier: MIT */
/*
 * Two faults of any kind, at once or one after the other. What they must come
 * to cannot be said beforehand: only that all of it is told, that nothing else
 * suffers, and that the device runs when it is healed, or is lost.
 */
#include "kinds.h"

#include <errno.h>

static void strike_anything(struct trial *trial)
{
	unsigned side = any_side(trial);
	uint32_t times = any(trial, 4) ? 1 + (uint32_t)any(trial, 10) : FAKE_FOR_EVER;
	enum fake_fault fault = (enum fake_fault)any(trial, FAKE_FAULTS);
	int64_t value = any_error(trial);

	switch (fault) {
	case FAKE_DESCRIPTORS:
		value = any(trial, 2) ? value : 0;
		break;
	case FAKE_REVENTS:
		value = any(trial, 2) ? value : POLLIN | POLLERR;
		break;
	case FAKE_STATE:
		value = (int64_t)any(trial, ENGINE_STATE_LOST + 1);
		break;
	case FAKE_AVAIL:
		value = any(trial, 2) ? value : any_huge(trial);
		break;
	case FAKE_BEGIN:
	case FAKE_COMMIT:
		value = any(trial, 2) ? value : (int64_t)any(trial, 20);
		break;
	case FAKE_SUSPEND:
		value = any(trial, 2) ? 0 : -ENOSYS;
		break;
	case FAKE_LEAP:
		/* it befalls whoever is struck */
		side = any_one_side(trial);
		value = (int64_t)any(trial, periods_ns(trial, 20));
		break;
	case FAKE_STUCK:
		/* one direction alone would truly slip against the other */
		side = BOTH;
		break;
	case FAKE_UNPACED:
	case FAKE_HEAL:
		fault = FAKE_XRUN;
		break;
	default:
		break;
	}
	trial_strike(trial, side, fault, value, times);
}

void kind_two_at_once(struct trial *trial)
{
	strike_anything(trial);
	strike_anything(trial);
	trial_bear(trial, trial->struck_ns + periods_ns(trial, 12));
	trial_heal(trial);
	trial_bear(trial, trial_now(trial) + periods_ns(trial, 4));
}

void kind_one_after_the_other(struct trial *trial)
{
	uint64_t apart_ns = any(trial, any(trial, 4) ? periods_ns(trial, 12) : 100 * FAKE_MS);

	strike_anything(trial);
	strike_anything(trial);
	trial->script[1].at_ns += apart_ns;
	trial_bear(trial, trial->struck_ns + apart_ns + periods_ns(trial, 4));
	trial_heal(trial);
	trial_bear(trial, trial_now(trial) + periods_ns(trial, 4));
}
