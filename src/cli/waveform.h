/* SPDX-License-Identifier: MIT */
/*
 * The waveform: frames of a test sound, computed.
 */
#ifndef CLI_WAVEFORM_H
#define CLI_WAVEFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum waveform_kind {
	WAVEFORM_SINE,
	WAVEFORM_SWEEP, /* a sine that rises exponentially, to the highest that can be heard */
	WAVEFORM_NOISE, /* white; each channel its own */
};

struct waveform {
	enum waveform_kind kind;
	double frequency;   /* Hz: a sine's, or where a sweep begins; below rate / 2 */
	double amplitude;   /* the peak, 1.0: full scale */
	double seconds;     /* a sweep's */
	uint32_t rate;
	uint32_t channels;
	const bool *silent; /* for each channel; NULL: all sound */
};

/* Whether the frames are made so that they can be repeated without a seam. */
bool waveform_loops(const struct waveform *waveform);

/*
 * The frames: a sweep's whole, of the others about a second. A sine's
 * frequency is so chosen that its loop has no seam: less than 1 in 10^4 off,
 * and exact in whole Hz.
 *
 * count: where to put how many.
 * Returns interleaved floats, the caller's to free; NULL: no memory.
 */
float *waveform_create(const struct waveform *waveform, size_t *count);

#endif
