/* SPDX-License-Identifier: MIT */
/*
 * Recovery: what the transport does when a PCM shows trouble. It judges by
 * the PCM's state, never by poll's events, acts on every state, never sleeps,
 * and gives up after a few restarts that moved no frame, whatever the device
 * claims. Audio thread.
 *
 * The timeline after a restart: playback goes on at the frame it had reached
 * plus what the PCM's own pointers say was lost, and capture at the same
 * frame, since both start together; the next chunk says what is missing.
 */
#include "rt/rt.h"

#include <errno.h>
#include <peal/error.h>

static void post(struct rt *rt, enum engine_message_type type, enum engine_state from,
		 const struct pcm *pcm, enum engine_step step, int error, uint64_t lost)
{
	uint64_t took_us = (rt->clock->now_ns(rt->clock) - rt->transport.trouble_ns) / 1000;
	uint64_t a = (uint64_t)from | (uint64_t)rt->transport.state << 8 | (uint64_t)step << 16 |
		     (uint64_t)(pcm ? pcm->direction : 0) << 24 |
		     (uint64_t)(uint32_t)error << 32;
	uint64_t b = (lost < UINT32_MAX ? lost : UINT32_MAX) |
		     (took_us < UINT32_MAX ? took_us : UINT32_MAX) << 32;

	event_post(rt, type, a, b);
}

static enum engine_state diagnose(struct pcm *pcm, int error)
{
	enum engine_state state = pcm->ops->state(pcm);

	if (state == ENGINE_STATE_LOST || error == -ENODEV)
		return ENGINE_STATE_LOST;
	if (state == ENGINE_STATE_SUSPENDED || error == -ESTRPIPE)
		return ENGINE_STATE_SUSPENDED;
	if (state == ENGINE_STATE_RUNNING && error == 0)
		return ENGINE_STATE_RUNNING;
	/* XRUN itself, or what a running PCM can never be in: start afresh */
	return ENGINE_STATE_XRUN;
}

static void lose(struct rt *rt, struct pcm *pcm, enum engine_step step, int error)
{
	enum engine_state from = rt->transport.state;

	transport_enter(rt, ENGINE_STATE_LOST);
	render_halt(rt);
	post(rt, ENGINE_EVENT_LOST, from, pcm, step, error, 0);
}

static void suspend(struct rt *rt, struct pcm *pcm, enum engine_step step, int error)
{
	enum engine_state from = rt->transport.state;

	count_add(&rt->vitals.suspends, 1);
	transport_enter(rt, ENGINE_STATE_SUSPENDED);
	post(rt, ENGINE_EVENT_SUSPEND, from, pcm, step, error, 0);
}

/* Frames that a PCM's pointers say went by without us: beyond its buffer for
 * playback, all that was not read for capture. */
static uint64_t frames_lost(struct pcm *pcm)
{
	int64_t avail = pcm->ops->avail(pcm, false);
	int64_t kept = pcm->direction == ENGINE_PLAYBACK ? pcm->buffer_frames : 0;

	/* A pointer that an xrun hides, or that ran away, measures nothing. What
	 * is sure: a buffer was played, or was captured and not read. */
	if (avail < 0 || avail > 16 * (int64_t)pcm->buffer_frames)
		avail = pcm->buffer_frames;
	return avail > kept ? (uint64_t)(avail - kept) : 0;
}

/* Put the timeline where a restart begins; returns by how far it jumped. */
static uint64_t skip_lost_frames(struct transport *t, struct stream *capture)
{
	uint64_t lost = frames_lost(t->playback ? t->playback : t->capture);

	if (t->playback) {
		t->frame += lost;
		if (t->capture) {
			capture->gap += t->frame - t->captured;
			t->captured = t->frame;
		}
	} else {
		t->captured += lost;
		capture->gap += lost;
	}
	return lost;
}

/* Stop, prepare, fill and start again; 0 or what failed. */
static int restart(struct rt *rt, struct pcm **culprit, enum engine_step *step, uint64_t *lost)
{
	struct transport *t = &rt->transport;

	*lost = skip_lost_frames(t, rt->capture);
	/* The other direction may still run, and prepare is refused then. What
	 * stopping answers does not matter: prepare decides. */
	if (t->playback)
		t->playback->ops->stop(t->playback);
	if (t->capture)
		t->capture->ops->stop(t->capture);
	return transport_run(rt, culprit, step);
}

/* After a restart that failed: an xrun that cannot be prepared is how plugins
 * report a device that went away. */
static void give_up(struct rt *rt, struct pcm *culprit, enum engine_step step, int err)
{
	if (diagnose(culprit, err) == ENGINE_STATE_SUSPENDED)
		suspend(rt, culprit, step, err);
	else
		lose(rt, culprit, step, err);
}

static void xrun(struct rt *rt, struct pcm *pcm, enum engine_step step, int error)
{
	struct transport *t = &rt->transport;
	enum engine_state from = t->state;
	struct pcm *culprit = pcm;
	enum engine_step failed = step;
	uint64_t lost;
	int err;

	count_add(&rt->vitals.xruns, 1);
	add_relaxed(&rt->health->xruns, 1);
	if (t->restarts >= TRANSPORT_RESTARTS_MAX) {
		lose(rt, pcm, step, error);
		return;
	}
	t->restarts++;
	transport_enter(rt, ENGINE_STATE_XRUN);
	err = restart(rt, &culprit, &failed, &lost);
	count_add(&rt->vitals.lost_frames, lost);
	if (err < 0) {
		give_up(rt, culprit, failed, err);
		return;
	}
	transport_enter(rt, ENGINE_STATE_RUNNING);
	post(rt, ENGINE_EVENT_XRUN, from, pcm, step, error, lost);
}

void recover(struct rt *rt, struct pcm *pcm, enum engine_step step, int error)
{
	rt->transport.trouble_ns = rt->now_ns;
	switch (diagnose(pcm, error)) {
	case ENGINE_STATE_RUNNING:
		break;
	case ENGINE_STATE_LOST:
		lose(rt, pcm, step, error);
		break;
	case ENGINE_STATE_SUSPENDED:
		suspend(rt, pcm, step, error);
		break;
	default:
		xrun(rt, pcm, step, error);
		break;
	}
}

/* -EAGAIN while a PCM is not back yet. Any other refusal is no matter: not
 * every driver can resume, and what follows prepares the PCM anyway. */
static int resume(struct pcm *pcm)
{
	return pcm && pcm->ops->resume(pcm) == -EAGAIN ? -EAGAIN : 0;
}

void recover_resume(struct rt *rt)
{
	struct transport *t = &rt->transport;
	struct pcm *culprit = t->playback ? t->playback : t->capture;
	enum engine_step step = ENGINE_STEP_RESUME;
	uint64_t lost;
	int err;

	t->trouble_ns = rt->now_ns;
	if (resume(t->playback) == -EAGAIN || resume(t->capture) == -EAGAIN)
		return;
	err = restart(rt, &culprit, &step, &lost);
	count_add(&rt->vitals.lost_frames, lost);
	if (err == -ESTRPIPE || err == -EAGAIN)
		return;
	if (err < 0) {
		lose(rt, culprit, step, err);
		return;
	}
	transport_enter(rt, ENGINE_STATE_RUNNING);
	post(rt, ENGINE_EVENT_RESUME, ENGINE_STATE_SUSPENDED, NULL, ENGINE_STEP_RESUME, 0, lost);
}
