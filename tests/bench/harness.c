/* SPDX-License-Identifier: MIT */
/* The harness; see harness.h. */
#include "harness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A quantile needs some samples beyond it before it says more than the maximum. */
static const struct quantile {
	const char *name;
	double at;
	size_t samples;
} quantiles[] = {
	{ "median", 0.5, 1 }, { "min", 0, 2 }, { "p99", 0.99, 200 }, { "p99.9", 0.999, 2000 },
	{ "max", 1, 2 },
};

#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static bool warming_up;

unsigned bench_choose(unsigned proper, unsigned quick)
{
	const char *asked = getenv("BENCH_QUICK");

	return asked && *asked && strcmp(asked, "0") != 0 ? quick : proper;
}

static void measure_round(struct bench_table *table, unsigned first)
{
	for (size_t i = 0; i < table->count; i++) {
		struct bench_row *row = &table->rows[(first + i) % table->count];

		if (row->measure)
			row->measure(row);
	}
}

void bench_measure(struct bench_table *table, unsigned repetitions)
{
	warming_up = true;
	measure_round(table, 0);
	warming_up = false;
	for (unsigned i = 0; i < repetitions; i++)
		measure_round(table, i);
}

void bench_add(struct bench_row *row, unsigned regime, double value)
{
	struct bench_values *to = &row->values[regime];

	if (warming_up)
		return;
	if (to->count == to->room) {
		to->room = to->room ? 2 * to->room : 64;
		to->values = realloc(to->values, to->room * sizeof(*to->values));
		if (!to->values)
			bench_fail("no memory for %zu samples", to->room);
	}
	to->values[to->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of sorted values: the smallest that has at least that share of them at or below it. */
static double value_at(const struct bench_values *sorted, double share)
{
	size_t rank = (size_t)ceil(share * (double)sorted->count);

	return sorted->values[rank ? rank - 1 : 0];
}

static double ratio(const struct bench_table *table, const struct bench_row *row, unsigned regime)
{
	const struct bench_values *base = &table->rows[0].values[regime];

	return base->count ? value_at(&row->values[regime], 0.5) / value_at(base, 0.5) : 0;
}

static void print_row(const struct bench_table *table, const struct bench_row *row, unsigned regime)
{
	const struct bench_values *values = &row->values[regime];
	double times = ratio(table, row, regime);
	char name[64];

	snprintf(name, sizeof(name), table->regimes[0] ? "%s, %s" : "%s", row->name,
		 table->regimes[regime]);
	printf("  %-44s", name);
	for (size_t i = 0; i < QUANTILES; i++) {
		if (values->count >= quantiles[i].samples)
			printf(" %8.4g", value_at(values, quantiles[i].at));
		else
			printf(" %8s", "-");
	}
	if (times > 0)
		printf(" %7.2f", times);
	else
		printf(" %7s", "-");
	printf(" %6zu\n", values->count);
}

static void write_row(FILE *to, const struct bench_table *table, const struct bench_row *row,
		      unsigned regime)
{
	const struct bench_values *values = &row->values[regime];
	double times = ratio(table, row, regime);

	fprintf(to, "{\"name\": \"%s\"", row->name);
	if (table->regimes[0])
		fprintf(to, ", \"regime\": \"%s\"", table->regimes[regime]);
	for (size_t i = 0; i < QUANTILES; i++)
		if (values->count >= quantiles[i].samples)
			fprintf(to, ", \"%s\": %.6g", quantiles[i].name,
				value_at(values, quantiles[i].at));
	if (times > 0)
		fprintf(to, ", \"ratio\": %.4g", times);
	fprintf(to, ", \"samples\": %zu}", values->count);
}

static void write_table(FILE *to, const struct bench_table *table, const char *note)
{
	const char *separator = "";

	fprintf(to, "{\"table\": \"%s\", \"title\": \"%s\", \"unit\": \"%s\"", table->name,
		table->title, table->unit);
	if (note)
		fprintf(to, ", \"note\": \"%s\"", note);
	fprintf(to, ", \"rows\": [");
	for (unsigned regime = 0; regime < BENCH_REGIMES; regime++) {
		for (size_t i = 0; i < table->count; i++) {
			if (table->rows[i].values[regime].count == 0)
				continue;
			fputs(separator, to);
			write_row(to, table, &table->rows[i], regime);
			separator = ", ";
		}
	}
	fprintf(to, "]}\n");
}

static void print_table(const struct bench_table *table, const char *note)
{
	char heading[64];

	snprintf(heading, sizeof(heading), "%s, %s", table->title, table->unit);
	printf("  %-44s", heading);
	for (size_t i = 0; i < QUANTILES; i++)
		printf(" %8s", quantiles[i].name);
	printf(" %7s %6s\n", "ratio", "n");
	for (unsigned regime = 0; regime < BENCH_REGIMES; regime++)
		for (size_t i = 0; i < table->count; i++)
			if (table->rows[i].values[regime].count)
				print_row(table, &table->rows[i], regime);
	if (note)
		printf("  (%s)\n", note);
	printf("\n");
}

void bench_report(struct bench_table *table, const char *note)
{
	const char *path = getenv("BENCH_RESULTS");
	FILE *to;

	for (size_t i = 0; i < table->count; i++)
		for (unsigned regime = 0; regime < BENCH_REGIMES; regime++) {
			struct bench_values *values = &table->rows[i].values[regime];

			if (values->count)
				qsort(values->values, values->count, sizeof(double), compare);
		}
	print_table(table, note);
	if (!path || !*path)
		return;
	to = fopen(path, "a");
	if (!to)
		bench_fail("BENCH_RESULTS: %s: %m", path);
	write_table(to, table, note);
	if (fclose(to) != 0)
		bench_fail("BENCH_RESULTS: %s: %m", path);
}

uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double bench_clock_cost_ns(void)
{
	enum { TIMES = 101, READINGS = 500 };
	static double costs[TIMES];

	if (costs[0] > 0)
		return costs[TIMES / 2];
	for (unsigned i = 0; i < TIMES; i++) {
		uint64_t start = bench_now_ns();

		for (unsigned j = 1; j < READINGS; j++)
			bench_now_ns();
		costs[i] = (double)(bench_now_ns() - start) / READINGS;
	}
	qsort(costs, TIMES, sizeof(costs[0]), compare);
	return costs[TIMES / 2];
}

_Noreturn void bench_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "failed: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

_Noreturn void bench_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("  skipped: ");
	vprintf(format, args);
	printf("\n\n");
	va_end(args);
	exit(77);
}
