/* SPDX-License-Identifier: MIT */
/*
 * Streams: audio that the program supplies or takes, through lock-free rings
 * of chunks. Nothing is converted: frames are interleaved, in the format that
 * engine_info names, and reach the device untouched.
 *
 * Playback: frames are played in the order written, each exactly once. When
 * the program is late the device gets silence, which is counted
 * (engine_stats.underrun_frames), and playing goes on with the next frame
 * written: nothing is skipped. Silence before the first frame is not counted;
 * silence between frames written before the start and the end of the device's
 * buffer is: write a buffer's worth first, or begin writing after the start.
 *
 * Capture: frames arrive in chunks of a period that carry the engine frame of
 * their first sample. When the program is late, or frames were lost to an
 * xrun, the next chunk says how many are missing before it (gap_frames): a
 * lost frame is never mistaken for a silent one.
 *
 * Each direction has one program thread at a time; a second one caught inside
 * gets -EBUSY.
 */
#ifndef PEAL_STREAM_H
#define PEAL_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <peal/backpressure.h>
#include <peal/chunk.h>
#include <peal/engine.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Hand frames over to be played, without waiting.
 *
 * frames: count interleaved frames in the negotiated format; copied.
 * count: at most 2^24.
 * Returns how many frames were accepted, from the front (0 when the stream is
 * full: wait on engine_playback_fd); -ENOTSUP when the engine has no playback;
 * -EINVAL when a pointer is NULL or count is too large; -EBUSY; ENGINE_EFORKED.
 * Frames are copied into chunks of one period; writing less at a time uses a
 * chunk all the same.
 * Thread: sender (of the playback stream).
 */
int engine_playback_write(struct engine *engine, const void *frames, size_t count);

/*
 * How many frames engine_playback_write would accept now, in whole periods.
 * Returns 0 or more; -ENOTSUP; -EINVAL; ENGINE_EFORKED.
 * Thread: sender (of the playback stream).
 */
int engine_playback_free(struct engine *engine);

/*
 * Wait until every frame written so far has left the device's buffer. The call
 * itself says that they are the last for now: silence after them does not
 * count as an underrun, whatever it returns, also when the engine is not
 * running yet.
 *
 * timeout_ms: negative: without limit. A device that recovers is waited for,
 *   and with config.reopen one that is lost: what its buffer held is gone then.
 * Returns 1 when all were played; 0 when the time is over; -EINTR; -EPIPE when
 * the engine is not running, so that they never will be; -ENOTSUP; -EINVAL;
 * -EBUSY; ENGINE_ELOST when the device is lost for good; ENGINE_EFORKED.
 * Thread: sender (of the playback stream); blocks.
 */
int engine_playback_drain(struct engine *engine, int timeout_ms);

/*
 * A file descriptor that is readable exactly while the playback stream may
 * have room again; it becomes unreadable when engine_playback_write has
 * accepted less than it was given. Only poll it.
 * Returns the descriptor; -ENOTSUP; -EINVAL; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_playback_fd(struct engine *engine);

/* What engine_capture_read tells of the frames that it returned. */
struct engine_capture_chunk {
	size_t size;         /* sizeof(struct engine_capture_chunk), set by the caller */
	uint64_t frame;      /* engine frame of the first */
	uint64_t time_ns;    /* CLOCK_MONOTONIC when the audio thread took the chunk */
	uint64_t sequence;   /* chunks delivered before this one, since create */
	uint64_t gap_frames; /* frames missing between the last frame read and the first here */
};

/*
 * Take captured frames, without waiting. A call never returns frames from two
 * chunks, so the frames returned are contiguous; it may return a part of one,
 * and the next call goes on in it.
 *
 * frames: room for count interleaved frames in the negotiated format.
 * chunk: NULL, or filled in; its size field must be set.
 * Returns how many frames were read (0: none yet, wait on engine_capture_fd);
 * -ENOTSUP when the engine does not capture; -EINVAL when frames is NULL or
 * count is 0; ENGINE_EABI; -EBUSY; ENGINE_EFORKED.
 * Thread: receiver (of the capture stream).
 */
int engine_capture_read(struct engine *engine, void *frames, size_t count,
			struct engine_capture_chunk *chunk);

/*
 * Take the oldest captured chunk itself, without copying: what a read has left
 * of it, if it has begun it. The chunk is the caller's to read until it is
 * released, also after engine_destroy; the stream has one chunk less meanwhile.
 *
 * chunk: where to put it; NULL when there is none.
 * Returns 1; 0: none yet, wait on engine_capture_fd; -ENOTSUP; -EINVAL; -EBUSY;
 * ENGINE_EFORKED.
 * Thread: receiver (of the capture stream).
 */
int engine_capture_pop(struct engine *engine, struct engine_chunk **chunk);

/*
 * Give back a chunk that engine_capture_pop gave, whether or not its engine
 * still exists.
 *
 * chunk: NULL is allowed and does nothing.
 * Returns 0; -EALREADY when it was given back already and its engine still
 * exists (afterwards the pointer must not be used); ENGINE_EFORKED.
 * Thread: any; waits for another thread that is just giving one back.
 */
int engine_capture_release(struct engine_chunk *chunk);

/*
 * A file descriptor that is readable exactly while captured frames may wait;
 * it becomes unreadable when engine_capture_read or engine_capture_pop has
 * found none. Only poll it.
 * Returns the descriptor; -ENOTSUP; -EINVAL; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_capture_fd(struct engine *engine);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
