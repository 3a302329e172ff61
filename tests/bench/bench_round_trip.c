/* SPDX-License-Identifier: MIT */
/*
 * A ping's round trip through a running engine on the virtual card, by the
 * real clock: with a wake, and without one, when it waits for the next period.
 * And what the send itself costs the sender, who has just slept: a wake is a
 * system call.
 */
#include <peal.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness.h"

#define RATE 48000
#define PINGS 20 /* a measurement, on an engine of its own */
#define PATIENCE_MS 10000

static const struct way {
	const char *name;
	uint32_t period_frames;
	uint16_t flags;
} ways[] = {
	{ "period of 64 frames", 64, 0 },
	{ "period of 64 frames, with a wake", 64, ENGINE_FLAG_WAKE },
	{ "period of 256 frames", 256, 0 },
	{ "period of 256 frames, with a wake", 256, ENGINE_FLAG_WAKE },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static struct bench_row trips[WAYS], sends[WAYS];

/* For the note. */
static struct engine_rt_report granted;
static uint64_t xruns;

/*
 * At any moment of the period alike: sent as soon as the last pong has come,
 * just after a period began, each would wait for a whole one.
 */
static void pass_a_while(uint32_t period_frames)
{
	uint64_t period_ns = period_frames * 1000000000ull / RATE;
	uint64_t ns = (uint64_t)random() % period_ns;
	struct timespec while_ = { .tv_nsec = (long)ns };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &while_, NULL);
}

static void await_pong(struct engine *engine, uint32_t id)
{
	struct engine_message message = { 0 };

	while (message.type != ENGINE_PONG) {
		int taken = engine_recv(engine, &message, PATIENCE_MS);

		if (taken != 1)
			bench_fail("no pong: %s", taken ? engine_strerror(taken) : "timed out");
	}
	if (message.id != id)
		bench_fail("pong %" PRIu32 " instead of %" PRIu32, message.id, id);
}

static void ping(struct engine *engine, const struct way *way, uint32_t id, uint64_t times[3])
{
	struct engine_message message = { .type = ENGINE_PING, .flags = way->flags, .id = id };
	int err;

	times[0] = bench_now_ns();
	err = engine_send(engine, &message);
	times[1] = bench_now_ns();
	if (err < 0)
		bench_fail("engine_send: %s", engine_strerror(err));
	await_pong(engine, id);
	times[2] = bench_now_ns();
}

static struct engine *start(const struct way *way)
{
	struct engine_config config = {
		.size = sizeof(config), .device = "virtual", .rate = RATE,
		.period_frames = way->period_frames,
	};
	struct engine *engine;

	if (engine_create(&engine, &config) < 0 || engine_start(engine) < 0)
		bench_fail("%s", engine_last_error());
	return engine;
}

static void finish(struct engine *engine)
{
	struct engine_stats stats = { .size = sizeof(stats) };

	granted.size = sizeof(granted);
	if (engine_get_rt_report(engine, &granted) < 0 || engine_get_stats(engine, &stats) < 0)
		bench_fail("no report");
	xruns += stats.xruns;
	if (engine_destroy(engine) < 0)
		bench_fail("%s", engine_last_error());
}

static void measure(struct bench_row *row)
{
	const struct way *way = row->arg;
	struct engine *engine = start(way);
	uint64_t times[3];

	ping(engine, way, 0, times);
	for (uint32_t id = 1; id <= PINGS; id++) {
		pass_a_while(way->period_frames);
		ping(engine, way, id, times);
		bench_add(row, 0, (double)(times[2] - times[0]) * 1e-6);
		bench_add(&sends[row - trips], 0, (double)(times[1] - times[0]) * 1e-3);
	}
	finish(engine);
}

int main(void)
{
	struct bench_table trip_table = {
		.name = "round_trip", .title = "a ping there and back", .unit = "ms",
		.rows = trips, .count = WAYS,
	};
	struct bench_table send_table = {
		.name = "send_cost", .title = "of that, the send", .unit = "us",
		.rows = sends, .count = WAYS,
	};
	char note[128];

	for (size_t i = 0; i < WAYS; i++) {
		trips[i] = (struct bench_row){
			.name = ways[i].name, .measure = measure, .arg = &ways[i],
		};
		sends[i].name = ways[i].name;
	}
	bench_measure(&trip_table, bench_choose(100, 3));
	snprintf(note, sizeof(note), "the audio thread: %s, priority %d; %" PRIu64 " xruns",
		 granted.policy ? "SCHED_FIFO" : "SCHED_OTHER", granted.priority, xruns);
	bench_report(&trip_table, note);
	bench_report(&send_table, NULL);
	return 0;
}
