/* SPDX-License-Identifier: MIT */
/*
 * Capture: takes frames from the capture PCM into chunks of the stream. When
 * the program is late there is no empty chunk: the frames are dropped and
 * counted, and the next chunk says how many. Audio thread.
 */
#include "rt/areas.h"
#include "rt/rt.h"

#include <errno.h>

static void capture_deliver(struct rt *rt, struct stream *stream, uint32_t frames)
{
	struct engine_chunk *chunk = stream->open;

	if (!chunk) {
		stream->gap += frames;
		count_add(&stream->missed, frames);
		add_relaxed(&rt->health->drops, 1);
		pressure_late(rt, stream, ENGINE_EVENT_OVERRUN);
		return;
	}
	chunk->frame = rt->transport.captured;
	chunk->time_ns = rt->now_ns;
	chunk->sequence = stream->sequence++;
	chunk->gap_frames = stream->gap;
	chunk->frames = frames;
	stream->gap = 0;
	stream->late = false;
	stream->open = NULL;
	/* there are never more chunks than slots: this cannot be refused */
	chunk_ring_push(&stream->filled, chunk);
	count_add(&stream->moved, frames);
	add_relaxed(&rt->health->chunks, 1);
	add_relaxed(&rt->health->frames, frames);
	stream->posted = true;
}

int capture_move(struct rt *rt, uint32_t frames, enum engine_step *step)
{
	struct pcm *pcm = rt->transport.capture;
	struct stream *stream = rt->capture;
	uint32_t done = 0;

	/* a chunk that an earlier failure left unfinished is taken again */
	if (!stream->open)
		stream->open = chunk_ring_pop(&stream->emptied);
	while (done < frames) {
		uint32_t n = frames - done;
		int64_t taken;
		int err;

		*step = ENGINE_STEP_BEGIN;
		err = pcm->ops->begin(pcm, &n);
		if (err < 0)
			return err;
		if (stream->open)
			areas_read(pcm, 0, stream_at(stream, stream->open, done), n);
		*step = ENGINE_STEP_COMMIT;
		taken = pcm->ops->commit(pcm, n);
		if (taken != n)
			return taken < 0 ? (int)taken : -EPIPE;
		done += n;
	}
	capture_deliver(rt, stream, frames);
	return 0;
}
