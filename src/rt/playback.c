/* SPDX-License-Identifier: MIT */
/*
 * Playback: renders frames into the playback PCM, from the stream's chunks,
 * and silence where the program is late. Audio thread.
 *
 * A frame leaves the stream only once the PCM has taken it, so that each is
 * played exactly once whatever the device does.
 */
#include "rt/areas.h"
#include "rt/rt.h"

#include <errno.h>

/* The chunk to play from: the one in progress, or the next; NULL: none. */
static struct engine_chunk *playback_chunk(struct stream *stream)
{
	if (!stream->open)
		stream->open = chunk_ring_pop(&stream->filled);
	return stream->open;
}

/* Write up to count frames, of a chunk's or of silence, with what else sounds
 * at this engine frame; returns how many. */
static uint32_t playback_write(struct rt *rt, struct pcm *pcm, const unsigned char *frames,
			       uint64_t frame, uint32_t count)
{
	uint32_t at;

	if (!render_passes(rt, frame, count)) {
		count = render(rt, frame, count, &at);
		bus_write(&rt->mixer.bus, at, pcm, frames, count);
	} else if (frames) {
		areas_write(pcm, 0, frames, count);
	} else {
		areas_silence(pcm, 0, count);
	}
	return count;
}

static void playback_advance(struct rt *rt, uint32_t frames, uint64_t frame)
{
	struct stream *stream = rt->playback;

	stream->open_done += frames;
	stream->late = false;
	store_relaxed(&stream->end_frame, frame + frames);
	/* pairs with the acquire in engine_playback_drain: the end is written */
	store_release(&stream->moved, load_relaxed(&stream->moved) + frames);
	if (stream->open_done < stream->open->frames)
		return;
	add_relaxed(&rt->health->chunks, 1);
	add_relaxed(&rt->health->frames, stream->open->frames);
	/* there are never more chunks than slots: this cannot be refused */
	chunk_ring_push(&stream->emptied, stream->open);
	stream->open = NULL;
	stream->open_done = 0;
	stream->posted = true;
}

static void playback_miss(struct rt *rt, uint32_t frames)
{
	struct stream *stream = rt->playback;

	/* pairs with the release in engine_playback_drain: silence after the
	 * last frame is wanted */
	if (load_relaxed(&stream->moved) == load_acquire(&stream->ending))
		return;
	count_add(&stream->missed, frames);
	pressure_late(rt, stream, ENGINE_EVENT_UNDERRUN);
}

int playback_move(struct rt *rt, uint32_t frames, enum engine_step *step)
{
	struct transport *t = &rt->transport;
	struct pcm *pcm = t->playback;
	struct stream *stream = rt->playback;
	uint32_t done = 0;

	while (done < frames) {
		struct engine_chunk *chunk = playback_chunk(stream);
		uint32_t n = frames - done;
		int64_t taken;
		int err;

		if (chunk && chunk->frames - stream->open_done < n)
			n = chunk->frames - stream->open_done;
		*step = ENGINE_STEP_BEGIN;
		err = pcm->ops->begin(pcm, &n);
		if (err < 0)
			return err;
		n = playback_write(rt, pcm,
				   chunk ? stream_at(stream, chunk, stream->open_done) : NULL,
				   t->frame + done, n);
		*step = ENGINE_STEP_COMMIT;
		taken = pcm->ops->commit(pcm, n);
		if (taken != n)
			return taken < 0 ? (int)taken : -EPIPE;
		if (chunk)
			playback_advance(rt, n, t->frame + done);
		else
			playback_miss(rt, n);
		done += n;
	}
	if (load_relaxed(&stream->draining))
		stream->posted = true;
	return 0;
}
