/* SPDX-License-Identifier: MIT */
/*
 * Health: counters and latency histograms of a stream of audio, wait-free to
 * record and read as a snapshot by any thread. An engine keeps one of its own
 * (engine_get_health); a program can keep more.
 *
 * A histogram is log-linear in fixed memory: every sample since the last reset
 * is in it. The mean is exact; least, greatest and percentiles are within 1 %
 * of the true ones, from 1 ns to 18 minutes. What is unknown is NaN, never 0.
 */
#ifndef PEAL_HEALTH_H
#define PEAL_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include <peal/engine.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_health;

/* The latencies that are kept. */
enum engine_health_latency {
	ENGINE_HEALTH_WAKEUP = 0,  /* from when the device was due to when the thread ran */
	ENGINE_HEALTH_CYCLE = 1,   /* the work of one period */
	ENGINE_HEALTH_MESSAGE = 2, /* a message's time in its ring */
	ENGINE_HEALTH_CHUNK = 3,   /* a captured chunk's age when the program took it */
	ENGINE_HEALTH_LATENCIES = 4,
};

/* Make one, all zero, its uptime beginning now. -EINVAL, -ENOMEM. Thread: control. */
int engine_health_create(struct engine_health **out);
/* NULL is allowed. Thread: control. */
int engine_health_destroy(struct engine_health *health);

/*
 * Record; each returns 0, or -EINVAL (health NULL, latency unknown). Wait-free,
 * exact with any number of threads. Thread: any.
 */
int engine_health_record_chunks(struct engine_health *health, uint64_t chunks, uint64_t frames);
int engine_health_record_drops(struct engine_health *health, uint64_t chunks);
int engine_health_record_overruns(struct engine_health *health, uint64_t count);
int engine_health_record_underruns(struct engine_health *health, uint64_t count);
int engine_health_record_xruns(struct engine_health *health, uint64_t count);
int engine_health_record_latency(struct engine_health *health, enum engine_health_latency which,
				 uint64_t ns);
/* The share of a period that its work took: work_ns of period_ns. */
int engine_health_record_load(struct engine_health *health, uint64_t work_ns, uint64_t period_ns);

/* One histogram's figures, in ns. */
struct engine_latency {
	uint64_t count;    /* samples; with 0 everything below is NaN */
	double min_ns;
	double mean_ns;
	double p50_ns;
	double p95_ns;
	double p99_ns;
	double p999_ns;
	double max_ns;
};

struct engine_health_snapshot {
	size_t size;              /* sizeof(struct engine_health_snapshot), set by the caller */
	uint64_t uptime_ns;       /* since create or reset */
	uint64_t chunks;          /* delivered */
	uint64_t frames;          /* in these */
	uint64_t drops;           /* chunks dropped */
	uint64_t overruns;        /* times the program took captured frames too late */
	uint64_t underruns;       /* times the program supplied frames too late */
	uint64_t xruns;           /* times the device ran empty or over */
	double drop_rate;         /* drops / (chunks + drops); NaN before either */
	double chunks_per_second; /* over the uptime */
	double frames_per_second;
	double load;              /* mean share of the periods that their work took; NaN: unknown */
	double load_max;
	struct engine_latency latency[ENGINE_HEALTH_LATENCIES];
};

/*
 * Take a snapshot: every count exact by itself, the figures from all samples.
 * Returns 0; -EINVAL; ENGINE_EABI. Thread: any (takes some microseconds).
 */
int engine_health_get(struct engine_health *health, struct engine_health_snapshot *snapshot);

/* Start again from zero. Returns 0; -EINVAL. Thread: any; what is recorded meanwhile may go
 * to either side. */
int engine_health_reset(struct engine_health *health);

/* What is_healthy judges by; a limit that is NaN is not looked at. */
struct engine_health_limits {
	size_t size;         /* sizeof(struct engine_health_limits) */
	double drop_rate;    /* at most */
	double load;         /* at most, the mean */
	double xruns;        /* at most */
	double underruns;    /* at most */
	double overruns;     /* at most */
	double wakeup_p99_ns; /* at most */
};
/* Fill in the defaults: drop_rate 0.01, load 0.8, xruns 0, underruns 0, overruns 0,
 * wakeup_p99_ns NaN. Returns 0; -EINVAL. Thread: any. */
int engine_health_limits_default(struct engine_health_limits *limits);

/*
 * Whether a snapshot keeps the limits (NULL: the defaults). A figure that is
 * unknown breaks no limit.
 *
 * reason: NULL, or room for reason_size bytes: the first limit that is broken,
 *   in words; "" when none is.
 * Returns 1 or 0; -EINVAL; ENGINE_EABI. Thread: any.
 */
int engine_health_is_healthy(const struct engine_health_snapshot *snapshot,
			     const struct engine_health_limits *limits, char *reason,
			     size_t reason_size);

/*
 * Render a snapshot, as JSON (unknown: null) or in the Prometheus text
 * exposition format, version 0.0.4 (metric names begin with "peal_"; unknown
 * ones are left out).
 *
 * buffer, size: room for the text; NULL and 0 to ask for the length.
 * Returns the text's length without its final NUL, as snprintf does: it was
 * cut when that is not below size. -EINVAL; ENGINE_EABI.
 * Thread: control.
 */
int engine_health_to_json(const struct engine_health_snapshot *snapshot, char *buffer,
			  size_t size);
int engine_health_to_prometheus(const struct engine_health_snapshot *snapshot, char *buffer,
				size_t size);

/*
 * An engine's own health, since it was created or last reset with
 * engine_reset_health.
 * Returns 0; -EINVAL; ENGINE_EABI; ENGINE_EFORKED. Thread: any.
 */
int engine_get_health(struct engine *engine, struct engine_health_snapshot *snapshot);
int engine_reset_health(struct engine *engine);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
