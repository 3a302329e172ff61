/* SPDX-License-Identifier: MIT */
/* The stage; see stage.h. */
#include "stage.h"

#include <string.h>

#include <peal/config.h>
#include <peal/format.h>

#include "support.h"

struct stage stage;
struct lane *const stage_owners[2] = { (struct lane *)&stage_owners[0],
				       (struct lane *)&stage_owners[1] };
const struct voice_match stage_everyone;
const float stage_ratios[STAGE_RATIOS] = { 1.0f, 0.25f, 0.3f, 0.999f, 1.0001f,
					   1.5f, 2.0f,  3.7f, 4.0f };

static struct voice places[STAGE_VOICES + MIXER_TAILS];
static uint32_t order[STAGE_VOICES + MIXER_TAILS];
static float bus_memory[(STAGE_CHANNELS + 1) * STAGE_BLOCK];

void stage_set_with(uint32_t channels, uint32_t steal)
{
	memset(&stage.mixer, 0, sizeof(stage.mixer));
	memset(stage.heard, 0, sizeof(stage.heard));
	memset(bus_memory, 0xff, sizeof(bus_memory)); /* not-a-numbers */
	stage.mixer.place = places;
	stage.mixer.order = order;
	bus_init(&stage.mixer.bus, channels, STAGE_BLOCK, ENGINE_FORMAT_FLOAT_LE, bus_memory);
	mixer_init(&stage.mixer, STAGE_RATE, STAGE_VOICES, steal);
	stage.now = 0;
	stage.end_count = 0;
}

void stage_set(void)
{
	stage_set_with(1, ENGINE_STEAL_NONE);
}

float *stage_make(uint32_t n, uint32_t channels, uint32_t frames)
{
	float *first = stage.sample_memory[n][0] + SAMPLE_PAD;

	memset(stage.sample_memory[n], 0, sizeof(stage.sample_memory[n]));
	stage.samples[n] = (struct engine_sample){
		.samples = first,
		.stride = SAMPLE_PAD + STAGE_SAMPLE_FRAMES + SAMPLE_PAD,
		.channels = channels,
		.frames = frames,
		.rate = STAGE_RATE,
	};
	return first;
}

void stage_make_constant(uint32_t n, uint32_t frames, float value)
{
	float *to = stage_make(n, 1, frames);

	for (uint32_t i = 0; i < frames; i++)
		to[i] = value;
}

void stage_make_noise(uint32_t n, uint32_t channels, uint32_t frames, uint64_t *random)
{
	stage_make(n, channels, frames);
	for (uint32_t c = 0; c < channels; c++)
		for (uint32_t i = 0; i < frames; i++)
			stage.sample_memory[n][c][SAMPLE_PAD + i] =
				(float)(int16_t)support_random(random) * 0x1p-15f;
}

struct voice_order stage_order(uint32_t sample)
{
	return (struct voice_order){
		.sample = &stage.samples[sample], .owner = stage_owners[0], .velocity = 1.0f,
	};
}

int stage_try_play(struct voice_order play)
{
	return mixer_play(&stage.mixer, &play, stage.now);
}

void stage_play(struct voice_order play)
{
	ck_assert_int_eq(stage_try_play(play), 0);
}

struct voice_match stage_voice(uint32_t owner, uint32_t id)
{
	return (struct voice_match){ .owner = stage_owners[owner], .id = id };
}

void stage_take_ends(void)
{
	while (mixer_take_ended(&stage.mixer, &stage.ends[stage.end_count]))
		stage.end_count++;
}

void stage_render_in(uint64_t end, uint32_t piece)
{
	static uint64_t random;
	struct bus *bus = &stage.mixer.bus;

	while (stage.now < end) {
		uint64_t left = end - stage.now;
		uint32_t count = left < piece ? (uint32_t)left : piece;
		uint32_t at = (uint32_t)(support_random(&random) % (STAGE_BLOCK - count + 1));
		size_t bytes = count * sizeof(float);

		mixer_render(&stage.mixer, stage.now, at, count);
		for (uint32_t c = 0; c < bus->channels; c++)
			memcpy(&stage.heard[c][stage.now], bus_channel(bus, c) + at, bytes);
		memcpy(&stage.heard[STAGE_CHANNELS][stage.now], bus->gain + at, bytes);
		stage.now += count;
		stage_take_ends();
	}
}

void stage_render(uint64_t end)
{
	stage_render_in(end, STAGE_BLOCK);
}
