/* SPDX-License-Identifier: MIT */
/* Health: exact counts, percentiles of all samples within 1 %, unknown is not zero. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peal.h>

#include "shared/histogram.h"
#include "support.h"

static struct engine_health *health;

static void setup(void)
{
	ck_assert_int_eq(engine_health_create(&health), 0);
}

static void teardown(void)
{
	engine_health_destroy(health);
}

static struct engine_health_snapshot snapshot_now(void)
{
	struct engine_health_snapshot snapshot = { .size = sizeof(snapshot) };

	ck_assert_int_eq(engine_health_get(health, &snapshot), 0);
	return snapshot;
}

static void record(uint64_t ns)
{
	ck_assert_int_eq(engine_health_record_latency(health, ENGINE_HEALTH_CYCLE, ns), 0);
}

static void assert_near(double value, double expected)
{
	ck_assert_msg(fabs(value - expected) <= 0.01 * expected, "%g is not within 1 %% of %g",
		      value, expected);
}

START_TEST(empty_is_unknown_and_not_zero)
{
	struct engine_health_snapshot s = snapshot_now();

	ck_assert_uint_eq(s.chunks, 0);
	ck_assert_double_nan(s.drop_rate);
	ck_assert_double_nan(s.load);
	ck_assert_double_nan(s.load_max);
	for (int i = 0; i < ENGINE_HEALTH_LATENCIES; i++) {
		ck_assert_uint_eq(s.latency[i].count, 0);
		ck_assert_double_nan(s.latency[i].min_ns);
		ck_assert_double_nan(s.latency[i].mean_ns);
		ck_assert_double_nan(s.latency[i].p50_ns);
		ck_assert_double_nan(s.latency[i].max_ns);
	}
}
END_TEST

START_TEST(counters_and_rates)
{
	struct engine_health_snapshot s;

	engine_health_record_chunks(health, 90, 90 * 256);
	engine_health_record_drops(health, 10);
	engine_health_record_overruns(health, 1);
	engine_health_record_underruns(health, 2);
	engine_health_record_xruns(health, 3);
	s = snapshot_now();
	ck_assert_uint_eq(s.chunks, 90);
	ck_assert_uint_eq(s.frames, 90 * 256);
	ck_assert_uint_eq(s.drops, 10);
	ck_assert_uint_eq(s.overruns, 1);
	ck_assert_uint_eq(s.underruns, 2);
	ck_assert_uint_eq(s.xruns, 3);
	ck_assert_double_eq(s.drop_rate, 0.1);
}
END_TEST

START_TEST(throughput_is_counts_over_uptime)
{
	struct engine_health_snapshot s;

	engine_health_record_chunks(health, 100, 25600);
	s = snapshot_now();
	ck_assert_uint_gt(s.uptime_ns, 0);
	assert_near(s.chunks_per_second, 100 / ((double)s.uptime_ns * 1e-9));
	assert_near(s.frames_per_second, 25600 / ((double)s.uptime_ns * 1e-9));
	ck_assert_uint_gt(snapshot_now().uptime_ns, s.uptime_ns);
}
END_TEST

START_TEST(average_is_exact_min_and_max_within_a_percent)
{
	struct engine_latency l;

	record(1000);
	record(2000);
	record(6001);
	l = snapshot_now().latency[ENGINE_HEALTH_CYCLE];
	ck_assert_uint_eq(l.count, 3);
	ck_assert_double_eq(l.mean_ns, 9001.0 / 3);
	assert_near(l.min_ns, 1000);
	assert_near(l.max_ns, 6001);
	/* and nowhere else */
	ck_assert_uint_eq(snapshot_now().latency[ENGINE_HEALTH_WAKEUP].count, 0);
}
END_TEST

START_TEST(percentiles_come_from_all_samples)
{
	struct engine_latency l;

	/* the first ones count as much as the last: 1..100000 us, the great ones first */
	for (uint64_t us = 100000; us >= 1; us--)
		record(us * 1000);
	l = snapshot_now().latency[ENGINE_HEALTH_CYCLE];
	assert_near(l.p50_ns, 50000e3);
	assert_near(l.p95_ns, 95000e3);
	assert_near(l.p99_ns, 99000e3);
	assert_near(l.p999_ns, 99900e3);
	assert_near(l.max_ns, 100000e3);
	assert_near(l.min_ns, 1000);
}
END_TEST

START_TEST(sample_bound_a_million_samples_take_no_more_memory)
{
	/* fixed memory takes the place of a bounded history */
	for (uint64_t i = 0; i < 1000000; i++)
		record(i % 1000 + 1);
	ck_assert_uint_eq(snapshot_now().latency[ENGINE_HEALTH_CYCLE].count, 1000000);
}
END_TEST

START_TEST(every_value_is_within_a_percent_of_its_bucket)
{
	uint32_t before = 0;

	for (uint64_t value = 0; value < 1ull << 40; value += 1 + value / 317) {
		uint32_t bucket = histogram_bucket(value);

		ck_assert_uint_ge(bucket, before);
		ck_assert_uint_lt(bucket, HISTOGRAM_BUCKETS);
		ck_assert_msg(fabs(histogram_middle(bucket) - (double)value) <=
				      0.01 * (double)value,
			      "%llu", (unsigned long long)value);
		before = bucket;
	}
	for (uint64_t value = 0; value < 64; value++)
		ck_assert_double_eq(histogram_middle(histogram_bucket(value)), (double)value);
	ck_assert_uint_eq(histogram_bucket((1ull << 40) - 1), HISTOGRAM_BUCKETS - 1);
	ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(load_mean_and_max)
{
	struct engine_health_snapshot s;

	engine_health_record_load(health, 100, 1000);
	engine_health_record_load(health, 300, 1000);
	s = snapshot_now();
	assert_near(s.load, 0.2);
	assert_near(s.load_max, 0.3);
}
END_TEST

START_TEST(snapshot_does_not_move_with_its_source)
{
	struct engine_health_snapshot s;

	engine_health_record_chunks(health, 1, 1);
	s = snapshot_now();
	engine_health_record_chunks(health, 1, 1);
	ck_assert_uint_eq(s.chunks, 1);
	ck_assert_uint_eq(snapshot_now().chunks, 2);
}
END_TEST

START_TEST(reset_starts_again)
{
	record(5);
	engine_health_record_chunks(health, 5, 5);
	engine_health_record_load(health, 1, 2);
	ck_assert_int_eq(engine_health_reset(health), 0);
	ck_assert_uint_eq(snapshot_now().chunks, 0);
	ck_assert_uint_eq(snapshot_now().latency[ENGINE_HEALTH_CYCLE].count, 0);
	ck_assert_double_nan(snapshot_now().load);
}
END_TEST

static int healthy(const struct engine_health_limits *limits, char *reason, size_t size)
{
	struct engine_health_snapshot s = snapshot_now();

	return engine_health_is_healthy(&s, limits, reason, size);
}

START_TEST(is_healthy_against_the_defaults)
{
	char reason[100] = "?";

	ck_assert_int_eq(healthy(NULL, reason, sizeof(reason)), 1);
	ck_assert_str_eq(reason, "");
	engine_health_record_chunks(health, 1000, 1000);
	ck_assert_int_eq(healthy(NULL, NULL, 0), 1);
	engine_health_record_xruns(health, 1);
	ck_assert_int_eq(healthy(NULL, reason, sizeof(reason)), 0);
	ck_assert_ptr_nonnull(strstr(reason, "xruns"));
}
END_TEST

START_TEST(snapshot_is_healthy_against_stated_limits)
{
	struct engine_health_limits limits;
	char reason[100];

	ck_assert_int_eq(engine_health_limits_default(&limits), 0);
	limits.xruns = 2;
	engine_health_record_xruns(health, 2);
	ck_assert_int_eq(healthy(&limits, NULL, 0), 1);
	limits.wakeup_p99_ns = 1e6;
	ck_assert_int_eq(healthy(&limits, NULL, 0), 1);
	engine_health_record_latency(health, ENGINE_HEALTH_WAKEUP, 2000000);
	ck_assert_int_eq(healthy(&limits, reason, sizeof(reason)), 0);
	ck_assert_ptr_nonnull(strstr(reason, "wake-up"));
	limits.wakeup_p99_ns = NAN;
	engine_health_record_load(health, 9, 10);
	ck_assert_int_eq(healthy(&limits, reason, sizeof(reason)), 0);
	ck_assert_ptr_nonnull(strstr(reason, "load"));
}
END_TEST

#define THREADS 4
#define EACH 100000

static void *record_many(void *unused)
{
	for (uint64_t i = 0; i < EACH; i++) {
		engine_health_record_chunks(health, 1, 64);
		engine_health_record_latency(health, ENGINE_HEALTH_CHUNK, i);
	}
	return unused;
}

START_TEST(concurrent_updates_are_exact)
{
	struct engine_health_snapshot s;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, record_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	s = snapshot_now();
	ck_assert_uint_eq(s.chunks, THREADS * EACH);
	ck_assert_uint_eq(s.frames, THREADS * EACH * 64);
	ck_assert_uint_eq(s.latency[ENGINE_HEALTH_CHUNK].count, THREADS * EACH);
	ck_assert_double_eq(s.latency[ENGINE_HEALTH_CHUNK].mean_ns, (EACH - 1) / 2.0);
}
END_TEST

START_TEST(json_says_null_for_the_unknown)
{
	struct engine_health_snapshot s = snapshot_now();
	char text[4096], cut[20];
	int length = engine_health_to_json(&s, text, sizeof(text));

	ck_assert_int_eq(length, (int)strlen(text));
	ck_assert_int_eq(engine_health_to_json(&s, NULL, 0), length);
	ck_assert_ptr_nonnull(strstr(text, "\"load\":null"));
	ck_assert_ptr_nonnull(strstr(text, "\"cycle\":{\"count\":0,\"min_ns\":null"));
	ck_assert_int_eq(engine_health_to_json(&s, cut, sizeof(cut)), length);
	ck_assert_int_eq(strncmp(cut, text, sizeof(cut) - 1), 0);
	ck_assert_uint_eq(strlen(cut), sizeof(cut) - 1);
	record(1500000);
	s = snapshot_now();
	s.load = 0.25;
	engine_health_to_json(&s, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "\"load\":0.25,"));
	ck_assert_ptr_nonnull(strstr(text, "\"mean_ns\":1500000,"));
}
END_TEST

START_TEST(prometheus_leaves_the_unknown_out)
{
	struct engine_health_snapshot s;
	char text[8192];

	record(1000);
	engine_health_record_xruns(health, 7);
	s = snapshot_now();
	ck_assert_int_eq(engine_health_to_prometheus(&s, text, sizeof(text)), (int)strlen(text));
	ck_assert_ptr_nonnull(strstr(text, "\n# TYPE peal_xruns_total counter\npeal_xruns_total 7\n"));
	ck_assert_ptr_nonnull(strstr(text, "\npeal_cycle_latency_seconds_count 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "peal_cycle_latency_seconds_sum 1e-06\n"));
	ck_assert_ptr_null(strstr(text, "peal_load_ratio"));
	ck_assert_ptr_null(strstr(text, "peal_wakeup"));
	ck_assert_ptr_null(strstr(text, "nan"));
}
END_TEST

START_TEST(bad_input_is_refused)
{
	struct engine_health_snapshot s = { .size = 3 }, good = snapshot_now();
	struct engine_health_limits limits = { .size = 3 };
	char text[10];

	ck_assert_int_eq(engine_health_create(NULL), -EINVAL);
	ck_assert_int_eq(engine_health_destroy(NULL), 0);
	ck_assert_int_eq(engine_health_record_chunks(NULL, 1, 1), -EINVAL);
	ck_assert_int_eq(engine_health_record_drops(NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_health_record_overruns(NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_health_record_underruns(NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_health_record_xruns(NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_health_record_latency(NULL, ENGINE_HEALTH_CYCLE, 1), -EINVAL);
	ck_assert_int_eq(engine_health_record_latency(health, ENGINE_HEALTH_LATENCIES, 1),
			 -EINVAL);
	ck_assert_int_eq(engine_health_record_load(health, 1, 0), -EINVAL);
	ck_assert_int_eq(engine_health_record_load(NULL, 1, 1), -EINVAL);
	ck_assert_int_eq(engine_health_get(NULL, &good), -EINVAL);
	ck_assert_int_eq(engine_health_get(health, NULL), -EINVAL);
	ck_assert_int_eq(engine_health_get(health, &s), ENGINE_EABI);
	ck_assert_int_eq(engine_health_reset(NULL), -EINVAL);
	ck_assert_int_eq(engine_health_limits_default(NULL), -EINVAL);
	ck_assert_int_eq(engine_health_is_healthy(NULL, NULL, NULL, 0), -EINVAL);
	ck_assert_int_eq(engine_health_is_healthy(&good, NULL, NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_health_is_healthy(&s, NULL, NULL, 0), ENGINE_EABI);
	ck_assert_int_eq(engine_health_is_healthy(&good, &limits, NULL, 0), ENGINE_EABI);
	ck_assert_int_eq(engine_health_to_json(NULL, text, sizeof(text)), -EINVAL);
	ck_assert_int_eq(engine_health_to_json(&good, NULL, 1), -EINVAL);
	ck_assert_int_eq(engine_health_to_json(&s, text, sizeof(text)), ENGINE_EABI);
	ck_assert_int_eq(engine_health_to_prometheus(&s, text, sizeof(text)), ENGINE_EABI);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("health");
	TCase *tests = tcase_create("health");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, empty_is_unknown_and_not_zero);
	tcase_add_test(tests, counters_and_rates);
	tcase_add_test(tests, throughput_is_counts_over_uptime);
	tcase_add_test(tests, average_is_exact_min_and_max_within_a_percent);
	tcase_add_test(tests, percentiles_come_from_all_samples);
	tcase_add_test(tests, sample_bound_a_million_samples_take_no_more_memory);
	tcase_add_test(tests, every_value_is_within_a_percent_of_its_bucket);
	tcase_add_test(tests, load_mean_and_max);
	tcase_add_test(tests, snapshot_does_not_move_with_its_source);
	tcase_add_test(tests, reset_starts_again);
	tcase_add_test(tests, is_healthy_against_the_defaults);
	tcase_add_test(tests, snapshot_is_healthy_against_stated_limits);
	tcase_add_test(tests, concurrent_updates_are_exact);
	tcase_add_test(tests, json_says_null_for_the_unknown);
	tcase_add_test(tests, prometheus_leaves_the_unknown_out);
	tcase_add_test(tests, bad_input_is_refused);
	suite_add_tcase(suite, tests);
	return support_run(suite);
}
