/* SPDX-License-Identifier: MIT */
/*
 * Setting up the virtual card: its names, its two directions, and what it
 * agrees to in negotiation.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include <peal/config.h>

#include "card_rig.h"
#include "support.h"

/* ---- names */

START_TEST(a_name_is_the_cards_or_it_is_not)
{
	ck_assert(card_is_name("virtual"));
	ck_assert(card_is_name("virtual:clock=manual"));
	ck_assert(card_is_name("virtual:"));
	ck_assert(!card_is_name("virtually"));
	ck_assert(!card_is_name("virtua"));
	ck_assert(!card_is_name("hw:0"));
	ck_assert(!card_is_name(""));
	ck_assert(!card_is_name(NULL));
}
END_TEST

START_TEST(a_name_chooses_the_clock)
{
	static const struct {
		const char *name;
		bool manual;
	} names[] = {
		{ "virtual", false },
		{ "virtual:clock=real", false },
		{ "virtual:clock=manual", true },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct card *card = rig_card(names[i].name, false);

		ck_assert_int_eq(card_is_manual(card), names[i].manual);
		card_destroy(card);
	}
}
END_TEST

static const char *const refused[][2] = {
	{ "virtual:", "no key in \"\"" },
	{ "virtual:manual", "no key in \"manual\"" },
	{ "virtual:=manual", "no key in \"manual\"" },
	{ "virtual:speed=2", "unknown key \"speed\"" },
	{ "virtual:clockx=real", "unknown key \"clockx\"" },
	{ "virtual:clock=", "no value for \"clock\"" },
	{ "virtual:clock=fast", "unknown value \"fast\"" },
	{ "virtual:clock=manual,", "unknown value \"manual,\"" },
	{ "virtual:clock=manual,real", "unknown value \"manual,real\"" },
	{ "virtual:clock=manual,clock=real", "two values for \"clock\"" },
	{ "virtual:clock=manual,x=1", "unknown key \"x\"" },
};
#define REFUSED (int)(sizeof(refused) / sizeof(refused[0]))

START_TEST(a_refusal_names_what_is_wrong_and_what_is_possible)
{
	char reason[256] = "", tiny[8];
	struct card *card = (struct card *)reason;

	ck_assert_int_eq(card_create(&card, refused[_i][0], false, reason, sizeof(reason)),
			 -EINVAL);
	ck_assert_ptr_null(card);
	ck_assert_msg(strstr(reason, refused[_i][1]), "%s", reason);
	ck_assert_msg(strstr(reason, "clock=real|manual"), "%s", reason);
	ck_assert_int_eq(card_create(&card, refused[_i][0], false, tiny, sizeof(tiny)), -EINVAL);
	ck_assert_str_eq(tiny, "virtual");
}
END_TEST

START_TEST(a_card_leaves_nothing_open)
{
	unsigned before = support_count_fds();

	card_destroy(rig_card("virtual", false));
	card_destroy(rig_card("virtual:clock=manual", true));
	card_destroy(NULL);
	ck_assert_uint_eq(support_count_fds(), before);
}
END_TEST

START_TEST(another_devices_name_is_refused)
{
	char reason[256] = "";
	struct card *card;

	ck_assert_int_eq(card_create(&card, "hw:0", false, reason, sizeof(reason)), -EINVAL);
	ck_assert_msg(strstr(reason, "\"hw:0\""), "%s", reason);
}
END_TEST

START_TEST(each_direction_is_open_once)
{
	struct card *card = rig_card("virtual", true);
	snd_pcm_t *pcm, *second, *capture;

	ck_assert_int_eq(card_open(card, &pcm, SND_PCM_STREAM_PLAYBACK, 0), 0);
	ck_assert_int_eq(card_open(card, &second, SND_PCM_STREAM_PLAYBACK, 0), -EBUSY);
	ck_assert_ptr_null(second);
	ck_assert_int_eq(card_open(card, &capture, SND_PCM_STREAM_CAPTURE, 0), 0);
	ck_assert_str_eq(snd_pcm_name(pcm), "virtual");
	snd_pcm_close(pcm);
	ck_assert_int_eq(card_open(card, &pcm, SND_PCM_STREAM_PLAYBACK, 0), 0);
	snd_pcm_close(pcm);
	snd_pcm_close(capture);
	card_destroy(card);
}
END_TEST

/* ---- negotiation */

/* Whether the card takes what differs from `rig_plain` in one respect. */
static int negotiate(struct rig_setup setup)
{
	struct card *card = rig_card("virtual", false);
	snd_pcm_uframes_t buffer = 0, period = 0;
	snd_pcm_t *pcm;
	int err;

	ck_assert_int_eq(card_open(card, &pcm, SND_PCM_STREAM_PLAYBACK, 0), 0);
	err = rig_set_hardware(pcm, &setup);
	if (err == 0) {
		snd_pcm_get_params(pcm, &buffer, &period);
		ck_assert_uint_eq(period, setup.period);
		ck_assert_uint_eq(buffer, setup.period * setup.periods);
	}
	snd_pcm_close(pcm);
	card_destroy(card);
	return err;
}

#define TAKES(...)                                                                                 \
	do {                                                                                       \
		struct rig_setup s = rig_plain;                                                    \
		__VA_ARGS__;                                                                       \
		ck_assert_msg(negotiate(s) == 0, "takes " #__VA_ARGS__);                           \
	} while (0)
#define REFUSES(...)                                                                               \
	do {                                                                                       \
		struct rig_setup s = rig_plain;                                                    \
		__VA_ARGS__;                                                                       \
		ck_assert_msg(negotiate(s) < 0, "refuses " #__VA_ARGS__);                          \
	} while (0)

START_TEST(limits_are_in_frames_for_every_kind_of_frame)
{
	static const unsigned channels[] = { 1, 2, 3, 7, 32, 256 };

	for (size_t c = 0; c < sizeof(channels) / sizeof(channels[0]); c++) {
		struct rig_setup s = rig_plain;

		s.format = rig_formats[_i];
		s.channels = channels[c];
		for (s.access = 0; s.access <= SND_PCM_ACCESS_RW_NONINTERLEAVED; s.access++) {
			bool complex = s.access == SND_PCM_ACCESS_MMAP_COMPLEX;

			s.period = 16, s.periods = 2;
			ck_assert_int_eq(negotiate(s) < 0, complex);
			s.period = 17, s.periods = 1024;
			ck_assert_int_eq(negotiate(s) < 0, complex);
		}
		s.access = SND_PCM_ACCESS_MMAP_INTERLEAVED;
		s.period = 15, s.periods = 4;
		ck_assert_int_lt(negotiate(s), 0);
		s.period = 16, s.periods = 1;
		ck_assert_int_lt(negotiate(s), 0);
		s.periods = 1025;
		ck_assert_int_lt(negotiate(s), 0);
		s.period = 65537, s.periods = 2;
		ck_assert_int_lt(negotiate(s), 0);
	}
}
END_TEST

START_TEST(limits_of_everything_else)
{
	TAKES(s.rate = ENGINE_RATE_MIN);
	TAKES(s.rate = ENGINE_RATE_MAX);
	TAKES(s.rate = 44101);
	REFUSES(s.rate = ENGINE_RATE_MIN - 1);
	REFUSES(s.rate = ENGINE_RATE_MAX + 1);
	REFUSES(s.channels = 0);
	REFUSES(s.channels = 257);
	REFUSES(s.format = SND_PCM_FORMAT_U8);
	REFUSES(s.format = SND_PCM_FORMAT_S16_BE);
	REFUSES(s.format = SND_PCM_FORMAT_FLOAT64_LE);
	TAKES(s.period = 65536, s.periods = 2);
	TAKES(s.period = 65536, s.periods = 2, s.channels = 256, s.format = SND_PCM_FORMAT_S32_LE);
	TAKES(s.period = 16, s.channels = 1);
}
END_TEST

START_TEST(a_program_that_leaves_sizes_open_gets_legal_ones)
{
	struct card *card = rig_card("virtual", false);

	for (unsigned channels = 1; channels <= 256; channels *= 2) {
		snd_pcm_uframes_t buffer, period;
		snd_pcm_hw_params_t *hw;
		snd_pcm_t *pcm;

		ck_assert_int_eq(card_open(card, &pcm, SND_PCM_STREAM_PLAYBACK, 0), 0);
		snd_pcm_hw_params_alloca(&hw);
		snd_pcm_hw_params_any(pcm, hw);
		snd_pcm_hw_params_set_format(pcm, hw, rig_formats[_i]);
		snd_pcm_hw_params_set_channels(pcm, hw, channels);
		snd_pcm_hw_params_set_rate(pcm, hw, 48000, 0);
		ck_assert_int_eq(snd_pcm_hw_params(pcm, hw), 0);
		snd_pcm_get_params(pcm, &buffer, &period);
		ck_assert_uint_ge(period, ENGINE_PERIOD_FRAMES_MIN);
		ck_assert_uint_le(period, ENGINE_PERIOD_FRAMES_MAX);
		snd_pcm_close(pcm);
	}
	card_destroy(card);
}
END_TEST

START_TEST(both_directions_have_the_same_frames)
{
	struct rig_setup s = rig_plain;
	struct rig rig = rig_open("virtual", &rig_plain, NULL);

	ck_assert_int_eq(card_open(rig.card, &rig.capture, SND_PCM_STREAM_CAPTURE, 0), 0);
	s.rate = 44100;
	ck_assert_int_eq(rig_set_hardware(rig.capture, &s), -EINVAL);
	s = rig_plain, s.channels = 1;
	ck_assert_int_eq(rig_set_hardware(rig.capture, &s), -EINVAL);
	s = rig_plain, s.format = SND_PCM_FORMAT_S32_LE;
	ck_assert_int_eq(rig_set_hardware(rig.capture, &s), -EINVAL);
	s = rig_plain, s.access = SND_PCM_ACCESS_MMAP_NONINTERLEAVED, s.period = 100, s.periods = 7;
	ck_assert_int_eq(rig_set_hardware(rig.capture, &s), 0);
	/* the first may change its mind only together with the second */
	s = rig_plain, s.rate = 44100;
	ck_assert_int_eq(rig_set_hardware(rig.playback, &s), -EINVAL);
	ck_assert_int_eq(snd_pcm_hw_free(rig.capture), 0);
	ck_assert_int_eq(rig_set_hardware(rig.playback, &s), 0);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("card_setup");
	TCase *name = tcase_create("name");
	TCase *negotiation = tcase_create("negotiation");

	tcase_add_test(name, a_name_is_the_cards_or_it_is_not);
	tcase_add_test(name, a_name_chooses_the_clock);
	tcase_add_loop_test(name, a_refusal_names_what_is_wrong_and_what_is_possible, 0, REFUSED);
	tcase_add_test(name, a_card_leaves_nothing_open);
	tcase_add_test(name, another_devices_name_is_refused);
	tcase_add_test(name, each_direction_is_open_once);
	suite_add_tcase(suite, name);

	tcase_set_timeout(negotiation, SUPPORT_PATIENCE_MS / 1000);
	tcase_add_loop_test(negotiation, limits_are_in_frames_for_every_kind_of_frame, 0,
			    RIG_FORMATS);
	tcase_add_test(negotiation, limits_of_everything_else);
	tcase_add_loop_test(negotiation, a_program_that_leaves_sizes_open_gets_legal_ones, 0,
			    RIG_FORMATS);
	tcase_add_test(negotiation, both_directions_have_the_same_frames);
	suite_add_tcase(suite, negotiation);
	return support_run(suite);
}
