/* SPDX-License-Identifier: MIT */
/* The figures; see figures.h. */
#include "figures.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *shared(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "memory for the figures");
	return memory;
}

struct figures *figures_new(unsigned rows, uint32_t injections)
{
	struct figures *all = shared(rows * sizeof(*all));

	for (unsigned i = 0; i < rows; i++) {
		all[i].told.of = shared(injections * sizeof(struct figures_time));
		all[i].runs.of = shared(injections * sizeof(struct figures_time));
		all[i].told.room = all[i].runs.room = injections;
	}
	return all;
}

void figures_add(struct figures_times *times, uint64_t ns, uint64_t period_ns)
{
	if (times->count == times->room)
		errx(EXIT_FAILURE, "more times than injections");
	times->of[times->count++] =
		(struct figures_time){ ns, (double)ns / (double)period_ns };
}

static int by_ns(const void *a, const void *b)
{
	const struct figures_time *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

static int by_periods(const void *a, const void *b)
{
	const struct figures_time *x = a, *y = b;

	return (x->periods > y->periods) - (x->periods < y->periods);
}

static void print_times(const struct figures_times *times)
{
	double median, worst;
	uint32_t n = times->count;

	if (n == 0) {
		printf("  %6s %6s %7s %7s", "-", "-", "-", "-");
		return;
	}
	qsort(times->of, n, sizeof(times->of[0]), by_periods);
	median = times->of[n / 2].periods;
	worst = times->of[n - 1].periods;
	qsort(times->of, n, sizeof(times->of[0]), by_ns);
	printf("  %6.2f %6.2f %7.2f %7.2f", median, worst, (double)times->of[n / 2].ns / 1e6,
	       (double)times->of[n - 1].ns / 1e6);
}

void figures_print(const struct figures *rows, unsigned count, uint64_t seed)
{
	static const char *const titles = "  %27s  %27s\n";
	static const char *const units = "  %13s %15s";
	uint64_t pings = 0, frames = 0;

	printf("\n%-28s %8s %9s %8s", "", "", "", "");
	printf(titles, "told after", "running again after");
	printf("%-28s %8s %9s %8s", "", "", "", "");
	printf(units, "periods", "ms");
	printf(units, "periods", "ms");
	printf("\n%-28s %8s %9s %8s", "fault", "injected", "recovered", "declared");
	for (int i = 0; i < 2; i++)
		printf("  %6s %6s %7s %7s", "median", "worst", "median", "worst");
	printf("  %6s  %s\n", "events", "messages lost");
	for (const struct figures *row = rows; row < rows + count; row++) {
		if (row->injected == 0)
			continue;
		printf("%-28s %8u %9u %8u", row->kind, row->injected, row->recovered,
		       row->declared);
		print_times(&row->told);
		print_times(&row->runs);
		printf("  %6u  %" PRIu64 "\n", row->events, row->lost_pings);
		pings += row->pings;
		frames += row->frames;
	}
	printf("%" PRIu64 " pings were sent, and %" PRIu64 " frames compared\n", pings, frames);
	for (const struct figures *row = rows; row < rows + count; row++)
		if (row->injected && !row->done)
			printf("WRONG: %s: %s; again: PEAL_FAULTS_SEED=%" PRIu64
			       " PEAL_FAULTS_KIND='%s' PEAL_FAULTS_FROM=%u\n",
			       row->kind, row->device, seed, row->kind, row->first);
}
