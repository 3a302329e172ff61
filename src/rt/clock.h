/* SPDX-License-Identifier: MIT */
/*
 * The clock: time and waiting, for the audio thread. The real one is
 * CLOCK_MONOTONIC and ppoll; the unit tests bring one of their own that jumps
 * to the next event, so that hours pass in seconds.
 */
#ifndef PEAL_RT_CLOCK_H
#define PEAL_RT_CLOCK_H

#include <poll.h>
#include <stdint.h>

struct clock {
	uint64_t (*now_ns)(struct clock *clock);
	/* As ppoll; -EINTR and other errors come back as negative results. */
	int (*poll)(struct clock *clock, struct pollfd *fds, unsigned count,
		    uint64_t timeout_ns);
};

extern struct clock clock_real;

#endif
