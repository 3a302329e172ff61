/* SPDX-License-Identifier: MIT */
/*
 * Pressure: tells the program, once each time, that a ring fills up, and that
 * it is itself late with a stream. Audio thread.
 */
#include "rt/rt.h"

/* A ring as an event tells of it. */
struct level {
	enum engine_ring ring;
	uint64_t length;
	uint64_t capacity;
};

static struct level stream_level(const struct rt *rt, const struct stream *stream)
{
	return (struct level){
		.ring = stream == rt->playback ? ENGINE_RING_PLAYBACK : ENGINE_RING_CAPTURE,
		.length = chunk_ring_length(&stream->filled),
		.capacity = stream->filled.capacity,
	};
}

/* The event's first word; the second is when. */
static uint64_t told(struct level level, bool on)
{
	return (uint64_t)level.ring | (uint64_t)on << 8 |
	       level.length * 1000 / level.capacity << 16 | level.length << 32;
}

/* Whether it went on or off, and then what to tell. */
static bool changes(const struct rt *rt, struct engine_backpressure *pressure, struct level level,
		    uint64_t *tell)
{
	enum engine_backpressure_change change =
		backpressure_update(pressure, level.length, level.capacity, rt->woke_ns);

	*tell = told(level, change == ENGINE_BACKPRESSURE_ON);
	return change != ENGINE_BACKPRESSURE_SAME;
}

static void update_stream(struct rt *rt, struct stream *stream)
{
	uint64_t tell;

	if (stream && changes(rt, &stream->backpressure, stream_level(rt, stream), &tell))
		event_post(rt, ENGINE_EVENT_BACKPRESSURE, tell, rt->woke_ns);
}

static void update_messages(struct rt *rt, struct lane *lane, enum engine_ring ring,
			    const struct message_ring *messages,
			    struct engine_backpressure *pressure)
{
	struct level level = { ring, message_ring_length(messages), MESSAGE_RING_CAPACITY };
	uint64_t tell;

	if (changes(rt, pressure, level, &tell))
		event_post_to(rt, lane, ENGINE_EVENT_BACKPRESSURE, tell, rt->woke_ns);
}

void pressure_update(struct rt *rt)
{
	/* pairs with the release in control/port.c: the lane is set up */
	uint32_t used = load_acquire(&rt->lanes_used);

	update_stream(rt, rt->playback);
	update_stream(rt, rt->capture);
	for (uint32_t i = 0; i < used; i++) {
		struct lane *lane = &rt->lanes[i];

		/* pairs with the release in control/port.c */
		if (load_acquire(&lane->state) != LANE_OPEN)
			continue;
		update_messages(rt, lane, ENGINE_RING_COMMANDS, &lane->in, &lane->in_pressure);
		update_messages(rt, lane, ENGINE_RING_REPLIES, &lane->out, &lane->out_pressure);
	}
}

void pressure_late(struct rt *rt, struct stream *stream, enum engine_message_type type)
{
	if (stream->late)
		return;
	stream->late = true;
	if (type == ENGINE_EVENT_UNDERRUN)
		add_relaxed(&rt->health->underruns, 1);
	else
		add_relaxed(&rt->health->overruns, 1);
	event_post(rt, type, told(stream_level(rt, stream), true), rt->woke_ns);
}
