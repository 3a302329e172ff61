/* SPDX-License-Identifier: MIT */
/* The mixer; see mixer.h. Audio thread. */
#include "rt/mixer.h"

#include <peal/config.h>
#include <peal/error.h>

void mixer_init(struct mixer *mixer, uint32_t rate, uint32_t voices, uint32_t steal)
{
	uint32_t fade = (uint32_t)((uint64_t)rate * MIXER_STEAL_FADE_US / 1000000);

	mixer->voices = voices;
	mixer->steal = steal;
	mixer->places = voices + MIXER_TAILS;
	mixer->steal_fade_frames = fade > 0 ? fade : 1;
	mixer->volume.target = 1.0f;
	mixer->ended_last = &mixer->ended;
	for (uint32_t i = mixer->places; i-- > 0;) {
		mixer->place[i].next = mixer->free;
		mixer->free = &mixer->place[i];
	}
}

static struct voice *nth(const struct mixer *mixer, uint32_t i)
{
	return &mixer->place[mixer->order[i]];
}

static void finish(struct mixer *mixer, struct voice *voice, uint64_t frame)
{
	if (voice->reason != ENGINE_END_STOLEN)
		mixer->playing--;
	voice->end_frame = frame;
	voice->next = NULL;
	*mixer->ended_last = voice;
	mixer->ended_last = &voice->next;
}

/* All voices pass so many frames, sounding where there is a bus; those that are
 * over then leave the order. */
static void pass(struct mixer *mixer, struct bus *bus, uint32_t at, uint64_t count)
{
	uint32_t stay = 0;

	for (uint32_t i = 0; i < mixer->sounding; i++) {
		struct voice *voice = nth(mixer, i);
		uint64_t left = voice_left(voice), n = count < left ? count : left;

		if (bus)
			voice_render(voice, bus, at, (uint32_t)n);
		else
			voice_skip(voice, n);
		if (n == left)
			finish(mixer, voice, mixer->frame + n);
		else
			mixer->order[stay++] = mixer->order[i];
	}
	mixer->sounding = stay;
	mixer->frame += count;
}

/* Those that fade and are over already. */
static void sweep(struct mixer *mixer)
{
	pass(mixer, NULL, 0, 0);
}

/* Whose place a new voice takes: of those that play, the oldest or quietest. */
static struct voice *victim(const struct mixer *mixer)
{
	struct voice *found = NULL;

	for (uint32_t i = 0; i < mixer->sounding; i++) {
		struct voice *voice = nth(mixer, i);

		if (voice->reason == ENGINE_END_STOLEN)
			continue;
		if (mixer->steal == ENGINE_STEAL_OLDEST)
			return voice;
		if (!found || ramp_now(&voice->gain) < ramp_now(&found->gain))
			found = voice;
	}
	return found;
}

static void steal(struct mixer *mixer)
{
	struct voice *voice = victim(mixer);
	/* the new voice takes one place, and the next that steals needs another */
	bool room = mixer->free->next != NULL;

	voice_fade(voice, room ? mixer->steal_fade_frames : 1);
	voice->reason = ENGINE_END_STOLEN;
	mixer->playing--;
	sweep(mixer);
}

int mixer_play(struct mixer *mixer, const struct voice_order *order, uint64_t frame)
{
	struct voice *voice = mixer->free;

	mixer->frame = frame;
	if (!voice)
		return ENGINE_ENOVOICE;
	if (mixer->playing == mixer->voices) {
		if (mixer->steal == ENGINE_STEAL_NONE)
			return ENGINE_ENOVOICE;
		steal(mixer);
	}
	mixer->free = voice->next;
	voice_start(voice, order, frame);
	mixer->order[mixer->sounding++] = (uint32_t)(voice - mixer->place);
	mixer->playing++;
	return 0;
}

static bool matches(const struct voice *voice, struct voice_match match)
{
	return !match.owner || (voice->owner == match.owner && voice->id == match.id);
}

static uint32_t end_matching(struct mixer *mixer, struct voice_match match, uint32_t fade_frames,
			     enum engine_end reason)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < mixer->sounding; i++) {
		struct voice *voice = nth(mixer, i);

		if (!matches(voice, match) || !voice_fade(voice, fade_frames))
			continue;
		if (voice->reason == ENGINE_END_FINISHED)
			voice->reason = reason;
		count++;
	}
	sweep(mixer);
	return count;
}

uint32_t mixer_stop(struct mixer *mixer, struct voice_match match, uint32_t fade_frames)
{
	return end_matching(mixer, match, fade_frames, ENGINE_END_STOPPED);
}

uint32_t mixer_set_gain(struct mixer *mixer, struct voice_match match, float gain,
			uint32_t ramp_frames)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < mixer->sounding; i++) {
		struct voice *voice = nth(mixer, i);

		if (!matches(voice, match) || voice->reason != ENGINE_END_FINISHED)
			continue;
		ramp_start(&voice->gain, voice->velocity * gain, ramp_frames);
		count++;
	}
	return count;
}

void mixer_set_volume(struct mixer *mixer, float gain, uint32_t ramp_frames)
{
	ramp_start(&mixer->volume, gain, ramp_frames);
}

bool mixer_idle(const struct mixer *mixer)
{
	return mixer->sounding == 0 && mixer->volume.left == 0 && mixer->volume.target == 1.0f;
}

void mixer_render(struct mixer *mixer, uint64_t frame, uint32_t at, uint32_t count)
{
	struct ramp volume = mixer->volume;
	float *gain = mixer->bus.gain + at;

	bus_clear(&mixer->bus, at, count);
	for (uint32_t i = 0; i < count; i++)
		gain[i] = i < volume.left ? ramp_at(&volume, i) : volume.target;
	ramp_advance(&mixer->volume, count);
	mixer->frame = frame;
	pass(mixer, &mixer->bus, at, count);
}

void mixer_skip(struct mixer *mixer, uint64_t frame, uint64_t count)
{
	ramp_advance(&mixer->volume, count);
	mixer->frame = frame;
	pass(mixer, NULL, 0, count);
}

void mixer_halt(struct mixer *mixer, uint64_t frame)
{
	mixer->volume.left = 0;
	mixer->frame = frame;
	end_matching(mixer, (struct voice_match){ 0 }, 1, ENGINE_END_HALTED);
}

void mixer_disown(struct mixer *mixer, const struct lane *owner)
{
	for (uint32_t i = 0; i < mixer->places; i++)
		if (mixer->place[i].owner == owner)
			mixer->place[i].owner = NULL;
}

bool mixer_take_ended(struct mixer *mixer, struct voice_end *end)
{
	struct voice *voice = mixer->ended;

	if (!voice)
		return false;
	*end = (struct voice_end){
		.sample = voice->sample,
		.owner = voice->owner,
		.id = voice->id,
		.quiet = voice->quiet,
		.reason = voice->reason,
		.end_frame = voice->end_frame,
		.frames = voice->end_frame - voice->began,
	};
	mixer->ended = voice->next;
	if (!mixer->ended)
		mixer->ended_last = &mixer->ended;
	voice->next = mixer->free;
	mixer->free = voice;
	return true;
}
