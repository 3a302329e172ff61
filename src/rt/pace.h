/* SPDX-License-Identifier: MIT */
/*
 * The pace: a device that wakes us for nothing, not at all, or faster than
 * time. It is left alone for a while, or told of, so that nothing it does
 * makes us spin. Audio thread.
 */
#ifndef PEAL_RT_PACE_H
#define PEAL_RT_PACE_H

#include <stdint.h>

struct rt;

/* The device has started, now. */
void pace_start(struct rt *rt);

/* So many frames moved in this cycle. */
void pace_moved(struct rt *rt, uint32_t frames);

/* It woke us, and so many frames are missing to a period. */
void pace_idle_wake(struct rt *rt, uint32_t missing);

/* There was no period, whether it woke us or not. */
void pace_nothing(struct rt *rt);

#endif
