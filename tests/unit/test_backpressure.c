/* SPDX-License-Identifier: MIT */
/* Backpressure: one event per change, nothing in between, true durations. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <peal.h>

#include "support.h"

static struct engine_backpressure *subject;

static void setup(void)
{
	ck_assert_int_eq(engine_backpressure_create(&subject, 0, 0), 0);
}

static void teardown(void)
{
	engine_backpressure_destroy(subject);
}

static struct engine_backpressure_stats stats_at(uint64_t now_ns)
{
	struct engine_backpressure_stats stats = { .size = sizeof(stats) };

	ck_assert_int_eq(engine_backpressure_get_stats(subject, now_ns, &stats), 0);
	return stats;
}

static int fill(uint64_t length, uint64_t now_ns)
{
	return engine_backpressure_update(subject, length, 100, now_ns);
}

START_TEST(create_takes_the_default_thresholds)
{
	struct engine_backpressure_stats stats = stats_at(0);

	ck_assert_double_eq(stats.on, 0.9);
	ck_assert_double_eq(stats.off, 0.7);
	ck_assert_uint_eq(stats.on_now, 0);
	ck_assert_uint_eq(stats.triggers, 0);
	ck_assert_uint_eq(stats.total_ns, 0);
}
END_TEST

START_TEST(hysteresis_nothing_toggles_between_the_thresholds)
{
	ck_assert_int_eq(fill(89, 1), ENGINE_BACKPRESSURE_SAME);
	ck_assert_int_eq(fill(95, 2), ENGINE_BACKPRESSURE_ON);
	for (uint64_t length = 71; length <= 100; length++)
		ck_assert_int_eq(fill(length, 3), ENGINE_BACKPRESSURE_SAME);
	ck_assert_int_eq(fill(60, 4), ENGINE_BACKPRESSURE_OFF);
	for (uint64_t length = 0; length < 90; length++)
		ck_assert_int_eq(fill(length, 5), ENGINE_BACKPRESSURE_SAME);
}
END_TEST

START_TEST(edge_at_the_threshold_itself_it_changes)
{
	ck_assert_int_eq(fill(90, 1), ENGINE_BACKPRESSURE_ON);
	ck_assert_int_eq(fill(71, 2), ENGINE_BACKPRESSURE_SAME);
	ck_assert_int_eq(fill(70, 3), ENGINE_BACKPRESSURE_OFF);
}
END_TEST

START_TEST(edge_is_exact_for_every_capacity)
{
	for (uint64_t tens = 1; tens <= 100000; tens = tens * 3 + 1) {
		uint64_t capacity = tens * 10;

		ck_assert_int_eq(engine_backpressure_update(subject, tens * 9 - 1, capacity, 1),
				 ENGINE_BACKPRESSURE_SAME);
		ck_assert_int_eq(engine_backpressure_update(subject, tens * 9, capacity, 1),
				 ENGINE_BACKPRESSURE_ON);
		ck_assert_int_eq(engine_backpressure_update(subject, tens * 7 + 1, capacity, 1),
				 ENGINE_BACKPRESSURE_SAME);
		ck_assert_int_eq(engine_backpressure_update(subject, tens * 7, capacity, 1),
				 ENGINE_BACKPRESSURE_OFF);
	}
}
END_TEST

START_TEST(multiple_triggers_are_counted)
{
	for (uint64_t i = 0; i < 5; i++) {
		ck_assert_int_eq(fill(100, 10 * i), ENGINE_BACKPRESSURE_ON);
		ck_assert_int_eq(fill(0, 10 * i + 3), ENGINE_BACKPRESSURE_OFF);
	}
	ck_assert_uint_eq(stats_at(100).triggers, 5);
	ck_assert_uint_eq(stats_at(100).total_ns, 15);
}
END_TEST

START_TEST(durations_current_and_total_while_triggered)
{
	fill(100, 1000);
	fill(0, 1500);
	fill(100, 2000);
	ck_assert_uint_eq(stats_at(2300).on_now, 1);
	ck_assert_uint_eq(stats_at(2300).current_ns, 300);
	ck_assert_uint_eq(stats_at(2300).total_ns, 800);
	fill(0, 2400);
	ck_assert_uint_eq(stats_at(9000).current_ns, 0);
	ck_assert_uint_eq(stats_at(9000).total_ns, 900);
}
END_TEST

START_TEST(reset_is_off_and_zero)
{
	fill(100, 1000);
	ck_assert_int_eq(engine_backpressure_reset(subject), 0);
	ck_assert_uint_eq(stats_at(2000).on_now, 0);
	ck_assert_uint_eq(stats_at(2000).triggers, 0);
	ck_assert_uint_eq(stats_at(2000).total_ns, 0);
	ck_assert_int_eq(fill(100, 3000), ENGINE_BACKPRESSURE_ON);
}
END_TEST

/* invalid thresholds: each names itself */
static const struct {
	double on, off;
	const char *named;
} invalid[] = {
	{ 0.7, 0.9, "off" },  { 0.5, 0.5, "off" },   { 1.1, 0.5, "on" },   { -0.1, -0.2, "on" },
	{ 0.9, -0.1, "off" }, { NAN, 0.5, "on" },    { 0.9, NAN, "off" },  { 0.0, 0.5, "on" },
	{ INFINITY, 0, "on" }, { 0.5, 0.4999999, "on" },
};

START_TEST(invalid_thresholds_are_an_error)
{
	struct engine_backpressure *none = subject;

	ck_assert_int_eq(engine_backpressure_create(&none, invalid[_i].on, invalid[_i].off),
			 -EINVAL);
	ck_assert_ptr_null(none);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), invalid[_i].named));
}
END_TEST

START_TEST(bad_input_is_refused)
{
	struct engine_backpressure_stats stats = { .size = 1 };

	ck_assert_int_eq(engine_backpressure_create(NULL, 0, 0), -EINVAL);
	ck_assert_int_eq(engine_backpressure_update(NULL, 1, 1, 1), -EINVAL);
	ck_assert_int_eq(engine_backpressure_update(subject, 1, 0, 1), -EINVAL);
	ck_assert_int_eq(engine_backpressure_update(subject, UINT64_MAX, 1, 1), -EINVAL);
	ck_assert_int_eq(engine_backpressure_update(subject, 1, UINT64_MAX, 1), -EINVAL);
	ck_assert_int_eq(engine_backpressure_get_stats(NULL, 1, &stats), -EINVAL);
	ck_assert_int_eq(engine_backpressure_get_stats(subject, 1, NULL), -EINVAL);
	ck_assert_int_eq(engine_backpressure_get_stats(subject, 1, &stats), ENGINE_EABI);
	ck_assert_int_eq(engine_backpressure_reset(NULL), -EINVAL);
	ck_assert_int_eq(engine_backpressure_destroy(NULL), 0);
}
END_TEST

#define TOGGLES 200000

static void *toggle(void *unused)
{
	/* on for 1 of every 2 ns */
	for (uint64_t i = 0; i < TOGGLES; i++) {
		fill(100, 2 * i);
		fill(0, 2 * i + 1);
	}
	return unused;
}

START_TEST(concurrent_reading_sees_one_moment)
{
	uint64_t end = 2 * TOGGLES, before = 0;
	struct engine_backpressure_stats stats;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, toggle, NULL), 0);
	do {
		uint64_t past;

		/* seen from the end: on since 2i, and i ns before that */
		stats = stats_at(end);
		past = stats.on_now ? end - stats.total_ns : stats.total_ns;
		ck_assert_uint_le(past, TOGGLES);
		ck_assert_uint_ge(past, before);
		ck_assert_uint_ge(stats.triggers, past + stats.on_now);
		before = past;
	} while (stats.triggers < TOGGLES || stats.on_now);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(stats.total_ns, TOGGLES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backpressure");
	TCase *tests = tcase_create("backpressure");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, create_takes_the_default_thresholds);
	tcase_add_test(tests, hysteresis_nothing_toggles_between_the_thresholds);
	tcase_add_test(tests, edge_at_the_threshold_itself_it_changes);
	tcase_add_test(tests, edge_is_exact_for_every_capacity);
	tcase_add_test(tests, multiple_triggers_are_counted);
	tcase_add_test(tests, durations_current_and_total_while_triggered);
	tcase_add_test(tests, reset_is_off_and_zero);
	tcase_add_loop_test(tests, invalid_thresholds_are_an_error, 0,
			    sizeof(invalid) / sizeof(invalid[0]));
	tcase_add_test(tests, bad_input_is_refused);
	tcase_add_test(tests, concurrent_reading_sees_one_moment);
	suite_add_tcase(suite, tests);
	return support_run(suite);
}
