/* SPDX-License-Identifier: MIT */
/*
 * A health snapshot as text: JSON, and Prometheus' exposition format. Control
 * side. What is unknown is null in the one and left out of the other.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <peal/error.h>
#include <peal/health.h>

/* Text that is counted to its end and written as far as there is room. */
struct text {
	char *buffer;
	size_t size;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	size_t left = text->length < text->size ? text->size - text->length : 0;
	va_list args;
	int wrote;

	va_start(args, format);
	wrote = vsnprintf(left ? text->buffer + text->length : NULL, left, format, args);
	va_end(args);
	if (wrote > 0)
		text->length += (size_t)wrote;
}

/* printf writes the decimal point of the program's locale, whatever that is;
 * ours is a point. */
static void put_number(struct text *text, double value)
{
	char number[48], plain[48];
	size_t length = 0;

	snprintf(number, sizeof(number), "%.9g", value);
	for (const char *from = number; *from; from++) {
		if (strchr("0123456789+-e", *from))
			plain[length++] = *from;
		else if (length > 0 && plain[length - 1] != '.')
			plain[length++] = '.';
	}
	plain[length] = '\0';
	put(text, "%s", plain);
}

static const char *const latency_names[ENGINE_HEALTH_LATENCIES] = {
	[ENGINE_HEALTH_WAKEUP] = "wakeup",
	[ENGINE_HEALTH_CYCLE] = "cycle",
	[ENGINE_HEALTH_MESSAGE] = "message",
	[ENGINE_HEALTH_CHUNK] = "chunk",
};

static int check(const struct engine_health_snapshot *snapshot, const char *buffer, size_t size)
{
	if (!snapshot || (!buffer && size > 0))
		return -EINVAL;
	return snapshot->size == sizeof(*snapshot) ? 0 : ENGINE_EABI;
}

static void json_number(struct text *text, const char *name, double value)
{
	put(text, ",\"%s\":", name);
	if (isfinite(value))
		put_number(text, value);
	else
		put(text, "null");
}

static void json_latency(struct text *text, const char *name, const struct engine_latency *latency)
{
	put(text, "%s\"%s\":{\"count\":%llu", name == latency_names[0] ? "" : ",", name,
	    (unsigned long long)latency->count);
	json_number(text, "min_ns", latency->min_ns);
	json_number(text, "mean_ns", latency->mean_ns);
	json_number(text, "p50_ns", latency->p50_ns);
	json_number(text, "p95_ns", latency->p95_ns);
	json_number(text, "p99_ns", latency->p99_ns);
	json_number(text, "p999_ns", latency->p999_ns);
	json_number(text, "max_ns", latency->max_ns);
	put(text, "}");
}

int engine_health_to_json(const struct engine_health_snapshot *snapshot, char *buffer, size_t size)
{
	struct text text = { .buffer = buffer, .size = size };
	int err = check(snapshot, buffer, size);

	if (err < 0)
		return err;
	put(&text,
	    "{\"uptime_ns\":%llu,\"chunks\":%llu,\"frames\":%llu,\"drops\":%llu,"
	    "\"overruns\":%llu,\"underruns\":%llu,\"xruns\":%llu",
	    (unsigned long long)snapshot->uptime_ns, (unsigned long long)snapshot->chunks,
	    (unsigned long long)snapshot->frames, (unsigned long long)snapshot->drops,
	    (unsigned long long)snapshot->overruns, (unsigned long long)snapshot->underruns,
	    (unsigned long long)snapshot->xruns);
	json_number(&text, "drop_rate", snapshot->drop_rate);
	json_number(&text, "chunks_per_second", snapshot->chunks_per_second);
	json_number(&text, "frames_per_second", snapshot->frames_per_second);
	json_number(&text, "load", snapshot->load);
	json_number(&text, "load_max", snapshot->load_max);
	put(&text, ",\"latency\":{");
	for (int i = 0; i < ENGINE_HEALTH_LATENCIES; i++)
		json_latency(&text, latency_names[i], &snapshot->latency[i]);
	put(&text, "}}");
	return (int)text.length;
}

static void metric(struct text *text, const char *name, const char *type, const char *help,
		   double value)
{
	if (!isfinite(value))
		return;
	put(text, "# HELP peal_%s %s\n# TYPE peal_%s %s\npeal_%s ", name, help, name, type, name);
	put_number(text, value);
	put(text, "\n");
}

static void quantile(struct text *text, const char *name, const char *share, double ns)
{
	if (!isfinite(ns))
		return;
	put(text, "peal_%s_latency_seconds{quantile=\"%s\"} ", name, share);
	put_number(text, ns * 1e-9);
	put(text, "\n");
}

static void summary(struct text *text, const char *name, const struct engine_latency *latency)
{
	if (latency->count == 0)
		return;
	put(text, "# HELP peal_%s_latency_seconds See enum engine_health_latency.\n", name);
	put(text, "# TYPE peal_%s_latency_seconds summary\n", name);
	quantile(text, name, "0.5", latency->p50_ns);
	quantile(text, name, "0.95", latency->p95_ns);
	quantile(text, name, "0.99", latency->p99_ns);
	quantile(text, name, "0.999", latency->p999_ns);
	quantile(text, name, "1", latency->max_ns);
	put(text, "peal_%s_latency_seconds_sum ", name);
	put_number(text, latency->mean_ns * (double)latency->count * 1e-9);
	put(text, "\npeal_%s_latency_seconds_count %llu\n", name,
	    (unsigned long long)latency->count);
}

int engine_health_to_prometheus(const struct engine_health_snapshot *snapshot, char *buffer,
				size_t size)
{
	struct text text = { .buffer = buffer, .size = size };
	int err = check(snapshot, buffer, size);

	if (err < 0)
		return err;
	metric(&text, "uptime_seconds", "gauge", "Time since the figures were reset.",
	       (double)snapshot->uptime_ns * 1e-9);
	metric(&text, "chunks_total", "counter", "Chunks delivered.", (double)snapshot->chunks);
	metric(&text, "frames_total", "counter", "Frames in these.", (double)snapshot->frames);
	metric(&text, "drops_total", "counter", "Chunks dropped.", (double)snapshot->drops);
	metric(&text, "overruns_total", "counter", "Captured frames were taken too late.",
	       (double)snapshot->overruns);
	metric(&text, "underruns_total", "counter", "Frames to be played came too late.",
	       (double)snapshot->underruns);
	metric(&text, "xruns_total", "counter", "The device ran empty or over.",
	       (double)snapshot->xruns);
	metric(&text, "drop_ratio", "gauge", "Share of the chunks that was dropped.",
	       snapshot->drop_rate);
	metric(&text, "load_ratio", "gauge", "Mean share of a period that its work takes.",
	       snapshot->load);
	metric(&text, "load_max_ratio", "gauge", "The greatest of these.", snapshot->load_max);
	for (int i = 0; i < ENGINE_HEALTH_LATENCIES; i++)
		summary(&text, latency_names[i], &snapshot->latency[i]);
	return (int)text.length;
}
