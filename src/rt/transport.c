/* SPDX-License-Identifier: MIT */
/* The transport; see transport.h. Audio thread. */
#include "rt/transport.h"

#include <errno.h>

#include <peal/error.h>
#include "rt/pace.h"
#include "rt/position.h"
#include "rt/rt.h"

/* The kernel's codes end here; a more negative number is a position. */
#define ERRNO_MAX 4095

/* Since frames moved in both directions, one alone may have its period before
 * the other this often: more is two devices that never meet. */
#define HALVES_MAX 2

void transport_enter(struct rt *rt, enum engine_state state)
{
	rt->transport.state = state;
	/* a PCM is held back only while it runs */
	rt->transport.hold_until_ns = 0;
	/* pairs with the acquire in control/caretaker.c: a lost device's PCMs are
	 * not touched any more */
	store_release(&rt->vitals.state, (int)state);
	/* who waits for a stream to move must look again */
	if (rt->playback)
		rt->playback->posted = true;
	if (rt->capture)
		rt->capture->posted = true;
}

static void publish_frame(struct rt *rt)
{
	struct transport *t = &rt->transport;

	store_relaxed(&rt->vitals.frame, t->playback ? t->frame : t->captured);
}

static int fail(struct pcm *pcm, int err, enum engine_step at, struct pcm **culprit,
		enum engine_step *step)
{
	*culprit = pcm;
	*step = at;
	return err;
}

/* The frames a direction has for us, within its buffer, or the trouble. */
static int64_t frames_ready(struct pcm *pcm, bool exact)
{
	int64_t avail = pcm->ops->avail(pcm, exact || pcm->exact_avail);

	/* a device that claims more than its buffer, or less than any error
	 * says, has lost count: an xrun that it did not report */
	return avail > pcm->buffer_frames || avail < -ERRNO_MAX ? -EPIPE : avail;
}

/* Fill the playback buffer: from the stream, then silence. */
static int prefill(struct rt *rt, enum engine_step *step)
{
	struct transport *t = &rt->transport;
	int64_t left = frames_ready(t->playback, true);

	*step = ENGINE_STEP_AVAIL;
	while (left > 0) {
		uint32_t frames = left < t->period_frames ? (uint32_t)left : t->period_frames;
		int err = playback_move(rt, frames, step);

		if (err < 0)
			return err;
		t->frame += frames;
		left -= frames;
	}
	return (int)left;
}

int transport_run(struct rt *rt, struct pcm **culprit, enum engine_step *step)
{
	struct transport *t = &rt->transport;
	int err;

	if (t->playback && (err = t->playback->ops->prepare(t->playback)) < 0)
		return fail(t->playback, err, ENGINE_STEP_PREPARE, culprit, step);
	if (t->capture && (err = t->capture->ops->prepare(t->capture)) < 0)
		return fail(t->capture, err, ENGINE_STEP_PREPARE, culprit, step);
	if (t->playback && (err = prefill(rt, step)) < 0)
		return fail(t->playback, err, *step, culprit, step);
	if (t->playback && (err = t->playback->ops->start(t->playback)) < 0)
		return fail(t->playback, err, ENGINE_STEP_START, culprit, step);
	if (t->capture && !(t->playback && t->grouped) &&
	    (err = t->capture->ops->start(t->capture)) < 0)
		return fail(t->capture, err, ENGINE_STEP_START, culprit, step);

	rt->now_ns = rt->clock->now_ns(rt->clock);
	t->playback_lacks = true;
	t->capture_lacks = true;
	t->looked_ns = rt->now_ns;
	t->moved_ns = rt->now_ns;
	t->worked_ns = 0;
	pace_start(rt);
	publish_frame(rt);
	position_start(rt);
	return 0;
}

/* The next start begins at frame 0. */
static void rewind_timeline(struct transport *t)
{
	t->frame = 0;
	t->captured = 0;
}

int transport_start(struct rt *rt)
{
	struct transport *t = &rt->transport;
	struct pcm *culprit = NULL;
	enum engine_step step = ENGINE_STEP_NONE;
	int err;

	if (t->state == ENGINE_STATE_LOST || t->state == ENGINE_STATE_FAILED)
		return ENGINE_ELOST;
	if (t->state != ENGINE_STATE_PREPARED)
		return 0;
	t->restarts = 0;
	t->progress_ns = rt->now_ns;
	if (rt->capture)
		rt->capture->gap = 0;
	if (rt->playback)
		store_relaxed(&rt->playback->end_frame, 0);
	err = transport_run(rt, &culprit, &step);
	if (err < 0) {
		rt->order.step = (int)step;
		rt->order.direction = (int)culprit->direction;
		render_halt(rt);
		rewind_timeline(t);
		return err;
	}
	t->wanted = true;
	transport_enter(rt, ENGINE_STATE_RUNNING);
	return 0;
}

void transport_stop(struct rt *rt)
{
	struct transport *t = &rt->transport;

	t->wanted = false;
	if (t->state == ENGINE_STATE_LOST || t->state == ENGINE_STATE_FAILED)
		return;
	transport_enter(rt, ENGINE_STATE_PREPARED);
	render_halt(rt);
	rewind_timeline(t);
}

/* Whether a PCM's state is what we take it for; a wake that tells of an error,
 * comes for nothing or does not come is the same for xrun, suspend and unplug. */
static bool sound(struct rt *rt, struct pcm *pcm)
{
	if (!pcm || pcm->ops->state(pcm) == ENGINE_STATE_RUNNING)
		return true;
	recover(rt, pcm, ENGINE_STEP_STATE, 0);
	return false;
}

static bool direction_ready(struct rt *rt, struct pcm *pcm, bool exact, int64_t *frames,
			    bool *lacks)
{
	int64_t avail;

	if (!pcm)
		return true;
	avail = frames_ready(pcm, exact);
	if (avail < 0) {
		recover(rt, pcm, ENGINE_STEP_AVAIL, (int)avail);
		return false;
	}
	*lacks = avail < rt->transport.period_frames;
	if (avail < *frames)
		*frames = avail;
	return true;
}

uint32_t transport_ready(struct rt *rt, bool fired, bool suspicious)
{
	struct transport *t = &rt->transport;
	bool playback_lacked = t->playback_lacks, capture_lacked = t->capture_lacks;
	bool progress;
	int64_t frames = INT64_MAX;

	if (suspicious && (!sound(rt, t->playback) || !sound(rt, t->capture)))
		return 0;
	/* capture first: what was captured before an xrun of the playback is
	 * still good, and is found before the PCMs are restarted */
	if (!direction_ready(rt, t->capture, !fired, &frames, &t->capture_lacks) ||
	    !direction_ready(rt, t->playback, !fired, &frames, &t->playback_lacks))
		return 0;
	if (frames >= t->period_frames) {
		if (t->state == ENGINE_STATE_STALLED)
			recover_moving(rt);
		position_look(rt, (uint64_t)frames);
		return (uint32_t)(frames / t->period_frames);
	}
	if (!sound(rt, t->playback) || !sound(rt, t->capture))
		return 0;
	/* one direction has its period now, and we wait for the other alone */
	progress = (playback_lacked && !t->playback_lacks) || (capture_lacked && !t->capture_lacks);
	if ((fired || suspicious) && (!progress || ++t->halves > HALVES_MAX))
		pace_idle_wake(rt, t->period_frames - (uint32_t)frames);
	t->looked_ns = rt->woke_ns;
	pace_nothing(rt);
	return 0;
}

static bool move_period(struct rt *rt)
{
	struct transport *t = &rt->transport;
	enum engine_step step = ENGINE_STEP_NONE;
	int err;

	if (t->capture) {
		err = capture_move(rt, t->period_frames, &step);
		if (err < 0) {
			recover(rt, t->capture, step, err);
			return false;
		}
		t->captured += t->period_frames;
		/* without playback there is no rendering that would do it */
		if (!t->playback)
			commands_run(rt, t->captured - t->period_frames, t->captured - 1);
	}
	if (t->playback) {
		err = playback_move(rt, t->period_frames, &step);
		if (err < 0) {
			recover(rt, t->playback, step, err);
			return false;
		}
		t->frame += t->period_frames;
	}
	return true;
}

void transport_move(struct rt *rt, uint32_t periods)
{
	struct transport *t = &rt->transport;
	uint32_t moved = 0;

	while (moved < periods && move_period(rt))
		moved++;
	if (moved == 0)
		return;
	count_add(&rt->vitals.periods, moved);
	publish_frame(rt);
	if (!transport_runs(t) || moved < periods)
		return;
	t->looked_ns = rt->woke_ns;
	t->moved_ns = rt->woke_ns;
	t->progress_ns = rt->woke_ns;
	t->restarts = 0;
	t->playback_lacks = true;
	t->capture_lacks = true;
	pace_moved(rt, moved * t->period_frames);
}
