/* SPDX-License-Identifier: MIT */
/*
 * Calls in any order on a card with any faults (libFuzzer): each returns in
 * time with a code that it is known for, and when the engine is gone nothing
 * of it is left. Which of them meets a fault, and how, differs from run to run,
 * for the engine's threads are as free as ever; what is required does not.
 */
#include "input.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <peal.h>

#define RATE 48000
#define OPS_MAX 40
#define PORTS 3
/* A call that waits for the audio thread has 2 s; this is a busy machine's. */
#define LIMIT_S 15
/* How long a card that says nothing is waited for, in ms. */
#define GLANCE 3

static struct engine *engine;
static struct engine_port *ports[PORTS];
static struct engine_sample *sample;
static struct engine_chunk *chunk;

/* ---- codes */

/* known: a list with a 0 at its end. */
static void require_known(int result, const int *known, const char *call)
{
	if (result >= 0)
		return;
	while (*known && *known != result)
		known++;
	if (*known)
		return;
	fprintf(stderr, "%s: %d, %s; %s\n", call, result, engine_strerror(result),
		engine_last_error());
	abort();
}

#define known(call, ...) require_known(call, (const int[]){ __VA_ARGS__, 0 }, #call)

/* ---- the script */

static const char *const kinds[] = {
	"xrun",      "suspend",    "suspend:5", "resume",        "unplug",       "return",
	"stuck",     "spin",       "burst:100", "drift:-400000", "drift:500000", "go",
	"hugeavail", "backwards",  "open",      "busy:2",        "params",       "params:3",
	"prepare",   "prepare:20", "start",     "start:20",
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* "kind@frame[/every][:value],..." */
static void write_script(struct input *input, char *name, size_t size)
{
	uint32_t count = input_below(input, 6);
	size_t at = (size_t)snprintf(name, size, "virtual:clock=manual");

	for (uint32_t i = 0; i < count; i++) {
		const char *kind = kinds[input_below(input, KINDS)];
		size_t length = strcspn(kind, ":");

		at += (size_t)snprintf(name + at, size - at, "%s%.*s@%u",
				       i ? "," : ",fault=", (int)length, kind,
				       input_below(input, 4096));
		if (input_below(input, 4) == 0)
			at += (size_t)snprintf(name + at, size - at, "/%u",
					       1 + input_below(input, 4096));
		at += (size_t)snprintf(name + at, size - at, "%s", kind + length);
	}
}

static void create(struct input *input)
{
	char name[512];
	struct engine_config config = {
		.size = sizeof(config),
		.device = name,
		.rate = RATE,
		.priority = ENGINE_PRIORITY_NORMAL,
		.ports = 2,
		.voices = 4,
		.samples = 4,
		.stream_frames = 1024,
	};
	int err;

	write_script(input, name, sizeof(name));
	config.directions = input_below(input, 4);
	config.period_frames = 16u << input_below(input, 4);
	config.periods = 2 + input_below(input, 3);
	config.format = input_below(input, 7);
	config.access = input_below(input, 4);
	config.channels = 1 + input_below(input, 3);
	config.reopen = input_below(input, 2);
	err = engine_create(&engine, &config);
	/* a card that sleeps does not take its parameters */
	known(err, -EINVAL, -EIO, -EBUSY, -ENODEV, -ESTRPIPE);
	require((err == 0) == (engine != NULL));
	require(err == 0 || engine_last_error()[0]);
}

/* ---- calls; without an engine they are refused */

static const int device_errors[] = { -EINVAL, -EIO,    -ENODEV,      -EPIPE, -ESTRPIPE,
				     -EBUSY,  -EBADFD, ENGINE_ELOST, -ENXIO, 0 };

static void talk(struct input *input)
{
	struct engine_port *port = ports[input_below(input, PORTS)];
	struct engine_message message;
	struct engine_message messages[8];

	input_take(input, &message, sizeof(message));
	message.type = (uint16_t)(message.type % 8);
	message.flags &= 3;
	message.frame &= 0xfff;
	if (message.type == ENGINE_PLAY_SAMPLE) {
		message.play.sample &= 3;
		message.play.loop &= 1;
		message.play.reserved = 0;
		message.play.velocity = 1.0f;
		message.play.rate = 0.0f;
	}
	known(engine_send(engine, &message), -EINVAL, -ENOBUFS, -ENOTSUP);
	known(engine_port_send(port, &message), -EINVAL, -ENOBUFS, -ENOTSUP);
	known(engine_try_recv_batch(engine, messages, 8), -EINVAL);
	known(engine_port_try_recv_batch(port, messages, 8), -EINVAL);
	known(engine_recv(engine, &message, 1), -EINVAL, -EINTR);
}

static void open_or_close(struct input *input)
{
	uint32_t i = input_below(input, PORTS);

	if (ports[i]) {
		known(engine_port_close(ports[i]), 0);
		ports[i] = NULL;
	} else {
		known(engine_port_open(engine, &ports[i], input_below(input, 3)), -EINVAL, -ENOSPC);
	}
}

static void stream(struct input *input)
{
	static unsigned char frames[512 * 3 * 4];
	struct engine_chunk *next = NULL;

	input_take(input, frames, 64);
	known(engine_playback_write(engine, frames, input_below(input, 513)), -EINVAL, -ENOTSUP);
	known(engine_playback_free(engine), -EINVAL, -ENOTSUP);
	known(engine_capture_read(engine, frames, input_below(input, 513), NULL), -EINVAL,
	      -ENOTSUP);
	if (chunk)
		known(engine_capture_release(chunk), 0);
	known(engine_capture_pop(engine, &next), -EINVAL, -ENOTSUP);
	chunk = next;
	if (input_below(input, 4) == 0)
		known(engine_playback_drain(engine, GLANCE), -EINVAL, -EINTR, -ENOTSUP, -EPIPE,
		      ENGINE_ELOST);
}

static void ask(void)
{
	struct engine_health_snapshot health = { .size = sizeof(health) };
	struct engine_clock clock = { .size = sizeof(clock) };
	struct engine_stats stats = { .size = sizeof(stats) };
	struct engine_info info = { .size = sizeof(info) };
	uint64_t number;

	known(engine_get_health(engine, &health), -EINVAL);
	known(engine_get_clock(engine, &clock), -EINVAL);
	known(engine_get_stats(engine, &stats), -EINVAL);
	known(engine_get_info(engine, &info), -EINVAL);
	known(engine_frame(engine, &number), -EINVAL);
	known(engine_heartbeat(engine, &number), -EINVAL);
	known(engine_wake(engine), -EINVAL);
	known(engine_state(engine), -EINVAL);
}

static void do_something(struct input *input)
{
	switch (input_below(input, 10)) {
	case 0:
	case 1:
		require_known(engine_start(engine), device_errors, "engine_start");
		break;
	case 2:
		require_known(engine_stop(engine), device_errors, "engine_stop");
		break;
	case 3:
	case 4:
		known(engine_virtual_advance(engine, input_below(input, 2048), GLANCE), -EINVAL,
		      -ETIMEDOUT);
		break;
	case 5:
		open_or_close(input);
		break;
	case 6:
		known(engine_load_sample(engine, input_below(input, 5), sample), -EINVAL, -ENOTSUP);
		known(engine_unload_sample(engine, input_below(input, 5)), -EINVAL, -ENOTSUP,
		      ENGINE_ENOSAMPLE);
		break;
	case 7:
		stream(input);
		break;
	case 8:
		ask();
		break;
	default:
		talk(input);
	}
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* The lowest descriptor that is free. */
static int lowest(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count)
{
	static const int16_t wave[64] = { 1000, 2000, -3000 };
	struct input input = { bytes, count };
	int free_fd = lowest();
	time_t start;

	if (!sample)
		require(!engine_sample_create(&sample, wave, 64, ENGINE_FORMAT_S16_LE, 1, RATE, 0));
	create(&input);
	for (int i = 0; i < OPS_MAX && input.count > 0; i++) {
		start = now_s();
		do_something(&input);
		require(now_s() - start < LIMIT_S);
	}
	start = now_s();
	known(engine_destroy(engine), 0);
	require(now_s() - start < LIMIT_S);
	/* what was popped outlives its engine */
	known(engine_capture_release(chunk), 0);
	chunk = NULL;
	memset(ports, 0, sizeof(ports));
	require(lowest() == free_fd);
	return 0;
}
