/* SPDX-License-Identifier: MIT */
/* The rendering; see render.h. Audio thread. */
#include "rt/rt.h"

bool render_passes(struct rt *rt, uint64_t frame, uint32_t count)
{
	struct render *r = &rt->render;

	if (!mixer_idle(&rt->mixer) || schedule_frame(rt->schedule) < frame + count ||
	    frame < r->next)
		return false;
	r->from = r->next = frame + count;
	return true;
}

/* One block, in pieces that end where the next command is due. */
static void render_block(struct rt *rt, uint64_t frame, uint32_t count)
{
	uint32_t done = 0;

	while (done < count) {
		uint64_t due;
		uint32_t n = count - done;

		commands_run(rt, frame + done, frame + done);
		due = schedule_frame(rt->schedule) - (frame + done);
		if (due < n)
			n = (uint32_t)due;
		mixer_render(&rt->mixer, frame + done, done, n);
		done += n;
		rt->render.next = frame + done;
	}
	commands_report_ended(rt);
}

uint32_t render(struct rt *rt, uint64_t frame, uint32_t count, uint32_t *at)
{
	struct render *r = &rt->render;

	if (frame >= r->from && frame < r->next) {
		*at = (uint32_t)(frame - r->from);
		return r->next - frame < count ? (uint32_t)(r->next - frame) : count;
	}
	/* a gap: commands in it run at its end, late */
	if (frame > r->next)
		mixer_skip(&rt->mixer, r->next, frame - r->next);
	r->from = r->next = frame;
	render_block(rt, frame, count);
	*at = 0;
	return count;
}

void render_halt(struct rt *rt)
{
	mixer_halt(&rt->mixer, rt->render.next);
	commands_report_ended(rt);
	commands_cancel(rt);
	rt->render.from = rt->render.next = 0;
}
