/* SPDX-License-Identifier: MIT */
/* The real clock; see clock.h. Audio thread. */
#include "rt/clock.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

static uint64_t real_now_ns(struct clock *clock)
{
	struct timespec now;

	(void)clock;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int real_poll(struct clock *clock, struct pollfd *fds, unsigned count, uint64_t timeout_ns)
{
	struct timespec timeout = {
		.tv_sec = (time_t)(timeout_ns / 1000000000u),
		.tv_nsec = (long)(timeout_ns % 1000000000u),
	};
	int ready;

	(void)clock;
	ready = ppoll(fds, count, &timeout, NULL);
	return ready < 0 ? -errno : ready;
}

struct clock clock_real = { .now_ns = real_now_ns, .poll = real_poll };
