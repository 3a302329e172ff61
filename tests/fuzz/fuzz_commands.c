/* SPDX-License-Identifier: MIT */
/*
 * Commands of any content at any time (libFuzzer), on a manual clock: whatever
 * is accepted is answered once, unless it is quiet; each voice that started
 * ends once; and what sounds is finite and within full scale.
 */
#include "input.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include <peal.h>

#define RATE 8000
#define PERIOD 32
#define OPS_MAX 200
#define COMMANDS_MAX 2048
#define BATCH_MAX 32
#define PATIENCE_MS 20000

static struct engine *engine;
static struct engine_sample *samples[4];

/* What was sent under each id; the ids count from 1. */
static struct {
	uint16_t type;
	bool quiet;
	bool answered;
	bool started;
	bool ended;
} sent[COMMANDS_MAX + 5];

static uint32_t last_id;

/* ---- samples: a wave, one frame, as loud as floats are, two channels */

static void make_samples(void)
{
	static const float loud[64] = { 3e38f, 3e38f, 3e38f, -3e38f };
	static float wave[800];

	if (samples[0])
		return;
	for (int i = 0; i < 800; i++)
		wave[i] = (float)sin(i * 0.3);
	require(!engine_sample_create(&samples[0], wave, 800, ENGINE_FORMAT_FLOAT_LE, 1, RATE, 0));
	require(!engine_sample_create(&samples[1], wave + 9, 1, ENGINE_FORMAT_FLOAT_LE, 1, RATE,
				      0));
	require(!engine_sample_create(&samples[2], loud, 64, ENGINE_FORMAT_FLOAT_LE, 1, RATE, 0));
	require(!engine_sample_create(&samples[3], wave, 400, ENGINE_FORMAT_FLOAT_LE, 2, RATE, 0));
}

/* ---- what comes back */

static void look_at(const struct engine_message *message)
{
	uint32_t id = message->id;

	if (message->type >> 8 == 2)
		return; /* an event */
	require(id >= 1 && id <= last_id && !sent[id].quiet);
	if (message->type == ENGINE_VOICE_ENDED) {
		require(sent[id].started && !sent[id].ended);
		require(message->ended.reason >= ENGINE_END_FINISHED &&
			message->ended.reason <= ENGINE_END_HALTED);
		sent[id].ended = true;
		return;
	}
	require(message->type == (sent[id].type | 0x100));
	require(!sent[id].answered && message->reply.result <= 0);
	sent[id].answered = true;
	sent[id].started = message->type == ENGINE_VOICE_STARTED && message->done.result == 0;
}

static void receive(void)
{
	struct engine_message messages[64];
	int count;

	do {
		count = engine_try_recv_batch(engine, messages, 64);
		require(count >= 0);
		for (int i = 0; i < count; i++)
			look_at(&messages[i]);
	} while (count > 0);
}

static void listen(void)
{
	float frames[256 * 2];
	int count;

	while ((count = engine_capture_read(engine, frames, 256, NULL)) > 0)
		for (int i = 0; i < 2 * count; i++)
			require(isfinite(frames[i]) && fabsf(frames[i]) <= 1.0f);
	require(count == 0);
}

/* ---- what is done */

/* As it comes, but often one that can be accepted; its id is the next. */
static struct engine_message any_command(struct input *input, uint32_t id)
{
	struct engine_message message;
	uint32_t how = input_below(input, 64);

	input_take(input, &message, sizeof(message));
	message.id = id;
	if (how & 1)
		return message;
	message.type = (uint16_t)(1 + how / 2 % 6);
	message.flags &= ENGINE_FLAG_WAKE | ENGINE_FLAG_QUIET;
	message.frame &= 0x3ff;
	if (message.type == ENGINE_PLAY_SAMPLE) {
		message.play.sample %= 5;
		message.play.loop &= 1;
		message.play.reserved = 0;
		message.play.velocity = (float)(message.words[1] & 0xffff) / 4096;
		message.play.rate = 0.25f + (float)(message.words[2] & 0x3ff) / 1024 * 3.75f;
	} else if (message.type == ENGINE_SET_VOLUME) {
		message.volume.target &= 1;
		message.volume.voice = message.volume.target ? message.volume.voice % (id + 1) : 0;
		message.volume.gain = (float)(message.words[2] & 0xffff) / 4096;
	} else if (message.type == ENGINE_STOP_VOICE) {
		message.voice.id %= id + 1;
		message.voice.reserved = 0;
	} else if (message.type == ENGINE_LOAD_SAMPLE) {
		memset(message.words, 0, sizeof(message.words));
		message.sample.sample = how % 5;
	} else if (message.type == ENGINE_STOP) {
		message.stop.cancel &= 1;
		message.stop.reserved = 0;
	} else {
		message.ping.reserved = 0;
	}
	return message;
}

static void send_some(struct input *input, uint32_t count)
{
	struct engine_message messages[BATCH_MAX];
	int err;

	if (last_id + count > COMMANDS_MAX)
		return;
	for (uint32_t i = 0; i < count; i++)
		messages[i] = any_command(input, last_id + 1 + i);
	/* told of before they can be answered */
	for (uint32_t i = 0; i < count; i++) {
		sent[last_id + 1 + i].type = messages[i].type;
		sent[last_id + 1 + i].quiet = messages[i].flags & ENGINE_FLAG_QUIET;
	}
	err = count == 1 ? engine_send(engine, messages)
			 : engine_send_batch(engine, messages, count);
	require(err == 0 || err == -EINVAL || err == -ENOBUFS);
	if (err == 0)
		last_id += count;
}

/* Within full scale: what is played alone is not touched. */
static void write_stream(struct input *input)
{
	int16_t numbers[64 * 2];
	float frames[64 * 2];

	input_take(input, numbers, sizeof(numbers));
	for (int i = 0; i < 64 * 2; i++)
		frames[i] = (float)numbers[i] / 32768;
	require(engine_playback_write(engine, frames, 64) >= 0);
}

static void do_something(struct input *input)
{
	uint32_t what = input_below(input, 16);

	if (what < 6)
		send_some(input, 1);
	else if (what < 8)
		send_some(input, input_below(input, BATCH_MAX + 1));
	else if (what < 12)
		require(!engine_virtual_advance(engine, input_below(input, 1024), PATIENCE_MS));
	else if (what == 12)
		receive();
	else if (what == 13)
		require(!engine_load_sample(engine, input_below(input, 5),
					    samples[input_below(input, 4)]));
	else if (what == 14)
		engine_unload_sample(engine, input_below(input, 5));
	else if (input_below(input, 8) == 0)
		require(!engine_stop(engine) && !engine_start(engine));
	else
		write_stream(input);
	/* what nobody reads is dropped, and not looked at */
	listen();
}

static void send_surely(const struct engine_message *message)
{
	sent[message->id].type = message->type;
	sent[message->id].quiet = false;
	while (engine_send(engine, message) < 0)
		receive();
}

/* What was sent too late for the stop waits for the next start: cancelled. Then a
 * ping behind all else; once it is answered, so is what came before. */
static void settle(void)
{
	struct engine_message stop = { .type = ENGINE_STOP, .stop.cancel = 1 };
	struct engine_message ping = { .type = ENGINE_PING, .flags = ENGINE_FLAG_WAKE };
	struct engine_message message;

	stop.id = ++last_id;
	send_surely(&stop);
	ping.id = ++last_id;
	send_surely(&ping);
	while (!sent[ping.id].answered) {
		int got = engine_recv(engine, &message, PATIENCE_MS);

		/* the fuzzer has an alarm of its own */
		require(got == 1 || got == -EINTR);
		if (got == 1)
			look_at(&message);
	}
	receive();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count)
{
	struct input input = { bytes, count };
	struct engine_config config = {
		.size = sizeof(config),
		.device = "virtual:clock=manual",
		.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE,
		.rate = RATE,
		.format = ENGINE_FORMAT_FLOAT_LE,
		.period_frames = PERIOD,
		.stream_frames = 4096,
		.priority = ENGINE_PRIORITY_NORMAL,
		.samples = 5,
	};

	make_samples();
	config.voices = 1 + input_below(&input, 20);
	config.steal = input_below(&input, 3);
	memset(sent, 0, sizeof(sent));
	last_id = 0;
	require(engine_create(&engine, &config) == 0);
	for (uint32_t i = 0; i < 4; i++)
		require(engine_load_sample(engine, i, samples[i]) == 0);
	require(engine_start(engine) == 0);
	for (int i = 0; i < OPS_MAX && input.count > 0; i++)
		do_something(&input);
	/* a voice that starts while the engine stands waits for the next start; any
	 * halts at a stop */
	require(engine_stop(engine) == 0);
	settle();
	require(engine_start(engine) == 0);
	require(engine_stop(engine) == 0);
	settle();
	for (uint32_t id = 1; id <= last_id; id++) {
		require(sent[id].answered || sent[id].quiet);
		require(sent[id].ended == sent[id].started);
	}
	require(engine_destroy(engine) == 0);
	return 0;
}
