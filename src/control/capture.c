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

static struct chunk *hold_chunk(struct stream *stream)
{
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
	return stream->held;
}

static int read_chunk(struct stream *stream, void *frames, size_t count,
		      struct engine_capture_chunk *info)
{
	struct chunk *chunk = hold_chunk(stream);
	uint32_t n, done;

	if (!chunk)
		return 0;
	done = stream->held_done;
	n = chunk->frames - done;
	if (n > count)
		n = (uint32_t)count;
	memcpy(frames, chunk->samples + (size_t)done * stream->frame_bytes,
	       (size_t)n * stream->frame_bytes);
	if (info) {
		info->frame = chunk->frame + done;
		info->time_ns = chunk->time_ns;
		info->sequence = chunk->sequence;
		info->gap_frames = done == 0 ? chunk->gap : 0;
	}
	stream->held_done += n;
	if (stream->held_done == chunk->frames) {
		/* there are never more chunks than slots: this cannot be refused */
		chunk_ring_push(&stream->emptied, chunk);
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
	result = read_chunk(engine->rt->capture, frames, count, chunk);
	guard_give(&engine->reading);
	return result;
}

int engine_capture_fd(struct engine *engine)
{
	int err = capture_usable(engine);

	return err < 0 ? err : engine->rt->capture->bell.fd;
}
