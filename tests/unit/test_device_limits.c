/* SPDX-License-Identifier: MIT */
/*
 * What a device offers, asked of it: on the virtual card and on PCMs of a
 * configuration of its own. Nothing is printed meanwhile, and nothing stays open.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peal.h>

#include "support.h"

#define BOTH (ENGINE_PLAYBACK | ENGINE_CAPTURE)

static const char *const configuration =
	"</usr/share/alsa/alsa.conf>\n"
	"pcm.left { type multi slaves.a { pcm null channels 2 }\n"
	"  bindings.0 { slave a channel 0 } bindings.1 { slave a channel 1 } }\n"
	"pcm.float { type lfloat slave { pcm { type null } format S16_LE } }\n"
	"pcm.oneway { type asym playback.pcm null }\n";

static char path[] = "/tmp/peal-alsa-XXXXXX";
static struct engine_device_limits limits;
static int stderr_copy, stderr_file;
static unsigned int fds;

/* Once, outside the tests: a test that fails leaves no file behind. */
static void make_configuration(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, configuration, strlen(configuration)),
			 (ssize_t)strlen(configuration));
	close(fd);
	setenv("ALSA_CONFIG_PATH", path, 1);
}

static void remove_configuration(void)
{
	unlink(path);
}

static void setup(void)
{
	limits = (struct engine_device_limits){ .size = sizeof(limits) };
	fflush(stderr);
	stderr_copy = dup(STDERR_FILENO);
	stderr_file = fileno(tmpfile());
	dup2(stderr_file, STDERR_FILENO);
	fds = support_count_fds();
}

static void teardown(void)
{
	fflush(stderr);
	dup2(stderr_copy, STDERR_FILENO);
	ck_assert_int_eq(lseek(stderr_file, 0, SEEK_END), 0);
	ck_assert_uint_eq(support_count_fds(), fds);
}

static const struct engine_pcm_limits *asked(const char *name, uint32_t directions)
{
	ck_assert_msg(engine_query_device(name, directions, &limits) == 0, "%s: %s", name,
		      engine_last_error());
	ck_assert_uint_eq(limits.directions, directions ? directions : BOTH);
	return directions == ENGINE_CAPTURE ? &limits.capture : &limits.playback;
}

START_TEST(the_virtual_card_says_what_it_is)
{
	const struct engine_pcm_limits *card = asked("virtual", 0);

	ck_assert_int_eq(memcmp(card, &limits.capture, sizeof(*card)), 0);
	ck_assert_uint_eq(limits.linkable, 1);
	ck_assert_str_eq(card->type, "IOPLUG");
	ck_assert_int_eq(card->card, -1);
	ck_assert_uint_eq(card->accesses, 15);
	ck_assert_uint_eq(card->formats, 1u << ENGINE_FORMAT_S16_LE | 1u << ENGINE_FORMAT_S24_LE |
						 1u << ENGINE_FORMAT_S24_3LE |
						 1u << ENGINE_FORMAT_S32_LE |
						 1u << ENGINE_FORMAT_FLOAT_LE);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(card->channels[i], UINT64_MAX);
	ck_assert_uint_eq(card->rate_min, ENGINE_RATE_MIN);
	ck_assert_uint_eq(card->rate_max, ENGINE_RATE_MAX);
	ck_assert_uint_eq(card->rate_any, 1);
	ck_assert_uint_le(card->period_min, ENGINE_PERIOD_FRAMES_MIN);
	ck_assert_uint_ge(card->period_max, ENGINE_PERIOD_FRAMES_MAX);
}
END_TEST

START_TEST(a_direction_that_was_not_asked_for_says_nothing)
{
	static const struct engine_pcm_limits nothing;

	asked("virtual", ENGINE_CAPTURE);
	ck_assert_int_eq(memcmp(&limits.playback, &nothing, sizeof(nothing)), 0);
	ck_assert_uint_eq(limits.linkable, 0);
	asked("virtual", ENGINE_PLAYBACK);
	ck_assert_int_eq(memcmp(&limits.capture, &nothing, sizeof(nothing)), 0);
}
END_TEST

START_TEST(channels_and_formats_are_tried_one_by_one)
{
	const struct engine_pcm_limits *pcm = asked("left", ENGINE_PLAYBACK);

	ck_assert_uint_eq(pcm->channels[0], 1u << 1);
	ck_assert_uint_eq(pcm->channels[1], 0);
	ck_assert_uint_eq(pcm->default_channels, 2);
	pcm = asked("float", ENGINE_PLAYBACK);
	ck_assert_uint_eq(pcm->formats, 1u << ENGINE_FORMAT_FLOAT_LE);
	ck_assert_uint_eq(pcm->default_format, ENGINE_FORMAT_FLOAT_LE);
	ck_assert_ptr_nonnull(strstr(pcm->other_formats, "FLOAT_BE"));
	ck_assert_ptr_null(strstr(pcm->other_formats, "FLOAT_LE"));
}
END_TEST

START_TEST(what_has_no_limit_says_so)
{
	const struct engine_pcm_limits *null = asked("null", BOTH);

	ck_assert_uint_eq(null->rate_max, UINT32_MAX);
	ck_assert_uint_eq(limits.linkable, 0);
}
END_TEST

START_TEST(one_direction_answers_for_both)
{
	ck_assert_int_eq(engine_query_device("oneway", 0, &limits), 0);
	ck_assert_uint_eq(limits.directions, ENGINE_PLAYBACK);
	ck_assert_int_eq(limits.playback.error, 0);
	ck_assert_int_lt(limits.capture.error, 0);
	ck_assert_ptr_nonnull(strstr(limits.capture.reason, "oneway"));
	ck_assert_uint_eq(limits.capture.formats, 0);
}
END_TEST

START_TEST(a_refusal_is_the_first_direction_s)
{
	ck_assert_int_eq(engine_query_device("nosuchdevice", 0, &limits), -ENOENT);
	ck_assert_int_eq(limits.playback.error, -ENOENT);
	ck_assert_int_eq(limits.capture.error, -ENOENT);
	ck_assert_str_eq(engine_last_error(), limits.playback.reason);
	ck_assert_ptr_nonnull(strstr(limits.playback.reason, "nosuchdevice"));
	ck_assert_int_eq(engine_query_device("virtual:clock=sundial", 0, &limits), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "sundial"));
}
END_TEST

START_TEST(nonsense_is_refused)
{
	ck_assert_int_eq(engine_query_device("virtual", 0, NULL), -EINVAL);
	ck_assert_int_eq(engine_query_device("virtual", 4, &limits), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "directions"));
	limits.size--;
	ck_assert_int_eq(engine_query_device("virtual", 0, &limits), ENGINE_EABI);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("device_limits");
	TCase *tests = tcase_create("device_limits");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_unchecked_fixture(tests, make_configuration, remove_configuration);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_virtual_card_says_what_it_is);
	tcase_add_test(tests, a_direction_that_was_not_asked_for_says_nothing);
	tcase_add_test(tests, channels_and_formats_are_tried_one_by_one);
	tcase_add_test(tests, what_has_no_limit_says_so);
	tcase_add_test(tests, one_direction_answers_for_both);
	tcase_add_test(tests, a_refusal_is_the_first_direction_s);
	tcase_add_test(tests, nonsense_is_refused);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
