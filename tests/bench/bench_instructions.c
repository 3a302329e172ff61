/* SPDX-License-Identifier: MIT */
/*
 * Instructions per message, the loop around it included, counted by callgrind:
 * the figure that no neighbour on the machine can move. Without an argument
 * it starts itself under valgrind, once for each burst.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "burst.h"
#include "harness.h"

#define BURSTS 8

static int run_one(size_t index)
{
	const struct burst *burst = &bursts[index];

	for (unsigned i = 0; i < BURSTS; i++) {
		burst_prepare(burst);
		burst_verify(burst, burst_run(burst));
	}
	return 0;
}

static const char *own_path(void)
{
	static char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		bench_fail("/proc/self/exe: %m");
	return path;
}

/* valgrind's own report, for its "Collected : N". */
static double count(size_t index)
{
	unsigned long long collected = 0;
	char command[8192], line[512];
	FILE *report;

	snprintf(command, sizeof(command),
		 "valgrind --tool=callgrind --callgrind-out-file=/dev/null "
		 "--toggle-collect='" BURST_RUNS "' '%s' %zu 2>&1",
		 own_path(), index);
	report = popen(command, "r");
	if (!report)
		bench_fail("popen: %m");
	while (fgets(line, sizeof(line), report)) {
		const char *found = strstr(line, "Collected :");

		if (found)
			sscanf(found, "Collected : %llu", &collected);
	}
	if (pclose(report) != 0 || collected == 0)
		bench_fail("%s: callgrind counted nothing", bursts[index].name);
	return (double)collected / (BURSTS * BURST);
}

static void table(enum burst_way way, const char *name, const char *title)
{
	struct bench_row rows[BURST_ROWS] = { 0 };
	struct bench_table table = {
		.name = name, .title = title, .unit = "instructions", .rows = rows,
	};

	for (size_t i = 0; i < burst_count; i++) {
		if (bursts[i].way != way || !burst_possible(&bursts[i]))
			continue;
		rows[table.count].name = bursts[i].name;
		bench_add(&rows[table.count++], 0, count(i));
	}
	bench_report(&table, way == BURST_PUSH ?
		     "valgrind has no vDSO: clock_gettime there ends in a system call" : NULL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return run_one(strtoul(argv[1], NULL, 10) % burst_count);
	if (system("command -v valgrind >/dev/null") != 0)
		bench_skip("valgrind is not installed: try scripts/install bench");
	table(BURST_PUSH, "push_instructions", "a message sent");
	table(BURST_POP, "pop_instructions", "a message received");
	return 0;
}
