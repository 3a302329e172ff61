/* SPDX-License-Identifier: MIT */
/*
 * Fault scripts: what they may say, how a refusal puts it, and that a script
 * comes true at its frames: how far the converter moves, and when a wait ends.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "card/card.h"
#include "card/fault.h"
#include "support.h"

static struct fault_script parsed(const char *text)
{
	struct fault_script script;
	char reason[256] = "";

	ck_assert_msg(fault_script_parse(&script, text, strlen(text), reason, sizeof(reason)) == 0,
		      "%s: %s", text, reason);
	return script;
}

/* ---- what a script says */

START_TEST(a_piece_is_kind_frame_every_and_value)
{
	static const struct {
		const char *text;
		struct fault fault;
	} pieces[] = {
		{ "xrun@0", { FAULT_XRUN, 0, 0, 0 } },
		{ "xrun@48000/96000", { FAULT_XRUN, 0, 48000, 96000 } },
		{ "suspend@1", { FAULT_SUSPEND, FAULT_SLEEP_OPEN, 1, 0 } },
		{ "suspend@1:7", { FAULT_SUSPEND, 7, 1, 0 } },
		{ "resume@2", { FAULT_RESUME, 0, 2, 0 } },
		{ "unplug@144000", { FAULT_UNPLUG, 0, 144000, 0 } },
		{ "return@192000", { FAULT_RETURN, 0, 192000, 0 } },
		{ "stuck@3", { FAULT_STUCK, 0, 3, 0 } },
		{ "spin@4", { FAULT_SPIN, 0, 4, 0 } },
		{ "go@5/6", { FAULT_GO, 0, 5, 6 } },
		{ "burst@0:192", { FAULT_BURST, 192, 0, 0 } },
		{ "drift@0:250", { FAULT_DRIFT, 250, 0, 0 } },
		{ "drift@0/9:-500000", { FAULT_DRIFT, -500000, 0, 9 } },
		{ "jitter@0:2", { FAULT_JITTER, 2, 0, 0 } },
		{ "late@48000:10", { FAULT_LATE, 10, 48000, 0 } },
		{ "hugeavail@7", { FAULT_HUGEAVAIL, 32, 7, 0 } },
		{ "backwards@8:1", { FAULT_BACKWARDS, 1, 8, 0 } },
		{ "open@0:3", { FAULT_OPEN, 3, 0, 0 } },
		{ "busy@0", { FAULT_BUSY, 1, 0, 0 } },
		{ "params@0", { FAULT_PARAMS, 1, 0, 0 } },
		{ "prepare@0:2147483647", { FAULT_PREPARE, 2147483647, 0, 0 } },
		{ "start@281474976710656", { FAULT_START, 1, FAULT_FRAME_MAX, 0 } },
	};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct fault_script script = parsed(pieces[i].text);

		ck_assert_uint_eq(script.count, 1);
		ck_assert_int_eq(script.faults[0].kind, pieces[i].fault.kind);
		ck_assert_int_eq(script.faults[0].value, pieces[i].fault.value);
		ck_assert_uint_eq(script.faults[0].frame, pieces[i].fault.frame);
		ck_assert_uint_eq(script.faults[0].every, pieces[i].fault.every);
	}
}
END_TEST

START_TEST(a_script_ends_where_its_length_does)
{
	struct fault_script script;
	char reason[80];

	ck_assert_int_eq(fault_script_parse(&script, "xrun@123,go@4", 7, reason, sizeof(reason)),
			 0);
	ck_assert_uint_eq(script.count, 1);
	ck_assert_uint_eq(script.faults[0].frame, 12);
	ck_assert_int_eq(fault_script_parse(&script, "xrun@1,go@4", 7, reason, sizeof(reason)),
			 -EINVAL);
}
END_TEST

/* What is refused, the piece that is named and what is said of it. */
static const char *const refused[][3] = {
	{ "", "\"\"", "possible is xrun suspend resume unplug return" },
	{ "xrum@1", "\"xrum@1\"", "open busy params prepare start" },
	{ "xrun@1,", "\"\"", "possible is" },
	{ ",xrun@1", "\"\"", "possible is" },
	{ "go@1,quack@2,go@3", "\"quack@2\"", "possible is" },
	{ "XRUN@1", "\"XRUN@1\"", "possible is" },
	{ "xru@1", "\"xru@1\"", "possible is" },
	{ "xrun", "\"xrun\"", "xrun@frame or xrun@frame/every" },
	{ "xrun@", "\"xrun@\"", "xrun@frame" },
	{ "xrun@-1", "\"xrun@-1\"", "xrun@frame" },
	{ "xrun@1x", "\"xrun@1x\"", "xrun@frame" },
	{ "xrun@ 1", "\"xrun@ 1\"", "xrun@frame" },
	{ "xrun@1/", "\"xrun@1/\"", "xrun@frame" },
	{ "xrun@1/0", "\"xrun@1/0\"", "xrun@frame" },
	{ "xrun@1:2", "\"xrun@1:2\"", "xrun@frame" },
	{ "xrun@281474976710657", "\"xrun@281474976710657\"", "xrun@frame" },
	{ "xrun@99999999999999999999999", "\"xrun@99999999999999999999999\"", "xrun@frame" },
	{ "late@1", "\"late@1\"", "late@frame:ms" },
	{ "late@1:", "\"late@1:\"", "with 1 to 3600000 ms" },
	{ "late@1:0", "\"late@1:0\"", "with 1 to 3600000 ms" },
	{ "late@1:3600001", "\"late@1:3600001\"", "with 1 to 3600000 ms" },
	{ "burst@1", "\"burst@1\"", "burst@frame:frames" },
	{ "jitter@1:-1", "\"jitter@1:-1\"", "ms" },
	{ "suspend@1:0", "\"suspend@1:0\"", "suspend@frame[:ms]" },
	{ "drift@0", "\"drift@0\"", "with -500000 to 500000 ppm" },
	{ "drift@0:--1", "\"drift@0:--1\"", "ppm" },
	{ "drift@0:500001", "\"drift@0:500001\"", "ppm" },
	{ "open@0:0", "\"open@0:0\"", "open@frame[:times]" },
	{ "open@0:4294967297", "\"open@0:4294967297\"", "times" },
	{ "go@1\"", "\"go@1\"\"", "go@frame" },
};
#define REFUSED (int)(sizeof(refused) / sizeof(refused[0]))

START_TEST(a_refusal_names_the_piece_and_what_is_possible)
{
	char reason[256] = "", name[128], tiny[8];
	struct card *card = (struct card *)reason;

	snprintf(name, sizeof(name), "virtual:fault=%s", refused[_i][0]);
	ck_assert_int_eq(card_create(&card, name, false, reason, sizeof(reason)), -EINVAL);
	ck_assert_ptr_null(card);
	/* of nothing at all it is the name that complains */
	if (_i > 0) {
		ck_assert_msg(strstr(reason, refused[_i][1]), "%s", reason);
		ck_assert_msg(strstr(reason, refused[_i][2]), "%s", reason);
	}
	ck_assert_int_eq(card_create(&card, name, false, tiny, sizeof(tiny)), -EINVAL);
	ck_assert_str_eq(tiny, "virtual");
}
END_TEST

START_TEST(a_name_takes_a_clock_beside_the_faults)
{
	static const char *const names[] = {
		"virtual:fault=xrun@1",
		"virtual:fault=xrun@1,unplug@2,return@3",
		"virtual:clock=manual,fault=xrun@1,go@2",
		"virtual:fault=xrun@1,go@2,clock=manual",
	};
	char reason[256] = "";

	for (int i = 0; i < 4; i++) {
		struct card *card;

		ck_assert_msg(card_create(&card, names[i], false, reason, sizeof(reason)) == 0,
			      "%s", reason);
		ck_assert_int_eq(card_is_manual(card), i >= 2);
		card_destroy(card);
	}
}
END_TEST

START_TEST(so_many_faults_and_no_more)
{
	char text[FAULTS_MAX * 8 + 16] = "", reason[256] = "";
	struct fault_script script;
	size_t length = 0;

	for (int i = 0; i < FAULTS_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%sgo@%d",
					   i ? "," : "", i);
	ck_assert_uint_eq(parsed(text).count, FAULTS_MAX);
	strcat(text, ",go@99");
	ck_assert_int_eq(fault_script_parse(&script, text, strlen(text), reason, sizeof(reason)),
			 -EINVAL);
	ck_assert_msg(strstr(reason, "more than 32 faults"), "%s", reason);
}
END_TEST

/* ---- how it comes true */

/* Let time pass to a frame; how many frames the converter moved. */
static uint64_t run_to(struct faults *faults, uint64_t frame)
{
	uint64_t moved = 0;

	while (faults->due <= frame) {
		moved += faults_pass(faults, faults->due);
		faults_take(faults, 0);
	}
	return moved + faults_pass(faults, frame);
}

static struct faults begun(struct fault_script *script, const char *text)
{
	struct faults faults;

	*script = parsed(text);
	faults_init(&faults, script);
	faults_set_rate(&faults, 48000);
	return faults;
}

START_TEST(the_converter_moves_as_the_script_says)
{
	static const struct {
		const char *text;
		uint64_t frame, position;
	} runs[] = {
		{ "xrun@10,late@11:5,spin@12,open@13", 1000000007, 1000000007 },
		{ "stuck@100", 1000, 100 },
		{ "stuck@100,go@300", 1000, 800 },
		{ "stuck@100/500,go@200/500", 10000, 8000 },
		{ "drift@0:250", 48000000, 48012000 },
		{ "drift@0:-250", 48000000, 47988000 },
		{ "drift@0:-250", 3999, 3998 },
		{ "drift@1000000:500000,go@3000000", 4000000, 5000000 },
		{ "drift@0:1", FAULT_FRAME_MAX - 1, 281474976710655 + 281474976 },
		{ "burst@0:192", 191, 0 },
		{ "burst@0:192", 192, 192 },
		{ "burst@0:192", 1000, 960 },
		/* what it has not moved yet is left behind */
		{ "burst@0:192,go@1000", 1010, 970 },
	};

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct fault_script script;
		struct faults faults = begun(&script, runs[i].text);

		ck_assert_msg(run_to(&faults, runs[i].frame) == runs[i].position, "%s",
			      runs[i].text);
	}
}
END_TEST

/* When the converter has moved on by so much, found frame by frame. */
static uint64_t first_frame_with(struct faults faults, uint64_t frames)
{
	uint64_t moved = 0;

	while (moved < frames)
		moved += run_to(&faults, faults.frame + 1);
	return faults.frame;
}

static unsigned one_of(uint64_t *seed, unsigned count)
{
	return (unsigned)(support_random(seed) >> 33) % count;
}

START_TEST(a_wait_ends_with_the_frame_that_was_waited_for)
{
	static const char *const scripts[] = {
		"go@77",
		"stuck@500/1000,go@900/1000",
		"burst@300:192,go@5000/5000,burst@7000/5000:48",
		"drift@100:250000,drift@5000/10000:-400000,drift@7000/10000:3",
		"burst@1:100,drift@10:333333,stuck@600/2500,go@700/2500,burst@900/2500:37",
	};

	for (size_t s = 0; s < sizeof(scripts) / sizeof(scripts[0]); s++) {
		struct fault_script script;
		struct faults faults = begun(&script, scripts[s]);
		uint64_t seed = s;

		for (int i = 0; i < 500; i++) {
			uint64_t frames = 1 + one_of(&seed, 400);

			ck_assert_uint_eq(faults_wake(&faults, frames),
					  first_frame_with(faults, frames));
			run_to(&faults, faults.frame + one_of(&seed, 200));
		}
	}
}
END_TEST

START_TEST(a_wait_ends_for_what_poll_must_tell_and_for_nothing_else)
{
	static const struct {
		const char *text;
		uint64_t frames, wake;
	} waits[] = {
		{ "go@5", FAULT_NEVER, FAULT_NEVER },
		{ "go@5", 64, 64 },
		{ "xrun@30", 64, 30 },
		{ "suspend@30", FAULT_NEVER, 30 },
		{ "unplug@30", 64, 30 },
		{ "unplug@65", 64, 64 },
		{ "spin@10", FAULT_NEVER, 10 },
		{ "stuck@10", 64, FAULT_NEVER },
		{ "stuck@10,xrun@4000", 64, 4000 },
		{ "late@10:2", 64, 106 },
		{ "late@65:2", 64, 64 },
		{ "late@10:1", 64, 64 },
		/* faults without end do not hold up who asks: it is woken for nothing */
		{ "late@1/1:10", 64, 65 },
	};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct fault_script script;
		struct faults faults = begun(&script, waits[i].text);

		ck_assert_msg(faults_wake(&faults, waits[i].frames) == waits[i].wake, "%s: %llu",
			      waits[i].text,
			      (unsigned long long)faults_wake(&faults, waits[i].frames));
	}
}
END_TEST

START_TEST(jitter_is_late_by_up_to_its_value_and_the_same_each_time)
{
	struct fault_script script;
	struct faults faults = begun(&script, "jitter@0:2");
	uint64_t least = UINT64_MAX, most = 0;

	run_to(&faults, 1);
	for (int i = 0; i < 1000; i++) {
		uint64_t wake = faults_wake(&faults, 64), late = wake - faults.frame - 64;

		ck_assert_uint_ge(wake, faults.frame + 64);
		ck_assert_uint_le(late, 96);
		ck_assert_uint_eq(faults_wake(&faults, 64), wake);
		least = late < least ? late : least;
		most = late > most ? late : most;
		run_to(&faults, faults.frame + 64);
	}
	ck_assert_uint_le(least, 2);
	ck_assert_uint_ge(most, 94);
}
END_TEST

START_TEST(faults_that_were_slept_through_are_left_out)
{
	struct fault_script script;
	struct faults faults = begun(&script, "xrun@10/10,go@15");

	faults_pass(&faults, 10);
	ck_assert_int_eq(faults_take(&faults, 1000005)->kind, FAULT_XRUN);
	ck_assert_uint_eq(faults.due, 15);
	ck_assert_int_eq(faults_take(&faults, 1000005)->kind, FAULT_GO);
	ck_assert_uint_eq(faults.due, 1000010);
	ck_assert_int_eq(faults_take(&faults, 1000020)->kind, FAULT_XRUN);
	ck_assert_uint_eq(faults.due, 1000030);
}
END_TEST

START_TEST(a_card_is_away_for_as_long_as_it_says)
{
	static const struct {
		const char *text;
		uint64_t back;
	} scripts[] = {
		{ "suspend@100", 4900 },
		{ "suspend@100:1", 148 },
		{ "suspend@100,resume@50,resume@9000,resume@9001", 9000 },
		{ "suspend@100:1,resume@9000", 148 },
		{ "unplug@100", FAULT_NEVER },
		{ "unplug@100,return@50,return@300", 300 },
		{ "unplug@100/1000,return@50/1000", 1050 },
		{ "xrun@100", 100 },
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct fault_script script;
		struct faults faults = begun(&script, scripts[i].text);

		run_to(&faults, 100);
		ck_assert_msg(faults_back(&faults) == scripts[i].back, "%s", scripts[i].text);
	}
}
END_TEST

START_TEST(calls_fail_as_often_as_the_script_says)
{
	struct fault_script script;
	struct faults faults = begun(&script, "open@0,busy@0:2,params@0,prepare@0:2,start@9");

	run_to(&faults, 0);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_OPEN), -EBUSY);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_OPEN), -EBUSY);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_OPEN), -EIO);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_OPEN), 0);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_PARAMS), -EINVAL);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_PARAMS), 0);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_PREPARE), -EIO);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_PREPARE), -EIO);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_PREPARE), 0);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_START), 0);
	run_to(&faults, 9);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_START), -EIO);
	ck_assert_int_eq(faults_refuse(&faults, FAULT_START), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault_script");
	TCase *text = tcase_create("text");
	TCase *truth = tcase_create("truth");

	tcase_add_test(text, a_piece_is_kind_frame_every_and_value);
	tcase_add_test(text, a_script_ends_where_its_length_does);
	tcase_add_loop_test(text, a_refusal_names_the_piece_and_what_is_possible, 0, REFUSED);
	tcase_add_test(text, a_name_takes_a_clock_beside_the_faults);
	tcase_add_test(text, so_many_faults_and_no_more);
	suite_add_tcase(suite, text);

	tcase_set_timeout(truth, SUPPORT_PATIENCE_MS / 1000);
	tcase_add_test(truth, the_converter_moves_as_the_script_says);
	tcase_add_test(truth, a_wait_ends_with_the_frame_that_was_waited_for);
	tcase_add_test(truth, a_wait_ends_for_what_poll_must_tell_and_for_nothing_else);
	tcase_add_test(truth, jitter_is_late_by_up_to_its_value_and_the_same_each_time);
	tcase_add_test(truth, faults_that_were_slept_through_are_left_out);
	tcase_add_test(truth, a_card_is_away_for_as_long_as_it_says);
	tcase_add_test(truth, calls_fail_as_often_as_the_script_says);
	suite_add_tcase(suite, truth);
	return support_run(suite);
}
