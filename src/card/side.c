/* SPDX-License-Identifier: MIT */
/*
 * Sides; see side.h. Driving thread. Samples are only ever moved whole, so
 * that what was played is captured bit for bit, whatever lies in them.
 */
#include "card/side.h"

#include <poll.h>

snd_pcm_uframes_t side_avail(const struct side *side)
{
	return snd_pcm_ioplug_avail(&side->io, side->hw, side->io.appl_ptr);
}

snd_pcm_uframes_t side_left(const struct side *side)
{
	return snd_pcm_ioplug_hw_avail(&side->io, side->hw, side->io.appl_ptr);
}

/* How much must be available before poll tells so. */
static snd_pcm_uframes_t threshold(const struct side *side)
{
	/* a program that drains has nothing to write: it waits for the end */
	return side->io.state == SND_PCM_STATE_DRAINING ? side->io.buffer_size : side->avail_min;
}

unsigned short side_events(const struct side *side)
{
	unsigned short ready = side_is_playback(side) ? POLLOUT : POLLIN;

	switch (side->io.state) {
	case SND_PCM_STATE_PREPARED:
	case SND_PCM_STATE_RUNNING:
	case SND_PCM_STATE_DRAINING:
	case SND_PCM_STATE_PAUSED:
		return side_avail(side) >= threshold(side) ? ready : 0;
	default:
		return ready | POLLERR;
	}
}

snd_pcm_uframes_t side_quiet(const struct side *side)
{
	/* with this much available an xrun has come, which poll tells too */
	snd_pcm_uframes_t most = side->io.buffer_size + !side_is_playback(side);
	snd_pcm_uframes_t least = threshold(side);
	snd_pcm_uframes_t avail = side_avail(side);

	if (least > most)
		least = most;
	/* more than all: the program has moved on its own; the next frame tells */
	return avail < least ? least - avail : 0;
}

snd_pcm_uframes_t side_pointer(const struct side *side)
{
	int64_t boundary = (int64_t)side->boundary, at;

	if (!side->lie)
		return side->hw;
	at = ((int64_t)side->hw + side->lie * (int64_t)side->io.buffer_size) % boundary;
	return (snd_pcm_uframes_t)(at < 0 ? at + boundary : at);
}

static bool halt(struct side *side, enum side_state state, snd_pcm_state_t told)
{
	side->state = state;
	snd_pcm_ioplug_set_state(&side->io, told);
	return true;
}

bool side_strike(struct side *side, enum fault_kind kind)
{
	bool runs = side->state == SIDE_RUNNING, waits = side->state == SIDE_WAITING;

	if (kind == FAULT_XRUN && runs)
		return halt(side, SIDE_XRUN, SND_PCM_STATE_XRUN);
	if (kind == FAULT_UNPLUG && side->opened) {
		side->gone = true;
		return halt(side, SIDE_STOPPED, SND_PCM_STATE_DISCONNECTED);
	}
	if (kind == FAULT_SUSPEND && (runs || waits)) {
		side->slept = true;
		return halt(side, SIDE_STOPPED, SND_PCM_STATE_SUSPENDED);
	}
	return false;
}

static void end(struct side *side)
{
	if (side->io.state == SND_PCM_STATE_DRAINING)
		side->state = SIDE_STOPPED;
	else
		halt(side, SIDE_XRUN, SND_PCM_STATE_XRUN);
}

/* Whether the side takes part in the next frames; *frames shrinks to what it can take. */
static bool take_part(struct side *side, uint64_t *frames)
{
	snd_pcm_uframes_t left;

	if (side->state != SIDE_RUNNING)
		return false;
	left = side_left(side);
	/* Playback ends with its last frame, capture with the first that finds no room. */
	if (left == 0 && (side_is_playback(side) || *frames > 0)) {
		end(side);
		return false;
	}
	if (left < *frames)
		*frames = left;
	return true;
}

static void record(struct side *to, const struct side *from, snd_pcm_uframes_t frames)
{
	snd_pcm_uframes_t at = to->hw % to->io.buffer_size;
	snd_pcm_uframes_t before_wrap = to->io.buffer_size - at;

	if (from) {
		snd_pcm_areas_copy_wrap(to->areas, at, to->io.buffer_size, from->areas,
					from->hw % from->io.buffer_size, from->io.buffer_size,
					to->io.channels, frames, to->io.format);
		return;
	}
	if (before_wrap > frames)
		before_wrap = frames;
	snd_pcm_areas_silence(to->areas, at, to->io.channels, before_wrap, to->io.format);
	snd_pcm_areas_silence(to->areas, 0, to->io.channels, frames - before_wrap, to->io.format);
}

static void forward(struct side *side, snd_pcm_uframes_t frames)
{
	side->hw += frames;
	if (side->hw >= side->boundary)
		side->hw -= side->boundary;
}

bool sides_convert(struct side *playback, struct side *capture, uint64_t frames)
{
	enum side_state played = playback->state, captured = capture->state;

	for (;;) {
		uint64_t count = frames;
		bool playing = take_part(playback, &count);
		bool capturing = take_part(capture, &count);

		if (count == 0 || (!playing && !capturing))
			break;
		if (capturing) {
			record(capture, playing ? playback : NULL, (snd_pcm_uframes_t)count);
			forward(capture, (snd_pcm_uframes_t)count);
		}
		if (playing)
			forward(playback, (snd_pcm_uframes_t)count);
		frames -= count;
	}
	return playback->state != played || capture->state != captured;
}
