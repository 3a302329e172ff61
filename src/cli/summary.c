/* SPDX-License-Identifier: MIT */
/*
 * The summary. Used by the main thread only. Exact for the first million
 * durations; from then on the quantiles come from a uniform sample of that
 * size (a reservoir), so that a ping that runs for a month needs 8 MB. The
 * least and the largest are always exact.
 */
#include "cli/summary.h"

#include <errno.h>
#include <stdlib.h>

#define SUMMARY_KEPT_MAX ((size_t)1 << 20)

static int summary_grow(struct summary *summary)
{
	size_t room = summary->kept_room ? 2 * summary->kept_room : 256;
	uint64_t *kept = realloc(summary->kept, room * sizeof(*kept));

	if (!kept)
		return -ENOMEM;
	summary->kept = kept;
	summary->kept_room = room;
	return 0;
}

/* xorshift64: good enough to pick whom to forget */
static uint64_t summary_random(struct summary *summary)
{
	uint64_t x = summary->random ? summary->random : 0x9e3779b97f4a7c15u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return summary->random = x;
}

int summary_add(struct summary *summary, uint64_t duration_ns)
{
	uint64_t place;
	int err;

	if (!summary->count || duration_ns < summary->min_ns)
		summary->min_ns = duration_ns;
	if (duration_ns > summary->max_ns)
		summary->max_ns = duration_ns;
	summary->count++;
	if (summary->kept_count == SUMMARY_KEPT_MAX) {
		place = summary_random(summary) % summary->count;
		if (place < SUMMARY_KEPT_MAX)
			summary->kept[place] = duration_ns;
		return 0;
	}
	if (summary->kept_count == summary->kept_room) {
		err = summary_grow(summary);
		if (err < 0)
			return err;
	}
	summary->kept[summary->kept_count++] = duration_ns;
	return 0;
}

static int summary_compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

uint64_t summary_quantile(struct summary *summary, double fraction)
{
	size_t below = (size_t)(fraction * (double)summary->kept_count);

	if (!summary->kept_count)
		return 0;
	/* nearest rank: an index of ceil(fraction * count) - 1 */
	if ((double)below == fraction * (double)summary->kept_count && below)
		below--;
	qsort(summary->kept, summary->kept_count, sizeof(*summary->kept), summary_compare);
	return summary->kept[below < summary->kept_count ? below : summary->kept_count - 1];
}

void summary_done(struct summary *summary)
{
	free(summary->kept);
	*summary = (struct summary){ 0 };
}
