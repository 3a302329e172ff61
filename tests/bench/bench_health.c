/* SPDX-License-Identifier: MIT */
/*
 * What health costs: ns per recorded sample, by a program's call and as the
 * audio thread does it; and of what it records in one period, the share of a
 * 64-frame period at 48 kHz.
 */
#include <peal/health.h>

#include "harness.h"
#include "shared/health.h"

#define SAMPLES 10000
#define PERIOD_NS (64 * 1e9 / 48000)

static struct engine_health *health;

/* Values all over the histogram, as latencies are: 4 octaves of them. */
static uint64_t value(unsigned i)
{
	return 1000 + (uint64_t)i * 7919 % 15000;
}

static double timed(void (*record)(unsigned i))
{
	uint64_t start = bench_now_ns();

	for (unsigned i = 0; i < SAMPLES; i++)
		record(i);
	return ((double)(bench_now_ns() - start) - bench_clock_cost_ns()) / SAMPLES;
}

static void record_inline(unsigned i)
{
	histogram_record(&health->latency[ENGINE_HEALTH_CYCLE], value(i));
}

static void record_call(unsigned i)
{
	engine_health_record_latency(health, ENGINE_HEALTH_CYCLE, value(i));
}

/* What rt/ records in a period that captures and plays, its clock included. */
static void record_period(unsigned i)
{
	uint64_t now = bench_now_ns();

	histogram_record(&health->latency[ENGINE_HEALTH_WAKEUP], value(i));
	for (int stream = 0; stream < 2; stream++) {
		add_relaxed(&health->chunks, 1);
		add_relaxed(&health->frames, 64);
	}
	histogram_record(&health->latency[ENGINE_HEALTH_CYCLE], now % 100000);
	health_load(health, value(i), (uint64_t)PERIOD_NS);
}

static void measure_record(struct bench_row *row)
{
	bench_add(row, 0, timed(record_inline));
}

static void measure_call(struct bench_row *row)
{
	bench_add(row, 0, timed(record_call));
}

static void measure_period(struct bench_row *row)
{
	bench_add(row, 0, timed(record_period));
}

static void measure_share(struct bench_row *row)
{
	bench_add(row, 0, timed(record_period) / PERIOD_NS * 1e6);
}

int main(void)
{
	struct bench_row cost[] = {
		{ .name = "a latency, on the audio thread", .measure = measure_record },
		{ .name = "engine_health_record_latency", .measure = measure_call },
		{ .name = "all of a period, with its clock", .measure = measure_period },
	};
	struct bench_row share[] = {
		{ .name = "all of a period", .measure = measure_share },
	};
	struct bench_table costs = { .name = "health", .title = "recording health", .unit = "ns",
				     .rows = cost, .count = sizeof(cost) / sizeof(cost[0]) };
	struct bench_table shares = { .name = "health_share",
				      .title = "health, of a 64-frame period", .unit = "ppm",
				      .rows = share, .count = 1 };

	if (engine_health_create(&health) < 0)
		bench_fail("no health");
	bench_measure(&costs, bench_choose(101, 5));
	bench_report(&costs, NULL);
	bench_measure(&shares, bench_choose(101, 5));
	bench_report(&shares, "10000 ppm are 1 % of one processor");
	engine_health_destroy(health);
	return 0;
}
