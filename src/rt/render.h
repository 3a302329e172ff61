/* SPDX-License-Identifier: MIT */
/*
 * The rendering: the timeline, block by block, into the mixer's bus, each
 * command at its frame. It goes forward only; what was rendered and not taken
 * by the device is still there for the frames that it is of. Audio thread.
 */
#ifndef PEAL_RT_RENDER_H
#define PEAL_RT_RENDER_H

#include <stdbool.h>
#include <stdint.h>

struct rt;

struct render {
	/* the bus holds engine frames from..next-1; next is the first that was
	 * never rendered: where a command takes effect that is due at once */
	uint64_t from;
	uint64_t next;
};

/* Whether these frames need no rendering: no voice, no command, a volume of 1.
 * Then they count as rendered. */
bool render_passes(struct rt *rt, uint64_t frame, uint32_t count);

/* Have frames, of which the first is `frame`, in the bus from its frame *at on;
 * returns how many there are, 1..count. count is 1..period_frames. */
uint32_t render(struct rt *rt, uint64_t frame, uint32_t count, uint32_t *at);

/* The timeline ends: voices end, what waits is cancelled, and the next frame
 * is 0. */
void render_halt(struct rt *rt);

#endif
