/* SPDX-License-Identifier: MIT */
/*
 * The stream: one direction's audio between a program's thread and the audio
 * thread, as chunks of a period that go round between two rings: filled ones
 * to the consumer, emptied ones back to the producer. The chunks are all there
 * from the start; neither side allocates.
 *
 * playback: the program fills, the audio thread empties
 * capture:  the audio thread fills, the program empties
 *
 * This file holds what both sides touch; rt/ and control/ have one file per
 * direction each.
 */
#ifndef PEAL_SHARED_STREAM_H
#define PEAL_SHARED_STREAM_H

#include "shared/backpressure.h"
#include "shared/chunk_ring.h"
#include "shared/doorbell.h"

struct stream {
	/* constant */
	struct chunk_ring filled;
	struct chunk_ring emptied;
	struct doorbell bell; /* rung by the audio thread: something for the program */
	uint32_t frame_bytes;
	uint32_t chunk_frames; /* a chunk's capacity */

	/* the program's thread */
	alignas(CACHE_APART) struct engine_chunk *held; /* capture: partly read */
	uint32_t held_done;                      /* 0..held->frames */
	/* the program's thread writes, the audio thread reads */
	atomic_of(uint64_t) written; /* playback: frames pushed so far */
	atomic_of(uint64_t) ending;  /* playback: after this many, silence is wanted */
	atomic_of(int) draining;     /* playback: ring the bell every period */

	/* the audio thread */
	alignas(CACHE_APART) struct engine_chunk *open; /* playback: partly played */
	uint32_t open_done;                      /* 0..open->frames */
	uint64_t gap;                            /* capture: frames to report missing */
	uint64_t sequence;                       /* capture: chunks delivered */
	/* the audio thread writes, any thread reads */
	atomic_of(uint64_t) moved; /* frames played, or captured and delivered */
	atomic_of(uint64_t) missed; /* playback: silence instead; capture: dropped */
	atomic_of(uint64_t) end_frame; /* playback: engine frame after the last of `moved` */
	bool posted;                   /* the bell is to be rung at the end of this cycle */
	bool late;                     /* the program is, since the last frame that moved */
	struct engine_backpressure backpressure; /* of `filled` */
};

/* Where a frame (0..capacity) of one of the stream's chunks lies. */
static inline unsigned char *stream_at(const struct stream *stream,
				       const struct engine_chunk *chunk, uint32_t frame)
{
	return (unsigned char *)chunk->samples + (size_t)frame * stream->frame_bytes;
}

#endif
