/* SPDX-License-Identifier: MIT */
/*
 * The mixer: which voices a command is for, who gives way when there are too
 * many, and who hears of their end.
 */
#include <peal/error.h>

#include "stage.h"
#include "support.h"

/* ---- who is meant */

static void play_as(uint32_t owner, uint32_t id)
{
	struct voice_order it = stage_order(0);

	it.owner = stage_owners[owner];
	it.id = id;
	it.loop = true;
	stage_play(it);
}

START_TEST(a_stop_is_for_those_it_names)
{
	stage_set();
	stage_make_constant(0, 10, 1.0f);
	play_as(0, 1);
	play_as(0, 2);
	play_as(0, 2);
	play_as(1, 2);
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_voice(0, 3), 1), 0);
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_voice(0, 2), 1), 2);
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_voice(0, 2), 1), 0);
	stage_render(1);
	ck_assert_uint_eq(stage.end_count, 2);
	ck_assert_uint_eq(stage.ends[0].frames, 0);
	ck_assert_float_eq(stage.heard[0][0], 2.0f);
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_everyone, 100), 2);
	/* only a shorter fade is news, and a gain no longer matters */
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_everyone, 100), 0);
	ck_assert_uint_eq(mixer_set_gain(&stage.mixer, stage_everyone, 5.0f, 1), 0);
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_voice(1, 2), 10), 1);
	stage_render(200);
	ck_assert(stage.ends[2].owner == stage_owners[0] && stage.ends[3].owner == stage_owners[1]);
	ck_assert_uint_eq(stage.ends[2].end_frame, 1 + 99);
	ck_assert_uint_eq(stage.ends[3].end_frame, 1 + 9);
	ck_assert(mixer_idle(&stage.mixer));
}
END_TEST

START_TEST(nobody_hears_of_a_disowned_voice)
{
	stage_set();
	stage_make_constant(0, 10, 1.0f);
	play_as(0, 1);
	play_as(1, 1);
	mixer_disown(&stage.mixer, stage_owners[0]);
	ck_assert_uint_eq(mixer_stop(&stage.mixer, stage_voice(0, 1), 1), 0);
	stage_render(100);
	ck_assert_float_eq(stage.heard[0][99], 2.0f);
	mixer_stop(&stage.mixer, stage_everyone, 1);
	mixer_disown(&stage.mixer, stage_owners[1]);
	stage_take_ends();
	ck_assert_uint_eq(stage.end_count, 2);
	ck_assert(!stage.ends[0].owner && !stage.ends[1].owner);
	ck_assert(stage.ends[0].sample == &stage.samples[0]);
}
END_TEST

START_TEST(a_halt_ends_all)
{
	stage_set();
	stage_make_constant(0, 10, 1.0f);
	play_as(0, 1);
	play_as(0, 2);
	mixer_set_volume(&stage.mixer, 0.0f, 1000);
	mixer_stop(&stage.mixer, stage_voice(0, 1), 1000);
	stage_render(100);
	mixer_set_volume(&stage.mixer, 1.0f, 1000);
	ck_assert(!mixer_idle(&stage.mixer));
	mixer_halt(&stage.mixer, stage.now);
	stage_take_ends();
	ck_assert_uint_eq(stage.end_count, 2);
	ck_assert_int_eq(stage.ends[0].reason, ENGINE_END_STOPPED);
	ck_assert_int_eq(stage.ends[1].reason, ENGINE_END_HALTED);
	ck_assert_uint_eq(stage.ends[1].end_frame, 100);
	ck_assert(mixer_idle(&stage.mixer));
	stage_render(101);
	ck_assert_float_eq(stage.heard[0][100], 0.0f);
	ck_assert_float_eq(stage.heard[STAGE_CHANNELS][100], 1.0f);
}
END_TEST

/* ---- when there are too many */

static void fill_up(uint32_t steal)
{
	stage_set_with(1, steal);
	stage_make_constant(0, 10, 1.0f);
	for (uint32_t i = 0; i < STAGE_VOICES; i++) {
		play_as(0, i);
		mixer_set_gain(&stage.mixer, stage_voice(0, i), i == 5 ? 0.25f : 0.5f, 1);
		stage_render(stage.now + 1);
	}
}

START_TEST(a_voice_too_many_is_refused)
{
	fill_up(ENGINE_STEAL_NONE);
	ck_assert_int_eq(stage_try_play(stage_order(0)), ENGINE_ENOVOICE);
	/* one that ended is none; its place serves as a tail's, even before it is taken */
	mixer_stop(&stage.mixer, stage_voice(0, 3), 1);
	ck_assert_int_eq(stage_try_play(stage_order(0)), 0);
	ck_assert_int_eq(stage_try_play(stage_order(0)), ENGINE_ENOVOICE);
	stage_render(stage.now + 1);
	ck_assert_uint_eq(stage.end_count, 1);
}
END_TEST

START_TEST(the_oldest_or_the_quietest_is_stolen)
{
	const uint32_t fade = STAGE_RATE * 2 / 1000;
	uint32_t expected = _i == ENGINE_STEAL_OLDEST ? 0 : 5;
	uint64_t stolen_at;

	fill_up((uint32_t)_i);
	stage_render(100);
	stolen_at = stage.now;
	play_as(0, 100);
	stage_render(1000);
	ck_assert_uint_eq(stage.end_count, 1);
	ck_assert_uint_eq(stage.ends[0].id, expected);
	ck_assert_int_eq(stage.ends[0].reason, ENGINE_END_STOLEN);
	ck_assert_uint_eq(stage.ends[0].end_frame, stolen_at + fade - 1);
	/* it fades out from its gain, beside the new one */
	for (const float *at = &stage.heard[0][stolen_at + 1]; at < &stage.heard[0][stolen_at + fade];
	     at++)
		ck_assert_double_eq_tol((double)(at[-1] - at[0]),
					(expected == 5 ? 0.25 : 0.5) / fade, 1e-5);
}
END_TEST

START_TEST(when_no_tail_is_left_the_stolen_are_cut)
{
	fill_up(ENGINE_STEAL_OLDEST);
	for (uint32_t i = 0; i < 100; i++) {
		play_as(1, i);
		stage_take_ends();
		ck_assert_uint_eq(stage.mixer.playing, STAGE_VOICES);
	}
	/* every place but one had a tail in it */
	ck_assert_uint_eq(stage.end_count, 100 - (MIXER_TAILS - 1));
	for (uint32_t i = 0; i < stage.end_count; i++) {
		ck_assert_int_eq(stage.ends[i].reason, ENGINE_END_STOLEN);
		ck_assert_uint_eq(stage.ends[i].end_frame, stage.now);
	}
	stage_render(stage.now + 1000);
	ck_assert_uint_eq(stage.end_count, 100);
	ck_assert_float_eq(stage.heard[0][stage.now - 1], STAGE_VOICES);
	mixer_stop(&stage.mixer, stage_everyone, 1);
	stage_take_ends();
	ck_assert_uint_eq(stage.end_count, 100 + STAGE_VOICES);
}
END_TEST

START_TEST(places_are_free_once_their_ends_are_taken)
{
	uint32_t started = 0;

	stage_set_with(1, ENGINE_STEAL_OLDEST);
	stage_make_constant(0, 10, 1.0f);
	while (stage_try_play(stage_order(0)) == 0) {
		started++;
		mixer_stop(&stage.mixer, stage_everyone, 1);
	}
	ck_assert_uint_eq(started, STAGE_VOICES + MIXER_TAILS);
	stage_take_ends();
	ck_assert_uint_eq(stage.end_count, started);
	ck_assert_int_eq(stage_try_play(stage_order(0)), 0);
}
END_TEST

START_TEST(it_is_idle_without_voices_and_at_full_volume)
{
	stage_set();
	stage_make_constant(0, 10, 1.0f);
	ck_assert(mixer_idle(&stage.mixer));
	mixer_set_volume(&stage.mixer, 0.5f, 10);
	ck_assert(!mixer_idle(&stage.mixer));
	stage_render(10);
	ck_assert(!mixer_idle(&stage.mixer));
	mixer_set_volume(&stage.mixer, 1.0f, 10);
	stage_render(19);
	ck_assert(!mixer_idle(&stage.mixer));
	stage_render(20);
	ck_assert(mixer_idle(&stage.mixer));
	stage_play(stage_order(0));
	ck_assert(!mixer_idle(&stage.mixer));
	stage_render(30);
	ck_assert(mixer_idle(&stage.mixer));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mixer");
	TCase *who = tcase_create("who"), *many = tcase_create("many");

	suite_add_tcase(suite, who);
	tcase_add_test(who, a_stop_is_for_those_it_names);
	tcase_add_test(who, nobody_hears_of_a_disowned_voice);
	tcase_add_test(who, a_halt_ends_all);
	suite_add_tcase(suite, many);
	tcase_add_test(many, a_voice_too_many_is_refused);
	tcase_add_loop_test(many, the_oldest_or_the_quietest_is_stolen, ENGINE_STEAL_OLDEST,
			    ENGINE_STEAL_QUIETEST + 1);
	tcase_add_test(many, when_no_tail_is_left_the_stolen_are_cut);
	tcase_add_test(many, places_are_free_once_their_ends_are_taken);
	tcase_add_test(many, it_is_idle_without_voices_and_at_full_volume);
	return support_run(suite);
}
