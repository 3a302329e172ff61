/* SPDX-License-Identifier: MIT */
/* The position; see position.h. Audio thread. */
#include "rt/position.h"

#include "rt/rt.h"

#define S 1000000000u

static uint64_t at_converter(const struct transport *t, uint64_t frames_ready)
{
	return t->playback ? t->frame + frames_ready - t->playback->buffer_frames :
			     t->captured + frames_ready;
}

static void publish(struct rt *rt, uint64_t frame, uint64_t now_ns)
{
	struct vitals *vitals = &rt->vitals;
	uint32_t looks = load_relaxed(&vitals->clock_looks);

	store_relaxed(&vitals->clock_looks, looks + 1);
	/* these pair with the acquires in engine_get_clock: who sees one of them
	 * sees that it was being written */
	store_release(&vitals->clock_frame, frame);
	store_release(&vitals->clock_ns, now_ns);
	store_release(&vitals->clock_looks, looks + 2);
}

/*
 * Whether the frames that moved in a second are those of a second: a period
 * and 3 % of slack are a bursty device with a bad crystal, more is a device
 * that loses frames without a word. Told, and never acted on.
 */
static void hold_against_time(struct rt *rt, uint64_t frame)
{
	struct transport *t = &rt->transport;
	uint64_t ns = rt->woke_ns - t->truth_ns, expected, moved, off;

	if (t->free_running || (t->truth_ns && ns < S))
		return;
	/* one after a long sleep is no measure */
	if (t->truth_ns && ns < 10 * (uint64_t)S) {
		expected = ns * t->rate / S;
		moved = frame - t->truth_frame;
		off = moved > expected ? moved - expected : expected - moved;
		if (off > t->period_frames + expected * 3 / 100)
			count_add(&rt->vitals.slips, 1);
	}
	t->truth_ns = rt->woke_ns;
	t->truth_frame = frame;
}

void position_start(struct rt *rt)
{
	rt->transport.truth_ns = 0;
	publish(rt, at_converter(&rt->transport, 0), rt->now_ns);
}

void position_look(struct rt *rt, uint64_t frames_ready)
{
	const struct transport *t = &rt->transport;
	uint64_t frame = at_converter(t, frames_ready);

	publish(rt, frame, rt->woke_ns);
	hold_against_time(rt, frame);
	/* it says how long ago the period was due, to a frame */
	histogram_record(&rt->health->latency[ENGINE_HEALTH_WAKEUP],
			 (frames_ready - t->period_frames) * S / t->rate);
}
