/* SPDX-License-Identifier: MIT */
/*
 * The card; see card.h and inner.h: one clock, and how two sides run on it.
 *
 * Frames are converted while a side runs. On a duplex card the clock starts
 * when both sides have been started, so that both count from the same frame; a
 * side that is started while the other one runs joins it where it is.
 *
 * The card's time goes on from one start of the clock to the next, and a script
 * of faults is kept in it: time passes up to each of them and then on.
 */
#include "card/card.h"

#include <errno.h>
#include <poll.h>
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
 * one that came to an end will again. That is waited for until the program has
 * dealt with it, or else how many frames pass would be chance. */
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
	if (period || !card->owing)
		manual_clock_run(card->manual, (uint32_t)period);
}

static void pass(struct card *card, uint64_t frame)
{
	uint64_t moved = faults_pass(&card->faults, frame);

	if (sides_convert(PLAYBACK(card), CAPTURE(card), moved)) {
		card->owing |= any(card, SIDE_XRUN);
		publish(card);
	}
}

/* What a fault does to the sides. Who drives them must start them again, and no
 * frame passes before that but those that nobody can wait for. */
static void strike(struct card *card, enum fault_kind kind, uint64_t now)
{
	bool struck = side_strike(PLAYBACK(card), kind);
	uint64_t back = faults_back(&card->faults);

	struck |= side_strike(CAPTURE(card), kind);
	if (!struck)
		return;
	card->owing = true;
	card->gone |= kind == FAULT_UNPLUG;
	if (kind == FAULT_XRUN)
		publish(card);
	else if (card->manual && back != FAULT_NEVER)
		manual_clock_loosen(card->manual, back > now ? back - now : 0);
	else if (card->manual)
		manual_clock_loosen(card->manual, CARD_CLOCK_NEVER);
}

void card_sync(struct card *card)
{
	struct faults *faults = &card->faults;
	uint64_t now = faults->frame;

	if (card->started && (card->script.count || any(card, SIDE_RUNNING)))
		now = card->origin + card->clock->ops->now(card->clock);
	while (faults->due <= now) {
		pass(card, faults->due);
		strike(card, faults_take(faults, any(card, SIDE_RUNNING) ? 0 : now)->kind, now);
	}
	pass(card, now);
}

int card_ask(struct side *side, enum fault_kind call)
{
	struct faults *faults = &side->card->faults;

	card_sync(side->card);
	if (side->gone) {
		snd_pcm_ioplug_set_state(&side->io, SND_PCM_STATE_DISCONNECTED);
		return -ENODEV;
	}
	if (faults_asleep(faults)) {
		snd_pcm_ioplug_set_state(&side->io, SND_PCM_STATE_SUSPENDED);
		return -ESTRPIPE;
	}
	return faults_refuse(faults, call);
}

void card_start(struct side *side)
{
	struct card *card = side->card;

	if (any(card, SIDE_RUNNING)) {
		side->state = SIDE_RUNNING;
	} else {
		side->state = SIDE_WAITING;
		if (card->duplex && PLAYBACK(card)->state != CAPTURE(card)->state)
			return;
		card->clock->ops->start(card->clock, side->io.rate);
		card->started = true;
		card->origin = card->faults.frame;
		faults_set_rate(&card->faults, side->io.rate);
		card->owing = false;
		card->gone = false;
		for (int i = 0; i < 2; i++)
			if (card->sides[i].state == SIDE_WAITING)
				card->sides[i].state = SIDE_RUNNING;
	}
	publish(card);
}

void card_stop(struct side *side)
{
	side->state = SIDE_STOPPED;
	side->slept = false;
	publish(side->card);
}

void card_resume(struct side *side)
{
	card_sync(side->card);
	if (side->io.state != SND_PCM_STATE_SUSPENDED || faults_asleep(&side->card->faults))
		return;
	if (!side->slept) {
		snd_pcm_ioplug_set_state(&side->io, SND_PCM_STATE_SETUP);
		return;
	}
	side->slept = false;
	snd_pcm_ioplug_set_state(&side->io, SND_PCM_STATE_RUNNING);
	card_start(side);
	/* many a program stops it after this and starts it anew: wait for it */
	side->card->owing = true;
}

snd_pcm_uframes_t card_pointer(struct side *side)
{
	struct faults *faults = &side->card->faults;

	/* whoever looks first is lied to, for less than a period */
	if (faults->lie && side->state == SIDE_RUNNING) {
		side->lie = faults->lie;
		side->lie_until = faults->frame + side->io.period_size / 4;
		faults->lie = 0;
	}
	if (faults->frame > side->lie_until)
		side->lie = 0;
	return side_pointer(side);
}

static bool settled(const struct card *card)
{
	for (int i = 0; i < 2; i++)
		if (card->sides[i].state == SIDE_RUNNING && side_events(&card->sides[i]))
			return false;
	return any(card, SIDE_RUNNING) && !any(card, SIDE_XRUN);
}

/* The clock's frame at which poll must wake the side. */
static uint64_t wake_frame(const struct side *side)
{
	const struct card *card = side->card;
	uint64_t frame;

	if (side_events(side))
		return 0;
	frame = faults_wake(&card->faults,
			    side->state == SIDE_RUNNING ? side_quiet(side) : FAULT_NEVER);
	if (frame == FAULT_NEVER)
		return CARD_CLOCK_NEVER;
	return frame > card->origin ? frame - card->origin : 0;
}

void card_wait(struct side *side)
{
	struct card *card = side->card;

	card->clock->ops->wake_at(card->clock, side->io.stream, wake_frame(side));
	if (card->manual && settled(card)) {
		card->owing = false;
		manual_clock_settle(card->manual);
	}
}

unsigned short card_events(const struct side *side)
{
	unsigned short ready = side_is_playback(side) ? POLLOUT : POLLIN;

	return side_events(side) | (side->card->faults.spin ? ready : 0);
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
	card->script = options.faults;
	faults_init(&card->faults, &card->script);
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
	card_sync(card);
	if (card->faults.unplugged)
		return -ENODEV;
	err = faults_refuse(&card->faults, FAULT_OPEN);
	if (err < 0)
		return err;
	err = plug_open(side, stream, mode);
	if (err == 0)
		*pcm = side->io.pcm;
	return err;
}

void card_belong(struct card *card)
{
	card->owned = true;
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
