/* SPDX-License-Identifier: MIT */
/* The fake card's PCMs, and its life; see fake_pcm.h. The test's thread. */
#include "fake_inner.h"

#include <errno.h>
#include <stdlib.h>

static bool answered(struct fake_side *side, enum fake_fault op, int64_t *value)
{
	struct fake_answer *answer = &side->answers[op];

	side->calls[op]++;
	if (answer->times == 0)
		return false;
	if (answer->times != FAKE_FOR_EVER)
		answer->times--;
	*value = answer->value;
	return true;
}

/* What the operations that move frames say in a state. */
static int refusal(const struct fake_side *side)
{
	switch (side->state) {
	case ENGINE_STATE_PREPARED:
	case ENGINE_STATE_RUNNING:
		return 0;
	case ENGINE_STATE_XRUN:
		return -EPIPE;
	case ENGINE_STATE_SUSPENDED:
		return -ESTRPIPE;
	case ENGINE_STATE_LOST:
		return -ENODEV;
	default:
		return -EBADFD;
	}
}

static int op_descriptors(struct pcm *pcm, struct pollfd *fds, unsigned space)
{
	struct fake_side *side = pcm->handle;
	int64_t answer;

	if (answered(side, FAKE_DESCRIPTORS, &answer))
		return (int)answer;
	if (space < 1)
		return -ENOMEM;
	fds[0] = (struct pollfd){
		.fd = FAKE_FD + (int)pcm->direction,
		.events = pcm->direction == ENGINE_PLAYBACK ? POLLOUT : POLLIN,
	};
	return 1;
}

static int op_revents(struct pcm *pcm, struct pollfd *fds, unsigned count, unsigned short *revents)
{
	int64_t answer;

	*revents = 0;
	if (answered(pcm->handle, FAKE_REVENTS, &answer)) {
		*revents = answer < 0 ? 0 : (unsigned short)answer;
		return answer < 0 ? (int)answer : 0;
	}
	if (count != 1)
		return -EINVAL;
	*revents = (unsigned short)fds[0].revents;
	return 0;
}

static enum engine_state op_state(struct pcm *pcm)
{
	struct fake_side *side = pcm->handle;
	int64_t answer;

	if (answered(side, FAKE_STATE, &answer))
		return (enum engine_state)answer;
	return side->state;
}

static int64_t op_avail(struct pcm *pcm, bool exact)
{
	struct fake_side *side = pcm->handle;
	int64_t answer;

	(void)exact;
	if (answered(side, FAKE_AVAIL, &answer))
		return answer;
	if (fake_suffers(side, FAKE_FLAPPING) && side->calls[FAKE_AVAIL] % 2)
		return 0;
	/* the kernel hides an xrun's pointers, but not those of a sleeping card */
	if (side->state == ENGINE_STATE_XRUN || side->state == ENGINE_STATE_LOST)
		return refusal(side);
	return fake_available(side);
}

static int op_begin(struct pcm *pcm, uint32_t *frames)
{
	struct fake_side *side = pcm->handle;
	uint64_t slot = side->appl % pcm->buffer_frames;
	uint64_t count = pcm->buffer_frames - slot;
	int64_t answer;

	if (answered(side, FAKE_BEGIN, &answer)) {
		if (answer < 0)
			return (int)answer;
		if ((uint64_t)answer < count)
			count = (uint64_t)answer;
	}
	if (refusal(side) < 0)
		return refusal(side);
	if (fake_available(side) < (int64_t)count)
		count = (uint64_t)fake_available(side);
	if (count < *frames)
		*frames = (uint32_t)count;
	for (uint32_t c = 0; c < pcm->channels; c++) {
		pcm->areas[c].first = fake_sample(side, slot, c);
		pcm->areas[c].step = pcm->interleaved ? pcm->channels * pcm->sample_bytes :
							pcm->sample_bytes;
	}
	return *frames > 0 ? 0 : -EPIPE;
}

static int64_t op_commit(struct pcm *pcm, uint32_t frames)
{
	struct fake_side *side = pcm->handle;
	int64_t answer;

	if (answered(side, FAKE_COMMIT, &answer)) {
		if (answer < 0)
			return answer;
		if (answer < frames)
			frames = (uint32_t)answer;
	}
	if (refusal(side) < 0)
		return refusal(side);
	side->appl += frames;
	if (pcm->direction == ENGINE_PLAYBACK && side->card->committed)
		side->card->committed(side->card, side->appl - frames, frames);
	return frames;
}

static int op_prepare(struct pcm *pcm)
{
	struct fake_side *side = pcm->handle;
	int64_t answer;

	fake_pass(side->card, side->card->now_ns + side->card->prepare_ns);
	if (answered(side, FAKE_PREPARE, &answer) && answer < 0)
		return (int)answer;
	if (side->state == ENGINE_STATE_LOST)
		return -ENODEV;
	if (side->state == ENGINE_STATE_RUNNING)
		return -EBUSY;
	side->state = ENGINE_STATE_PREPARED;
	side->hw = 0;
	side->appl = 0;
	return 0;
}

static int op_start(struct pcm *pcm)
{
	struct fake_side *side = pcm->handle;
	struct fake_card *card = side->card;
	int64_t answer;

	if (answered(side, FAKE_START, &answer) && answer < 0)
		return (int)answer;
	if (side->state != ENGINE_STATE_PREPARED)
		return side->state == ENGINE_STATE_LOST ? -ENODEV : -EBADFD;
	if (pcm->direction == ENGINE_PLAYBACK && side->appl == 0)
		return -EPIPE;
	side->state = ENGINE_STATE_RUNNING;
	if (card->grouped && card->capture.state == ENGINE_STATE_PREPARED)
		card->capture.state = ENGINE_STATE_RUNNING;
	if (fake_suffers(side, FAKE_STILLBORN))
		fake_xrun(card, side);
	return 0;
}

static int op_stop(struct pcm *pcm)
{
	struct fake_side *side = pcm->handle;
	int64_t answer;

	if (answered(side, FAKE_STOP, &answer) && answer < 0)
		return (int)answer;
	if (side->state == ENGINE_STATE_LOST)
		return -ENODEV;
	side->state = ENGINE_STATE_CLOSED; /* set up, not prepared */
	return 0;
}

static int op_resume(struct pcm *pcm)
{
	struct fake_side *side = pcm->handle;
	int64_t answer;

	if (answered(side, FAKE_RESUME, &answer))
		return (int)answer;
	if (side->state != ENGINE_STATE_SUSPENDED)
		return side->state == ENGINE_STATE_LOST ? -ENODEV : -EBADFD;
	if (side->asleep > 0) {
		side->asleep -= side->asleep != FAKE_FOR_EVER;
		return -EAGAIN;
	}
	if (side->awakening == 0)
		side->state = ENGINE_STATE_RUNNING;
	return side->awakening;
}

static const struct pcm_ops fake_ops = {
	.descriptors = op_descriptors,
	.revents = op_revents,
	.state = op_state,
	.avail = op_avail,
	.begin = op_begin,
	.commit = op_commit,
	.prepare = op_prepare,
	.start = op_start,
	.stop = op_stop,
	.resume = op_resume,
};

/* ---- the card's life */

void fake_card_init(struct fake_card *card, uint32_t rate, bool grouped)
{
	*card = (struct fake_card){
		.rate = rate,
		.grouped = grouped,
		.wake_ns = 1000,
	};
	fake_clock_init(&card->clock);
	card->playback.card = card;
	card->capture.card = card;
}

void fake_card_add(struct fake_card *card, struct pcm *pcm)
{
	struct fake_side *side = pcm->direction == ENGINE_PLAYBACK ? &card->playback :
								     &card->capture;

	side->pcm = pcm;
	side->memory = calloc((size_t)pcm->buffer_frames * pcm->channels, pcm->sample_bytes);
	pcm->ops = &fake_ops;
	pcm->handle = side;
}

void fake_card_done(struct fake_card *card)
{
	free(card->playback.memory);
	free(card->capture.memory);
}
