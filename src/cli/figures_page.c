/* SPDX-License-Identifier: MIT */
/*
 * Figures for people: the page of peal monitor, 80 columns wide, and the same
 * in short on one line. The main thread only. Levels are in decibels of full
 * scale (dBFS), silence is -inf; what is unknown is a dash.
 */
#include <inttypes.h>
#include <math.h>

#include "cli/figures.h"

#define PAGE_CHANNELS_MAX 16u
#define BAR_WIDTH 40
/* Where a bar begins, in dBFS. */
#define BAR_FLOOR (-60.0)

/* A number in a column: width, decimals; "-" when it is unknown. */
static void page_number(FILE *out, int width, int decimals, double value)
{
	if (isnan(value))
		fprintf(out, "%*s", width, "-");
	else
		fprintf(out, "%*.*f", width, decimals, value);
}

static int bar_length(double dbfs)
{
	if (!(dbfs > BAR_FLOOR))
		return 0;
	return dbfs >= 0 ? BAR_WIDTH : (int)lround((1 - dbfs / BAR_FLOOR) * BAR_WIDTH);
}

/* The mean fills the bar, the peak is a mark in it. */
static void page_level(FILE *out, const struct levels *levels, uint32_t channel)
{
	double peak = levels_dbfs(levels_peak(levels, channel));
	double rms = levels_dbfs(levels_rms(levels, channel));
	int filled = bar_length(rms), mark = bar_length(peak);

	fprintf(out, "  %3" PRIu32 " ", channel + 1);
	page_number(out, 7, 1, peak);
	page_number(out, 7, 1, rms);
	fputs("  ", out);
	for (int i = 1; i <= BAR_WIDTH; i++)
		fputc(i == mark ? '|' : i <= filled ? '#' : '.', out);
	fputc('\n', out);
}

static void page_levels(FILE *out, const struct levels *levels)
{
	uint32_t shown = levels->channels < PAGE_CHANNELS_MAX ? levels->channels
							       : PAGE_CHANNELS_MAX;

	if (shown == 0)
		return;
	fprintf(out, "channel peak    rms  dBFS, from %g to 0\n", BAR_FLOOR);
	for (uint32_t i = 0; i < shown; i++)
		page_level(out, levels, i);
	if (shown < levels->channels)
		fprintf(out, "  and %" PRIu32 " more\n", levels->channels - shown);
}

static void page_percent(FILE *out, const char *name, double share)
{
	fprintf(out, "%s ", name);
	page_number(out, 0, 1, 100 * share);
	fputs(" %", out);
}

static void page_latency(FILE *out, const char *name, const struct engine_latency *latency)
{
	fprintf(out, "%-9s%12" PRIu64, name, latency->count);
	page_number(out, 10, 3, latency->p50_ns * 1e-6);
	page_number(out, 10, 3, latency->p95_ns * 1e-6);
	page_number(out, 10, 3, latency->p99_ns * 1e-6);
	page_number(out, 10, 3, latency->p999_ns * 1e-6);
	page_number(out, 10, 3, latency->max_ns * 1e-6);
	fputc('\n', out);
}

static void page_counts(FILE *out, const struct engine_health_snapshot *health)
{
	fprintf(out, "xruns %" PRIu64 ", underruns %" PRIu64 ", overruns %" PRIu64 ", drops %"
		PRIu64, health->xruns, health->underruns, health->overruns, health->drops);
}

void figures_page(const struct figures *figures, FILE *out)
{
	const struct engine_health_snapshot *health = &figures->health;
	const struct engine_info *info = figures->info;

	fprintf(out, "%.40s: %s for %.0f s\n", figures->device, figures_state(figures),
		(double)health->uptime_ns * 1e-9);
	fprintf(out, "%" PRIu32 " Hz, %" PRIu32 " channels, %s, period %" PRIu32 "\n\n",
		info->rate, info->channels, engine_format_name(info->format),
		info->period_frames);
	page_levels(out, figures->levels);
	fputc('\n', out);
	page_percent(out, "load", health->load);
	page_percent(out, ", at most", health->load_max);
	page_percent(out, "; fill: capture", figures->capture_fill);
	page_percent(out, ", playback", figures->playback_fill);
	fputc('\n', out);
	page_counts(out, health);
	fprintf(out, "\n\n%-9s%12s%10s%10s%10s%10s%10s\n", "ms", "count", "p50", "p95", "p99",
		"p99.9", "max");
	page_latency(out, "wake-up", &health->latency[ENGINE_HEALTH_WAKEUP]);
	page_latency(out, "cycle", &health->latency[ENGINE_HEALTH_CYCLE]);
	page_latency(out, "message", &health->latency[ENGINE_HEALTH_MESSAGE]);
	page_latency(out, "chunk age", &health->latency[ENGINE_HEALTH_CHUNK]);
}

void figures_line(const struct figures *figures, FILE *out)
{
	const struct engine_health_snapshot *health = &figures->health;

	fprintf(out, "%.1f s: %s, ", (double)health->uptime_ns * 1e-9,
		figures_state(figures));
	page_percent(out, "load", health->load);
	page_percent(out, ", fill", figures->capture_fill);
	fputs(", ", out);
	page_counts(out, health);
	fputs(", wake-up p99 ", out);
	page_number(out, 0, 3, health->latency[ENGINE_HEALTH_WAKEUP].p99_ns * 1e-6);
	fputs(" ms", out);
	for (uint32_t i = 0; i < figures->levels->channels && i < PAGE_CHANNELS_MAX; i++) {
		fputs(i ? " " : ", peak ", out);
		page_number(out, 0, 1, levels_dbfs(levels_peak(figures->levels, i)));
	}
	fputs(figures->levels->channels ? " dBFS\n" : "\n", out);
}
