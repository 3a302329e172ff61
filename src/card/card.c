/* SPDX-License-Identifier: MIT */
/*
 * The card; see card.h and inner.h: one clock, and how two sides run on it.
 *
 * Time passes while a side runs. On a duplex card the clock starts when both
 * sides have been started, so that both count from the same frame; a side that
 * is started while the other one runs joins it where it is.
 */
#include "card/card.h"

#include <errno.h>
#include <stdlib.h>

#include "card/inner.h"
#include "card/name.h"

#define PLAYBACK(card) (&(card)->sides[SND_PCM_STREAM_PLAYBACK])
#define CAPTURE(card) (&(card)->sides[SND_PCM_STREAM_CAPTURE])

static bool any(const struct card *card, enum side_state state)
{
	return card->sides[0].state == state || card->sides[1].state == state;
}

/* Tell the manual clock's other thread what needs frames: a side that runs, and
 * one with an xrun will again. That is waited for until the program has dealt
 * with it, or else how many frames pass would be chance. */
static void publish(struct card *card)
{
	snd_pcm_uframes_t period = 0;

	if (!card->manual)
		return;
	for (int i = 0; i < 2; i++) {
		const struct side *side = &card->sides[i];

		if (side->state != SIDE_RUNNING && side->state != SIDE_XRUN)
			continue;
		if (!period || side->io.period_size < period)
			period = side->io.period_size;
	}
	if (period || !card->xrun)
		manual_clock_run(card->manual, (uint32_t)period);
}

void card_sync(struct card *card)
{
	uint64_t passed;

	if (!any(card, SIDE_RUNNING))
		return;
	passed = card->clock->ops->now(card->clock) - card->frame;
	card->frame += passed;
	if (sides_convert(PLAYBACK(card), CAPTURE(card), passed)) {
		card->xrun |= any(card, SIDE_XRUN);
		publish(card);
	}
}

void card_start(struct side *side)
{
	struct card *card = side->card;

	card_sync(card);
	if (any(card, SIDE_RUNNING)) {
		side->state = SIDE_RUNNING;
	} else {
		side->state = SIDE_WAITING;
		if (card->duplex && PLAYBACK(card)->state != CAPTURE(card)->state)
			return;
		card->clock->ops->start(card->clock, side->io.rate);
		card->frame = 0;
		card->xrun = false;
		for (int i = 0; i < 2; i++)
			if (card->sides[i].state == SIDE_WAITING)
				card->sides[i].state = SIDE_RUNNING;
	}
	publish(card);
}

void card_stop(struct side *side)
{
	side->state = SIDE_STOPPED;
	publish(side->card);
}

static bool settled(const struct card *card)
{
	for (int i = 0; i < 2; i++)
		if (card->sides[i].state == SIDE_RUNNING && side_events(&card->sides[i]))
			return false;
	return any(card, SIDE_RUNNING) && !any(card, SIDE_XRUN);
}

void card_wait(struct side *side)
{
	struct card *card = side->card;
	uint64_t frame = CARD_CLOCK_NEVER;

	if (side_events(side))
		frame = 0;
	else if (side->state == SIDE_RUNNING)
		frame = card->frame + side_quiet(side);
	card->clock->ops->wake_at(card->clock, side->io.stream, frame);
	if (card->manual && settled(card)) {
		card->xrun = false;
		manual_clock_settle(card->manual);
	}
}

int card_fd(const struct side *side)
{
	return side->card->clock->fds[side->io.stream];
}

static int open_clock(struct card *card, bool manual)
{
	if (manual) {
		card->manual = &card->manual_clock;
		card->clock = &card->manual_clock.base;
		return manual_clock_open(card->manual);
	}
	card->clock = &card->real_clock.base;
	return real_clock_open(&card->real_clock);
}

int card_create(struct card **out, const char *name, bool duplex, char *reason, size_t reason_size)
{
	struct card_options options;
	struct card *card;
	int err;

	*out = NULL;
	err = card_name_parse(&options, name, reason, reason_size);
	if (err < 0)
		return err;
	card = calloc(1, sizeof(*card));
	if (!card)
		return -ENOMEM;
	card->duplex = duplex;
	for (int i = 0; i < 2; i++)
		card->sides[i].card = card;
	err = open_clock(card, options.manual);
	if (err < 0) {
		free(card);
		return err;
	}
	*out = card;
	return 0;
}

int card_open(struct card *card, snd_pcm_t **pcm, snd_pcm_stream_t stream, int mode)
{
	struct side *side = &card->sides[stream];
	int err;

	*pcm = NULL;
	if (side->opened)
		return -EBUSY;
	err = plug_open(side, stream, mode);
	if (err == 0)
		*pcm = side->io.pcm;
	return err;
}

bool card_is_manual(const struct card *card)
{
	return card->manual;
}

int card_advance(struct card *card, uint64_t frames, int timeout_ms)
{
	return card->manual ? manual_clock_advance(card->manual, frames, timeout_ms) : -ENOTSUP;
}

void card_destroy(struct card *card)
{
	if (!card)
		return;
	if (card->manual)
		manual_clock_close(card->manual);
	else
		real_clock_close(&card->real_clock);
	free(card);
}
