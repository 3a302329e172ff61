/* SPDX-License-Identifier: MIT */
/*
 * What a voice costs: ns for one stereo frame of it, mixed into the bus, the
 * bus's clearing included, at the sample's own speed, with its gain on a ramp,
 * and interpolated. The first row is the floor: the same data, copied into the
 * block and added there by plain loops that know neither gain nor end. From
 * that follows how many voices a processor mixes in real time at 48 kHz.
 */
#include <stdlib.h>
#include <string.h>

#include <peal/config.h>

#include "harness.h"
#include "rt/mixer.h"

#define RATE 48000
#define CHANNELS 2
#define VOICES 256
#define SAMPLES 16 /* a second each: 6 MB, as a bank is not in the nearest cache either */
#define BLOCK_MAX 256
#define RUN 1024   /* frames, of every voice, in one timed run */

static struct engine_sample samples[SAMPLES];

static void make_samples(void)
{
	size_t stride = SAMPLE_PAD + RATE + SAMPLE_PAD;

	for (unsigned n = 0; n < SAMPLES; n++) {
		float *memory = calloc(CHANNELS * stride, sizeof(float));

		if (!memory)
			bench_fail("no memory");
		for (size_t i = 0; i < RATE; i++)
			for (unsigned c = 0; c < CHANNELS; c++)
				memory[c * stride + SAMPLE_PAD + i] =
					(float)((i * 7919 + n * 31 + c) % 1000) / 1e6f;
		samples[n] = (struct engine_sample){
			.samples = memory + SAMPLE_PAD, .stride = stride, .channels = CHANNELS,
			.frames = RATE, .rate = RATE,
		};
	}
}

/* Voices stand at places of their own, each sample's as far apart as can be. */
static uint32_t stagger(uint32_t voice)
{
	return voice / SAMPLES * (RATE / (VOICES / SAMPLES));
}

/* ---- the mixer */

static struct mixer mixer;

static void make_mixer(void)
{
	static struct voice places[VOICES + MIXER_TAILS];
	static uint32_t order[VOICES + MIXER_TAILS];

	mixer.place = places;
	mixer.order = order;
	bus_init(&mixer.bus, CHANNELS, BLOCK_MAX, ENGINE_FORMAT_FLOAT_LE,
		 aligned_alloc(64, bus_floats(CHANNELS, BLOCK_MAX) * sizeof(float)));
	if (!mixer.bus.samples)
		bench_fail("no memory");
	mixer_init(&mixer, RATE, VOICES, ENGINE_STEAL_NONE);
}

static void play_all(float ratio, uint32_t ramp_frames)
{
	struct voice_end end;

	mixer_halt(&mixer, 0);
	while (mixer_take_ended(&mixer, &end))
		;
	for (uint32_t i = 0; i < VOICES; i++) {
		struct voice_order order = {
			.sample = &samples[i % SAMPLES], .velocity = 0.7f, .rate_ratio = ratio,
			.loop = true,
		};

		if (mixer_play(&mixer, &order, 0) != 0)
			bench_fail("voice %u was refused", i);
		mixer.place[mixer.order[i]].position = (uint64_t)stagger(i) << 32;
	}
	if (ramp_frames > 0)
		mixer_set_gain(&mixer, (struct voice_match){ 0 }, 0.5f, ramp_frames);
}

/* ---- the floor */

static void floor_block(float *block, uint32_t at, uint32_t count)
{
	for (uint32_t c = 0; c < CHANNELS; c++) {
		float *restrict to = block + (size_t)c * BLOCK_MAX;

		for (uint32_t v = 0; v < VOICES; v++) {
			const float *restrict from =
				sample_channel(&samples[v % SAMPLES], c) + (stagger(v) + at) % RATE;

			if (v == 0)
				memcpy(to, from, count * sizeof(float));
			else
				for (uint32_t i = 0; i < count; i++)
					to[i] += from[i];
		}
	}
}

/* ---- tables */

#define WAYS 4

struct way {
	const char *name;
	uint32_t block;
	float ratio;          /* 0.0: the floor */
	uint32_t ramp_frames; /* 0: none */
};

static void measure(struct bench_row *row)
{
	const struct way *way = row->arg;
	uint64_t start;

	if (way->ratio > 0.0f)
		play_all(way->ratio, way->ramp_frames);
	start = bench_now_ns();
	for (uint32_t done = 0; done < RUN; done += way->block) {
		if (way->ratio > 0.0f)
			mixer_render(&mixer, done, 0, way->block);
		else
			floor_block(mixer.bus.samples, done, way->block);
		__asm__ volatile("" : : "r"(mixer.bus.samples) : "memory");
	}
	bench_add(row, 0, (double)(bench_now_ns() - start) / ((double)RUN * VOICES));
}

static void report(const char *const names[2], const char *const titles[2], uint32_t block)
{
	const struct way ways[WAYS] = {
		{ "the floor: copied and added", block, 0.0f, 0 },
		{ "at its own speed", block, 1.0f, 0 },
		{ "the same, on a ramp", block, 1.0f, RUN },
		{ "at 1.5 times, interpolated", block, 1.5f, 0 },
	};
	struct bench_row rows[WAYS] = { 0 }, in_time[WAYS] = { 0 };
	struct bench_table costs = { .name = names[0], .title = titles[0], .unit = "ns",
				     .rows = rows, .count = WAYS };
	struct bench_table voices = { .name = names[1], .title = titles[1], .unit = "thousands",
				      .rows = in_time, .count = WAYS };

	for (size_t i = 0; i < WAYS; i++) {
		in_time[i].name = ways[i].name;
		rows[i] = (struct bench_row){ .name = ways[i].name, .measure = measure,
					      .arg = &ways[i] };
	}
	bench_measure(&costs, bench_choose(401, 31));
	for (size_t i = 0; i < WAYS; i++)
		for (size_t n = 0; n < rows[i].values[0].count; n++)
			bench_add(&in_time[i], 0, 1e6 / RATE / rows[i].values[0].values[n]);
	bench_report(&costs, NULL);
	bench_report(&voices, "the ratio is the share of the floor");
}

int main(void)
{
	make_samples();
	make_mixer();
	report((const char *[]){ "voices_64", "voices_64_in_time" },
	       (const char *[]){ "a stereo frame of a voice, blocks of 64",
				 "voices in real time, blocks of 64" }, 64);
	report((const char *[]){ "voices_256", "voices_256_in_time" },
	       (const char *[]){ "a stereo frame of a voice, blocks of 256",
				 "voices in real time, blocks of 256" }, 256);
	return 0;
}
