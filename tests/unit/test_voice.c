/* SPDX-License-Identifier: MIT */
/*
 * Voices: each sounds from its frame on, as its sample, its speed and its map
 * say, as loud as it should, and ends where it must. By exact arithmetic where
 * there is any, else against the definition.
 */
#include <math.h>
#include <string.h>

#include "stage.h"
#include "support.h"

/* ---- where a voice begins and ends */

START_TEST(an_impulse_sounds_at_its_frame_alone)
{
	static const uint32_t blocks[] = { 32, 64, 100, 256, 1024 };
	static float expected[STAGE_FRAMES];
	uint64_t random = blocks[_i], next = 0;

	stage_set();
	stage_make_constant(0, 1, 1.0f);
	memset(expected, 0, sizeof(expected));
	while (stage.now < STAGE_FRAMES) {
		uint64_t block_end = (stage.now / blocks[_i] + 1) * blocks[_i];

		if (block_end > STAGE_FRAMES)
			block_end = STAGE_FRAMES;
		if (next == stage.now) {
			stage_play(stage_order(0));
			expected[stage.now] += 1.0f;
			/* some at the same frame, some at the next */
			next += support_random(&random) % 70;
			continue;
		}
		stage_render(next < block_end ? next : block_end);
	}
	ck_assert(memcmp(stage.heard[0], expected, sizeof(expected)) == 0);
	for (uint32_t i = 0; i < stage.end_count; i++) {
		ck_assert_int_eq(stage.ends[i].reason, ENGINE_END_FINISHED);
		ck_assert_uint_eq(stage.ends[i].frames, 1);
		ck_assert(expected[stage.ends[i].end_frame - 1] > 0.0f);
	}
}
END_TEST

START_TEST(a_voice_ends_where_its_position_does)
{
	static const uint32_t lengths[] = { 1, 2, 3, 4, 5, 63, 64, 65, 128, 1000 };

	for (unsigned l = 0; l < 10; l++) {
		struct voice_order it = stage_order(0);
		uint64_t sounds = 0, position = 0, began;

		stage_set();
		stage_make_constant(0, lengths[l], 1.0f);
		it.rate_ratio = stage_ratios[_i];
		for (; position >> 32 < lengths[l]; sounds++)
			position += (uint64_t)((double)stage_ratios[_i] * 0x1p32);
		stage_render(100);
		began = stage.now;
		stage_play(it);
		stage_render_in(began + sounds, 1 + l * 13);
		ck_assert_uint_eq(stage.end_count, 1);
		ck_assert_uint_eq(stage.ends[0].end_frame, began + sounds);
		ck_assert_uint_eq(stage.ends[0].frames, sounds);
		ck_assert(stage.heard[0][began - 1] == 0.0f && stage.heard[0][began] == 1.0f);
		stage_render(began + sounds + 10);
		for (uint64_t i = 0; i < sounds; i++)
			ck_assert(stage.heard[0][began + i] != 0.0f);
		for (uint64_t i = 0; i < 10; i++)
			ck_assert(stage.heard[0][began + sounds + i] == 0.0f);
		ck_assert(mixer_idle(&stage.mixer));
	}
}
END_TEST

/* ---- what it plays */

START_TEST(at_its_own_speed_a_sample_is_itself)
{
	uint64_t random = 1;

	stage_set();
	stage_make_noise(0, 1, 3000, &random);
	stage_render(77);
	stage_play(stage_order(0));
	stage_render(4000);
	ck_assert(memcmp(&stage.heard[0][77], stage.samples[0].samples, 3000 * sizeof(float)) == 0);
}
END_TEST

/* Through a parabola the cubic is the parabola, and with these numbers exactly. */
START_TEST(a_parabola_is_interpolated_exactly)
{
	static const float exact[] = { 0.25f, 0.5f, 1.25f, 1.5f, 2.0f, 3.75f, 4.0f };
	struct voice_order it = stage_order(0);
	float *to = stage_make(0, 1, 1000);
	uint32_t count = (uint32_t)(997.0f / exact[_i]);

	stage_set();
	for (int i = 0; i < 1000; i++)
		to[i] = (float)(i * i);
	it.rate_ratio = exact[_i];
	stage_play(it);
	stage_render(count);
	for (uint32_t i = (uint32_t)(1.0f / exact[_i]) + 1; i < count; i++) {
		float x = exact[_i] * (float)i;

		ck_assert_msg(stage.heard[0][i] == x * x, "frame %u: %f, not %f", i,
			      (double)stage.heard[0][i], (double)(x * x));
	}
}
END_TEST

/* The chord's slope is off by w^3 / 6, and the cubic by at most 0.1 of that:
 * 4e-6 at 440 Hz; drawn straight it would be w^2 / 8, 4e-4. */
START_TEST(a_sine_is_interpolated_well)
{
	const double w = 2 * acos(-1.0) * 440 / STAGE_RATE;
	double worst = 0;
	struct voice_order it = stage_order(0);
	float *to = stage_make(0, 1, 4000);
	uint32_t count = (uint32_t)(3990.0f / stage_ratios[_i]);

	stage_set();
	for (int i = 0; i < 4000; i++)
		to[i] = (float)sin(w * i);
	it.rate_ratio = stage_ratios[_i];
	stage_play(it);
	stage_render(count);
	for (uint32_t i = 5; i < count; i++)
		worst = fmax(worst, fabs((double)stage.heard[0][i] -
					 sin(w * (double)stage_ratios[_i] * i)));
	ck_assert_double_lt(worst, 5e-6);
}
END_TEST

/* The curve by its definition, in a loop at a position. */
static double looped(const float *from, uint32_t frames, uint64_t position)
{
	uint32_t here = (uint32_t)(position >> 32);
	double p0 = (double)from[(here + frames - 1) % frames], p1 = (double)from[here];
	double p2 = (double)from[(here + 1) % frames], p3 = (double)from[(here + 2) % frames];
	double t = (double)(uint32_t)position * 0x1p-32, m1 = (p2 - p0) / 2, m2 = (p3 - p1) / 2;

	return (2 * t * t * t - 3 * t * t + 1) * p1 + (t * t * t - 2 * t * t + t) * m1 +
	       (3 * t * t - 2 * t * t * t) * p2 + (t * t * t - t * t) * m2;
}

START_TEST(a_loop_has_no_seam)
{
	static const uint32_t lengths[] = { 1, 2, 3, 4, 5, 63, 64, 65, 200, 1000 };
	uint64_t random = 3;

	for (unsigned l = 0; l < 10; l++) {
		struct voice_order it = stage_order(0);
		uint64_t position = 0, length = (uint64_t)lengths[l] << 32;
		double worst = 0, worst_between = 0;

		stage_set();
		stage_make_noise(0, 1, lengths[l], &random);
		it.rate_ratio = stage_ratios[_i];
		it.loop = true;
		stage_play(it);
		stage_render_in(5000, l % 2 ? STAGE_BLOCK : 100);
		for (uint32_t i = 0; i < 5000; i++) {
			double expected = looped(stage.samples[0].samples, lengths[l], position);
			double error = fabs((double)stage.heard[0][i] - expected);

			if ((uint32_t)position == 0)
				worst = fmax(worst, error);
			else
				worst_between = fmax(worst_between, error);
			position += (uint64_t)((double)stage_ratios[_i] * 0x1p32);
			position %= length;
		}
		ck_assert_double_eq(worst, 0.0);
		ck_assert_double_lt(worst_between, 1e-6);
		ck_assert_uint_eq(stage.end_count, 0);
	}
}
END_TEST

/* Channel n of the sample is 10^n: the sum tells which were heard. */
START_TEST(channels_go_where_the_map_says)
{
	static const struct {
		uint32_t from, to, map;
		float expected[STAGE_CHANNELS];
	} maps[] = {
		{ 1, 1, 0, { 1 } },
		{ 1, 4, 0, { 1, 1, 1, 1 } },
		{ 2, 2, 0, { 1, 10 } },
		{ 2, 4, 0, { 1, 10, 0, 0 } },
		{ 4, 2, 0, { 1, 10 } },
		{ 3, 1, 0, { 1 } },
		{ 1, 4, 0x3, { 0, 0, 1, 0 } },
		{ 1, 2, 0x3, { 0, 0 } },
		{ 1, 2, 0xe, { 0, 0 } },
		{ 1, 4, 0x30, { 0, 0, 0, 0 } },
		{ 2, 2, 0x12, { 10, 1 } },
		{ 2, 2, 0xff, { 11, 11 } },
		{ 2, 4, 0x10, { 10, 0, 0, 0 } },
		{ 4, 4, 0x1f44, { 1100, 100, 100, 111 } },
		{ 4, 4, 0x87654321, { 1, 10, 100, 1000 } },
	};
	struct voice_order it = stage_order(0);

	for (unsigned speed = 0; speed < 2; speed++) {
		stage_set_with(maps[_i].to, ENGINE_STEAL_NONE);
		stage_make(0, maps[_i].from, 100);
		for (uint32_t c = 0; c < maps[_i].from; c++)
			for (uint32_t i = 0; i < 100; i++)
				stage.sample_memory[0][c][SAMPLE_PAD + i] = powf(10.0f, (float)c);
		it.map = maps[_i].map;
		it.rate_ratio = speed ? 0.5f : 1.0f;
		stage_play(it);
		stage_render(90);
		for (uint32_t c = 0; c < maps[_i].to; c++)
			ck_assert_float_eq(stage.heard[c][50], maps[_i].expected[c]);
	}
}
END_TEST

START_TEST(more_channels_than_a_map_has_go_nowhere_or_to_their_own)
{
	static float memory[12][SAMPLE_PAD + 100 + SAMPLE_PAD];
	struct voice_order it = stage_order(0);

	stage.samples[0] = (struct engine_sample){
		.samples = memory[0] + SAMPLE_PAD, .channels = 12, .frames = 100,
		.stride = SAMPLE_PAD + 100 + SAMPLE_PAD,
	};
	for (uint32_t c = 0; c < 12; c++)
		for (uint32_t i = 0; i < 100; i++)
			memory[c][SAMPLE_PAD + i] = (float)(1 << c);
	stage_set();
	it.map = 0x11111111;
	stage_play(it);
	stage_render(1);
	ck_assert_float_eq(stage.heard[0][0], 255.0f);
	stage_set();
	it.map = 0;
	stage_play(it);
	stage_render(1);
	ck_assert_float_eq(stage.heard[0][0], 1.0f);
}
END_TEST

/* ---- how loud */

/* So many gains reach the target in even steps, no larger than they must be, and stay. */
static void check_ramp(const float *gains, float from, float to, uint32_t count)
{
	double step = ((double)to - (double)from) / count;

	for (uint32_t i = 0; i < count; i++) {
		double last = (double)(i > 0 ? gains[i - 1] : from);

		ck_assert_double_eq_tol((double)gains[i], (double)from + step * (i + 1), 2e-6);
		ck_assert_double_le(fabs((double)gains[i] - last), fabs(step) + 1e-6);
		ck_assert(fpclassify(gains[i]) != FP_SUBNORMAL);
	}
	ck_assert(gains[count - 1] == to);
	ck_assert(gains[count] == to && gains[count + 100] == to);
}

START_TEST(gains_and_the_volume_go_in_even_steps)
{
	static const struct {
		float velocity, first, second;
		uint32_t ramp;
	} tries[] = {
		{ 1.0f, 0.0f, 1.0f, 480 },   { 1.0f, 0.1f, 0.7f, 1 },     { 0.3f, 2.0f, 0.1f, 333 },
		{ 1.0f / 3, 0.0f, 3.0f, 7 }, { 1.0f, 16.0f, 0.0f, 1999 }, { 0.5f, 1e-3f, 0.0f, 64 },
	};
	float velocity = tries[_i].velocity, first = tries[_i].first * velocity,
	      second = tries[_i].second * velocity;
	uint32_t ramp = tries[_i].ramp;
	struct voice_order it = stage_order(0);

	stage_set();
	stage_make_constant(0, 1000, 1.0f);
	it.loop = true;
	it.velocity = velocity;
	stage_play(it);
	stage_render_in(100, 37);
	ck_assert_float_eq(stage.heard[0][99], velocity);
	ck_assert_uint_eq(mixer_set_gain(&stage.mixer, stage_everyone, tries[_i].first, ramp), 1);
	mixer_set_volume(&stage.mixer, tries[_i].first, ramp);
	stage_render_in(3000, 61);
	mixer_set_volume(&stage.mixer, tries[_i].second, ramp);
	ck_assert_uint_eq(mixer_set_gain(&stage.mixer, stage_everyone, tries[_i].second, ramp), 1);
	stage_render_in(6000, 1000);
	check_ramp(&stage.heard[0][100], velocity, first, ramp);
	check_ramp(&stage.heard[0][3000], first, second, ramp);
	check_ramp(&stage.heard[STAGE_CHANNELS][100], 1.0f, tries[_i].first, ramp);
	check_ramp(&stage.heard[STAGE_CHANNELS][3000], tries[_i].first, tries[_i].second, ramp);
}
END_TEST

START_TEST(a_ramp_goes_on_from_where_the_last_one_was)
{
	stage_set();
	stage_make_constant(0, 4000, 1.0f);
	stage_play(stage_order(0));
	mixer_set_gain(&stage.mixer, stage_everyone, 0.0f, 512);
	stage_render(256);
	ck_assert_float_eq(stage.heard[0][255], 0.5f);
	mixer_set_gain(&stage.mixer, stage_everyone, 1.0f, 128);
	stage_render(1000);
	check_ramp(&stage.heard[0][256], 0.5f, 1.0f, 128);
}
END_TEST

START_TEST(a_stop_fades_and_then_it_is_over)
{
	static const uint32_t fades[] = { 1, 2, 3, 64, 240, 2000 };
	uint32_t fade = fades[_i];
	struct voice_order it = stage_order(0);

	stage_set();
	stage_make_constant(0, 10, 1.0f);
	it.loop = true;
	it.id = 5;
	stage_play(it);
	stage_render(50);
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_voice(0, 5), fade), 1);
	stage_render_in(3000, 100);
	check_ramp(&stage.heard[0][50], 1.0f, 0.0f, fade);
	ck_assert_uint_eq(stage.end_count, 1);
	ck_assert_int_eq(stage.ends[0].reason, ENGINE_END_STOPPED);
	ck_assert_uint_eq(stage.ends[0].end_frame, 50 + fade - 1);
	ck_assert_uint_eq(stage.ends[0].frames, 50 + fade - 1);
	ck_assert(stage.ends[0].sample == &stage.samples[0] && stage.ends[0].id == 5);
}
END_TEST

START_TEST(a_voice_whose_sample_is_over_while_it_fades_ends_there)
{
	stage_set();
	stage_make_constant(0, 100, 1.0f);
	stage_play(stage_order(0));
	stage_render(50);
	mixer_stop(&stage.mixer, stage_everyone, 1000);
	stage_render(200);
	ck_assert_uint_eq(stage.end_count, 1);
	ck_assert_int_eq(stage.ends[0].reason, ENGINE_END_STOPPED);
	ck_assert_uint_eq(stage.ends[0].end_frame, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("voice");
	TCase *begin = tcase_create("begin and end"), *sound = tcase_create("sound"),
	      *gain = tcase_create("gain");

	suite_add_tcase(suite, begin);
	tcase_add_loop_test(begin, an_impulse_sounds_at_its_frame_alone, 0, 5);
	tcase_add_loop_test(begin, a_voice_ends_where_its_position_does, 0, STAGE_RATIOS);
	suite_add_tcase(suite, sound);
	tcase_add_test(sound, at_its_own_speed_a_sample_is_itself);
	tcase_add_loop_test(sound, a_parabola_is_interpolated_exactly, 0, 7);
	tcase_add_loop_test(sound, a_sine_is_interpolated_well, 0, STAGE_RATIOS);
	tcase_add_loop_test(sound, a_loop_has_no_seam, 0, STAGE_RATIOS);
	tcase_add_loop_test(sound, channels_go_where_the_map_says, 0, 15);
	tcase_add_test(sound, more_channels_than_a_map_has_go_nowhere_or_to_their_own);
	suite_add_tcase(suite, gain);
	tcase_add_loop_test(gain, gains_and_the_volume_go_in_even_steps, 0, 6);
	tcase_add_test(gain, a_ramp_goes_on_from_where_the_last_one_was);
	tcase_add_loop_test(gain, a_stop_fades_and_then_it_is_over, 0, 6);
	tcase_add_test(gain, a_voice_whose_sample_is_over_while_it_fades_ends_there);
	return support_run(suite);
}
