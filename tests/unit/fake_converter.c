/* SPDX-License-Identifier: MIT */
/*
 * The fake card's converter: where its two positions are, and what passes
 * between the sides' memory as they move. The test's thread.
 */
#include "fake_inner.h"

#include <string.h>

int64_t fake_distance(const struct fake_side *side)
{
	return side->pcm->direction == ENGINE_PLAYBACK ? (int64_t)(side->appl - side->hw) :
							 (int64_t)(side->hw - side->appl);
}

int64_t fake_available(struct fake_side *side)
{
	if (fake_suffers(side, FAKE_UNPACED))
		side->hw = side->pcm->direction == ENGINE_PLAYBACK ?
				   side->appl :
				   side->appl + side->pcm->buffer_frames;
	return side->pcm->direction == ENGINE_PLAYBACK ?
		       side->pcm->buffer_frames - fake_distance(side) :
		       fake_distance(side);
}

bool fake_moves(const struct fake_side *side)
{
	return side->state == ENGINE_STATE_RUNNING && !fake_suffers(side, FAKE_STUCK) &&
	       !fake_suffers(side, FAKE_UNPACED);
}

/* Frames until an xrun. */
static uint64_t left(struct fake_side *side)
{
	int64_t frames = side->pcm->buffer_frames - fake_available(side);

	if (fake_suffers(side, FAKE_UNSEEN))
		return UINT64_MAX;
	return frames > 0 ? (uint64_t)frames : 0;
}

unsigned char *fake_sample(const struct fake_side *side, uint64_t slot, uint32_t channel)
{
	const struct pcm *pcm = side->pcm;

	if (pcm->interleaved)
		return side->memory + (slot * pcm->channels + channel) * pcm->sample_bytes;
	return side->memory + ((uint64_t)channel * pcm->buffer_frames + slot) * pcm->sample_bytes;
}

void fake_frame_read(const struct fake_side *side, uint64_t position, unsigned char *frame)
{
	uint64_t slot = position % side->pcm->buffer_frames;
	uint32_t bytes = side->pcm->sample_bytes;

	for (uint32_t c = 0; c < side->pcm->channels; c++)
		memcpy(frame + c * bytes, fake_sample(side, slot, c), bytes);
}

static void frame_write(struct fake_side *side, uint64_t position, const unsigned char *frame)
{
	uint64_t slot = position % side->pcm->buffer_frames;
	uint32_t bytes = side->pcm->sample_bytes;

	for (uint32_t c = 0; c < side->pcm->channels; c++)
		memcpy(fake_sample(side, slot, c), frame + c * bytes, bytes);
}

/* What is played, silence when nothing is; on a card that only captures, the
 * number of the frame since time 0. */
static void record(struct fake_card *card, uint64_t count)
{
	const struct fake_side *from = &card->playback;
	struct fake_side *to = &card->capture;
	size_t bytes = (size_t)to->pcm->channels * to->pcm->sample_bytes;
	unsigned char frame[ENGINE_CHANNELS_MAX * 4];

	for (uint64_t i = 0; i < count; i++) {
		uint32_t number = (uint32_t)(card->converted + i);

		memset(frame, 0, bytes);
		if (!from->pcm)
			memcpy(frame, &number, sizeof(number));
		else if (fake_moves(from) && from->hw + i < from->appl)
			fake_frame_read(from, from->hw + i, frame);
		frame_write(to, to->hw + i, frame);
	}
}

void fake_xrun(struct fake_card *card, struct fake_side *side)
{
	side->state = ENGINE_STATE_XRUN;
	if (!card->grouped)
		return;
	if (card->playback.state == ENGINE_STATE_RUNNING)
		card->playback.state = ENGINE_STATE_XRUN;
	if (card->capture.state == ENGINE_STATE_RUNNING)
		card->capture.state = ENGINE_STATE_XRUN;
}

static void convert(struct fake_card *card, uint64_t frames)
{
	struct fake_side *sides[] = { &card->playback, &card->capture };

	for (;;) {
		uint64_t count = frames;

		for (int i = 0; i < 2; i++)
			if (fake_moves(sides[i]) && left(sides[i]) == 0)
				fake_xrun(card, sides[i]);
		if (frames == 0)
			break;
		for (int i = 0; i < 2; i++)
			if (fake_moves(sides[i]) && left(sides[i]) < count)
				count = left(sides[i]);
		if (fake_moves(&card->capture))
			record(card, count);
		for (int i = 0; i < 2; i++)
			if (fake_moves(sides[i]))
				sides[i]->hw += count;
		card->converted += count;
		frames -= count;
	}
}

void fake_pass(struct fake_card *card, uint64_t until_ns)
{
	card->now_ns = until_ns;
	convert(card, until_ns * card->rate / FAKE_S - card->converted);
}
