/* SPDX-License-Identifier: MIT */
/*
 * The configuration of an engine: what is asked for. What was got instead is
 * in struct engine_info (peal/info.h).
 */
#ifndef PEAL_CONFIG_H
#define PEAL_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include <peal/format.h>

#ifdef __cplusplus
extern "C" {
#endif

enum engine_direction {
	ENGINE_PLAYBACK = 1,
	ENGINE_CAPTURE = 2,
};

enum engine_log_level {
	ENGINE_LOG_ERROR = 0,
	ENGINE_LOG_WARNING = 1,
	ENGINE_LOG_INFO = 2,
	ENGINE_LOG_DEBUG = 3,
};

#define ENGINE_CHANNELS_MAX 256
#define ENGINE_PERIOD_FRAMES_MIN 16
#define ENGINE_PERIOD_FRAMES_MAX 65536
#define ENGINE_PERIODS_MIN 2
#define ENGINE_PERIODS_MAX 1024
#define ENGINE_RATE_MIN 1000
#define ENGINE_RATE_MAX 768000
#define ENGINE_PORTS_MAX 255
#define ENGINE_STREAM_FRAMES_MAX (1u << 24)
#define ENGINE_VOICES_MAX 4096
#define ENGINE_SAMPLES_MAX 65536

/* What a new voice does when every voice plays. */
enum engine_steal {
	ENGINE_STEAL_NONE = 0,     /* it is refused: ENGINE_ENOVOICE */
	ENGINE_STEAL_OLDEST = 1,   /* it takes the place of the one that started first */
	ENGINE_STEAL_QUIETEST = 2, /* ... of the one with the lowest gain now */
};

/* config.priority: stay at normal priority */
#define ENGINE_PRIORITY_NORMAL (-1)

/*
 * Set size to sizeof(struct engine_config) and leave everything else zero
 * for the defaults:
 *
 *	struct engine_config config = { .size = sizeof(config), .rate = 44100 };
 */
struct engine_config {
	/* sizeof(struct engine_config): which fields this caller knows. */
	size_t size;
	/*
	 * An ALSA PCM name ("hw:CARD=PCH,DEV=0", "plughw:0", "default", ...)
	 * or "virtual" (peal/virtual.h). NULL: "default". A device that is
	 * named is never replaced by another.
	 */
	const char *device;
	/* The PCM to capture from. NULL: the same as device. Not with virtual. */
	const char *capture_device;
	/* ENGINE_PLAYBACK, ENGINE_CAPTURE or both. 0: playback. */
	uint32_t directions;
	/* Frames per second, 1000..768000; got exactly as ALSA counts, or refused
	 * (a converter may be off by a fraction: engine_pcm_info.rate_num). 0: 48000. */
	uint32_t rate;
	/* 1..256; got exactly, or refused. 0: 2. */
	uint32_t channels;
	/* enum engine_format; got exactly, or refused. 0: the first that the
	 * device takes of S16_LE, S32_LE, S24_LE, S24_3LE, FLOAT_LE. */
	uint32_t format;
	/* enum engine_access; got exactly, or refused. 0: interleaved, else not. */
	uint32_t access;
	/* Frames per period, 16..65536: how often the audio thread runs. The
	 * device may round it; see engine_info.period_frames. 0: 256. */
	uint32_t period_frames;
	/* Periods in the device's buffer, 2..1024. The device may round it. 0: 3. */
	uint32_t periods;
	/*
	 * SCHED_FIFO priority of the audio thread, 1..99. 0: 45 (below the
	 * kernel's interrupt threads at 50) on hardware, pure converters and
	 * the virtual card, normal priority on PCMs that end in a sound
	 * server. ENGINE_PRIORITY_NORMAL: never SCHED_FIFO. What was granted
	 * is in engine_get_rt_report.
	 */
	int32_t priority;
	/* How many ports can be open beside the engine's own, 0..255. 0: 16. */
	uint32_t ports;
	/* Frames that each direction's stream holds between the program and the
	 * audio thread, at most 2^24. 0: the larger of 0.2 s and 8 periods. */
	uint32_t stream_frames;
	/*
	 * Backpressure of a ring begins at or above the first share of a
	 * full ring and ends at or below the second: 0.0 <= off < on <= 1.0.
	 * Both 0.0: 0.9 and 0.7.
	 */
	double backpressure_on;
	double backpressure_off;
	/* How many voices can play at once, 1..4096. 0: 256. (A port is owed at
	 * most 1024 messages, of which each voice is one: see ENGINE_FLAG_QUIET.) */
	uint32_t voices;
	/* How many samples can be loaded, under the numbers below it; 1..65536. 0: 1024. */
	uint32_t samples;
	/* enum engine_steal. A voice that is taken fades out in 2 ms. */
	uint32_t steal;
	/*
	 * Not 0: a device that is lost is taken again when it returns: the
	 * same card, by its id, with the same parameters. ENGINE_EVENT_RETURNED
	 * says so, and the streams go on with a gap.
	 */
	uint32_t reopen;
	/*
	 * Not 0: when device is NULL, "default" cannot be opened and the
	 * machine has no sound card (no /dev/snd/controlC*), take the virtual
	 * card, with a warning to the log.
	 */
	uint32_t fallback_virtual;
	/* Not 0: run even where getauxval(AT_SECURE) is set; see ENGINE_ESECURE. */
	uint32_t allow_secure;
	/*
	 * Called with one line of text, without newline, on the thread that is
	 * inside a control call; never on the audio thread. NULL: silence.
	 */
	void (*log)(int level, const char *text, void *arg);
	void *log_arg;
};

#ifdef __cplusplus
}
#endif
#endif
