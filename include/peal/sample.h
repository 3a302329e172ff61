/* SPDX-License-Identifier: MIT */
/*
 * The sample: an immutable piece of audio that voices play, with a count of
 * references. It is made on the control side, from memory or from a file, at
 * the rate that it will be played at; an engine then knows it by a number.
 *
 *	struct engine_sample *kick;
 *	engine_sample_open(&kick, "kick.wav", 48000);
 *	engine_load_sample(engine, 0, kick);
 *	engine_sample_put(kick);
 *	engine_send(engine, &(struct engine_message){
 *		.type = ENGINE_PLAY_SAMPLE, .id = 1, .play = { .sample = 0, .velocity = 1 } });
 */
#ifndef PEAL_SAMPLE_H
#define PEAL_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include <peal/engine.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_sample;

/* The longest sample; and no sample takes more than this many bytes. */
#define ENGINE_SAMPLE_FRAMES_MAX ((1u << 31) - 64)
#define ENGINE_SAMPLE_BYTES_MAX (1ull << 32)

/*
 * Make a sample of frames in memory.
 *
 * out: where to put it; NULL on failure. Owner: the caller, until
 *   engine_sample_put.
 * frames: count interleaved frames of channels samples each, in format;
 *   copied. Not-a-numbers and infinities become silence.
 * count: 1..ENGINE_SAMPLE_FRAMES_MAX.
 * format: enum engine_format, not ANY.
 * channels: 1..256.
 * rate: the frames' own, ENGINE_RATE_MIN..ENGINE_RATE_MAX.
 * to_rate: the engine's, to which they are converted (libsamplerate, its best
 *   converter); 0: rate.
 * Returns 0; -EINVAL; -EOVERFLOW when it would take more than
 * ENGINE_SAMPLE_BYTES_MAX; -ENOMEM; -ENOSYS when the rates differ and the
 * library was built without libsamplerate. engine_last_error names the reason.
 * Thread: control.
 */
int engine_sample_create(struct engine_sample **out, const void *frames, size_t count,
			 uint32_t format, uint32_t channels, uint32_t rate, uint32_t to_rate);

/*
 * Make a sample of a sound file: WAV, FLAC, AIFF, Ogg, and whatever else
 * libsndfile reads, but for what it cannot read silently.
 *
 * path: the file. What its header claims is believed only as far as frames
 *   can be read.
 * to_rate: as above; 0: the file's.
 * Returns as engine_sample_create; -EILSEQ when it is no sound file or is
 * damaged; -ENOTSUP when it is MPEG audio (MP3), Apple Lossless or a MIDI
 * sample dump, whose decoders print; the code of open() when it cannot be
 * opened (-ENOENT, -EACCES ...); -EISDIR; -EINVAL when it is a pipe or a device
 * too; -EIO; -ENODATA when there is not one frame in it; -ENOSYS when the
 * library was built without libsndfile.
 * Thread: control; reads the file.
 */
int engine_sample_open(struct engine_sample **out, const char *path, uint32_t to_rate);

/*
 * Give up a reference. Engines that it is loaded into, and voices that play
 * it, hold their own.
 *
 * sample: NULL is allowed and does nothing.
 * Returns 0. Thread: control.
 */
int engine_sample_put(struct engine_sample *sample);

struct engine_sample_info {
	size_t size;            /* sizeof(struct engine_sample_info), set by the caller */
	uint64_t frames;        /* at `rate` */
	uint64_t source_frames; /* at `source_rate` */
	uint64_t silenced;      /* samples that were not finite, and are 0 now */
	uint64_t bytes;         /* of memory that it takes */
	uint32_t channels;
	uint32_t rate;
	uint32_t source_rate;
	uint32_t locked;        /* 1: its memory is locked; 0: RLIMIT_MEMLOCK forbids it */
};

/* Returns 0; -EINVAL when an argument is NULL; ENGINE_EABI. Thread: any. */
int engine_sample_get_info(const struct engine_sample *sample, struct engine_sample_info *info);

/*
 * Let an engine know a sample by a number; one that had the number before is
 * replaced, and voices that play it play it to its end. Commands that are sent
 * after this returned find the new one. Nothing here waits for the audio
 * thread.
 *
 * number: 0..config.samples-1.
 * sample: its rate is the engine's. The engine takes a reference of its own.
 * Returns 0; -EINVAL (engine_last_error says why); -ENOTSUP when the engine
 * has no playback; -ENOMEM; -EAGAIN when no further thread can be created;
 * ENGINE_EFORKED.
 * Thread: control.
 */
int engine_load_sample(struct engine *engine, uint32_t number, struct engine_sample *sample);

/*
 * Forget a number. Voices play on.
 * Returns 0; ENGINE_ENOSAMPLE when nothing has this number; -EINVAL; -ENOTSUP;
 * ENGINE_EFORKED.
 * Thread: control.
 */
int engine_unload_sample(struct engine *engine, uint32_t number);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
