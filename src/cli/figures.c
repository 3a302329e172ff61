/* SPDX-License-Identifier: MIT */
/*
 * Figures for machines: JSON, Prometheus, statsd. The main thread only. What
 * is in a health snapshot is rendered by the library; the levels, the streams
 * and the state are added here. Levels are shares of full scale, not decibels,
 * which have no number for silence.
 */
#include "cli/figures.h"

#include <inttypes.h>
#include <math.h>

/* The library's renderings are two to four thousand characters. */
#define FIGURES_HEALTH_BYTES 16384

static const char *const latency_names[ENGINE_HEALTH_LATENCIES] = {
	[ENGINE_HEALTH_WAKEUP] = "wakeup",
	[ENGINE_HEALTH_CYCLE] = "cycle",
	[ENGINE_HEALTH_MESSAGE] = "message",
	[ENGINE_HEALTH_CHUNK] = "chunk",
};

int figures_take(struct figures *figures, struct engine *engine)
{
	int err;

	figures->state = engine_state(engine);
	figures->stats.size = sizeof(figures->stats);
	figures->health.size = sizeof(figures->health);
	err = engine_get_stats(engine, &figures->stats);
	return err < 0 ? err : engine_get_health(engine, &figures->health);
}

const char *figures_state(const struct figures *figures)
{
	switch (figures->state) {
	case ENGINE_STATE_PREPARED:
		return "prepared";
	case ENGINE_STATE_RUNNING:
		return "running";
	case ENGINE_STATE_XRUN:
		return "xrun";
	case ENGINE_STATE_SUSPENDED:
		return "suspended";
	case ENGINE_STATE_LOST:
		return "lost";
	default:
		return "closed";
	}
}

/* A name from a command line may hold anything; byte by byte it stays valid JSON. */
static void json_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
			fprintf(out, "\\u%04x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

static void json_number(FILE *out, const char *name, double value)
{
	if (isfinite(value))
		fprintf(out, "\"%s\":%.9g", name, value);
	else
		fprintf(out, "\"%s\":null", name);
}

static void json_levels(FILE *out, const struct levels *levels)
{
	fputs(",\"levels\":[", out);
	for (uint32_t i = 0; i < levels->channels; i++) {
		fputs(i ? ",{" : "{", out);
		json_number(out, "peak", levels_peak(levels, i));
		fputc(',', out);
		json_number(out, "rms", levels_rms(levels, i));
		fputc('}', out);
	}
	fputc(']', out);
}

void figures_json(const struct figures *figures, FILE *out)
{
	const struct engine_info *info = figures->info;
	char health[FIGURES_HEALTH_BYTES];
	int length = engine_health_to_json(&figures->health, health, sizeof(health));

	fputs("{\"device\":", out);
	json_string(out, figures->device);
	fprintf(out, ",\"state\":\"%s\",\"rate\":%" PRIu32 ",\"channels\":%" PRIu32
		",\"format\":\"%s\",\"period_frames\":%" PRIu32, figures_state(figures),
		info->rate, info->channels, engine_format_name(info->format),
		info->period_frames);
	fprintf(out, ",\"lost_frames\":%" PRIu64 ",\"underrun_frames\":%" PRIu64
		",\"overrun_frames\":%" PRIu64 ",\"fill\":{", figures->stats.lost_frames,
		figures->stats.underrun_frames, figures->stats.overrun_frames);
	json_number(out, "capture", figures->capture_fill);
	fputc(',', out);
	json_number(out, "playback", figures->playback_fill);
	fputc('}', out);
	json_levels(out, figures->levels);
	/* the health's own members follow, without its opening brace */
	if (length > 1 && (size_t)length < sizeof(health))
		fprintf(out, ",%s", health + 1);
	else
		fputc('}', out);
}

static void prometheus_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP peal_%s %s\n# TYPE peal_%s %s\n", name, help, name, type);
}

static void prometheus_fill(FILE *out, const char *direction, double fill)
{
	if (isfinite(fill))
		fprintf(out, "peal_stream_fill_ratio{direction=\"%s\"} %.9g\n", direction, fill);
}

static void prometheus_levels(FILE *out, const struct levels *levels, const char *name,
			      const char *help,
			      double (*level)(const struct levels *levels, uint32_t channel))
{
	prometheus_head(out, name, "gauge", help);
	for (uint32_t i = 0; i < levels->channels; i++)
		if (isfinite(level(levels, i)))
			fprintf(out, "peal_%s{channel=\"%" PRIu32 "\"} %.9g\n", name, i + 1,
				level(levels, i));
}

void figures_prometheus(const struct figures *figures, FILE *out)
{
	char health[FIGURES_HEALTH_BYTES];
	int length = engine_health_to_prometheus(&figures->health, health, sizeof(health));

	if (length > 0 && (size_t)length < sizeof(health))
		fputs(health, out);
	prometheus_head(out, "running", "gauge", "1 while the device runs.");
	fprintf(out, "peal_running %d\n", figures->state == ENGINE_STATE_RUNNING);
	prometheus_head(out, "lost_frames_total", "counter", "Frames lost to xruns.");
	fprintf(out, "peal_lost_frames_total %" PRIu64 "\n", figures->stats.lost_frames);
	prometheus_head(out, "stream_fill_ratio", "gauge",
			"The fullest the stream was since the last report.");
	prometheus_fill(out, "capture", figures->capture_fill);
	prometheus_fill(out, "playback", figures->playback_fill);
	prometheus_levels(out, figures->levels, "level_peak_ratio",
			  "The greatest sample since the last report, of full scale.",
			  levels_peak);
	prometheus_levels(out, figures->levels, "level_rms_ratio",
			  "The root mean square since the last report, of full scale.",
			  levels_rms);
}

static void statsd_gauge(struct statsd *statsd, const char *name, double value)
{
	if (isfinite(value))
		statsd_put(statsd, "peal.%s:%.9g|g", name, value);
}

static void statsd_count(struct statsd *statsd, const char *name, uint64_t now, uint64_t before)
{
	statsd_put(statsd, "peal.%s:%" PRIu64 "|c", name, now - before);
}

static void statsd_latency(struct statsd *statsd, const char *name,
			   const struct engine_latency *latency)
{
	const struct {
		const char *name;
		double ns;
	} quantiles[] = {
		{ "p50", latency->p50_ns }, { "p95", latency->p95_ns },
		{ "p99", latency->p99_ns }, { "p999", latency->p999_ns },
		{ "max", latency->max_ns },
	};
	char full[64];

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		snprintf(full, sizeof(full), "latency.%s.%s_ms", name, quantiles[i].name);
		statsd_gauge(statsd, full, quantiles[i].ns * 1e-6);
	}
}

static void statsd_levels(struct statsd *statsd, const struct levels *levels)
{
	char name[64];

	for (uint32_t i = 0; i < levels->channels; i++) {
		snprintf(name, sizeof(name), "level.%" PRIu32 ".peak", i + 1);
		statsd_gauge(statsd, name, levels_peak(levels, i));
		snprintf(name, sizeof(name), "level.%" PRIu32 ".rms", i + 1);
		statsd_gauge(statsd, name, levels_rms(levels, i));
	}
}

void figures_statsd(const struct figures *figures, const struct figures *before,
		    struct statsd *statsd)
{
	const struct engine_health_snapshot *now = &figures->health, *then = &before->health;

	statsd_count(statsd, "chunks", now->chunks, then->chunks);
	statsd_count(statsd, "frames", now->frames, then->frames);
	statsd_count(statsd, "drops", now->drops, then->drops);
	statsd_count(statsd, "overruns", now->overruns, then->overruns);
	statsd_count(statsd, "underruns", now->underruns, then->underruns);
	statsd_count(statsd, "xruns", now->xruns, then->xruns);
	statsd_count(statsd, "lost_frames", figures->stats.lost_frames,
		     before->stats.lost_frames);
	statsd_gauge(statsd, "running", figures->state == ENGINE_STATE_RUNNING);
	statsd_gauge(statsd, "drop_rate", now->drop_rate);
	statsd_gauge(statsd, "load", now->load);
	statsd_gauge(statsd, "load_max", now->load_max);
	statsd_gauge(statsd, "fill.capture", figures->capture_fill);
	statsd_gauge(statsd, "fill.playback", figures->playback_fill);
	for (int i = 0; i < ENGINE_HEALTH_LATENCIES; i++)
		statsd_latency(statsd, latency_names[i], &now->latency[i]);
	statsd_levels(statsd, figures->levels);
	statsd_flush(statsd);
}
