/* SPDX-License-Identifier: MIT */
/* The control side's time; see time.h. */
#include "control/time.h"

#include <time.h>

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int timeout_left(int timeout_ms, uint64_t start_ns)
{
	uint64_t gone_ms;

	if (timeout_ms < 0)
		return -1;
	gone_ms = (monotonic_ns() - start_ns) / 1000000u;
	return gone_ms < (uint64_t)timeout_ms ? timeout_ms - (int)gone_ms : 0;
}
