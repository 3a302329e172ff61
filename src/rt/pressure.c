/* SPDX-License-Identifier: MIT */
/*
 * Pressure: tells the program, once each time, that a stream fills up, and
 * that it is itself late. Audio thread.
 */
#include "rt/rt.h"

static void post(struct rt *rt, const struct stream *stream, enum engine_message_type type,
		 bool on)
{
	enum engine_direction direction =
		stream == rt->playback ? ENGINE_PLAYBACK : ENGINE_CAPTURE;
	uint64_t length = chunk_ring_length(&stream->filled);
	uint64_t permille = length * 1000 / stream->filled.capacity;
	uint64_t a = (uint64_t)direction | (uint64_t)on << 8 | permille << 16 | length << 32;

	dispatch_event(rt, type, a, rt->woke_ns);
}

static void update(struct rt *rt, struct stream *stream)
{
	enum engine_backpressure_change change =
		backpressure_update(&stream->backpressure, chunk_ring_length(&stream->filled),
				    stream->filled.capacity, rt->woke_ns);

	if (change != ENGINE_BACKPRESSURE_SAME)
		post(rt, stream, ENGINE_EVENT_BACKPRESSURE, change == ENGINE_BACKPRESSURE_ON);
}

void pressure_update(struct rt *rt)
{
	if (rt->playback)
		update(rt, rt->playback);
	if (rt->capture)
		update(rt, rt->capture);
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
	post(rt, stream, type, true);
}
