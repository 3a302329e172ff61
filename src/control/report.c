/* SPDX-License-Identifier: MIT */
/*
 * Reports: what an engine is, was granted, and counts, copied out for the
 * program. Any thread.
 */
#include <string.h>

#include <peal/info.h>
#include <peal/stats.h>
#include <peal/stream.h>
#include "control/backpressure.h"
#include "control/engine.h"
#include "control/health.h"

int engine_frame(struct engine *engine, uint64_t *frame)
{
	int err = engine_usable(engine);

	if (err == 0 && !frame)
		err = -EINVAL;
	if (err == 0)
		*frame = load_relaxed(&engine->rt->vitals.frame);
	return err;
}

/* A structure that the caller gave us to fill: is it there and of our size? */
static int fillable(const struct engine *engine, const size_t *given, size_t size)
{
	int err = engine_usable(engine);

	if (err < 0)
		return err;
	if (!given)
		return -EINVAL;
	return *given == size ? 0 : ENGINE_EABI;
}

int engine_get_clock(struct engine *engine, struct engine_clock *clock)
{
	int err = fillable(engine, clock ? &clock->size : NULL, sizeof(*clock));
	const struct vitals *vitals;
	uint32_t looks;

	if (err < 0)
		return err;
	vitals = &engine->rt->vitals;
	*clock = (struct engine_clock){
		.size = sizeof(*clock),
		.rate = engine->device.info.rate,
		.running = load_relaxed(&vitals->state) == ENGINE_STATE_RUNNING,
	};
	/* again only when the audio thread has written meanwhile, once a period */
	do {
		/* these pair with the releases in rt/transport.c */
		looks = load_acquire(&vitals->clock_looks);
		clock->frame = load_acquire(&vitals->clock_frame);
		clock->time_ns = load_acquire(&vitals->clock_ns);
	} while (looks % 2 != 0 || load_relaxed(&vitals->clock_looks) != looks);
	return 0;
}

int engine_heartbeat(struct engine *engine, uint64_t *age_ns)
{
	int err = engine_usable(engine);
	uint64_t beat_ns, now_ns;

	if (err < 0)
		return err;
	if (!age_ns)
		return -EINVAL;
	beat_ns = load_relaxed(&engine->rt->vitals.beat_ns);
	now_ns = monotonic_ns();
	*age_ns = now_ns > beat_ns ? now_ns - beat_ns : 0;
	return 0;
}

int engine_state(struct engine *engine)
{
	int err = engine_usable(engine);

	return err < 0 ? err : load_relaxed(&engine->rt->vitals.state);
}

int engine_get_info(struct engine *engine, struct engine_info *info)
{
	int err = fillable(engine, info ? &info->size : NULL, sizeof(*info));

	if (err < 0)
		return err;
	*info = engine->device.info;
	info->size = sizeof(*info);
	return 0;
}

int engine_get_rt_report(struct engine *engine, struct engine_rt_report *report)
{
	int err = fillable(engine, report ? &report->size : NULL, sizeof(*report));

	if (err < 0)
		return err;
	*report = engine->report;
	report->size = sizeof(*report);
	return 0;
}

int engine_get_stats(struct engine *engine, struct engine_stats *stats)
{
	int err = fillable(engine, stats ? &stats->size : NULL, sizeof(*stats));
	const struct stream *playback, *capture;
	const struct vitals *vitals;

	if (err < 0)
		return err;
	vitals = &engine->rt->vitals;
	playback = engine->rt->playback;
	capture = engine->rt->capture;
	*stats = (struct engine_stats){
		.size = sizeof(*stats),
		.cycles = load_relaxed(&vitals->cycles),
		.periods = load_relaxed(&vitals->periods),
		.wakes = load_relaxed(&vitals->wakes),
		.spurious_wakes = load_relaxed(&vitals->spurious_wakes),
		.backoffs = load_relaxed(&vitals->backoffs),
		.poll_timeouts = load_relaxed(&vitals->poll_timeouts),
		.xruns = load_relaxed(&vitals->xruns),
		.suspends = load_relaxed(&vitals->suspends),
		.demoted = load_relaxed(&engine->demoted),
		.stalls = load_relaxed(&vitals->stalls),
		.slips = load_relaxed(&vitals->slips),
		.lost_frames = load_relaxed(&vitals->lost_frames),
		.underrun_frames = playback ? load_relaxed(&playback->missed) : 0,
		.overrun_frames = capture ? load_relaxed(&capture->missed) : 0,
		.played_frames = playback ? load_relaxed(&playback->moved) : 0,
		.captured_frames = capture ? load_relaxed(&capture->moved) : 0,
	};
	return 0;
}

/* The same from a port that is open. */
static int port_fillable(const struct engine_port *port, const size_t *given, size_t size)
{
	int err = port ? fillable(port->engine, given, size) : -EINVAL;

	if (err < 0)
		return err;
	return load_relaxed(&port->closed) ? -EBADF : 0;
}

int engine_port_get_stats(struct engine_port *port, struct engine_port_stats *stats)
{
	struct lane *lane;
	int err = port_fillable(port, stats ? &stats->size : NULL, sizeof(*stats));

	if (err < 0)
		return err;
	lane = port->lane;
	*stats = (struct engine_port_stats){
		.size = sizeof(*stats),
		.sent = load_relaxed(&lane->in.pushed),
		.refused = load_relaxed(&lane->refused),
		.handled = load_relaxed(&lane->in.popped),
		.answered = load_relaxed(&lane->answered),
		.received = load_relaxed(&lane->out.popped),
		.events_lost = load_relaxed(&lane->events_lost),
	};
	return 0;
}

int engine_get_health(struct engine *engine, struct engine_health_snapshot *snapshot)
{
	int err = fillable(engine, snapshot ? &snapshot->size : NULL, sizeof(*snapshot));

	if (err == 0)
		health_get(engine->rt->health, snapshot);
	return err;
}

int engine_reset_health(struct engine *engine)
{
	int err = engine_usable(engine);

	if (err == 0)
		health_reset(engine->rt->health);
	return err;
}

int engine_get_backpressure(struct engine *engine, uint32_t ring,
			    struct engine_backpressure_stats *stats)
{
	struct stream *stream;
	int err = fillable(engine, stats ? &stats->size : NULL, sizeof(*stats));

	if (err < 0)
		return err;
	switch (ring) {
	case ENGINE_RING_PLAYBACK:
		stream = engine->rt->playback;
		break;
	case ENGINE_RING_CAPTURE:
		stream = engine->rt->capture;
		break;
	default:
		return engine_port_get_backpressure(&engine->own, ring, stats);
	}
	if (!stream)
		return -ENOTSUP;
	return backpressure_stats(&stream->backpressure, monotonic_ns(), stats);
}

int engine_port_get_backpressure(struct engine_port *port, uint32_t ring,
				 struct engine_backpressure_stats *stats)
{
	int err = port_fillable(port, stats ? &stats->size : NULL, sizeof(*stats));

	if (err < 0)
		return err;
	switch (ring) {
	case ENGINE_RING_COMMANDS:
		return backpressure_stats(&port->lane->in_pressure, monotonic_ns(), stats);
	case ENGINE_RING_REPLIES:
		return backpressure_stats(&port->lane->out_pressure, monotonic_ns(), stats);
	default:
		return -EINVAL;
	}
}
