/* SPDX-License-Identifier: MIT */
/*
 * The fake card's clock: waiting jumps to the next thing that happens, and is
 * told what the sides' descriptors, which the system does not have, are ready
 * for. The test's thread.
 */
#include "fake_inner.h"

static short side_events(struct fake_side *side)
{
	short ready = side->pcm->direction == ENGINE_PLAYBACK ? POLLOUT : POLLIN;

	if (fake_suffers(side, FAKE_DEAD_FD))
		return POLLNVAL;
	if (fake_suffers(side, FAKE_POLLERR))
		return (short)(ready | POLLERR);
	if (fake_suffers(side, FAKE_READY))
		return ready;
	if (fake_suffers(side, FAKE_MUTE))
		return 0;
	switch (side->state) {
	case ENGINE_STATE_PREPARED:
	case ENGINE_STATE_RUNNING:
		if (fake_suffers(side, FAKE_STUCK))
			return 0;
		return fake_available(side) >= side->pcm->period_frames ? ready : 0;
	case ENGINE_STATE_LOST:
		return POLLERR | POLLNVAL;
	default:
		return (short)(ready | POLLERR);
	}
}

static struct fake_side *side_of(struct fake_card *card, int fd)
{
	if (fd == FAKE_FD + ENGINE_PLAYBACK)
		return &card->playback;
	return fd == FAKE_FD + ENGINE_CAPTURE ? &card->capture : NULL;
}

/* As poll with no time to wait: how many are ready. */
static int look(struct fake_card *card, struct pollfd *fds, unsigned count)
{
	int ready = 0;

	for (unsigned i = 0; i < count; i++) {
		struct fake_side *side = side_of(card, fds[i].fd);

		if (side)
			fds[i].revents = side_events(side);
		else if (fds[i].fd < 0 || poll(&fds[i], 1, 0) < 1)
			fds[i].revents = 0;
		ready += fds[i].revents != 0;
	}
	return ready;
}

/* The first thing that happens to those who are waited for, until then at most. */
static uint64_t next_ns(struct fake_card *card, const struct pollfd *fds, unsigned count,
			uint64_t until_ns)
{
	if (card->script_left > 0 && card->script->at_ns < until_ns)
		until_ns = card->script->at_ns;
	for (unsigned i = 0; i < count; i++) {
		struct fake_side *side = side_of(card, fds[i].fd);
		uint64_t frame, at_ns;

		if (!side || !fake_moves(side) || fake_suffers(side, FAKE_MUTE))
			continue;
		frame = card->converted + side->pcm->period_frames - (uint64_t)fake_available(side);
		at_ns = (frame * FAKE_S + card->rate - 1) / card->rate;
		if (at_ns < until_ns)
			until_ns = at_ns;
	}
	return until_ns > card->now_ns ? until_ns : card->now_ns;
}

static void note_polled(struct fake_card *card, const struct pollfd *fds, unsigned count)
{
	card->polls++;
	card->polled_bell = card->polled_playback = card->polled_capture = false;
	for (unsigned i = 0; i < count; i++) {
		struct fake_side *side = side_of(card, fds[i].fd);

		if (side == &card->playback)
			card->polled_playback = true;
		else if (side)
			card->polled_capture = true;
		else if (fds[i].fd >= 0)
			card->polled_bell = true;
	}
}

static int fake_poll(struct clock *clock, struct pollfd *fds, unsigned count, uint64_t timeout_ns)
{
	struct fake_card *card = (struct fake_card *)clock;
	uint64_t until_ns = card->now_ns + timeout_ns;
	int ready = 0;

	note_polled(card, fds, count);
	if (count > 0 && card->poll_error) {
		fake_pass(card, card->now_ns + card->wake_ns);
		return card->poll_error;
	}
	for (;;) {
		fake_follow_script(card);
		ready = look(card, fds, count);
		if (ready > 0 || card->now_ns >= until_ns)
			break;
		fake_pass(card, next_ns(card, fds, count, until_ns));
	}
	fake_pass(card, card->now_ns + card->wake_ns);
	return ready;
}

static uint64_t fake_now_ns(struct clock *clock)
{
	return ((struct fake_card *)clock)->now_ns;
}

void fake_clock_init(struct clock *clock)
{
	*clock = (struct clock){ .now_ns = fake_now_ns, .poll = fake_poll };
}
