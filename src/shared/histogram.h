/* SPDX-License-Identifier: MIT */
/*
 * The histogram: every sample since the last reset, log-linear in fixed
 * memory. Any thread records, with two atomic additions; any thread reads.
 *
 * 64 buckets an octave: below 64 each value has its own, above a bucket is
 * 1/64 of its lowest value wide, so that its middle is within 0.8 % of every
 * value in it. Values from 2^40 on (18 minutes of ns) share the last one.
 */
#ifndef PEAL_SHARED_HISTOGRAM_H
#define PEAL_SHARED_HISTOGRAM_H

#include <stdint.h>

#include "shared/atomic.h"

#define HISTOGRAM_LINEAR_BITS 6
#define HISTOGRAM_LINEAR (1u << HISTOGRAM_LINEAR_BITS)
#define HISTOGRAM_VALUE_BITS 40
#define HISTOGRAM_BUCKETS ((HISTOGRAM_VALUE_BITS - HISTOGRAM_LINEAR_BITS + 1) * HISTOGRAM_LINEAR)

struct histogram {
	atomic_of(uint64_t) sum;
	atomic_of(uint64_t) buckets[HISTOGRAM_BUCKETS];
};

/* 0..HISTOGRAM_BUCKETS-1 */
static inline uint32_t histogram_bucket(uint64_t value)
{
	uint32_t shift;

	if (value < HISTOGRAM_LINEAR)
		return (uint32_t)value;
	if (value >> HISTOGRAM_VALUE_BITS)
		return HISTOGRAM_BUCKETS - 1;
	shift = (uint32_t)(63 - __builtin_clzll(value)) - HISTOGRAM_LINEAR_BITS;
	return shift * HISTOGRAM_LINEAR + (uint32_t)(value >> shift);
}

/* The middle of a bucket's values; of the first 64, the value itself. */
static inline double histogram_middle(uint32_t bucket)
{
	uint32_t shift = bucket / HISTOGRAM_LINEAR;

	if (shift <= 1)
		return bucket;
	shift--;
	return ((double)(bucket - shift * HISTOGRAM_LINEAR) + 0.5) * (double)(1ull << shift) - 0.5;
}

static inline void histogram_record(struct histogram *histogram, uint64_t value)
{
	add_relaxed(&histogram->sum, value);
	add_relaxed(&histogram->buckets[histogram_bucket(value)], 1);
}

#endif
