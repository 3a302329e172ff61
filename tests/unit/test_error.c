/* SPDX-License-Identifier: MIT */
/*
 * Errors in words: codes, the last sentence of each thread, alsa-lib's own
 * text, and the names of formats.
 */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peal/error.h>
#include <peal/format.h>

#include "control/alsa_text.h"
#include "control/last_error.h"

START_TEST(our_codes_have_our_sentences)
{
	ck_assert_ptr_nonnull(strstr(engine_strerror(ENGINE_EFORKED), "fork"));
	ck_assert_ptr_nonnull(strstr(engine_strerror(ENGINE_EABI), "size field"));
	ck_assert_ptr_nonnull(strstr(engine_strerror(ENGINE_ESECURE), "AT_SECURE"));
	ck_assert_ptr_nonnull(strstr(engine_strerror(ENGINE_ELOST), "lost"));
}
END_TEST

START_TEST(errno_is_told_with_either_sign)
{
	ck_assert_str_eq(engine_strerror(-EBUSY), strerror(EBUSY));
	ck_assert_str_eq(engine_strerror(EBUSY), strerror(EBUSY));
	ck_assert_ptr_eq(engine_strerror(-EBUSY), engine_strerror(EBUSY));
}
END_TEST

START_TEST(alsas_own_codes_are_alsas)
{
	ck_assert_str_eq(engine_strerror(-SND_ERROR_INCOMPATIBLE_VERSION),
			 snd_strerror(-SND_ERROR_INCOMPATIBLE_VERSION));
	ck_assert_str_ne(engine_strerror(-SND_ERROR_INCOMPATIBLE_VERSION), "unknown error");
}
END_TEST

START_TEST(any_other_code_is_unknown)
{
	const int codes[] = { -4095, -4096, -4105, 4097, 300, -499999, -500999, INT_MAX, INT_MIN };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		ck_assert_str_eq(engine_strerror(codes[i]), "unknown error");
}
END_TEST

START_TEST(the_abi_is_the_headers)
{
	ck_assert_uint_eq(engine_abi_version(), ENGINE_ABI_VERSION);
}
END_TEST

START_TEST(no_failure_no_sentence)
{
	ck_assert_str_eq(engine_last_error(), "");
}
END_TEST

START_TEST(the_last_error_stands_until_the_next)
{
	ck_assert_int_eq(last_error_set(-EINVAL, "rate %d Hz", 12345), -EINVAL);
	ck_assert_str_eq(engine_last_error(), "rate 12345 Hz");
	last_error_set(-ENOENT, "again: %s", engine_last_error());
	ck_assert_str_eq(engine_last_error(), "again: rate 12345 Hz");
}
END_TEST

START_TEST(a_long_sentence_is_cut)
{
	last_error_set(-EINVAL, "%02000d", 7);
	ck_assert_uint_eq(strlen(engine_last_error()), 511);
}
END_TEST

static void *fail_elsewhere(void *arg)
{
	(void)arg;
	ck_assert_str_eq(engine_last_error(), "");
	last_error_set(-ENOMEM, "there");
	return NULL;
}

START_TEST(each_thread_has_its_own_sentence)
{
	pthread_t thread;

	last_error_set(-EINVAL, "here");
	ck_assert_int_eq(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
	pthread_join(thread, NULL);
	ck_assert_str_eq(engine_last_error(), "here");
}
END_TEST

/* What alsa-lib prints while this runs, to a file in place of stderr. */
static long printed_by(void (*run)(void))
{
	FILE *file = tmpfile();
	int keep = dup(STDERR_FILENO);
	long length;

	ck_assert_ptr_nonnull(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	run();
	fflush(stderr);
	dup2(keep, STDERR_FILENO);
	close(keep);
	length = (long)lseek(fileno(file), 0, SEEK_END);
	fclose(file);
	return length;
}

static void fail_to_open(void)
{
	snd_pcm_t *pcm;

	ck_assert_int_lt(snd_pcm_open(&pcm, "no_such_pcm", SND_PCM_STREAM_PLAYBACK, 0), 0);
}

static struct alsa_text outer, inner;

static void fail_caught(void)
{
	alsa_text_begin(&outer);
	alsa_text_begin(&inner);
	fail_to_open();
	alsa_text_end(&inner);
	snd_lib_error(__FILE__, __LINE__, __func__, EBUSY, "second\nline");
	alsa_text_end(&outer);
}

START_TEST(alsas_text_is_caught_and_its_first_line_kept)
{
	ck_assert_int_eq(printed_by(fail_caught), 0);
	ck_assert_str_eq(inner.text, "Unknown PCM no_such_pcm");
	ck_assert_str_eq(outer.text, "Unknown PCM no_such_pcm");
}
END_TEST

static void report_two_lines(void)
{
	alsa_text_begin(&outer);
	snd_lib_error(__FILE__, __LINE__, __func__, EBUSY, "one\nline");
	alsa_text_end(&outer);
}

START_TEST(alsas_text_is_one_line_with_its_error)
{
	ck_assert_int_eq(printed_by(report_two_lines), 0);
	ck_assert_str_eq(outer.text, "one: Device or resource busy");
}
END_TEST

static void report_two_lines_without_error(void)
{
	alsa_text_begin(&outer);
	snd_lib_error(__FILE__, __LINE__, __func__, 0, "one\nline");
	alsa_text_end(&outer);
}

START_TEST(alsas_text_without_an_error_is_one_line_too)
{
	ck_assert_int_eq(printed_by(report_two_lines_without_error), 0);
	ck_assert_str_eq(outer.text, "one");
}
END_TEST

START_TEST(what_is_not_caught_is_alsas_again)
{
	printed_by(fail_caught);
	ck_assert_int_gt(printed_by(fail_to_open), 0);
}
END_TEST

START_TEST(formats_have_alsas_names_and_their_sizes)
{
	const struct {
		uint32_t format;
		const char *name;
		int bytes;
		snd_pcm_format_t alsa;
	} formats[] = {
		{ ENGINE_FORMAT_S16_LE, "S16_LE", 2, SND_PCM_FORMAT_S16_LE },
		{ ENGINE_FORMAT_S24_LE, "S24_LE", 4, SND_PCM_FORMAT_S24_LE },
		{ ENGINE_FORMAT_S24_3LE, "S24_3LE", 3, SND_PCM_FORMAT_S24_3LE },
		{ ENGINE_FORMAT_S32_LE, "S32_LE", 4, SND_PCM_FORMAT_S32_LE },
		{ ENGINE_FORMAT_FLOAT_LE, "FLOAT_LE", 4, SND_PCM_FORMAT_FLOAT_LE },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		ck_assert_str_eq(engine_format_name(formats[i].format), formats[i].name);
		ck_assert_int_eq(engine_format_bytes(formats[i].format), formats[i].bytes);
		ck_assert_int_eq(engine_format_from_name(formats[i].name), (int)formats[i].format);
		ck_assert_int_eq(snd_pcm_format_value(formats[i].name), formats[i].alsa);
		ck_assert_int_eq(snd_pcm_format_physical_width(formats[i].alsa),
				 8 * formats[i].bytes);
	}
	ck_assert_int_eq(engine_format_from_name("s24_3le"), ENGINE_FORMAT_S24_3LE);
}
END_TEST

START_TEST(what_is_no_format_has_no_name)
{
	const uint32_t others[] = { ENGINE_FORMAT_ANY, 6, UINT32_MAX };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert_str_eq(engine_format_name(others[i]), "unknown");
		ck_assert_int_eq(engine_format_bytes(others[i]), -EINVAL);
	}
	ck_assert_int_eq(engine_format_from_name("unknown"), -EINVAL);
	ck_assert_int_eq(engine_format_from_name(""), -EINVAL);
	ck_assert_int_eq(engine_format_from_name("S16_BE"), -EINVAL);
	ck_assert_int_eq(engine_format_from_name(NULL), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tests = tcase_create("error");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, our_codes_have_our_sentences);
	tcase_add_test(tests, errno_is_told_with_either_sign);
	tcase_add_test(tests, alsas_own_codes_are_alsas);
	tcase_add_test(tests, any_other_code_is_unknown);
	tcase_add_test(tests, the_abi_is_the_headers);
	tcase_add_test(tests, no_failure_no_sentence);
	tcase_add_test(tests, the_last_error_stands_until_the_next);
	tcase_add_test(tests, a_long_sentence_is_cut);
	tcase_add_test(tests, each_thread_has_its_own_sentence);
	tcase_add_test(tests, alsas_text_is_caught_and_its_first_line_kept);
	tcase_add_test(tests, alsas_text_is_one_line_with_its_error);
	tcase_add_test(tests, alsas_text_without_an_error_is_one_line_too);
	tcase_add_test(tests, what_is_not_caught_is_alsas_again);
	tcase_add_test(tests, formats_have_alsas_names_and_their_sizes);
	tcase_add_test(tests, what_is_no_format_has_no_name);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
