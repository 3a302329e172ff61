/* SPDX-License-Identifier: MIT */
/*
 * The program's side of the playback stream: fills chunks and hands them over.
 * Any one thread at a time.
 */
#include <poll.h>
#include <string.h>

#include <peal/stream.h>
#include "control/engine.h"
#include "control/guard.h"

static int playback_usable(struct engine *engine)
{
	int err = engine_usable(engine);

	if (err < 0)
		return err;
	return engine->rt->playback ? 0 : -ENOTSUP;
}

static uint32_t fill_chunk(struct stream *stream, struct engine_chunk *chunk,
			   const unsigned char *frames, size_t count)
{
	uint32_t n = count < stream->chunk_frames ? (uint32_t)count : stream->chunk_frames;

	memcpy(chunk->samples, frames, (size_t)n * stream->frame_bytes);
	chunk->frames = n;
	count_add(&stream->written, n);
	/* there are never more chunks than slots: this cannot be refused */
	chunk_ring_push(&stream->filled, chunk);
	return n;
}

static uint32_t fill_chunks(struct stream *stream, const unsigned char *frames, size_t count)
{
	struct engine_chunk *chunk;
	size_t done = 0;

	while (done < count && (chunk = chunk_ring_pop(&stream->emptied)))
		done += fill_chunk(stream, chunk, frames + done * stream->frame_bytes,
				   count - done);
	return (uint32_t)done;
}

int engine_playback_write(struct engine *engine, const void *frames, size_t count)
{
	struct stream *stream;
	size_t done;
	int err = playback_usable(engine);

	if (err < 0)
		return err;
	if ((!frames && count > 0) || count > ENGINE_STREAM_FRAMES_MAX)
		return -EINVAL;
	if (!guard_take(&engine->writing))
		return -EBUSY;
	stream = engine->rt->playback;
	done = fill_chunks(stream, frames, count);
	/* full: make the descriptor unreadable, then look again, and if there
	 * was room there may be more: the same as in receive.c */
	if (done < count && doorbell_answer(&stream->bell)) {
		size_t more = fill_chunks(
			stream, (const unsigned char *)frames + done * stream->frame_bytes,
			count - done);

		if (more > 0)
			doorbell_ring(&stream->bell);
		done += more;
	}
	guard_give(&engine->writing);
	return (int)done;
}

int engine_playback_free(struct engine *engine)
{
	struct stream *stream;
	int err = playback_usable(engine);

	if (err < 0)
		return err;
	stream = engine->rt->playback;
	return (int)(chunk_ring_length(&stream->emptied) * stream->chunk_frames);
}

/* 1: all was played; 0: not yet; negative: it never will be. */
static int drained(struct engine *engine, uint64_t written)
{
	struct rt *rt = engine->rt;
	struct stream *stream = rt->playback;
	/* pairs with the release in rt/playback.c: the end frame is written */
	uint64_t moved = load_acquire(&stream->moved);
	uint64_t heard = load_relaxed(&stream->end_frame) + rt->transport.playback->buffer_frames;

	/* what lies a buffer behind has left the buffer */
	if (moved == written && load_relaxed(&rt->vitals.frame) >= heard)
		return 1;
	switch (load_relaxed(&rt->vitals.state)) {
	case ENGINE_STATE_LOST:
		/* it may return: then it runs, or fails */
		return engine->reopen ? 0 : ENGINE_ELOST;
	case ENGINE_STATE_FAILED:
		return ENGINE_ELOST;
	case ENGINE_STATE_CLOSED:
	case ENGINE_STATE_PREPARED:
		return -EPIPE;
	default:
		return 0;
	}
}

static int drain(struct engine *engine, int timeout_ms)
{
	struct stream *stream = engine->rt->playback;
	struct pollfd fd = { .fd = stream->bell.fd, .events = POLLIN };
	uint64_t written = load_relaxed(&stream->written);
	uint64_t start = monotonic_ns();

	for (;;) {
		int left, done;

		doorbell_answer(&stream->bell);
		done = drained(engine, written);
		if (done != 0)
			return done;
		left = timeout_left(timeout_ms, start);
		if (left == 0)
			return 0;
		if (poll(&fd, 1, left) < 0)
			return -errno;
	}
}

int engine_playback_drain(struct engine *engine, int timeout_ms)
{
	struct stream *stream;
	int result = playback_usable(engine);

	if (result < 0)
		return result;
	if (!guard_take(&engine->writing))
		return -EBUSY;
	stream = engine->rt->playback;
	/* pairs with the acquire in rt/playback.c */
	store_release(&stream->ending, load_relaxed(&stream->written));
	store_relaxed(&stream->draining, 1);
	result = load_relaxed(&stream->written) ? drain(engine, timeout_ms) : 1;
	store_relaxed(&stream->draining, 0);
	/* whoever polls for room looks for himself */
	doorbell_ring(&stream->bell);
	guard_give(&engine->writing);
	return result;
}

int engine_playback_fd(struct engine *engine)
{
	int err = playback_usable(engine);

	return err < 0 ? err : engine->rt->playback->bell.fd;
}
