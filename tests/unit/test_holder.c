/* SPDX-License-Identifier: MIT */
/*
 * Who holds a busy card, on a copy of what the kernel shows in /proc; and
 * which cards there are, on a copy of /dev/snd.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/cards.h"
#include "control/holder.h"

static char root[] = "/tmp/peal-holder-XXXXXX";

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *at)
{
	(void)stat, (void)type, (void)at;
	return remove(path);
}

/* A file below root, with the folders that it needs. */
static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		ck_assert(mkdir(path, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* Card 0, PCH: playback 0 held by thread 812 of process 800; card 1, USB:
 * playback 0 free, 3 and capture 0 held by others; card 2: each direction held. */
static void setup(void)
{
	char link[64];

	ck_assert_ptr_nonnull(mkdtemp(root));
	put("asound/card0/pcm0p/sub0/status",
	    "state: RUNNING\nowner_pid   : 812\ntrigger_time: 3.5\ntstamp      : 0.0\n");
	put("asound/card0/pcm0c/sub0/status", "closed\n");
	put("asound/card1/pcm0p/sub0/status", "closed\n");
	put("asound/card1/pcm0p/sub1/status", "closed\n");
	put("asound/card1/pcm3p/sub0/status", "closed\n");
	put("asound/card1/pcm3p/sub1/status", "state: SETUP\nowner_pid   : 77\n");
	put("asound/card1/pcm0c/sub0/status", "state: RUNNING\nowner_pid   : 0\n");
	put("asound/card2/pcm0p/sub0/status", "state: RUNNING\nowner_pid   : 5\n");
	put("asound/card2/pcm0c/sub0/status", "state: RUNNING\nowner_pid   : 6\n");
	snprintf(link, sizeof(link), "%s/asound/PCH", root);
	ck_assert_int_eq(symlink("card0", link), 0);
	snprintf(link, sizeof(link), "%s/asound/2i2_USB", root);
	ck_assert_int_eq(symlink("card1", link), 0);
	put("812/status", "Name:\tdata-loop.0\nTgid:\t800\nPid:\t812\n");
	put("812/comm", "data-loop.0\n");
	put("800/comm", "pipewire\n");
	put("dev/controlC0", "");
	put("dev/controlC1", "");
	put("dev/pcmC0D0p", "");
	put("dev/seq", "");
	put("nothing/timer", "");
}

static void teardown(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* pid -1: no one. */
static void held(const char *pcm, snd_pcm_stream_t stream, int pid, const char *program)
{
	struct holder holder;
	bool found = holder_find(&holder, root, pcm, stream);

	ck_assert_msg(found == (pid >= 0), "%s: found %d", pcm, found);
	if (!found)
		return;
	ck_assert_msg(holder.pid == pid, "%s: pid %d, not %d", pcm, (int)holder.pid, pid);
	ck_assert_str_eq(holder.program, program);
}

START_TEST(the_holder_is_the_process_and_not_its_thread)
{
	held("hw:0", SND_PCM_STREAM_PLAYBACK, 800, "pipewire");
}
END_TEST

START_TEST(a_card_has_many_names)
{
	const char *const names[] = { "hw:0,0",          "hw:0,0,0",       "plughw:PCH",
				      "hw:CARD=PCH",     "hw:PCH,DEV=0",   "hw:CARD=PCH,DEV=0",
				      "hw:DEV=0,CARD=0", "front:CARD=PCH", "sysdefault:PCH" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		held(names[i], SND_PCM_STREAM_PLAYBACK, 800, "pipewire");
}
END_TEST

START_TEST(another_device_has_another_holder)
{
	held("hw:1,3", SND_PCM_STREAM_PLAYBACK, 77, "");
	held("hw:CARD=2i2_USB,DEV=3", SND_PCM_STREAM_PLAYBACK, 77, "");
	held("hw:1,4", SND_PCM_STREAM_PLAYBACK, -1, NULL);
	held("hw:3", SND_PCM_STREAM_PLAYBACK, -1, NULL);
	held("hw:NVidia", SND_PCM_STREAM_PLAYBACK, -1, NULL);
}
END_TEST

START_TEST(each_direction_has_its_holder_first)
{
	held("hw:1", SND_PCM_STREAM_CAPTURE, 0, "");
	held("hw:2", SND_PCM_STREAM_PLAYBACK, 5, "");
	held("hw:2", SND_PCM_STREAM_CAPTURE, 6, "");
	/* held in the other direction: a half-duplex card is busy, too */
	held("hw:0", SND_PCM_STREAM_CAPTURE, 800, "pipewire");
	held("hw:1", SND_PCM_STREAM_PLAYBACK, 0, "");
}
END_TEST

START_TEST(a_name_that_tells_no_card_means_any)
{
	const char *const names[] = { "default", "plug:'hw:0,0'", "hw:../../etc", "hw:*", "hw:" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		held(names[i], SND_PCM_STREAM_PLAYBACK, 800, "pipewire");
}
END_TEST

START_TEST(a_pcm_is_full_when_no_substream_is_left)
{
	static const struct {
		const char *pcm;
		snd_pcm_stream_t stream;
		int pid; /* -1: it is not full */
	} cases[] = {
		{ "hw:0,0", SND_PCM_STREAM_PLAYBACK, 800 },
		{ "plughw:CARD=PCH", SND_PCM_STREAM_PLAYBACK, 800 },
		{ "hw:1,0", SND_PCM_STREAM_CAPTURE, 0 },
		/* one of two is free */
		{ "hw:1,3", SND_PCM_STREAM_PLAYBACK, -1 },
		/* the other direction does not count */
		{ "hw:0,0", SND_PCM_STREAM_CAPTURE, -1 },
		{ "hw:1,0", SND_PCM_STREAM_PLAYBACK, -1 },
		{ "hw:7,0", SND_PCM_STREAM_PLAYBACK, -1 },
		/* these may share, or mean another */
		{ "front:CARD=PCH", SND_PCM_STREAM_PLAYBACK, -1 },
		{ "default", SND_PCM_STREAM_PLAYBACK, -1 },
		{ "hw:*", SND_PCM_STREAM_PLAYBACK, -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct holder holder;
		bool full = holder_of_full(&holder, root, cases[i].pcm, cases[i].stream);

		ck_assert_msg(full == (cases[i].pid >= 0), "%s: full %d", cases[i].pcm, full);
		if (full)
			ck_assert_int_eq(holder.pid, cases[i].pid);
	}
}
END_TEST

START_TEST(cards_are_control_devices)
{
	char directory[64];
	struct cards cards;

	snprintf(directory, sizeof(directory), "%s/dev", root);
	cards = cards_look(directory);
	ck_assert_uint_eq(cards.present, 2);
	ck_assert_uint_eq(cards.allowed, 2);
	snprintf(directory, sizeof(directory), "%s/nothing", root);
	ck_assert_uint_eq(cards_look(directory).present, 0);
	snprintf(directory, sizeof(directory), "%s/nowhere", root);
	ck_assert_uint_eq(cards_look(directory).present, 0);
}
END_TEST

START_TEST(a_card_that_may_not_be_opened_is_present)
{
	char path[64];
	int status;
	pid_t child;

	snprintf(path, sizeof(path), "%s/dev/controlC1", root);
	ck_assert_int_eq(chmod(path, 0), 0);
	ck_assert_int_eq(chmod(root, 0755), 0);
	snprintf(path, sizeof(path), "%s/dev/controlC0", root);
	ck_assert_int_eq(chmod(path, 0666), 0);
	snprintf(path, sizeof(path), "%s/dev", root);
	child = fork();
	if (child == 0) {
		struct cards cards;

		/* root may open everything; what counts is the effective user */
		if (geteuid() == 0 && seteuid(65534) != 0)
			_exit(1);
		cards = cards_look(path);
		_exit(cards.present == 2 && cards.allowed == 1 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("holder");
	TCase *tests = tcase_create("holder");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	/* once, outside the tests: a test that fails leaves nothing behind */
	tcase_add_unchecked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_holder_is_the_process_and_not_its_thread);
	tcase_add_test(tests, a_card_has_many_names);
	tcase_add_test(tests, another_device_has_another_holder);
	tcase_add_test(tests, each_direction_has_its_holder_first);
	tcase_add_test(tests, a_name_that_tells_no_card_means_any);
	tcase_add_test(tests, a_pcm_is_full_when_no_substream_is_left);
	tcase_add_test(tests, cards_are_control_devices);
	tcase_add_test(tests, a_card_that_may_not_be_opened_is_present);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
