/* SPDX-License-Identifier: MIT */
/*
 * Loading samples into an engine: what is refused, and with which words. On a
 * bare engine, whose audio thread the test plays.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include <peal/error.h>
#include <peal/sample.h>
#include "control/bank.h"
#include "control/engine.h"
#include "support.h"

#define COUNT 4

static atomic_of(struct engine_sample *) slots[COUNT];
static struct rt rt;
static struct engine engine;
static struct engine_sample *sample, *slower;

static struct engine_sample *make(uint32_t rate)
{
	const float frame = 0.5f;
	struct engine_sample *made;

	ck_assert_int_eq(engine_sample_create(&made, &frame, 1, ENGINE_FORMAT_FLOAT_LE, 1, rate, 0),
			 0);
	return made;
}

static void setup(void)
{
	rt.bank = (struct bank){ .count = COUNT, .samples = slots };
	engine.rt = &rt;
	engine.keeper = bank_keeper_create(&rt.bank);
	engine.device.info.rate = 48000;
	ck_assert_ptr_nonnull(engine.keeper);
	sample = make(48000);
	slower = make(44100);
}

static void teardown(void)
{
	bank_keeper_destroy(engine.keeper);
	/* the engine's are given up */
	ck_assert_uint_eq(load_relaxed(&sample->references), 1);
	ck_assert_uint_eq(load_relaxed(&slower->references), 1);
	engine_sample_put(sample);
	engine_sample_put(slower);
}

static void refused(int result, int code, const char *part)
{
	ck_assert_int_eq(result, code);
	ck_assert_msg(strstr(engine_last_error(), part), "\"%s\" lacks \"%s\"", engine_last_error(),
		      part);
}

static void finds(uint32_t number, const struct engine_sample *expected)
{
	struct engine_sample *got = bank_get(&rt.bank, number);

	ck_assert_ptr_eq(got, expected);
	if (got)
		bank_put(&rt.bank, got);
}

START_TEST(a_loaded_sample_is_found_until_it_is_replaced_or_unloaded)
{
	struct engine_sample *other = make(48000);

	ck_assert_int_eq(engine_load_sample(&engine, 0, sample), 0);
	ck_assert_int_eq(engine_load_sample(&engine, COUNT - 1, sample), 0);
	finds(0, sample);
	finds(COUNT - 1, sample);
	ck_assert_int_eq(engine_load_sample(&engine, 0, other), 0);
	engine_sample_put(other);
	finds(0, other);
	ck_assert_int_eq(engine_unload_sample(&engine, 0), 0);
	finds(0, NULL);
	finds(COUNT - 1, sample);
}
END_TEST

START_TEST(a_number_that_is_none_is_refused)
{
	refused(engine_load_sample(&engine, COUNT, sample), -EINVAL, "sample number 4");
	refused(engine_load_sample(&engine, COUNT, sample), -EINVAL, "they are 0..3");
	refused(engine_load_sample(&engine, UINT32_MAX, sample), -EINVAL, "config.samples");
	refused(engine_unload_sample(&engine, COUNT), -EINVAL, "config.samples");
}
END_TEST

START_TEST(a_number_that_has_no_sample_cannot_be_unloaded)
{
	refused(engine_unload_sample(&engine, 2), ENGINE_ENOSAMPLE, "sample number 2");
	ck_assert_int_eq(engine_load_sample(&engine, 2, sample), 0);
	ck_assert_int_eq(engine_unload_sample(&engine, 2), 0);
	refused(engine_unload_sample(&engine, 2), ENGINE_ENOSAMPLE, "no sample is loaded");
}
END_TEST

START_TEST(a_sample_of_another_rate_is_refused)
{
	refused(engine_load_sample(&engine, 0, slower), -EINVAL, "to_rate 48000");
	refused(engine_load_sample(&engine, 0, slower), -EINVAL, "44100 Hz");
	finds(0, NULL);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	refused(engine_load_sample(NULL, 0, sample), -EINVAL, "engine");
	refused(engine_unload_sample(NULL, 0), -EINVAL, "engine");
	refused(engine_load_sample(&engine, 0, NULL), -EINVAL, "sample is NULL");
}
END_TEST

START_TEST(an_engine_without_playback_has_no_samples)
{
	struct engine silent = { .rt = &rt };

	refused(engine_load_sample(&silent, 0, sample), -ENOTSUP, "no playback");
	refused(engine_unload_sample(&silent, 0), -ENOTSUP, "no playback");
}
END_TEST

START_TEST(a_forked_engine_is_not_touched)
{
	/* no arena, as in the child of a fork */
	struct engine forked = { .forked = true, .keeper = engine.keeper };

	refused(engine_load_sample(&forked, 0, sample), ENGINE_EFORKED, "fork");
	refused(engine_unload_sample(&forked, 0), ENGINE_EFORKED, "fork");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("samples loaded");
	TCase *tests = tcase_create("samples loaded");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_loaded_sample_is_found_until_it_is_replaced_or_unloaded);
	tcase_add_test(tests, a_number_that_is_none_is_refused);
	tcase_add_test(tests, a_number_that_has_no_sample_cannot_be_unloaded);
	tcase_add_test(tests, a_sample_of_another_rate_is_refused);
	tcase_add_test(tests, what_is_missing_is_named);
	tcase_add_test(tests, an_engine_without_playback_has_no_samples);
	tcase_add_test(tests, a_forked_engine_is_not_touched);
	return support_run(suite);
}
