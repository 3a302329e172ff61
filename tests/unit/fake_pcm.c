/* SPDX-License-Identifier: MIT */
/* The fake card; see fake_pcm.h. The test's thread. */
#include "fake_pcm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Descriptors that the system does not have: + enum engine_direction. */
#define FAKE_FD (1 << 20)

#define BIT(fault) (1u << (fault))

static bool suffers(const struct fake_side *side, enum fake_fault fault)
{
	return side->lasting & BIT(fault);
}

/* ---- positions */

int64_t fake_distance(const struct fake_side *side)
{
	return side->pcm->direction == ENGINE_PLAYBACK ? (int64_t)(side->appl - side->hw) :
							 (int64_t)(side->hw - side->appl);
}

/* What the pointers say is there, whatever the state. */
static int64_t available(struct fake_side *side)
{
	if (suffers(side, FAKE_UNPACED))
		side->hw = side->pcm->direction == ENGINE_PLAYBACK ?
				   side->appl :
				   side->appl + side->pcm->buffer_frames;
	return side->pcm->direction == ENGINE_PLAYBACK ?
		       side->pcm->buffer_frames - fake_distance(side) :
		       fake_distance(side);
}

static bool moves(const struct fake_side *side)
{
	return side->state == ENGINE_STATE_RUNNING && !suffers(side, FAKE_STUCK) &&
	       !suffers(side, FAKE_UNPACED);
}

/* Frames until an xrun. */
static uint64_t left(struct fake_side *side)
{
	int64_t frames = side->pcm->buffer_frames - available(side);

	if (suffers(side, FAKE_UNSEEN))
		return UINT64_MAX;
	return frames > 0 ? (uint64_t)frames : 0;
}

/* ---- the converter */

static unsigned char *sample_at(const struct fake_side *side, uint64_t slot, uint32_t channel)
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
		memcpy(frame + c * bytes, sample_at(side, slot, c), bytes);
}

static void frame_write(struct fake_side *side, uint64_t position, const unsigned char *frame)
{
	uint64_t slot = position % side->pcm->buffer_frames;
	uint32_t bytes = side->pcm->sample_bytes;

	for (uint32_t c = 0; c < side->pcm->channels; c++)
		memcpy(sample_at(side, slot, c), frame + c * bytes, bytes);
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
		else if (moves(from) && from->hw + i < from->appl)
			fake_frame_read(from, from->hw + i, frame);
		frame_write(to, to->hw + i, frame);
	}
}

static void xrun(struct fake_card *card, struct fake_side *side)
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
			if (moves(sides[i]) && left(sides[i]) == 0)
				xrun(card, sides[i]);
		if (frames == 0)
			break;
		for (int i = 0; i < 2; i++)
			if (moves(sides[i]) && left(sides[i]) < count)
				count = left(sides[i]);
		if (moves(&card->capture))
			record(card, count);
		for (int i = 0; i < 2; i++)
			if (moves(sides[i]))
				sides[i]->hw += count;
		card->converted += count;
		frames -= count;
	}
}

static void pass(struct fake_card *card, uint64_t until_ns)
{
	card->now_ns = until_ns;
	convert(card, until_ns * card->rate / FAKE_S - card->converted);
}

/* ---- faults */

static void strike_answer(struct fake_side *side, const struct fake_event *event)
{
	side->answers[event->fault] = (struct fake_answer){ event->value, event->times };
}

static void strike_lasting(struct fake_side *side, const struct fake_event *event)
{
	side->lasting |= BIT(event->fault);
}

static void strike_xrun(struct fake_side *side, const struct fake_event *event)
{
	(void)event;
	if (side->state == ENGINE_STATE_RUNNING)
		xrun(side->card, side);
}

static void strike_suspend(struct fake_side *side, const struct fake_event *event)
{
	if (side->state == ENGINE_STATE_RUNNING)
		side->state = ENGINE_STATE_SUSPENDED;
	side->asleep = event->times;
	side->awakening = (int)event->value;
}

static void strike_unplug(struct fake_side *side, const struct fake_event *event)
{
	(void)event;
	side->state = ENGINE_STATE_LOST;
}

static void strike_leap(struct fake_side *side, const struct fake_event *event)
{
	pass(side->card, side->card->now_ns + (uint64_t)event->value);
}

static void strike_heal(struct fake_side *side, const struct fake_event *event)
{
	(void)event;
	side->lasting = 0;
	side->asleep = 0;
	memset(side->answers, 0, sizeof(side->answers));
}

static const struct {
	const char *name;
	void (*strike)(struct fake_side *side, const struct fake_event *event);
} faults[FAKE_FAULTS] = {
	[FAKE_DESCRIPTORS] = { "descriptors answers", strike_answer },
	[FAKE_REVENTS] = { "revents answers", strike_answer },
	[FAKE_STATE] = { "state answers", strike_answer },
	[FAKE_AVAIL] = { "avail answers", strike_answer },
	[FAKE_BEGIN] = { "begin answers", strike_answer },
	[FAKE_COMMIT] = { "commit answers", strike_answer },
	[FAKE_PREPARE] = { "prepare answers", strike_answer },
	[FAKE_START] = { "start answers", strike_answer },
	[FAKE_STOP] = { "stop answers", strike_answer },
	[FAKE_RESUME] = { "resume answers", strike_answer },
	[FAKE_XRUN] = { "xrun", strike_xrun },
	[FAKE_SUSPEND] = { "suspend", strike_suspend },
	[FAKE_UNPLUG] = { "unplug", strike_unplug },
	[FAKE_LEAP] = { "leap", strike_leap },
	[FAKE_HEAL] = { "heal", strike_heal },
	[FAKE_STUCK] = { "stuck", strike_lasting },
	[FAKE_MUTE] = { "mute", strike_lasting },
	[FAKE_READY] = { "always ready", strike_lasting },
	[FAKE_POLLERR] = { "error without cause", strike_lasting },
	[FAKE_DEAD_FD] = { "dead descriptor", strike_lasting },
	[FAKE_UNPACED] = { "not paced", strike_lasting },
	[FAKE_UNSEEN] = { "unseen xrun", strike_lasting },
	[FAKE_STILLBORN] = { "xrun at each start", strike_lasting },
	[FAKE_FLAPPING] = { "flapping", strike_lasting },
};

const char *fake_fault_name(enum fake_fault fault)
{
	return faults[fault].name;
}

static void strike(struct fake_card *card, const struct fake_event *event)
{
	if (event->directions & ENGINE_PLAYBACK && card->playback.pcm)
		faults[event->fault].strike(&card->playback, event);
	if (event->directions & ENGINE_CAPTURE && card->capture.pcm)
		faults[event->fault].strike(&card->capture, event);
}

void fake_strike(struct fake_card *card, unsigned directions, enum fake_fault fault, int64_t value,
		 uint32_t times)
{
	struct fake_event event = { card->now_ns, directions, fault, value, times };

	strike(card, &event);
}

/* ---- the PCM */

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
	if (suffers(side, FAKE_FLAPPING) && side->calls[FAKE_AVAIL] % 2)
		return 0;
	/* the kernel hides an xrun's pointers, but not those of a sleeping card */
	if (side->state == ENGINE_STATE_XRUN || side->state == ENGINE_STATE_LOST)
		return refusal(side);
	return available(side);
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
	if (available(side) < (int64_t)count)
		count = (uint64_t)available(side);
	if (count < *frames)
		*frames = (uint32_t)count;
	for (uint32_t c = 0; c < pcm->channels; c++) {
		pcm->areas[c].first = sample_at(side, slot, c);
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

	pass(side->card, side->card->now_ns + side->card->prepare_ns);
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
	if (suffers(side, FAKE_STILLBORN))
		xrun(card, side);
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

/* ---- the clock */

static short side_events(struct fake_side *side)
{
	short ready = side->pcm->direction == ENGINE_PLAYBACK ? POLLOUT : POLLIN;

	if (suffers(side, FAKE_DEAD_FD))
		return POLLNVAL;
	if (suffers(side, FAKE_POLLERR))
		return (short)(ready | POLLERR);
	if (suffers(side, FAKE_READY))
		return ready;
	if (suffers(side, FAKE_MUTE))
		return 0;
	switch (side->state) {
	case ENGINE_STATE_PREPARED:
	case ENGINE_STATE_RUNNING:
		if (suffers(side, FAKE_STUCK))
			return 0;
		return available(side) >= side->pcm->period_frames ? ready : 0;
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

		if (!side || !moves(side) || suffers(side, FAKE_MUTE))
			continue;
		frame = card->converted + side->pcm->period_frames - (uint64_t)available(side);
		at_ns = (frame * FAKE_S + card->rate - 1) / card->rate;
		if (at_ns < until_ns)
			until_ns = at_ns;
	}
	return until_ns > card->now_ns ? until_ns : card->now_ns;
}

static void follow_script(struct fake_card *card)
{
	while (card->script_left > 0 && card->script->at_ns <= card->now_ns) {
		strike(card, card->script);
		card->script++;
		card->script_left--;
	}
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
		pass(card, card->now_ns + card->wake_ns);
		return card->poll_error;
	}
	for (;;) {
		follow_script(card);
		ready = look(card, fds, count);
		if (ready > 0 || card->now_ns >= until_ns)
			break;
		pass(card, next_ns(card, fds, count, until_ns));
	}
	pass(card, card->now_ns + card->wake_ns);
	return ready;
}

static uint64_t fake_now_ns(struct clock *clock)
{
	return ((struct fake_card *)clock)->now_ns;
}

/* ---- the card's life */

void fake_card_init(struct fake_card *card, uint32_t rate, bool grouped)
{
	*card = (struct fake_card){
		.clock = { .now_ns = fake_now_ns, .poll = fake_poll },
		.rate = rate,
		.grouped = grouped,
		.wake_ns = 1000,
	};
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
