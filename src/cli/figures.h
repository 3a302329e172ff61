/* SPDX-License-Identifier: MIT */
/*
 * Figures: all that peal monitor tells, taken at one moment, and the four
 * forms in which it is told. What is unknown is NaN here; each form has its
 * own way to say so, and none says 0.
 */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include <stdint.h>
#include <stdio.h>

#include <peal.h>

#include "cli/levels.h"
#include "cli/statsd.h"

struct figures {
	const char *device;           /* as it is called */
	const struct engine_info *info;
	const struct levels *levels;  /* captured since the last report */
	double capture_fill;          /* the fullest stream since then, 0..1 */
	double playback_fill;
	int state;                    /* enum engine_state */
	struct engine_stats stats;    /* since the engine was created: */
	struct engine_health_snapshot health;
};

/* Fill in what the engine tells; the rest is the caller's. Returns 0 or a negative error. */
int figures_take(struct figures *figures, struct engine *engine);

/* The state's name: "running" ... */
const char *figures_state(const struct figures *figures);

/* One JSON object on one line. Unknown: null. */
void figures_json(const struct figures *figures, FILE *out);

/* Prometheus' text exposition format. Unknown ones are left out. */
void figures_prometheus(const struct figures *figures, FILE *out);

/* Statsd: gauges, and counters of what has changed since before. Unknown ones are left out. */
void figures_statsd(const struct figures *figures, const struct figures *before,
		    struct statsd *statsd);

/* For people: a page, and the same in short on one line. Unknown: "-". */
void figures_page(const struct figures *figures, FILE *out);
void figures_line(const struct figures *figures, FILE *out);

#endif
