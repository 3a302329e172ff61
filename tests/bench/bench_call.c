/* SPDX-License-Identifier: MIT */
/*
 * What a message costs the thread that sends or receives it, when nobody is
 * at the other end: ns per message of the bare ring, of the public calls, and
 * of what lies beside them.
 */
#include "burst.h"
#include "harness.h"

#define BURSTS 20 /* at a time; each is a sample */

/* The clock is read around each burst; its cost is taken off. */
static void measure(struct bench_row *row)
{
	const struct burst *burst = row->arg;
	double clock_ns = bench_clock_cost_ns();

	for (unsigned i = 0; i < BURSTS; i++) {
		uint64_t start, end;
		unsigned went;

		burst_prepare(burst);
		start = bench_now_ns();
		went = burst_run(burst);
		end = bench_now_ns();
		burst_verify(burst, went);
		bench_add(row, 0, ((double)(end - start) - clock_ns) / BURST);
	}
}

static void table(enum burst_way way, const char *name, const char *title)
{
	struct bench_row rows[BURST_ROWS] = { 0 };
	struct bench_table table = { .name = name, .title = title, .unit = "ns", .rows = rows };

	for (size_t i = 0; i < burst_count; i++)
		if (bursts[i].way == way && burst_possible(&bursts[i]))
			rows[table.count++] = (struct bench_row){
				.name = bursts[i].name, .measure = measure, .arg = &bursts[i],
			};
	bench_measure(&table, bench_choose(201, 11));
	bench_report(&table, NULL);
}

int main(void)
{
	table(BURST_PUSH, "push", "a message sent");
	table(BURST_POP, "pop", "a message received");
	return 0;
}
