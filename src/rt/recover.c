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

/* What showed the trouble. */
struct sign {
	struct pcm *pcm; /* NULL: neither direction in particular */
	enum engine_step step;
	int error;
};

static void post(struct rt *rt, enum engine_message_type type, enum engine_state from,
		 struct sign sign, enum engine_cause cause, uint64_t lost)
{
	uint64_t took_us = (rt->clock->now_ns(rt->clock) - rt->transport.trouble_ns) / 1000;
	uint64_t a = (uint64_t)from | (uint64_t)rt->transport.state << 8 |
		     (uint64_t)sign.step << 16 |
		     (uint64_t)(sign.pcm ? sign.pcm->direction : 0) << 24 |
		     (uint64_t)(uint16_t)sign.error << 32 | (uint64_t)cause << 48;
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

static void lose(struct rt *rt, struct sign sign, enum engine_cause cause)
{
	enum engine_state from = rt->transport.state;

	rt->transport.stalled_ns = rt->now_ns;
	transport_enter(rt, ENGINE_STATE_LOST);
	render_halt(rt);
	post(rt, ENGINE_EVENT_LOST, from, sign, cause, 0);
	doorbell_ring(&rt->lost);
}

static void suspend(struct rt *rt, struct sign sign)
{
	enum engine_state from = rt->transport.state;

	count_add(&rt->vitals.suspends, 1);
	transport_enter(rt, ENGINE_STATE_SUSPENDED);
	post(rt, ENGINE_EVENT_SUSPEND, from, sign, ENGINE_CAUSE_SYSTEM, 0);
}

/*
 * Whose fault an xrun is. Whoever looks again before a buffer has passed is
 * not late; with two periods, the last moment to look is one period after the
 * last time that frames moved, and so nearly a buffer after the one before.
 */
static enum engine_cause xrun_cause(struct rt *rt)
{
	struct transport *t = &rt->transport;
	const struct pcm *pcm = t->playback ? t->playback : t->capture;
	uint64_t had_ns = (uint64_t)pcm->buffer_frames * 1000000000u / t->rate;
	uint64_t now_ns = rt->clock->now_ns(rt->clock);
	uint64_t working_ns = now_ns - rt->woke_ns;

	if (now_ns - t->looked_ns < had_ns)
		return ENGINE_CAUSE_DEVICE;
	if (working_ns >= t->period_ns || t->worked_ns >= t->period_ns)
		return ENGINE_CAUSE_WORK;
	/* it was time for us, and we were there: nothing was said in time */
	return rt->woke_ns - t->looked_ns < had_ns ? ENGINE_CAUSE_DEVICE : ENGINE_CAUSE_WOKEN_LATE;
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

/* Put the timeline where a restart begins. */
static void skip_frames(struct transport *t, struct stream *capture, uint64_t lost)
{
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
}

/* Stop, prepare, fill and start again; 0 or what failed. */
static int restart(struct rt *rt, struct pcm **culprit, enum engine_step *step, uint64_t *lost)
{
	struct transport *t = &rt->transport;

	*lost = frames_lost(t->playback ? t->playback : t->capture);
	skip_frames(t, rt->capture, *lost);
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
static void give_up(struct rt *rt, struct sign sign)
{
	switch (diagnose(sign.pcm, sign.error)) {
	case ENGINE_STATE_SUSPENDED:
		suspend(rt, sign);
		break;
	case ENGINE_STATE_LOST:
		lose(rt, sign, ENGINE_CAUSE_GONE);
		break;
	default:
		lose(rt, sign, ENGINE_CAUSE_REFUSED);
		break;
	}
}

/* A machine that starves us is no fault of the device, and its restarts take
 * their time: they are no spinning. But they end as a stall does. */
static bool hopeless(const struct rt *rt, enum engine_cause cause)
{
	const struct transport *t = &rt->transport;

	return cause != ENGINE_CAUSE_WOKEN_LATE || rt->now_ns - t->progress_ns >= t->patience_ns;
}

static void xrun(struct rt *rt, struct sign sign)
{
	struct transport *t = &rt->transport;
	enum engine_cause cause = xrun_cause(rt);
	enum engine_state from = t->state;
	struct sign failed = sign;
	uint64_t lost;

	count_add(&rt->vitals.xruns, 1);
	add_relaxed(&rt->health->xruns, 1);
	if (t->restarts >= TRANSPORT_RESTARTS_MAX && hopeless(rt, cause)) {
		lose(rt, sign, ENGINE_CAUSE_RESTARTS);
		return;
	}
	t->restarts++;
	transport_enter(rt, ENGINE_STATE_XRUN);
	failed.error = restart(rt, &failed.pcm, &failed.step, &lost);
	count_add(&rt->vitals.lost_frames, lost);
	if (failed.error < 0) {
		give_up(rt, failed);
		return;
	}
	transport_enter(rt, ENGINE_STATE_RUNNING);
	post(rt, ENGINE_EVENT_XRUN, from, sign, cause, lost);
}

void recover(struct rt *rt, struct pcm *pcm, enum engine_step step, int error)
{
	struct sign sign = { pcm, step, error };

	rt->transport.trouble_ns = rt->now_ns;
	switch (diagnose(pcm, error)) {
	case ENGINE_STATE_RUNNING:
		break;
	case ENGINE_STATE_LOST:
		lose(rt, sign, ENGINE_CAUSE_GONE);
		break;
	case ENGINE_STATE_SUSPENDED:
		suspend(rt, sign);
		break;
	default:
		xrun(rt, sign);
		break;
	}
}

void recover_overdue(struct rt *rt)
{
	struct transport *t = &rt->transport;
	struct sign sign = { NULL, ENGINE_STEP_AVAIL, 0 };

	t->trouble_ns = rt->now_ns;
	if (t->state == ENGINE_STATE_RUNNING) {
		t->stalled_ns = rt->now_ns;
		count_add(&rt->vitals.stalls, 1);
		transport_enter(rt, ENGINE_STATE_STALLED);
		post(rt, ENGINE_EVENT_STALLED, ENGINE_STATE_RUNNING, sign, ENGINE_CAUSE_SILENT, 0);
	} else if (rt->now_ns - t->stalled_ns >= t->patience_ns) {
		lose(rt, sign, ENGINE_CAUSE_SILENT);
	}
}

void recover_moving(struct rt *rt)
{
	struct sign sign = { NULL, ENGINE_STEP_AVAIL, 0 };

	rt->transport.trouble_ns = rt->now_ns;
	transport_enter(rt, ENGINE_STATE_RUNNING);
	post(rt, ENGINE_EVENT_RESUME, ENGINE_STATE_STALLED, sign, ENGINE_CAUSE_NONE, 0);
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
	struct sign sign = { t->playback ? t->playback : t->capture, ENGINE_STEP_RESUME, 0 };
	uint64_t lost;

	t->trouble_ns = rt->now_ns;
	if (resume(t->playback) == -EAGAIN || resume(t->capture) == -EAGAIN)
		return;
	/* one that runs and is suspended again, and moves nothing, is no better
	 * than one that has xruns */
	if (t->restarts >= TRANSPORT_RESTARTS_MAX) {
		lose(rt, sign, ENGINE_CAUSE_RESTARTS);
		return;
	}
	sign.error = restart(rt, &sign.pcm, &sign.step, &lost);
	count_add(&rt->vitals.lost_frames, lost);
	if (sign.error == -ESTRPIPE || sign.error == -EAGAIN)
		return;
	if (sign.error < 0) {
		lose(rt, sign, diagnose(sign.pcm, sign.error) == ENGINE_STATE_LOST ?
				       ENGINE_CAUSE_GONE : ENGINE_CAUSE_REFUSED);
		return;
	}
	t->restarts++;
	transport_enter(rt, ENGINE_STATE_RUNNING);
	post(rt, ENGINE_EVENT_RESUME, ENGINE_STATE_SUSPENDED,
	     (struct sign){ NULL, ENGINE_STEP_RESUME, 0 }, ENGINE_CAUSE_SYSTEM, lost);
}

int recover_adopt(struct rt *rt)
{
	struct transport *t = &rt->transport;
	const struct pcm *pcm = t->playback ? t->playback : t->capture;
	const struct sign nothing = { NULL, ENGINE_STEP_NONE, 0 };
	struct sign sign = nothing;
	uint64_t passed, kept = t->playback ? pcm->buffer_frames : 0, lost;

	if (t->state != ENGINE_STATE_LOST)
		return -EINVAL;
	t->trouble_ns = rt->now_ns;
	if (!t->wanted) {
		transport_enter(rt, ENGINE_STATE_PREPARED);
		post(rt, ENGINE_EVENT_RETURNED, ENGINE_STATE_LOST, nothing, ENGINE_CAUSE_NONE, 0);
		return 0;
	}
	/* there was no position meanwhile: only time tells what was missed */
	passed = (rt->now_ns - t->moved_ns) / 1000 * t->rate / 1000000;
	lost = passed > kept ? passed - kept : 0;
	skip_frames(t, rt->capture, lost);
	sign.error = transport_run(rt, &sign.pcm, &sign.step);
	if (sign.error < 0) {
		rt->order.step = (int)sign.step;
		rt->order.direction = (int)sign.pcm->direction;
		return sign.error;
	}
	count_add(&rt->vitals.lost_frames, lost);
	t->restarts = 0;
	t->progress_ns = rt->now_ns;
	transport_enter(rt, ENGINE_STATE_RUNNING);
	post(rt, ENGINE_EVENT_RETURNED, ENGINE_STATE_LOST, nothing, ENGINE_CAUSE_NONE, lost);
	return 0;
}

void recover_fail(struct rt *rt, int error)
{
	struct sign sign = { NULL, ENGINE_STEP_NONE, error };

	if (rt->transport.state != ENGINE_STATE_LOST)
		return;
	rt->transport.trouble_ns = rt->now_ns;
	transport_enter(rt, ENGINE_STATE_FAILED);
	post(rt, ENGINE_EVENT_FAILED, ENGINE_STATE_LOST, sign, ENGINE_CAUSE_REFUSED, 0);
}
