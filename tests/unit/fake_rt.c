/* SPDX-License-Identifier: MIT */
/* The audio thread's world for tests; see fake_rt.h. */
#include "fake_rt.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/message_words.h"

/* More than any stream of a test needs: 8 periods in the card, and spare. */
#define CHUNKS 24

/* check's own assertions report each time that they hold: too slow for a frame. */
#define must(holds, ...)                                                                           \
	do {                                                                                       \
		if (!(holds))                                                                      \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)

static void *zeroed(size_t bytes)
{
	size_t rounded = (bytes + CACHE_APART - 1) / CACHE_APART * CACHE_APART;
	void *memory = aligned_alloc(CACHE_APART, rounded);

	must(memory, "no memory");
	return memset(memory, 0, rounded);
}

/* ---- the program: frames out */

static void number_frame(const struct fake_rt *fake, unsigned char *frame, uint32_t number)
{
	for (uint32_t i = 0; i < fake->frame_bytes; i++)
		frame[i] = (unsigned char)((number >> i % 4 * 8) + i / 4);
}

static void program_writes(struct fake_rt *fake)
{
	struct stream *stream = fake->rt->playback;
	struct engine_chunk *chunk;

	while ((chunk = chunk_ring_pop(&stream->emptied))) {
		chunk->frames = fake->period_frames;
		for (uint32_t i = 0; i < chunk->frames; i++)
			number_frame(fake, stream_at(stream, chunk, i), fake->written++);
		count_add(&stream->written, chunk->frames);
		chunk_ring_push(&stream->filled, chunk);
	}
}

/* The program's frames are played in order, each once, with silence between
 * them; what a restart dropped may be rendered once more. */
static void check_in_order(struct fake_rt *fake, const unsigned char *bytes, bool restarted)
{
	unsigned char expected[FAKE_FRAME_BYTES_MAX] = { 0 };
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	if (number != 0) {
		must(number == fake->played + 1 || (restarted && number <= fake->played),
		     "frame %u was played after frame %u", number, fake->played);
		fake->played = number;
		number_frame(fake, expected, number);
	}
	must(memcmp(expected, bytes, fake->frame_bytes) == 0, "frame %u was spoiled", number);
}

/* The engine renders at transport.frame onwards. */
static void note_rendered(struct fake_card *card, uint64_t position, uint32_t frames)
{
	struct fake_rt *fake = (struct fake_rt *)card;

	if (fake->rendering != fake->rt->transport.frame || position == 0) {
		fake->rendering = fake->rt->transport.frame;
		fake->rendering_done = 0;
	}
	for (uint32_t i = 0; i < frames; i++) {
		uint64_t frame = fake->rendering + fake->rendering_done++;
		struct fake_rendered *rendered = &fake->rendered[frame % FAKE_RENDERED_MAX];

		rendered->frame = frame;
		fake_frame_read(&card->playback, position + i, rendered->bytes);
		check_in_order(fake, rendered->bytes, position + i == 0);
	}
}

/* ---- the program: frames in */

static void check_against_rendered(const struct fake_rt *fake, uint64_t frame,
				   const unsigned char *bytes)
{
	const struct fake_rendered *rendered = &fake->rendered[frame % FAKE_RENDERED_MAX];

	must(rendered->frame == frame, "frame %" PRIu64 " was captured and never rendered", frame);
	must(memcmp(rendered->bytes, bytes, fake->frame_bytes) == 0,
	     "frame %" PRIu64 " was not captured as it was rendered", frame);
}

/* On a card that only captures a frame is its number since time 0. */
static void check_against_number(struct fake_rt *fake, uint64_t skipped, const unsigned char *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	must(fake->read_frames == 0 || number == fake->read_number + 1 + skipped,
	     "frame %u follows frame %" PRIu64 ", and %" PRIu64 " are said to be missing", number,
	     fake->read_number, skipped);
	fake->read_number = number;
}

static void check_chunk(struct fake_rt *fake, const struct engine_chunk *chunk)
{
	must(chunk->frames == fake->period_frames, "a chunk of %u frames", chunk->frames);
	must(chunk->sequence == fake->read_sequence, "chunk %" PRIu64 ", not %" PRIu64,
	     chunk->sequence, fake->read_sequence);
	must(chunk->frame == fake->read_frame + chunk->gap_frames,
	     "a chunk at frame %" PRIu64 " with a gap of %" PRIu64 " after frame %" PRIu64,
	     chunk->frame, chunk->gap_frames, fake->read_frame);
	for (uint32_t i = 0; fake->knows && i < chunk->frames; i++) {
		const unsigned char *bytes = stream_at(fake->rt->capture, chunk, i);

		if (fake->rt->playback)
			check_against_rendered(fake, chunk->frame + i, bytes);
		else
			check_against_number(fake, i == 0 ? chunk->gap_frames : 0, bytes);
		fake->read_frames++;
	}
	if (!fake->knows)
		fake->read_frames += chunk->frames;
	fake->read_sequence++;
	fake->read_gaps += chunk->gap_frames;
	fake->read_frame = chunk->frame + chunk->frames;
}

static void program_reads(struct fake_rt *fake)
{
	struct stream *stream = fake->rt->capture;
	struct engine_chunk *chunk;

	while ((chunk = chunk_ring_pop(&stream->filled))) {
		check_chunk(fake, chunk);
		chunk_ring_push(&stream->emptied, chunk);
	}
}

/* ---- turns */

static void check_chunks(const struct stream *stream)
{
	must(!stream || chunk_ring_length(&stream->filled) + chunk_ring_length(&stream->emptied) +
				(stream->open != NULL) == CHUNKS,
	     "chunks are lost");
}

static void check_what_always_holds(const struct fake_rt *fake)
{
	const struct rt *rt = fake->rt;
	const struct transport *t = &rt->transport;
	enum engine_state state = fake_rt_state(fake);

	must(state == t->state, "published state %d, not %d", state, t->state);
	must(state == ENGINE_STATE_PREPARED || state == ENGINE_STATE_RUNNING ||
		     state == ENGINE_STATE_SUSPENDED || state == ENGINE_STATE_LOST ||
		     state == ENGINE_STATE_STALLED || state == ENGINE_STATE_FAILED,
	     "state %d between cycles", state);
	must(rt->budget <= RT_BUDGET, "a budget of %u", rt->budget);
	check_chunks(rt->playback);
	check_chunks(rt->capture);
	if (!transport_runs(t))
		return;
	must(fake_count(fake, frame) == (t->playback ? t->frame : t->captured),
	     "published frame %" PRIu64, fake_count(fake, frame));
	must(!t->playback || !t->capture || t->frame - t->captured <= fake->buffer_frames,
	     "rendered up to %" PRIu64 ", captured up to %" PRIu64, t->frame, t->captured);
	must(!fake->reads || fake->read_frames + fake->read_gaps + rt->capture->gap == t->captured,
	     "%" PRIu64 " frames read and %" PRIu64 " + %" PRIu64 " missing of %" PRIu64,
	     fake->read_frames, fake->read_gaps, rt->capture->gap, t->captured);
}

void fake_rt_turn(struct fake_rt *fake)
{
	if (fake->writes)
		program_writes(fake);
	cycle(fake->rt);
	if (fake->reads)
		program_reads(fake);
	check_what_always_holds(fake);
}

void fake_rt_run_ns(struct fake_rt *fake, uint64_t ns)
{
	uint64_t until_ns = fake->card.now_ns + ns;

	while (fake->card.now_ns < until_ns)
		fake_rt_turn(fake);
}

void fake_rt_run(struct fake_rt *fake, uint64_t periods)
{
	fake_rt_run_ns(fake, periods * fake->period_ns);
}

enum engine_state fake_rt_state(const struct fake_rt *fake)
{
	return (enum engine_state)load_relaxed(&fake->rt->vitals.state);
}

/* The control side takes the PCMs back and drops them. */
static void drop(struct fake_rt *fake)
{
	struct transport *t = &fake->rt->transport;

	if (t->playback)
		t->playback->ops->stop(t->playback);
	if (t->capture)
		t->capture->ops->stop(t->capture);
}

int fake_rt_order(struct fake_rt *fake, enum order_kind kind)
{
	struct rt *rt = fake->rt;
	struct order *order = &rt->order;

	if (kind == ORDER_START && fake_rt_state(fake) == ENGINE_STATE_PREPARED)
		fake->read_frame = fake->read_frames = fake->read_gaps = 0;
	order->kind = kind;
	store_release(&order->given, load_relaxed(&order->given) + 1);
	doorbell_ring(&rt->wake);
	for (int turns = 0; load_acquire(&order->done) != load_relaxed(&order->given); turns++) {
		must(turns < 4, "order %d was not carried out", kind);
		fake_rt_turn(fake);
	}
	must(doorbell_answer(&order->answered), "no bell was rung for the answer");
	if (kind == ORDER_STOP || kind == ORDER_QUIT || order->result < 0)
		drop(fake);
	return order->result;
}

/* ---- messages */

bool fake_rt_send(struct fake_rt *fake, uint32_t lane, unsigned flags, uint32_t id)
{
	struct engine_message ping = {
		.type = ENGINE_PING,
		.flags = (uint16_t)flags,
		.id = id,
		.ping.time_ns = fake->card.now_ns,
	};

	if (!message_ring_push(&fake->rt->lanes[lane].in, message_pack(&ping)))
		return false;
	if (flags & ENGINE_FLAG_WAKE)
		doorbell_ring(&fake->rt->wake);
	return true;
}

bool fake_rt_receive(struct fake_rt *fake, uint32_t lane, struct engine_message *message)
{
	struct message_words words;

	if (!message_ring_pop(&fake->rt->lanes[lane].out, &words))
		return false;
	message_unpack(message, &words);
	return true;
}

struct engine_message fake_rt_event(struct fake_rt *fake, enum engine_message_type type)
{
	struct engine_message message, further;

	must(fake_rt_receive(fake, 0, &message), "no event");
	must(message.type == type, "an event 0x%x", message.type);
	must(!fake_rt_receive(fake, 0, &further), "a second event 0x%x", further.type);
	return message;
}

/* ---- life */

static struct fake_shape with_defaults(const struct fake_shape *shape)
{
	struct fake_shape full = *shape;

	full.directions = full.directions ? full.directions : ENGINE_PLAYBACK | ENGINE_CAPTURE;
	full.rate = full.rate ? full.rate : 48000;
	full.period_frames = full.period_frames ? full.period_frames : 64;
	full.periods = full.periods ? full.periods : 3;
	full.channels = full.channels ? full.channels : 2;
	full.sample_bytes = full.sample_bytes ? full.sample_bytes : 2;
	full.lanes = full.lanes ? full.lanes : 1;
	return full;
}

static struct engine_chunk *new_chunk(const struct fake_rt *fake)
{
	size_t header = (sizeof(struct engine_chunk) + 63) / 64 * 64;
	unsigned char *memory = zeroed(header + (size_t)fake->period_frames * fake->frame_bytes);
	struct engine_chunk *chunk = (struct engine_chunk *)memory;

	chunk->samples = memory + header;
	chunk->capacity = fake->period_frames;
	return chunk;
}

/* a test that wants backpressure sets its own thresholds */
#define NEVER_ON (2 * BACKPRESSURE_FULL)

static struct stream *open_stream(const struct fake_rt *fake)
{
	struct stream *stream = zeroed(sizeof(*stream));

	chunk_ring_init(&stream->filled, zeroed(CHUNKS * sizeof(struct engine_chunk *)), CHUNKS);
	chunk_ring_init(&stream->emptied, zeroed(CHUNKS * sizeof(struct engine_chunk *)), CHUNKS);
	stream->frame_bytes = fake->frame_bytes;
	stream->chunk_frames = fake->period_frames;
	stream->backpressure.on_at = NEVER_ON;
	for (int i = 0; i < CHUNKS; i++)
		chunk_ring_push(&stream->emptied, new_chunk(fake));
	doorbell_init(&stream->bell);
	return stream;
}

static void close_stream(struct stream *stream)
{
	struct engine_chunk *chunk;

	if (!stream)
		return;
	while ((chunk = chunk_ring_pop(&stream->emptied)) ||
	       (chunk = chunk_ring_pop(&stream->filled)))
		free(chunk);
	free(stream->open);
	free(stream->filled.slots);
	free(stream->emptied.slots);
	doorbell_done(&stream->bell);
	free(stream);
}

static struct pcm *add_pcm(struct fake_rt *fake, struct pcm *pcm, enum engine_direction direction,
			   const struct fake_shape *shape)
{
	pcm->direction = direction;
	pcm->channels = shape->channels;
	pcm->sample_bytes = shape->sample_bytes;
	pcm->interleaved = !shape->planar;
	pcm->period_frames = shape->period_frames;
	pcm->buffer_frames = shape->period_frames * shape->periods;
	fake_card_add(&fake->card, pcm);
	return pcm;
}

static void init_lanes(struct rt *rt, uint32_t count)
{
	rt->lanes = zeroed(count * sizeof(struct lane));
	rt->lane_count = count;
	for (uint32_t i = 0; i < count; i++) {
		message_ring_init(&rt->lanes[i].in, 0);
		message_ring_init(&rt->lanes[i].out, 0);
		doorbell_init(&rt->lanes[i].bell);
		rt->lanes[i].events = i == 0;
		rt->lanes[i].in_pressure.on_at = NEVER_ON;
		rt->lanes[i].out_pressure.on_at = NEVER_ON;
		store_release(&rt->lanes[i].state, LANE_OPEN);
	}
	store_release(&rt->lanes_used, count);
}

#define VOICES 16

static void init_mixer(struct rt *rt, const struct fake_shape *shape)
{
	static const enum engine_format formats[] = {
		[2] = ENGINE_FORMAT_S16_LE, [3] = ENGINE_FORMAT_S24_3LE, [4] = ENGINE_FORMAT_S32_LE,
	};
	size_t floats = bus_floats(shape->channels, shape->period_frames);

	rt->mixer.place = zeroed((VOICES + MIXER_TAILS) * sizeof(struct voice));
	rt->mixer.order = zeroed((VOICES + MIXER_TAILS) * sizeof(uint32_t));
	bus_init(&rt->mixer.bus, shape->channels, shape->period_frames,
		 formats[shape->sample_bytes], zeroed(floats * sizeof(float)));
	mixer_init(&rt->mixer, shape->rate, VOICES, ENGINE_STEAL_NONE);
}

static void close_mixer(struct mixer *mixer)
{
	free(mixer->place);
	free(mixer->order);
	free(mixer->bus.samples);
}

void fake_rt_init(struct fake_rt *fake, const struct fake_shape *asked)
{
	struct fake_shape shape = with_defaults(asked);
	struct rt *rt = zeroed(sizeof(*rt));
	struct transport *t = &rt->transport;

	*fake = (struct fake_rt){
		.rt = rt,
		.period_frames = shape.period_frames,
		.buffer_frames = shape.period_frames * shape.periods,
		.frame_bytes = shape.channels * shape.sample_bytes,
		.period_ns = (uint64_t)shape.period_frames * FAKE_S / shape.rate,
		.knows = true,
		.written = 1,
		.rendered = zeroed(FAKE_RENDERED_MAX * sizeof(struct fake_rendered)),
	};
	must(fake->frame_bytes >= 4 && fake->frame_bytes <= FAKE_FRAME_BYTES_MAX, "frame size");
	fake_card_init(&fake->card, shape.rate, shape.grouped);
	fake->card.committed = note_rendered;
	if (shape.directions & ENGINE_PLAYBACK) {
		rt->playback = open_stream(fake);
		t->playback = add_pcm(fake, &rt->playback_pcm, ENGINE_PLAYBACK, &shape);
		fake->writes = true;
		init_mixer(rt, &shape);
	}
	if (shape.directions & ENGINE_CAPTURE) {
		rt->capture = open_stream(fake);
		t->capture = add_pcm(fake, &rt->capture_pcm, ENGINE_CAPTURE, &shape);
		fake->reads = true;
	}
	rt->clock = &fake->card.clock;
	rt->health = zeroed(sizeof(*rt->health));
	rt->schedule = zeroed(sizeof(*rt->schedule));
	init_lanes(rt, shape.lanes);
	doorbell_init(&rt->wake);
	doorbell_init(&rt->lost);
	doorbell_init(&rt->order.answered);
	t->grouped = shape.grouped;
	t->rate = shape.rate;
	t->period_frames = shape.period_frames;
	t->period_ns = fake->period_ns;
	rt->turn_ns = t->period_ns < RT_TURN_MAX_NS ? t->period_ns : RT_TURN_MAX_NS;
	t->patience_ns = FAKE_S;
	t->state = ENGINE_STATE_PREPARED;
	store_relaxed(&rt->vitals.state, ENGINE_STATE_PREPARED);
	rt->budget = RT_BUDGET;
}

void fake_rt_done(struct fake_rt *fake)
{
	struct rt *rt = fake->rt;

	if (rt->playback)
		close_mixer(&rt->mixer);
	close_stream(rt->playback);
	close_stream(rt->capture);
	for (uint32_t i = 0; i < rt->lane_count; i++)
		doorbell_done(&rt->lanes[i].bell);
	doorbell_done(&rt->wake);
	doorbell_done(&rt->lost);
	doorbell_done(&rt->order.answered);
	fake_card_done(&fake->card);
	free(fake->rendered);
	free(rt->schedule);
	free(rt->health);
	free(rt->lanes);
	free(rt);
}
