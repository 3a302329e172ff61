/* SPDX-License-Identifier: MIT */
/*
 * The run: an engine under watch, in a child of its own, so that whatever it
 * does to it the process that judges goes on.
 */
#ifndef TESTS_PROOF_RUN_H
#define TESTS_PROOF_RUN_H

#include <peal.h>

#include "findings.h"
#include "load.h"

/* Devices: one xrun within the warm-up, and those that a busy machine adds are
 * welcome; and faults of which each strikes within it, and again and again. */
#define RUN_REAL_TIME "virtual:fault=xrun@9600"
#define RUN_FAILING                                                                                \
	"virtual:clock=manual,fault=xrun@4800/96000,suspend@9600/480000:5,"                        \
	"unplug@19200/4800000,return@19840/4800000"

/* What is run. */
struct run {
	const char *device;
	double seconds;      /* on a clock that runs by itself */
	uint64_t periods;    /* on a manual clock; 0: it is none */
	bool loaded;         /* with the load beside it */
	void (*plant)(void); /* what it does wrong; NULL: nothing */
	int errors_fd;       /* in place of the standard error; 0: none */
};

/* What came of it, in memory shared with the child. */
struct outcome {
	struct findings findings;
	struct load_sums load;
	struct engine_stats stats;
	struct engine_rt_report report;
	bool done; /* to its end */
};

/* Memory for an outcome that children can write to. */
struct outcome *run_outcome(void);

void run(const struct run *run, struct outcome *outcome);

#endif
