/* SPDX-License-Identifier: MIT */
/* The configuration: defaults, ranges, and structures of other sizes. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <peal/error.h>

#include "control/config.h"

static struct engine_config given, resolved;

static void setup(void)
{
	memset(&given, 0, sizeof(given));
	given.size = sizeof(given);
}

/* The sentence of a refusal names the field and what is possible. */
static void refused(const char *field, const char *possible)
{
	ck_assert_int_eq(config_resolve(&resolved, &given), -EINVAL);
	ck_assert_msg(strstr(engine_last_error(), field) && strstr(engine_last_error(), possible),
		      "\"%s\" lacks %s or %s", engine_last_error(), field, possible);
	setup();
}

static void accepted(void)
{
	ck_assert_msg(config_resolve(&resolved, &given) == 0, "%s", engine_last_error());
	setup();
}

START_TEST(null_and_zero_are_the_defaults)
{
	struct engine_config from_zero;

	ck_assert_int_eq(config_resolve(&from_zero, &given), 0);
	ck_assert_int_eq(config_resolve(&resolved, NULL), 0);
	ck_assert_mem_eq(&resolved, &from_zero, sizeof(resolved));
	ck_assert_uint_eq(resolved.size, sizeof(resolved));
	ck_assert_ptr_null(resolved.device);
	ck_assert_ptr_null(resolved.capture_device);
	ck_assert_uint_eq(resolved.directions, ENGINE_PLAYBACK);
	ck_assert_uint_eq(resolved.rate, 48000);
	ck_assert_uint_eq(resolved.channels, 2);
	ck_assert_uint_eq(resolved.format, ENGINE_FORMAT_ANY);
	ck_assert_uint_eq(resolved.access, ENGINE_ACCESS_ANY);
	ck_assert_uint_eq(resolved.period_frames, 256);
	ck_assert_uint_eq(resolved.periods, 3);
	ck_assert_int_eq(resolved.priority, 0);
	ck_assert_uint_eq(resolved.ports, 16);
	ck_assert_uint_eq(resolved.stream_frames, 9600);
}
END_TEST

START_TEST(what_is_set_stays)
{
	given.device = "hw:0";
	given.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE;
	given.rate = 44100;
	given.priority = ENGINE_PRIORITY_NORMAL;
	given.stream_frames = 1;
	given.log_arg = &given;
	ck_assert_int_eq(config_resolve(&resolved, &given), 0);
	ck_assert_str_eq(resolved.device, "hw:0");
	ck_assert_uint_eq(resolved.directions, 3);
	ck_assert_uint_eq(resolved.rate, 44100);
	ck_assert_int_eq(resolved.priority, -1);
	ck_assert_uint_eq(resolved.stream_frames, 1);
	ck_assert_ptr_eq(resolved.log_arg, &given);
}
END_TEST

START_TEST(a_stream_holds_eight_periods_or_a_fifth_of_a_second)
{
	given.period_frames = 4096;
	ck_assert_int_eq(config_resolve(&resolved, &given), 0);
	ck_assert_uint_eq(resolved.stream_frames, 8 * 4096);
	given.period_frames = 1200;
	ck_assert_int_eq(config_resolve(&resolved, &given), 0);
	ck_assert_uint_eq(resolved.stream_frames, 9600);
}
END_TEST

#define EDGES(field, lowest, highest, below, above, possible)                                      \
	do {                                                                                       \
		given.field = (lowest);                                                            \
		accepted();                                                                        \
		given.field = (highest);                                                           \
		accepted();                                                                        \
		given.field = (below);                                                             \
		refused("config." #field, possible);                                               \
		given.field = (above);                                                             \
		refused("config." #field, possible);                                               \
	} while (0)

START_TEST(each_field_has_its_range)
{
	EDGES(rate, 1000, 768000, 999, 768001, "1000..768000 Hz");
	EDGES(channels, 1, 256, UINT32_MAX, 257, "1..256");
	EDGES(directions, 1, 3, 4, 5, "1..3");
	EDGES(format, 1, 5, UINT32_MAX, 6, "0..5");
	EDGES(access, 1, 2, UINT32_MAX, 3, "0..2");
	EDGES(period_frames, 16, 65536, 15, 65537, "16..65536 frames");
	EDGES(periods, 2, 1024, 1, 1025, "2..1024");
	EDGES(priority, -1, 99, -2, 100, "-1..99");
	EDGES(ports, 1, 255, UINT32_MAX, 256, "0..255");
	EDGES(stream_frames, 1, 1u << 24, UINT32_MAX, (1u << 24) + 1, "0..16777216 frames");
}
END_TEST

START_TEST(an_empty_name_is_no_name)
{
	given.device = "";
	refused("config.device ", "default");
	given.capture_device = "";
	refused("config.capture_device ", "default");
}
END_TEST

/* 2^31 bytes exactly, then one period less. */
START_TEST(a_buffer_beyond_31_bits_is_refused)
{
	given.period_frames = 65536;
	given.periods = 1024;
	given.channels = 8;
	refused("65536 * periods 1024 * channels 8", "2147483648");
	given.period_frames = 65536;
	given.periods = 1023;
	given.channels = 8;
	accepted();
	/* 2^36: nothing that a 32-bit product would still see */
	given.period_frames = 65536;
	given.periods = 1024;
	given.channels = 256;
	refused("68719476736", "2147483648");
}
END_TEST

START_TEST(a_size_that_was_never_set_is_refused)
{
	const size_t sizes[] = { 0, 1, sizeof(given) - 1, 4097, SIZE_MAX };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		given.size = sizes[i];
		ck_assert_int_eq(config_resolve(&resolved, &given), ENGINE_EABI);
		ck_assert_ptr_nonnull(strstr(engine_last_error(), "config.size"));
	}
}
END_TEST

START_TEST(a_size_beyond_belief_is_refused_unread)
{
	static union {
		struct engine_config config;
		unsigned char zero[8192];
	} large;

	large.config.size = 4096;
	ck_assert_int_eq(config_resolve(&resolved, &large.config), 0);
	large.config.size = 4097;
	ck_assert_int_eq(config_resolve(&resolved, &large.config), ENGINE_EABI);
}
END_TEST

START_TEST(a_newer_structure_may_ask_for_nothing_new)
{
	struct {
		struct engine_config known;
		unsigned char unknown[24];
	} newer = { .known = { .size = sizeof(newer), .rate = 96000 } };

	ck_assert_int_eq(config_resolve(&resolved, &newer.known), 0);
	ck_assert_uint_eq(resolved.size, sizeof(resolved));
	ck_assert_uint_eq(resolved.rate, 96000);
	newer.unknown[23] = 1;
	ck_assert_int_eq(config_resolve(&resolved, &newer.known), ENGINE_EABI);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "newer library"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, null_and_zero_are_the_defaults);
	tcase_add_test(tests, what_is_set_stays);
	tcase_add_test(tests, a_stream_holds_eight_periods_or_a_fifth_of_a_second);
	tcase_add_test(tests, each_field_has_its_range);
	tcase_add_test(tests, an_empty_name_is_no_name);
	tcase_add_test(tests, a_buffer_beyond_31_bits_is_refused);
	tcase_add_test(tests, a_size_that_was_never_set_is_refused);
	tcase_add_test(tests, a_size_beyond_belief_is_refused_unread);
	tcase_add_test(tests, a_newer_structure_may_ask_for_nothing_new);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
