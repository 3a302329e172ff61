/* SPDX-License-Identifier: MIT */
/*
 * The list of devices, on a configuration of its own. The cards' own PCMs are
 * whatever this machine has: what is said of them holds for none, too.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peal/config.h>
#include <peal/device.h>
#include <peal/error.h>

#define ROOM 256
/* 127 letters: the longest name there is room for */
#define NAME_127                                                                                   \
	"________10________20________30________40________50________60____"                         \
	"____70________80________90_______100_______110_______120_______"

static const char *const configuration =
	"pcm.null { type null }\n"
	"pcm.hw { @args [ CARD ] @args.CARD { type string } type hw card $CARD }\n"
	"ctl.hw { @args [ CARD ] @args.CARD { type string } type hw card $CARD }\n"
	"namehint.pcm [\n"
	"  'null|Nowhere\nat all'\n"
	"  'microphone|Only in|IOIDInput'\n"
	"  'speaker|Only out|IOIDOutput'\n"
	"  'bare'\n"
	"  'speaker|Again|IOIDInput'\n"
	"  'virtual|Not the one'\n"
	"  'virtual:clock=manual|Not that one'\n"
	"  '" NAME_127 "'\n"
	"  '" NAME_127 "1'\n"
	"]\n";

static char path[] = "/tmp/peal-alsa-XXXXXX";
static struct engine_device devices[ROOM];
static int stderr_copy, stderr_file;

static void configure(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	setenv("ALSA_CONFIG_PATH", path, 1);
}

/* Once, outside the tests: a test that fails leaves no file behind. */
static void make_file(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void remove_file(void)
{
	unlink(path);
}

static void setup(void)
{
	configure(configuration);
	memset(devices, 0, sizeof(devices));
	fflush(stderr);
	stderr_copy = dup(STDERR_FILENO);
	stderr_file = fileno(tmpfile());
	dup2(stderr_file, STDERR_FILENO);
}

static void teardown(void)
{
	fflush(stderr);
	dup2(stderr_copy, STDERR_FILENO);
	ck_assert_int_eq(lseek(stderr_file, 0, SEEK_END), 0);
}

static int list(void)
{
	int count = engine_list_devices(devices, ROOM, sizeof(devices[0]));

	ck_assert_msg(count >= 0, "%s", engine_last_error());
	ck_assert_int_le(count, ROOM);
	return count;
}

static const struct engine_device *find(const char *name)
{
	const struct engine_device *found = NULL;

	for (int i = 0; i < list(); i++)
		if (strcmp(devices[i].name, name) == 0) {
			ck_assert_msg(!found, "%s is listed twice", name);
			found = &devices[i];
		}
	return found;
}

static void listed(const char *name, const char *description, uint32_t directions)
{
	const struct engine_device *device = find(name);

	ck_assert_msg(device != NULL, "%s is not listed", name);
	ck_assert_str_eq(device->description, description);
	ck_assert_uint_eq(device->directions, directions);
	ck_assert_uint_eq(device->hardware, 0);
}

START_TEST(what_the_configuration_names_is_listed)
{
	listed("null", "Nowhere at all", ENGINE_PLAYBACK | ENGINE_CAPTURE);
	listed("microphone", "Only in", ENGINE_CAPTURE);
	listed("speaker", "Only out", ENGINE_PLAYBACK);
	listed("bare", "bare", ENGINE_PLAYBACK | ENGINE_CAPTURE);
}
END_TEST

START_TEST(virtual_is_ours_and_last)
{
	int count = list();

	ck_assert_ptr_nonnull(find("virtual"));
	ck_assert_ptr_null(find("virtual:clock=manual"));
	ck_assert_str_eq(devices[count - 1].name, "virtual");
	ck_assert_ptr_null(strstr(devices[count - 1].description, "Not"));
	ck_assert_uint_eq(devices[count - 1].directions, ENGINE_PLAYBACK | ENGINE_CAPTURE);
	ck_assert_uint_eq(devices[count - 1].hardware, 0);
}
END_TEST

START_TEST(a_name_is_listed_whole_or_not_at_all)
{
	ck_assert_uint_eq(strlen(NAME_127), sizeof(devices[0].name) - 1);
	ck_assert_ptr_nonnull(find(NAME_127));
	for (int i = 0; i < list(); i++)
		ck_assert_uint_lt(strlen(devices[i].name), sizeof(devices[i].name));
	/* one of 128 letters is not there, in part either: find() sees no double */
}
END_TEST

START_TEST(hardware_comes_first_by_its_lasting_name)
{
	bool configured = false;

	for (int i = 0; i < list(); i++) {
		configured |= !devices[i].hardware;
		ck_assert(!(configured && devices[i].hardware));
		if (devices[i].hardware) {
			ck_assert_int_eq(strncmp(devices[i].name, "hw:CARD=", 8), 0);
			ck_assert_ptr_nonnull(strstr(devices[i].name, ",DEV="));
		}
		ck_assert_uint_ge(devices[i].directions, ENGINE_PLAYBACK);
		ck_assert_uint_le(devices[i].directions, ENGINE_PLAYBACK | ENGINE_CAPTURE);
	}
}
END_TEST

START_TEST(too_little_room_is_filled_and_all_are_counted)
{
	int count = list();

	memset(devices, 0x55, sizeof(devices));
	ck_assert_int_eq(engine_list_devices(devices, 2, sizeof(devices[0])), count);
	ck_assert_int_ne(devices[1].name[0], 0x55);
	ck_assert_int_eq(devices[2].name[0], 0x55);
	ck_assert_int_eq(engine_list_devices(NULL, 0, sizeof(devices[0])), count);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
	ck_assert_int_eq(engine_list_devices(NULL, 1, sizeof(devices[0])), -EINVAL);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "devices is NULL"));
	ck_assert_int_eq(engine_list_devices(devices, 1, sizeof(devices[0]) - 1), ENGINE_EABI);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "device_size"));
	ck_assert_int_eq(engine_list_devices(devices, 1, 0), ENGINE_EABI);
}
END_TEST

START_TEST(a_broken_configuration_is_told_and_not_printed)
{
	configure("pcm.broken { type\n");
	ck_assert_int_lt(engine_list_devices(devices, ROOM, sizeof(devices[0])), 0);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "ALSA's configuration"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("device_list");
	TCase *tests = tcase_create("device_list");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_unchecked_fixture(tests, make_file, remove_file);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_the_configuration_names_is_listed);
	tcase_add_test(tests, virtual_is_ours_and_last);
	tcase_add_test(tests, a_name_is_listed_whole_or_not_at_all);
	tcase_add_test(tests, hardware_comes_first_by_its_lasting_name);
	tcase_add_test(tests, too_little_room_is_filled_and_all_are_counted);
	tcase_add_test(tests, bad_arguments_are_refused);
	tcase_add_test(tests, a_broken_configuration_is_told_and_not_printed);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
