/* SPDX-License-Identifier: MIT */
/*
 * The summary of many durations: the least, the median, the 99th percentile
 * and the largest.
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

/* Set it to zero to begin. */
struct summary {
	uint64_t count; /* how many were added */
	uint64_t min_ns;
	uint64_t max_ns;
	uint64_t *kept; /* those that quantiles are taken from, unordered */
	size_t kept_count;
	size_t kept_room;
	uint64_t random;
};

/* Returns 0, or -ENOMEM: the duration is counted in all but the quantiles. */
int summary_add(struct summary *summary, uint64_t duration_ns);

/* The smallest duration that a fraction (0..1) of them do not exceed; 0 when there is none. */
uint64_t summary_quantile(struct summary *summary, double fraction);

void summary_done(struct summary *summary);

#endif
