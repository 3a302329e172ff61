/* SPDX-License-Identifier: MIT */
/*
 * Health: the counters and histograms that both sides record into. Every
 * count is an atomic addition, so that it is exact with any number of threads
 * and none of them waits.
 */
#ifndef PEAL_SHARED_HEALTH_H
#define PEAL_SHARED_HEALTH_H

#include <peal/health.h>

#include "shared/histogram.h"

/* Shares of a period are kept in millionths. */
#define HEALTH_LOAD_UNIT 1000000u

struct engine_health {
	atomic_of(uint64_t) since_ns; /* CLOCK_MONOTONIC of the last reset */
	atomic_of(uint64_t) chunks;
	atomic_of(uint64_t) frames;
	atomic_of(uint64_t) drops;
	atomic_of(uint64_t) overruns;
	atomic_of(uint64_t) underruns;
	atomic_of(uint64_t) xruns;
	struct histogram load; /* in HEALTH_LOAD_UNIT of a period */
	struct histogram latency[ENGINE_HEALTH_LATENCIES]; /* ns */
};

static inline void health_load(struct engine_health *health, uint64_t work_ns, uint64_t period_ns)
{
	/* more than an hour of work in a period is no measure of anything */
	if (period_ns > 0 && work_ns < 3600ull * 1000000000u)
		histogram_record(&health->load, work_ns * HEALTH_LOAD_UNIT / period_ns);
}

#endif
