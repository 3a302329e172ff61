/* SPDX-License-Identifier: MIT */
/* The control side's time: CLOCK_MONOTONIC, and what is left of a time-out. */
#ifndef PEAL_CONTROL_TIME_H
#define PEAL_CONTROL_TIME_H

#include <stdint.h>

uint64_t monotonic_ns(void);

/* Milliseconds left of timeout_ms (negative: no limit) since start_ns, for poll. */
int timeout_left(int timeout_ms, uint64_t start_ns);

#endif
