/* SPDX-License-Identifier: MIT */
/*
 * The findings: what the audio thread was seen to do in one run, in memory that
 * the run, a child, shares with the process that judges it. The audio thread
 * writes; read when the child has ended.
 */
#ifndef TESTS_PROOF_FINDINGS_H
#define TESTS_PROOF_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

/* What it must not do. */
enum offence {
	OFFENCE_SYSTEM_CALL, /* that the filter does not know */
	OFFENCE_MEMORY,      /* malloc, free and their like */
	OFFENCE_LOCK,        /* and whatever else can block */
	OFFENCE_PRINT,
	OFFENCES,
};

/* What it may call, and how often it did. */
enum call {
	CALL_PPOLL,
	CALL_READ,
	CALL_WRITE,
	CALL_TIMERFD_SETTIME,
	CALL_IOCTL,
	CALLS,
};

#define WITNESS_FRAMES 24
#define WITNESSES 8

/* The first offence from a place. */
struct witness {
	char what[80];
	int depth;
	void *frames[WITNESS_FRAMES];
};

/* What the kernel counts of a thread. */
struct usage {
	int64_t minor_faults, major_faults;
	int64_t voluntary_switches, involuntary_switches;
	uint64_t waits;
};

struct findings {
	uint64_t cycles;
	uint64_t calls[CALLS];
	uint64_t offences[OFFENCES];
	uint64_t alsa_locks;  /* alsa-lib's own, of a plugin's PCM */
	struct usage usage;   /* since the warm-up was over */
	bool filtered;        /* the filter stood, from the first cycle on */
	bool measured;        /* usage is known */
	uint32_t witness_count;
	struct witness witnesses[WITNESSES];
};

#endif
