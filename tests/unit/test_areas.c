/* SPDX-License-Identifier: MIT */
/*
 * Areas: samples travel between interleaved frames and a PCM's areas without
 * a bit changed and without a byte touched beside them. Each call is compared
 * with a byte-by-byte reference, over the whole of both memories.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rt/areas.h"
#include "support.h"

#define CHANNELS_MAX 7
#define FRAMES_MAX 70
#define STEP_MAX 32
#define MARGIN 16

/* How the channels lie in the device's memory. */
enum layout {
	INTERLEAVED,        /* frame by frame, and the PCM says so */
	INTERLEAVED_UNTOLD, /* the same, an odd distance between frames */
	APART,              /* channel by channel */
	APART_WITH_GAPS,    /* the same, an odd distance between samples */
	BACKWARDS,          /* frame by frame, the last channel first */
	LAYOUTS,
};

struct memory {
	unsigned char device[CHANNELS_MAX * FRAMES_MAX * STEP_MAX];
	unsigned char program[MARGIN + FRAMES_MAX * CHANNELS_MAX * 4 + MARGIN];
};

static struct memory memory, expected;
static struct pcm pcm;

static void set_areas(size_t channel_distance, uint32_t step)
{
	for (uint32_t c = 0; c < pcm.channels; c++) {
		pcm.areas[c].first = memory.device + MARGIN + c * channel_distance;
		pcm.areas[c].step = step;
	}
}

static void lay_out(enum layout layout, uint32_t width, uint32_t channels)
{
	uint32_t frame_bytes = width * channels;

	pcm = (struct pcm){ .channels = channels, .sample_bytes = width };
	switch (layout) {
	case INTERLEAVED:
		pcm.interleaved = true;
		set_areas(width, frame_bytes);
		break;
	case INTERLEAVED_UNTOLD:
		set_areas(width, frame_bytes + 1 + frame_bytes % 2);
		break;
	case APART:
		set_areas(FRAMES_MAX * width, width);
		break;
	case APART_WITH_GAPS:
		set_areas(FRAMES_MAX * 9 + 5, width % 2 ? width + 4 : width + 5);
		break;
	default:
		set_areas(width, frame_bytes);
		for (uint32_t c = 0; c < channels / 2; c++) {
			struct pcm_area area = pcm.areas[c];

			pcm.areas[c] = pcm.areas[channels - 1 - c];
			pcm.areas[channels - 1 - c] = area;
		}
		break;
	}
}

/* Where byte b of channel c of frame f lies, by the definition of an area. */
static size_t in_device(uint32_t f, uint32_t c, uint32_t b)
{
	return (size_t)(pcm.areas[c].first - memory.device) + f * pcm.areas[c].step + b;
}

/* The same in interleaved frames. */
static size_t in_program(uint32_t f, uint32_t c, uint32_t b)
{
	return MARGIN + (f * pcm.channels + c) * pcm.sample_bytes + b;
}

#define EACH_BYTE(count)                                                                           \
	for (uint32_t f = 0; f < (count); f++)                                                     \
		for (uint32_t c = 0; c < pcm.channels; c++)                                        \
			for (uint32_t b = 0; b < pcm.sample_bytes; b++)

static void write_frames(uint32_t at, uint32_t count)
{
	EACH_BYTE(count)
		expected.device[in_device(at + f, c, b)] = memory.program[in_program(f, c, b)];
	areas_write(&pcm, at, memory.program + MARGIN, count);
}

static void read_frames(uint32_t at, uint32_t count)
{
	EACH_BYTE(count)
		expected.program[in_program(f, c, b)] = memory.device[in_device(at + f, c, b)];
	areas_read(&pcm, at, memory.program + MARGIN, count);
}

static void silence_frames(uint32_t at, uint32_t count)
{
	EACH_BYTE(count)
		expected.device[in_device(at + f, c, b)] = 0;
	areas_silence(&pcm, at, count);
}

/* Every width, channel count, length and place, each with other random bytes. */
static void try_all(enum layout layout, void (*move)(uint32_t at, uint32_t count))
{
	static const uint32_t widths[] = { 2, 3, 4 }, channels[] = { 1, 2, 5, CHANNELS_MAX },
			      counts[] = { 0, 1, 2, 3, 16, 63 }, places[] = { 0, 1, 7 };
	uint64_t random = layout;

	for (unsigned i = 0; i < 3 * 4 * 6 * 3; i++) {
		uint32_t count = counts[i / 12 % 6], at = places[i / 72];

		lay_out(layout, widths[i % 3], channels[i / 3 % 4]);
		support_random_bytes(&random, &memory, sizeof(memory));
		expected = memory;
		move(at, count);
		ck_assert_msg(memcmp(&memory, &expected, sizeof(memory)) == 0,
			      "layout %d, %u channels of %u bytes, %u frames at %u", (int)layout,
			      pcm.channels, pcm.sample_bytes, count, at);
	}
}

START_TEST(writing_changes_the_areas_and_nothing_else)
{
	try_all((enum layout)_i, write_frames);
}
END_TEST

START_TEST(reading_changes_the_frames_and_nothing_else)
{
	try_all((enum layout)_i, read_frames);
}
END_TEST

START_TEST(silence_is_zeros_and_changes_nothing_else)
{
	try_all((enum layout)_i, silence_frames);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("areas");
	TCase *tests = tcase_create("areas");

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, writing_changes_the_areas_and_nothing_else, 0, LAYOUTS);
	tcase_add_loop_test(tests, reading_changes_the_frames_and_nothing_else, 0, LAYOUTS);
	tcase_add_loop_test(tests, silence_is_zeros_and_changes_nothing_else, 0, LAYOUTS);
	return support_run(suite);
}
