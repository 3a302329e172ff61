/* SPDX-License-Identifier: MIT */
/* Health: recording and reading it, for programs; see shared/health.h. Any thread. */
#include "control/health.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <peal/error.h>
#include "control/last_error.h"
#include "control/time.h"

static void reset_histogram(struct histogram *histogram)
{
	store_relaxed(&histogram->sum, 0);
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		store_relaxed(&histogram->buckets[i], 0);
}

void health_reset(struct engine_health *health)
{
	store_relaxed(&health->chunks, 0);
	store_relaxed(&health->frames, 0);
	store_relaxed(&health->drops, 0);
	store_relaxed(&health->overruns, 0);
	store_relaxed(&health->underruns, 0);
	store_relaxed(&health->xruns, 0);
	reset_histogram(&health->load);
	for (int i = 0; i < ENGINE_HEALTH_LATENCIES; i++)
		reset_histogram(&health->latency[i]);
	store_relaxed(&health->since_ns, monotonic_ns());
}

int engine_health_create(struct engine_health **out)
{
	if (!out)
		return last_error_set(-EINVAL, "out is NULL: where should it go?");
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return last_error_set(-ENOMEM, "no memory for health");
	health_reset(*out);
	return 0;
}

int engine_health_destroy(struct engine_health *health)
{
	free(health);
	return 0;
}

int engine_health_record_chunks(struct engine_health *health, uint64_t chunks, uint64_t frames)
{
	if (!health)
		return -EINVAL;
	add_relaxed(&health->chunks, chunks);
	add_relaxed(&health->frames, frames);
	return 0;
}

int engine_health_record_drops(struct engine_health *health, uint64_t chunks)
{
	if (!health)
		return -EINVAL;
	add_relaxed(&health->drops, chunks);
	return 0;
}

int engine_health_record_overruns(struct engine_health *health, uint64_t count)
{
	if (!health)
		return -EINVAL;
	add_relaxed(&health->overruns, count);
	return 0;
}

int engine_health_record_underruns(struct engine_health *health, uint64_t count)
{
	if (!health)
		return -EINVAL;
	add_relaxed(&health->underruns, count);
	return 0;
}

int engine_health_record_xruns(struct engine_health *health, uint64_t count)
{
	if (!health)
		return -EINVAL;
	add_relaxed(&health->xruns, count);
	return 0;
}

int engine_health_record_latency(struct engine_health *health, enum engine_health_latency which,
				 uint64_t ns)
{
	if (!health || (unsigned)which >= ENGINE_HEALTH_LATENCIES)
		return -EINVAL;
	histogram_record(&health->latency[which], ns);
	return 0;
}

int engine_health_record_load(struct engine_health *health, uint64_t work_ns, uint64_t period_ns)
{
	if (!health || period_ns == 0)
		return -EINVAL;
	health_load(health, work_ns, period_ns);
	return 0;
}

/* A histogram as it was at one look, so that all figures are of the same samples. */
struct look {
	uint64_t count;
	double sum;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

static void look_at(struct histogram *histogram, struct look *look)
{
	look->count = 0;
	look->sum = (double)load_relaxed(&histogram->sum);
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		look->buckets[i] = load_relaxed(&histogram->buckets[i]);
		look->count += look->buckets[i];
	}
}

/* The value of the sample at rank 0..count-1 of all, by size. */
static double at_rank(const struct look *look, uint64_t rank)
{
	uint64_t below = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		below += look->buckets[i];
		if (below > rank)
			return histogram_middle(i);
	}
	return NAN;
}

/* Nearest rank: the least value that so many thousandths of all do not exceed. */
static double percentile(const struct look *look, uint64_t thousandths)
{
	uint64_t rank = (look->count * thousandths + 999) / 1000;

	return at_rank(look, rank > 0 ? rank - 1 : 0);
}

static void get_latency(struct histogram *histogram, struct engine_latency *latency)
{
	struct look look;

	look_at(histogram, &look);
	latency->count = look.count;
	latency->min_ns = at_rank(&look, 0);
	latency->mean_ns = look.count ? look.sum / (double)look.count : NAN;
	latency->p50_ns = percentile(&look, 500);
	latency->p95_ns = percentile(&look, 950);
	latency->p99_ns = percentile(&look, 990);
	latency->p999_ns = percentile(&look, 999);
	latency->max_ns = look.count ? at_rank(&look, look.count - 1) : NAN;
}

void health_get(struct engine_health *health, struct engine_health_snapshot *snapshot)
{
	uint64_t uptime_ns = monotonic_ns() - load_relaxed(&health->since_ns);
	double seconds = (double)uptime_ns * 1e-9;
	struct engine_latency load;
	double offered;

	*snapshot = (struct engine_health_snapshot){
		.size = sizeof(*snapshot),
		.uptime_ns = uptime_ns,
		.chunks = load_relaxed(&health->chunks),
		.frames = load_relaxed(&health->frames),
		.drops = load_relaxed(&health->drops),
		.overruns = load_relaxed(&health->overruns),
		.underruns = load_relaxed(&health->underruns),
		.xruns = load_relaxed(&health->xruns),
	};
	offered = (double)(snapshot->chunks + snapshot->drops);
	snapshot->drop_rate = offered > 0 ? (double)snapshot->drops / offered : NAN;
	snapshot->chunks_per_second = seconds > 0 ? (double)snapshot->chunks / seconds : NAN;
	snapshot->frames_per_second = seconds > 0 ? (double)snapshot->frames / seconds : NAN;
	get_latency(&health->load, &load);
	snapshot->load = load.mean_ns / HEALTH_LOAD_UNIT;
	snapshot->load_max = load.max_ns / HEALTH_LOAD_UNIT;
	for (int i = 0; i < ENGINE_HEALTH_LATENCIES; i++)
		get_latency(&health->latency[i], &snapshot->latency[i]);
}

int engine_health_get(struct engine_health *health, struct engine_health_snapshot *snapshot)
{
	if (!health || !snapshot)
		return -EINVAL;
	if (snapshot->size != sizeof(*snapshot))
		return ENGINE_EABI;
	health_get(health, snapshot);
	return 0;
}

int engine_health_reset(struct engine_health *health)
{
	if (!health)
		return -EINVAL;
	health_reset(health);
	return 0;
}
