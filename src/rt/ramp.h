/* SPDX-License-Identifier: MIT */
/*
 * The ramp: a gain on its way, linear, then constant. Audio thread.
 *
 * A frame's gain follows from how many are left alone, never from the gain
 * before it. So it does not matter into which blocks a ramp is cut, it arrives
 * exactly, and a loop over it has nothing to carry along.
 */
#ifndef PEAL_RT_RAMP_H
#define PEAL_RT_RAMP_H

#include <stdint.h>

struct ramp {
	float target;
	float step;    /* per frame */
	uint32_t left; /* frames until target, the first with it included; 0: there */
};

/* The gain of the i-th frame from now, i < left. */
static inline float ramp_at(const struct ramp *ramp, uint32_t i)
{
	return ramp->target - ramp->step * (float)(ramp->left - 1 - i);
}

/* The gain that the last frame had. */
static inline float ramp_now(const struct ramp *ramp)
{
	return ramp->target - ramp->step * (float)ramp->left;
}

/* The frames-th frame from now is the first with the target; 1: the next one. */
static inline void ramp_start(struct ramp *ramp, float target, uint32_t frames)
{
	ramp->step = (target - ramp_now(ramp)) / (float)frames;
	ramp->target = target;
	ramp->left = frames;
}

static inline void ramp_advance(struct ramp *ramp, uint64_t frames)
{
	ramp->left = frames < ramp->left ? ramp->left - (uint32_t)frames : 0;
}

#endif
