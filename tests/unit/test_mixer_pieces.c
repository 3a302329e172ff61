/* SPDX-License-Identifier: MIT */
/*
 * The mixer's timeline: whatever commands come, it does not matter in which
 * pieces the frames between them are rendered, nor which of them are skipped.
 * What is heard is the same to the bit, and every voice ends at the same frame.
 */
#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "support.h"

/* One of many commands, whatever the random number says. */
static void command(uint64_t *random, uint32_t id)
{
	uint64_t n = support_random(random);
	uint32_t ramp = (uint32_t)(n >> 8 & 1 ? 1 : n >> 16 & 1023) + 1;
	struct voice_match match = stage_voice(n >> 9 & 1, id - (uint32_t)(n >> 10 & 7));
	float gain = (float)(n >> 32 & 255) / 200.0f;
	struct voice_order it = {
		.sample = &stage.samples[n >> 20 & (STAGE_SAMPLES - 1)],
		.owner = stage_owners[n >> 9 & 1],
		.id = id,
		.velocity = gain,
		.loop = n >> 24 & 1,
		.rate_ratio = n >> 25 & 1 ? stage_ratios[(n >> 40) % STAGE_RATIOS] : 1.0f,
		.map = n >> 26 & 1 ? (uint32_t)(n >> 32) : 0,
	};

	switch (n & 7) {
	case 0:
		mixer_stop(&stage.mixer, match, ramp);
		break;
	case 1:
		mixer_set_gain(&stage.mixer, match, gain, ramp);
		break;
	case 2:
		mixer_set_volume(&stage.mixer, gain, ramp);
		break;
	case 3:
		if ((n >> 50) % 16 == 0)
			mixer_stop(&stage.mixer, stage_everyone, ramp);
		break;
	default:
		stage_play(it);
		break;
	}
}

static bool skipped[STAGE_FRAMES];

/* What is done with the frames from one command to the next. */
typedef void (*passing)(uint64_t end, uint64_t *random);

static void as_a_whole(uint64_t end, uint64_t *random)
{
	(void)random;
	stage_render(end);
}

static void in_pieces(uint64_t end, uint64_t *random)
{
	while (stage.now < end) {
		uint64_t n = support_random(random) % (support_random(random) % 2 ? 5 : 300) + 1;

		stage_render(stage.now + n < end ? stage.now + n : end);
	}
}

static void skip(uint64_t end)
{
	mixer_skip(&stage.mixer, stage.now, end - stage.now);
	memset(&skipped[stage.now], true, (size_t)(end - stage.now));
	stage.now = end;
	stage_take_ends();
}

static void with_gaps(uint64_t end, uint64_t *random)
{
	while (stage.now < end) {
		uint64_t to = stage.now + support_random(random) % 1000 + 1;

		if (to > end)
			to = end;
		if (support_random(random) % 2)
			skip(to);
		else
			stage_render(to);
	}
}

static void play_scenario(uint64_t seed, passing pass)
{
	uint64_t random = seed, other = ~seed;

	memset(skipped, false, sizeof(skipped));
	stage_set_with(2 + (uint32_t)(seed % 3),
		       seed % 2 ? ENGINE_STEAL_OLDEST : ENGINE_STEAL_QUIETEST);
	for (uint32_t n = 0; n < STAGE_SAMPLES; n++)
		stage_make_noise(n, 1 + n % 3, n < 4 ? n + 1 : n * 300, &random);
	for (uint32_t id = 0; stage.now < STAGE_FRAMES - 1000; id++) {
		command(&random, id);
		pass(stage.now + support_random(&random) % 900, &other);
	}
	pass(STAGE_FRAMES, &other);
	mixer_halt(&stage.mixer, stage.now);
	stage_take_ends();
}

static int by_owner_and_id(const void *a, const void *b)
{
	const struct voice_end *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void compare(uint64_t seed, passing pass)
{
	static float expected[STAGE_CHANNELS + 1][STAGE_FRAMES];
	static struct voice_end expected_ends[STAGE_FRAMES];
	uint32_t count;

	play_scenario(seed, as_a_whole);
	memcpy(expected, stage.heard, sizeof(stage.heard));
	count = stage.end_count;
	qsort(stage.ends, count, sizeof(stage.ends[0]), by_owner_and_id);
	memcpy(expected_ends, stage.ends, count * sizeof(stage.ends[0]));
	play_scenario(seed, pass);
	for (uint32_t c = 0; c <= STAGE_CHANNELS; c++)
		for (uint32_t f = 0; f < STAGE_FRAMES; f++)
			if (!skipped[f] && memcmp(&stage.heard[c][f], &expected[c][f], 4) != 0)
				ck_abort_msg("seed %lu, channel %u, frame %u: %a, not %a",
					     (unsigned long)seed, c, f,
					     (double)stage.heard[c][f], (double)expected[c][f]);
	ck_assert_uint_eq(stage.end_count, count);
	qsort(stage.ends, count, sizeof(stage.ends[0]), by_owner_and_id);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_eq(stage.ends[i].id, expected_ends[i].id);
		ck_assert_uint_eq(stage.ends[i].end_frame, expected_ends[i].end_frame);
		ck_assert_uint_eq(stage.ends[i].frames, expected_ends[i].frames);
		ck_assert_int_eq(stage.ends[i].reason, expected_ends[i].reason);
	}
}

START_TEST(it_does_not_matter_where_a_block_is_cut)
{
	for (uint64_t seed = 1; seed <= 40; seed++)
		compare(seed, in_pieces);
}
END_TEST

START_TEST(after_a_gap_all_is_where_it_would_have_been)
{
	for (uint64_t seed = 101; seed <= 140; seed++)
		compare(seed, with_gaps);
}
END_TEST

/* A gap of days is as fast as one of a frame, and as exact. */
START_TEST(a_gap_may_be_of_any_length)
{
	static const uint64_t gaps[] = { 1ull << 17, 123456789123, 1000ull << 40,
					 (1ull << 62) + 12345 };
	struct voice_order it = stage_order(0);
	uint64_t random = 9, step, rest;

	for (unsigned r = 0; r < STAGE_RATIOS; r++) {
		stage_set();
		stage_make_noise(0, 1, 1000, &random);
		it.loop = true;
		it.rate_ratio = stage_ratios[r];
		step = (uint64_t)((double)stage_ratios[r] * 0x1p32);
		stage_play(it);
		mixer_skip(&stage.mixer, 0, gaps[_i]);
		/* step * gap modulo the length, from the highest bit down */
		rest = 0;
		for (int bit = 63; bit >= 0; bit--) {
			rest = (rest * 2) % (1000ull << 32);
			if (gaps[_i] >> bit & 1)
				rest = (rest + step) % (1000ull << 32);
		}
		ck_assert_uint_eq(stage.mixer.place[stage.mixer.order[0]].position, rest);
		mixer_stop(&stage.mixer, stage_everyone, 100);
		mixer_skip(&stage.mixer, gaps[_i], gaps[_i]);
		stage_take_ends();
		ck_assert_uint_eq(stage.ends[0].end_frame, gaps[_i] + 99);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mixer pieces");
	TCase *pieces = tcase_create("pieces");

	suite_add_tcase(suite, pieces);
	tcase_add_test(pieces, it_does_not_matter_where_a_block_is_cut);
	tcase_add_test(pieces, after_a_gap_all_is_where_it_would_have_been);
	tcase_add_loop_test(pieces, a_gap_may_be_of_any_length, 0, 4);
	return support_run(suite);
}
