/* SPDX-License-Identifier: MIT */
/*
 * The device: opened, set up alike in both directions, linked or not; and the
 * sentence when it cannot be opened. On ALSA's "null" and the virtual card,
 * which every machine has, and on PCMs of a configuration of its own.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peal/error.h>

#include "control/cards.h"
#include "control/config.h"
#include "control/device.h"
#include "control/refusal.h"

static const char *const configuration =
	"</usr/share/alsa/alsa.conf>\n"
	"pcm.left { type multi slaves.a { pcm null channels 2 }\n"
	"  bindings.0 { slave a channel 0 } bindings.1 { slave a channel 1 } }\n"
	"pcm.float { type lfloat slave { pcm { type null } format S16_LE } }\n"
	"pcm.linear { type linear slave { pcm { type null } format S16_LE } }\n"
	"pcm.tofile { type file slave.pcm null file /dev/null format raw }\n"
	"pcm.lost { type hw card 31 }\n";

static char path[] = "/tmp/peal-alsa-XXXXXX";
static struct engine_config config, wanted;
static struct device device;
static int stderr_copy, stderr_file;

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

/* Everything that is printed during a test is a failure of it. */
static void setup(void)
{
	memset(&wanted, 0, sizeof(wanted));
	wanted.size = sizeof(wanted);
	memset(&device, 0, sizeof(device));
	fflush(stderr);
	stderr_copy = dup(STDERR_FILENO);
	stderr_file = fileno(tmpfile());
	dup2(stderr_file, STDERR_FILENO);
}

static void teardown(void)
{
	device_close(&device);
	fflush(stderr);
	dup2(stderr_copy, STDERR_FILENO);
	ck_assert_int_eq(lseek(stderr_file, 0, SEEK_END), 0);
}

static int open_wanted(void)
{
	ck_assert_msg(config_resolve(&config, &wanted) == 0, "%s", engine_last_error());
	return device_open(&device, &config);
}

static void opened(void)
{
	ck_assert_msg(open_wanted() == 0, "%s", engine_last_error());
}

static void refused(int err, const char *part)
{
	static const struct device closed;

	ck_assert_int_eq(open_wanted(), err);
	ck_assert_msg(strstr(engine_last_error(), part) != NULL, "\"%s\" lacks \"%s\"",
		      engine_last_error(), part);
	ck_assert_mem_eq(&device, &closed, sizeof(device));
}

START_TEST(one_direction_leaves_the_other_zero)
{
	const struct engine_pcm_info none = { .card = 0 };

	wanted.device = "null";
	wanted.channels = 5;
	wanted.format = ENGINE_FORMAT_S24_3LE;
	opened();
	ck_assert_ptr_nonnull(device.playback);
	ck_assert_ptr_null(device.capture);
	ck_assert_mem_eq(&device.info.capture, &none, sizeof(none));
	ck_assert_uint_eq(device.info.size, sizeof(device.info));
	ck_assert_uint_eq(device.info.directions, ENGINE_PLAYBACK);
	ck_assert_uint_eq(device.info.rate, 48000);
	ck_assert_uint_eq(device.info.channels, 5);
	ck_assert_uint_eq(device.info.format, ENGINE_FORMAT_S24_3LE);
	ck_assert_uint_eq(device.info.sample_bytes, 3);
	ck_assert_uint_eq(device.info.frame_bytes, 15);
	ck_assert_uint_eq(device.info.period_frames, 256);
	ck_assert_uint_eq(device.info.linked, 0);
	ck_assert_str_eq(device.info.playback.name, "null");
	ck_assert_str_eq(device.info.playback.type, "NULL");
	ck_assert_str_eq(device.info.playback.card_id, "");
	ck_assert_int_eq(device.info.playback.card, -1);
}
END_TEST

START_TEST(capture_alone_takes_the_capture_device)
{
	wanted.device = "no_such_pcm";
	wanted.capture_device = "null";
	wanted.directions = ENGINE_CAPTURE;
	opened();
	ck_assert_ptr_null(device.playback);
	ck_assert_str_eq(device.info.capture.name, "null");
	ck_assert_uint_eq(device.info.period_frames, 256);
}
END_TEST

START_TEST(two_pcms_without_a_card_are_not_linked)
{
	wanted.device = "null";
	wanted.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE;
	opened();
	ck_assert_int_eq(snd_pcm_state(device.playback), SND_PCM_STATE_PREPARED);
	ck_assert_int_eq(snd_pcm_state(device.capture), SND_PCM_STATE_PREPARED);
	ck_assert_uint_eq(device.info.linked, 0);
	ck_assert(!device.grouped);
}
END_TEST

START_TEST(both_directions_get_a_format_that_both_take)
{
	wanted.device = "null";
	wanted.capture_device = "float";
	wanted.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE;
	opened();
	/* null alone would have been given S16_LE */
	ck_assert_uint_eq(device.info.format, ENGINE_FORMAT_FLOAT_LE);
}
END_TEST

START_TEST(no_format_in_common_is_told_for_both)
{
	wanted.device = "linear";
	wanted.capture_device = "float";
	wanted.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE;
	refused(-EINVAL, "no format in common: linear offers S16_LE, S24_LE, S24_3LE, S32_LE for "
			 "playback, float offers FLOAT_LE for capture");
}
END_TEST

START_TEST(a_refusal_of_capture_closes_playback)
{
	wanted.device = "null";
	wanted.capture_device = "left";
	wanted.channels = 4;
	wanted.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE;
	refused(-EINVAL, "4 channels refused by left, which offers 2 channels of S16_LE");
}
END_TEST

START_TEST(the_virtual_cards_directions_are_linked)
{
	wanted.device = "virtual";
	wanted.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE;
	wanted.period_frames = 128;
	opened();
	ck_assert_ptr_nonnull(device.card);
	ck_assert_uint_eq(device.info.linked, 1);
	ck_assert(!device.grouped);
	ck_assert(device.promote);
	ck_assert_str_eq(device.info.playback.type, "IOPLUG");
	ck_assert_uint_eq(device.info.playback.period_frames, 128);
	ck_assert_uint_eq(device.info.capture.period_frames, 128);
	ck_assert_uint_eq(device.info.capture.buffer_frames, device.info.playback.buffer_frames);
}
END_TEST

START_TEST(the_virtual_card_captures_only_what_it_plays)
{
	wanted.device = "virtual";
	wanted.capture_device = "null";
	wanted.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE;
	refused(-EINVAL, "capture_device null refused");
	wanted.device = "null";
	wanted.capture_device = "virtual";
	refused(-EINVAL, "capture_device virtual refused");
}
END_TEST

START_TEST(an_option_that_the_virtual_card_lacks_is_named)
{
	wanted.device = "virtual:colour=red";
	refused(-EINVAL, "virtual:colour=red refused");
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "clock"));
}
END_TEST

START_TEST(pcms_that_no_card_paces_are_not_promoted)
{
	const char *const names[] = { "null", "tofile", "linear" };
	const char *const reasons[] = { "null (type NULL) is not paced by hardware",
					"tofile (type FILE) is not paced by hardware",
					"linear (type LINEAR) ends in no card" };

	for (int i = 0; i < 3; i++) {
		wanted.device = names[i];
		opened();
		ck_assert(!device.promote);
		ck_assert_msg(strstr(device.promote_reason, reasons[i]) != NULL, "%s",
			      device.promote_reason);
		device_close(&device);
	}
}
END_TEST

START_TEST(a_name_that_no_one_knows_is_told_so)
{
	wanted.device = "no_such_pcm";
	refused(-ENOENT, "no PCM is called no_such_pcm; peal devices lists them");
}
END_TEST

START_TEST(a_card_that_is_not_there_is_told_so)
{
	wanted.device = "lost";
	refused(-ENOENT, "lost cannot be opened for playback: ");
	if (cards_look(CARDS_DIRECTORY).present == 0)
		ck_assert_ptr_nonnull(
			strstr(engine_last_error(), "this machine has no sound card"));
}
END_TEST

START_TEST(each_cause_has_its_way_out)
{
	const struct {
		int err;
		const char *name, *alsa_text, *part;
	} causes[] = {
		{ -EACCES, "hw:0", "", "add the user to the group audio" },
		{ -EPERM, "default", "", "docker run --device /dev/snd" },
		{ -ENOENT, "hw:0,9", "", "hw:0,9 has no capture; peal devices lists what has" },
		{ -ENOENT, "jack", "", "jack cannot be opened for capture: No such file" },
		{ -ENODEV, "hw:X", "Cannot get card index for X", "Cannot get card index for X;" },
		{ -ENOENT, "x", "Unknown PCM x", "no PCM is called x;" },
		{ -ECONNREFUSED, "pulse", "", "pulse cannot be opened for capture: Connection" },
		{ -EINVAL, "x", "type is not defined", "ALSA says: type is not defined" },
		{ -EBUSY, "hw:31", "", "hw:31 is busy: another program holds it" },
	};

	/* a card that is hidden from this user turns "missing" into "not allowed" */
	if (cards_look(CARDS_DIRECTORY).present != cards_look(CARDS_DIRECTORY).allowed)
		return;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		ck_assert_int_eq(refusal_of_open(causes[i].err, causes[i].name,
						 SND_PCM_STREAM_CAPTURE, causes[i].alsa_text),
				 causes[i].err);
		ck_assert_msg(strstr(engine_last_error(), causes[i].part) != NULL,
			      "\"%s\" lacks \"%s\"", engine_last_error(), causes[i].part);
	}
}
END_TEST

START_TEST(closing_twice_is_closing_once)
{
	wanted.device = "null";
	opened();
	device_close(&device);
	ck_assert_ptr_null(device.playback);
	device_close(&device);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("device");
	TCase *tests = tcase_create("device");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_unchecked_fixture(tests, make_configuration, remove_configuration);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, one_direction_leaves_the_other_zero);
	tcase_add_test(tests, capture_alone_takes_the_capture_device);
	tcase_add_test(tests, two_pcms_without_a_card_are_not_linked);
	tcase_add_test(tests, both_directions_get_a_format_that_both_take);
	tcase_add_test(tests, no_format_in_common_is_told_for_both);
	tcase_add_test(tests, a_refusal_of_capture_closes_playback);
	tcase_add_test(tests, the_virtual_cards_directions_are_linked);
	tcase_add_test(tests, the_virtual_card_captures_only_what_it_plays);
	tcase_add_test(tests, an_option_that_the_virtual_card_lacks_is_named);
	tcase_add_test(tests, pcms_that_no_card_paces_are_not_promoted);
	tcase_add_test(tests, a_name_that_no_one_knows_is_told_so);
	tcase_add_test(tests, a_card_that_is_not_there_is_told_so);
	tcase_add_test(tests, each_cause_has_its_way_out);
	tcase_add_test(tests, closing_twice_is_closing_once);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
