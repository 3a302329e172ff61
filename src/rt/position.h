/* SPDX-License-Identifier: MIT */
/*
 * The position: which frame is at the converter. Told to the program as a
 * clock, and held against our own. Audio thread.
 */
#ifndef PEAL_RT_POSITION_H
#define PEAL_RT_POSITION_H

#include <stdint.h>

struct rt;

/* The device has started: its buffer is full, and nothing is known yet. */
void position_start(struct rt *rt);

/* So many frames are ready, at least a period. */
void position_look(struct rt *rt, uint64_t frames_ready);

#endif
