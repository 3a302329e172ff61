/* SPDX-License-Identifier: MIT */
/*
 * The proof of the audio thread: an engine at 64 frames in real time, and one
 * on a manual clock whose card fails again and again, each under the load of a
 * program that does everything at once. Seen from the kernel and from the calls
 * that it makes, the audio thread makes no system call but those that it is
 * known for, allocates nothing, takes no lock and touches no page for the first
 * time. Then the counter-proof: each of these, planted, is seen. Prints a table
 * of figures; exits with 1 when one is wrong.
 *
 *	PROOF_SECONDS=60 PROOF_PERIODS=10000000 PROOF_QUICK=1
 *	PROOF_DEVICE=hw:...	in place of the virtual card in real time
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plant.h"
#include "run.h"
#include "witness.h"

#define REAL 0
#define MANUAL 1
#define RUNS 2
#define PLANT_PERIODS 200

static struct run runs[RUNS];
static struct outcome *outcomes[RUNS];
static bool good = true;

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	char *end;
	uint64_t value = is_set(name) ? strtoull(getenv(name), &end, 10) : otherwise;

	if (is_set(name) && (*end || value == 0))
		errx(2, "%s must be a whole number above 0, not '%s'", name, getenv(name));
	return value;
}

/* ---- the table: a figure of each run, and what it may be */

static void begin_row(const char *name)
{
	printf("  %-42s", name);
}

static void end_row(const char *verdict, bool right)
{
	printf("  %s%s\n", right ? "" : "WRONG: ", verdict);
	good &= right;
}

#define ROW(name, field, is_right, verdict)                                                        \
	do {                                                                                       \
		bool right = true;                                                                 \
		begin_row(name);                                                                   \
		for (int r = 0; r < RUNS; r++) {                                                   \
			const struct outcome *o = outcomes[r];                                     \
			printf(" %12" PRIu64, (uint64_t)(field));                                  \
			right &= (is_right);                                                       \
		}                                                                                  \
		end_row(verdict, right);                                                           \
	} while (0)
#define SHOWN(name, field) ROW(name, field, true, "")
#define SOME(name, field) ROW(name, field, (field) > 0, "some")
#define ZERO(name, field) ROW(name, field, (field) == 0, "0")

static bool is_virtual(int r)
{
	return strncmp(runs[r].device, "virtual", 7) == 0;
}

static void print_runs(void)
{
	printf("  %-42s %12s %12s  must be\n", "the audio thread", "real time", "manual clock");
	ROW("runs that ended as they should", o->done, o->done, "1");
	ROW("runs behind the filter", o->findings.filtered, o->findings.filtered, "1");
	SOME("periods of 64 frames", o->stats.periods);
	ROW("xruns, suspends", o->stats.xruns + o->stats.suspends,
	    !is_virtual(r) || o->stats.xruns > 0, "some");
	ROW("devices lost and taken again", o->load.returns, r == REAL || o->load.returns > 0,
	    "some, scripted");
	SOME("cycles", o->findings.cycles);
	SHOWN("SCHED_FIFO priority", o->report.priority);
	printf("\n");
	SOME("ppoll", o->findings.calls[CALL_PPOLL]);
	SOME("read, 8 bytes", o->findings.calls[CALL_READ]);
	SOME("write, 8 bytes", o->findings.calls[CALL_WRITE]);
	SHOWN("timerfd_settime", o->findings.calls[CALL_TIMERFD_SETTIME]);
	SHOWN("ioctl, of a PCM", o->findings.calls[CALL_IOCTL]);
	ZERO("other system calls", o->findings.offences[OFFENCE_SYSTEM_CALL]);
	ZERO("malloc, free and their like", o->findings.offences[OFFENCE_MEMORY]);
	ROW("alsa-lib's mutex of a plugin's PCM", o->findings.alsa_locks,
	    o->findings.alsa_locks == 0 || is_virtual(r), "0 on hardware");
	ZERO("other locks and calls that can block", o->findings.offences[OFFENCE_LOCK]);
	ZERO("printf and its like", o->findings.offences[OFFENCE_PRINT]);
}

/* Measured by the kernel from when the warm-up was over. */
static void print_usage(void)
{
	bool locked = true, measured = true;

	for (int r = 0; r < RUNS; r++) {
		locked &= outcomes[r]->report.lock_error == 0;
		measured &= outcomes[r]->findings.measured;
	}
	if (!measured)
		end_row("page faults and switches were not measured", false);
	if (locked) {
		ZERO("minor page faults", o->findings.usage.minor_faults);
		ZERO("major page faults", o->findings.usage.major_faults);
	} else {
		printf("  page faults: skipped, no memory is locked: %s\n",
		       outcomes[REAL]->report.lock_reason);
	}
	SHOWN("waits", o->findings.usage.waits);
	ROW("voluntary switches", o->findings.usage.voluntary_switches,
	    o->findings.usage.voluntary_switches <= (int64_t)o->findings.usage.waits,
	    "at most the waits");
	SHOWN("involuntary switches", o->findings.usage.involuntary_switches);
}

static void print_load(void)
{
	printf("\n  beside it, at the same time\n");
	SOME("samples loaded", o->load.samples);
	SOME("voices started", o->load.voices);
	SOME("ports opened and closed", o->load.ports);
	SOME("pings answered, half of them with a wake", o->load.pongs);
	SOME("looks at health, statistics, clock, state", o->load.looks);
	SOME("frames written", o->load.written);
	SOME("frames read", o->load.read);
}

/* ---- the counter-proof */

static void print_plants(void)
{
	struct outcome *outcome = run_outcome();

	printf("\n  planted\n");
	for (size_t i = 0; i < plant_count; i++) {
		const struct run planted = { .device = "virtual:clock=manual",
					     .periods = PLANT_PERIODS,
					     .plant = plants[i].plant };
		bool seen;

		run(&planted, outcome);
		seen = outcome->done && plants[i].seen(&outcome->findings);
		begin_row(plants[i].name);
		printf(" %25s", seen ? "seen" : "OVERLOOKED");
		end_row("seen", seen);
		fflush(stdout);
	}
}

int main(void)
{
	const char *device = is_set("PROOF_DEVICE") ? getenv("PROOF_DEVICE") : NULL;
	bool quick = is_set("PROOF_QUICK");

	if (is_set("RUN")) {
		printf("skipped: an emulator's seccomp and page faults are not the kernel's\n");
		return 77;
	}
	runs[REAL] = (struct run){ .device = device ? device : RUN_REAL_TIME, .loaded = true,
				   .seconds = (double)number("PROOF_SECONDS", quick ? 10 : 60) };
	runs[MANUAL] = (struct run){ .device = RUN_FAILING, .loaded = true,
				     .periods = number("PROOF_PERIODS",
						       quick ? 100000 : 10000000) };
	for (int r = 0; r < RUNS; r++) {
		outcomes[r] = run_outcome();
		run(&runs[r], outcomes[r]);
	}
	print_runs();
	print_usage();
	print_load();
	for (int r = 0; r < RUNS; r++)
		witness_print(&outcomes[r]->findings);
	print_plants();
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
