/* SPDX-License-Identifier: MIT */
/* Voices; see voice.h. Audio thread. */
#include "rt/voice.h"

#include <peal/config.h>

/* So many frames at a time are interpolated, or put together across a loop's seam. */
#define PIECE 64
#define ONE (1ull << 32)
#define MAP_CHANNELS 8
#define MAP_ALL 15

void voice_start(struct voice *voice, const struct voice_order *order, uint64_t frame)
{
	float ratio = order->rate_ratio == 0.0f ? 1.0f : order->rate_ratio;
	bool mono = order->sample->channels == 1;

	*voice = (struct voice){
		.sample = order->sample,
		.owner = order->owner,
		.id = order->id,
		.quiet = order->quiet,
		.map = order->map == 0 && mono ? MAP_ALL : order->map,
		.velocity = order->velocity,
		.loop = order->loop,
		.length = order->sample->frames * ONE,
		.step = (uint64_t)((double)ratio * (double)ONE),
		.began = frame,
		.gain.target = order->velocity,
		.reason = ENGINE_END_FINISHED,
	};
	voice->plain = voice->step == ONE;
	if (voice->loop)
		voice->step %= voice->length;
}

uint64_t voice_left(const struct voice *voice)
{
	uint64_t left = UINT64_MAX;

	if (voice->plain && !voice->loop)
		left = (voice->length - voice->position) >> 32;
	else if (!voice->loop)
		left = (voice->length - voice->position + voice->step - 1) / voice->step;
	if (voice->reason != ENGINE_END_FINISHED && voice->gain.left - 1 < left)
		left = voice->gain.left - 1;
	return left;
}

bool voice_fade(struct voice *voice, uint32_t frames)
{
	if (voice->reason != ENGINE_END_FINISHED && voice->gain.left <= frames)
		return false;
	ramp_start(&voice->gain, 0.0f, frames);
	return true;
}

/* A loop's position after count frames; by doubling, at most 64 turns. */
static uint64_t position_after(const struct voice *voice, uint64_t count)
{
	uint64_t length = voice->length, position = voice->position, step = voice->step;

	/* so few that their sum fits, as in every block */
	if (count <= ENGINE_PERIOD_FRAMES_MAX) {
		position += count * step;
		return position < length ? position : position % length;
	}
	/* length is below 2^63 and the rest below length: no sum overflows */
	for (; count > 0; count >>= 1) {
		if (count & 1)
			position += step;
		if (position >= length)
			position -= length;
		step += step;
		if (step >= length)
			step -= length;
	}
	return position;
}

void voice_skip(struct voice *voice, uint64_t count)
{
	if (voice->loop)
		voice->position = position_after(voice, count);
	else
		voice->position += count * voice->step;
	ramp_advance(&voice->gain, count);
}

/*
 * The cubic through here and after whose slopes there are those of the chords
 * between their neighbours: Catmull and Rom, A class of local interpolating
 * splines, 1974, in Horner's form. t is 0.0..1.0, from here to after.
 */
static inline float cubic(float before, float here, float after, float beyond, float t)
{
	float a = 3.0f * (here - after) + beyond - before;
	float b = 2.0f * before - 5.0f * here + 4.0f * after - beyond;
	float c = after - before;

	return here + 0.5f * t * (c + t * (b + t * a));
}

/* The fraction of a position; a float holds 24 of its bits. */
static inline float fraction(uint64_t position)
{
	return (float)(int32_t)((uint32_t)position >> 8) * 0x1p-24f;
}

/* Where every neighbour lies beside its neighbour: in the sample, or in its padding. */
static void interpolate(float *restrict to, const float *restrict from, uint64_t position,
			uint64_t step, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, position += step) {
		const float *here = from + (position >> 32);

		to[i] = cubic(here[-1], here[0], here[1], here[2], fraction(position));
	}
}

/* The same where some of them lie at the loop's other end. */
static void interpolate_seam(float *to, const float *from, const struct voice *voice,
			     uint32_t count)
{
	uint32_t last = voice->sample->frames - 1;
	uint64_t position = voice->position;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t here = (uint32_t)(position >> 32);
		uint32_t before = here > 0 ? here - 1 : last;
		uint32_t after = here < last ? here + 1 : 0;
		uint32_t beyond = after < last ? after + 1 : 0;

		to[i] = cubic(from[before], from[here], from[after], from[beyond],
			      fraction(position));
		position += voice->step;
		if (position >= voice->length)
			position -= voice->length;
	}
}

static void copy_seam(float *to, const float *from, const struct voice *voice, uint32_t count)
{
	uint32_t last = voice->sample->frames - 1, here = (uint32_t)(voice->position >> 32);

	for (uint32_t i = 0; i < count; i++) {
		to[i] = from[here];
		here = here < last ? here + 1 : 0;
	}
}

/* Whether the next count frames, interpolated, look across a loop's seam. */
static bool voice_at_seam(const struct voice *voice, uint32_t count)
{
	return voice->loop && (voice->position < ONE ||
			       voice->position + count * voice->step + 2 * ONE >= voice->length);
}

/* On its own: among its callers' loops the compiler runs out of registers, and
 * each voice pays for it in every block. */
__attribute__((noinline)) static void add(float *restrict to, const float *restrict from,
					  const struct ramp *gain, uint32_t count)
{
	uint32_t ramped = gain->left < count ? gain->left : count;
	struct ramp ramp = *gain;

	for (uint32_t i = 0; i < ramped; i++)
		to[i] += from[i] * ramp_at(&ramp, i);
	for (uint32_t i = ramped; i < count; i++)
		to[i] += from[i] * ramp.target;
}

/* One channel of the sample to the bus's channels that the map says. */
static void voice_add(const struct voice *voice, struct bus *bus, uint32_t at, uint32_t channel,
		      const float *from, uint32_t count)
{
	uint32_t first = channel, end = channel + 1;

	if (voice->map != 0) {
		uint32_t to = voice->map >> 4 * channel & 15;

		first = to == MAP_ALL ? 0 : to - 1;
		end = to == MAP_ALL ? bus->channels : to;
	}
	/* to 0 is nowhere: its first is no channel, its end is below it */
	if (end > bus->channels)
		return;
	for (uint32_t c = first; c < end; c++)
		add(bus_channel(bus, c) + at, from, &voice->gain, count);
}

/* The same with frames that do not lie in the sample as they are wanted; at most PIECE. */
static void voice_add_made(const struct voice *voice, struct bus *bus, uint32_t at,
			   uint32_t channel, uint32_t count)
{
	const float *from = sample_channel(voice->sample, channel);
	float piece[PIECE];

	if (voice->plain)
		copy_seam(piece, from, voice, count);
	else if (voice_at_seam(voice, count))
		interpolate_seam(piece, from, voice, count);
	else
		interpolate(piece, from, voice->position, voice->step, count);
	voice_add(voice, bus, at, channel, piece, count);
}

void voice_render(struct voice *voice, struct bus *bus, uint32_t at, uint32_t count)
{
	const struct engine_sample *sample = voice->sample;
	uint32_t most = voice->map == 0 ? bus->channels : MAP_CHANNELS;
	uint32_t channels = sample->channels < most ? sample->channels : most;

	while (count > 0) {
		uint32_t here = (uint32_t)(voice->position >> 32);
		uint32_t n = voice->plain ? sample->frames - here : 0;
		bool ready = n >= PIECE || n >= count;

		if (!ready)
			n = PIECE;
		if (n > count)
			n = count;
		for (uint32_t c = 0; c < channels; c++)
			if (ready)
				voice_add(voice, bus, at, c, sample_channel(sample, c) + here, n);
			else
				voice_add_made(voice, bus, at, c, n);
		voice_skip(voice, n);
		at += n;
		count -= n;
	}
}
