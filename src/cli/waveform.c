/* SPDX-License-Identifier: MIT */
/*
 * The waveform. Used by the main thread, before there is anything to hear:
 * sines cost what they cost. Phases are counted in doubles or in whole
 * numbers, so that none drifts.
 */
#include "cli/waveform.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846
/* No click at a sweep's ends. */
#define SWEEP_EDGE_SECONDS 0.005
#define SWEEP_TOP_HZ 20000.0

bool waveform_loops(const struct waveform *waveform)
{
	return waveform->kind != WAVEFORM_SWEEP;
}

/* So many whole periods, about a second of them, in so many whole frames. */
static uint64_t sine_periods(const struct waveform *waveform)
{
	double periods = round(waveform->frequency);

	return periods < 1 ? 1 : (uint64_t)periods;
}

static size_t frames(const struct waveform *waveform)
{
	double rate = waveform->rate;

	if (waveform->kind == WAVEFORM_SWEEP)
		return (size_t)fmax(1, round(waveform->seconds * rate));
	if (waveform->kind == WAVEFORM_NOISE)
		return waveform->rate;
	return (size_t)round((double)sine_periods(waveform) * rate / waveform->frequency);
}

static double sine(const struct waveform *waveform, size_t frame, size_t count)
{
	uint64_t phase = sine_periods(waveform) * frame % count;

	return sin(2 * PI * (double)phase / (double)count);
}

static double sweep(const struct waveform *waveform, size_t frame, size_t count)
{
	double top = fmin(SWEEP_TOP_HZ, 0.45 * waveform->rate);
	double rise = log(top / waveform->frequency);
	double seconds = (double)count / waveform->rate;
	double at = (double)frame / waveform->rate;
	double edge = fmin(1, fmin(at, seconds - at) / SWEEP_EDGE_SECONDS);
	double turns = fabs(rise) < 1e-9 ? waveform->frequency * at :
		waveform->frequency * seconds / rise * expm1(rise * at / seconds);

	return edge * sin(2 * PI * fmod(turns, 1));
}

/* xorshift64*: white enough for ears and meters, and the same each time. */
static double noise(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)((*state * 0x2545f4914f6cdd1dull) >> 11) / 0x1p52 - 1;
}

float *waveform_create(const struct waveform *waveform, size_t *count)
{
	size_t channels = waveform->channels;
	uint64_t state = 1;
	double value = 0;
	float *made;

	*count = frames(waveform);
	made = calloc(*count, channels * sizeof(*made));
	for (size_t i = 0; made && i < *count; i++) {
		if (waveform->kind == WAVEFORM_SINE)
			value = sine(waveform, i, *count);
		else if (waveform->kind == WAVEFORM_SWEEP)
			value = sweep(waveform, i, *count);
		for (size_t c = 0; c < channels; c++) {
			if (waveform->kind == WAVEFORM_NOISE)
				value = noise(&state);
			if (!waveform->silent || !waveform->silent[c])
				made[i * channels + c] = (float)(waveform->amplitude * value);
		}
	}
	return made;
}
