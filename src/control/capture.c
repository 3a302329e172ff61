/* SPDX-License-Identifier: MIT */
/*
 * The program's side of the capture stream: reads chunks and gives them back.
 * Any one thread at a time.
 */
#include <string.h>

#include <peal/stream.h>
#include "control/engine.h"
#include "control/guard.h"

static int capture_usable(struct engine *engine)
{
	int err = engine_usable(engine);

	if (err < 0)
		return err;
	return engine->rt->capture ? 0 : -ENOTSUP;
}

static void record_age(struct engine *engine, const struct engine_chunk *chunk)
{
	uint64_t now_ns = monotonic_ns();

	histogram_record(&engine->rt->health->latency[ENGINE_HEALTH_CHUNK],
			 now_ns > chunk->time_ns ? now_ns - chunk->time_ns : 0);
}

/* The chunk to read from: the one in progress, or the next; NULL: none. */
static struct engine_chunk *hold_chunk(struct engine *engine)
{
	struct stream *stream = engine->rt->capture;

	if (stream->held)
		return stream->held;
	stream->held_done = 0;
	stream->held = chunk_ring_pop(&stream->filled);
	/* empty: the same as in receive.c */
	if (!stream->held && doorbell_answer(&stream->bell)) {
		stream->held = chunk_ring_pop(&stream->filled);
		if (stream->held)
			doorbell_ring(&stream->bell);
	}
	if (stream->held)
		record_age(engine, stream->held);
	return stream->held;
}

static int read_chunk(struct engine *engine, void *frames, size_t count,
		      struct engine_capture_chunk *info)
{
	struct stream *stream = engine->rt->capture;
	struct engine_chunk *chunk = hold_chunk(engine);
	uint32_t n, done;

	if (!chunk)
		return 0;
	done = stream->held_done;
	n = chunk->frames - done;
	if (n > count)
		n = (uint32_t)count;
	memcpy(frames, stream_at(stream, chunk, done), (size_t)n * stream->frame_bytes);
	if (info) {
		info->frame = chunk->frame + done;
		info->time_ns = chunk->time_ns;
		info->sequence = chunk->sequence;
		info->gap_frames = done == 0 ? chunk->gap_frames : 0;
	}
	stream->held_done += n;
	if (stream->held_done == chunk->frames) {
		lender_give_back(engine->lender, chunk);
		stream->held = NULL;
	}
	return (int)n;
}

int engine_capture_read(struct engine *engine, void *frames, size_t count,
			struct engine_capture_chunk *chunk)
{
	int result = capture_usable(engine);

	if (result < 0)
		return result;
	if (!frames || count == 0)
		return -EINVAL;
	if (chunk && chunk->size != sizeof(*chunk))
		return ENGINE_EABI;
	if (!guard_take(&engine->reading))
		return -EBUSY;
	result = read_chunk(engine, frames, count, chunk);
	guard_give(&engine->reading);
	return result;
}

/* What is left of a chunk that was partly read, as a chunk of its own. */
static void skip_read(struct stream *stream, struct engine_chunk *loan)
{
	uint32_t done = stream->held_done;

	if (done == 0)
		return;
	loan->samples = stream_at(stream, loan, done);
	loan->frame += done;
	loan->frames -= done;
	loan->capacity -= done;
	loan->gap_frames = 0;
}

int engine_capture_pop(struct engine *engine, struct engine_chunk **chunk)
{
	struct stream *stream;
	int result = capture_usable(engine);

	if (chunk)
		*chunk = NULL;
	if (result < 0)
		return result;
	if (!chunk)
		return -EINVAL;
	if (!guard_take(&engine->reading))
		return -EBUSY;
	stream = engine->rt->capture;
	if (hold_chunk(engine)) {
		*chunk = lender_lend(engine->lender, stream->held);
		skip_read(stream, *chunk);
		stream->held = NULL;
	}
	guard_give(&engine->reading);
	return *chunk ? 1 : 0;
}

int engine_capture_fd(struct engine *engine)
{
	int err = capture_usable(engine);

	return err < 0 ? err : engine->rt->capture->bell.fd;
}
