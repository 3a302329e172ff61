/* SPDX-License-Identifier: MIT */
/*
 * The harness: tables of samples. The rows of a table are measured in turn,
 * again and again, so that what the machine does meanwhile befalls them alike;
 * what is then said of each is its median, how far it spreads, and its ratio
 * to the first row. It measures nothing itself: a benchmark is one file, its
 * rows and a main.
 *
 * With BENCH_RESULTS in the environment each table is also appended to that
 * file, one JSON object a line. BENCH_QUICK asks for a trial of a second or so.
 */
#ifndef PEAL_BENCH_HARNESS_H
#define PEAL_BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many regimes a table can tell apart. */
#define BENCH_REGIMES 2

struct bench_values {
	double *values;
	size_t count;
	size_t room;
};

struct bench_row {
	const char *name;
	/* Take one sample, or several, and bench_add each. NULL: others add to this row. */
	void (*measure)(struct bench_row *row);
	const void *arg; /* measure's own */
	struct bench_values values[BENCH_REGIMES];
};

struct bench_table {
	const char *name;                   /* in the JSON */
	const char *title;
	const char *unit;
	const char *regimes[BENCH_REGIMES]; /* names; none: the samples are of one kind */
	struct bench_row *rows;
	size_t count;
};

/* The number for a proper run, or the one for a trial. */
unsigned bench_choose(unsigned proper, unsigned quick);

/* Measure each row in turn, so often, after one round that is not counted. */
void bench_measure(struct bench_table *table, unsigned repetitions);

void bench_add(struct bench_row *row, unsigned regime, double value);

/* Print the table, and append it to BENCH_RESULTS. note: a sentence, or NULL. */
void bench_report(struct bench_table *table, const char *note);

/* Monotonic nanoseconds, and what reading them costs inside an interval. */
uint64_t bench_now_ns(void);
double bench_clock_cost_ns(void);

/* Leave: what is measured does not work; what is needed is not here (exit 77). */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void bench_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
