/* SPDX-License-Identifier: MIT */
/*
 * The schedule: commands that wait for their frame, the earliest first, and of
 * one frame the one that arrived first. A binary heap of fixed size. Audio
 * thread.
 */
#ifndef PEAL_RT_SCHEDULE_H
#define PEAL_RT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/message_ring.h"

struct lane;

struct scheduled {
	struct lane *lane; /* that the reply goes to */
	uint64_t arrival;
	struct message_words command; /* its frame is when */
};

struct schedule {
	uint32_t count; /* 0..ENGINE_SCHEDULE_MESSAGES */
	uint64_t arrivals;
	struct scheduled heap[ENGINE_SCHEDULE_MESSAGES];
};

/* false: it is full. */
bool schedule_push(struct schedule *schedule, struct lane *lane,
		   const struct message_words *command);

/* The frame of the next command; UINT64_MAX: none waits. */
uint64_t schedule_frame(const struct schedule *schedule);

/* The next command; there is one. */
struct scheduled schedule_pop(struct schedule *schedule);

/* Drop what a lane's port sent. */
void schedule_forget(struct schedule *schedule, const struct lane *lane);

#endif
