/* SPDX-License-Identifier: MIT */
/* The load; see load.h. A thread each: samples, voices, streams, looks. */
#include "load.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "shared/atomic.h"

#define RATE 48000u
#define CHANNELS 2
#define SAMPLES 16
#define FRAMES 512

struct load {
	struct engine *engine;
	atomic_of(bool) over;
	struct load_sums sums; /* each field its own thread's */
	pthread_t threads[4];
};

static bool goes_on(struct load *load)
{
	return !load_relaxed(&load->over);
}

/* Between one thing and the next: a program is not busy all the time. */
static void pause_us(long us)
{
	const struct timespec time = { .tv_nsec = us * 1000 };

	nanosleep(&time, NULL);
}

static void must(int result, const char *what)
{
	if (result < 0)
		errx(1, "%s: %s, %s", what, engine_strerror(result), engine_last_error());
}

/* As must, of what may find no room. */
static bool may(int result, int refusal, const char *what)
{
	if (result == refusal)
		return false;
	must(result, what);
	return true;
}

static void *load_samples(void *arg)
{
	static int16_t frames[48000 * CHANNELS];
	struct load *load = arg;
	uint32_t number = 0;

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		frames[i] = (int16_t)(i * 2654435761u >> 20);
	while (goes_on(load)) {
		struct engine_sample *sample;

		number = (number + 5) % SAMPLES;
		must(engine_sample_create(&sample, frames, 64 + number * 2500,
					  ENGINE_FORMAT_S16_LE, 1 + number % CHANNELS, RATE, 0),
		     "making a sample");
		must(engine_load_sample(load->engine, number, sample), "loading it");
		engine_sample_put(sample);
		if (++load->sums.samples % 2)
			must(engine_unload_sample(load->engine, number), "unloading it");
		pause_us(700);
	}
	return NULL;
}

static void receive_all(struct load *load, struct engine_port *port)
{
	struct engine_message message;
	int result;

	while ((result = engine_port_try_recv(port, &message)) == 1) {
		load->sums.voices += message.type == ENGINE_VOICE_STARTED &&
				     message.done.result == 0;
	}
	must(result, "receiving");
}

static void *load_voices(void *arg)
{
	static const float rates[] = { 0, 0.5f, 1.25f, 2 };
	struct load *load = arg;
	uint64_t frame;

	for (uint32_t life = 0; goes_on(load); life++) {
		struct engine_port *port;

		if (!may(engine_port_open(load->engine, &port, life % 2 ? ENGINE_PORT_EVENTS : 0),
			 -ENOSPC, "opening a port"))
			continue;
		for (uint32_t id = 1; id <= 40 && goes_on(load); id++) {
			engine_frame(load->engine, &frame);
			const struct engine_message messages[] = {
				{ .type = ENGINE_LOAD_SAMPLE, .id = id,
				  .sample.sample = id % SAMPLES },
				{ .type = ENGINE_PLAY_SAMPLE, .id = id,
				  .flags = id % 7 ? 0 : ENGINE_FLAG_WAKE,
				  .frame = id % 3 ? frame + id * 16 : 0,
				  .play = { .sample = (uint16_t)(id % SAMPLES),
					    .loop = id % 5 == 0, .velocity = 0.1f,
					    .rate = rates[id % 4] } },
				{ .type = ENGINE_SET_VOLUME, .id = id,
				  .volume = { .target = ENGINE_TARGET_VOICE, .voice = id,
					      .gain = 0.5f } },
				{ .type = ENGINE_SET_VOLUME, .id = id, .flags = ENGINE_FLAG_QUIET,
				  .volume.gain = id % 2 ? 1 : 0.5f },
				{ .type = ENGINE_STOP_VOICE, .id = id, .voice.id = id / 2 },
				{ .type = ENGINE_STOP, .id = id, .stop.cancel = 1 },
			};
			size_t count = sizeof(messages) / sizeof(messages[0]);

			may(engine_port_send_batch(port, messages, count - (id % 20 != 0)),
			    -ENOBUFS, "playing");
			receive_all(load, port);
			pause_us(400);
		}
		receive_all(load, port);
		must(engine_port_close(port), "closing a port");
		load->sums.ports++;
	}
	return NULL;
}

static void *load_streams(void *arg)
{
	static int16_t frames[FRAMES * CHANNELS];
	struct load *load = arg;
	struct pollfd captured = { .fd = engine_capture_fd(load->engine), .events = POLLIN };

	while (goes_on(load)) {
		struct engine_chunk *chunk;
		int count;

		poll(&captured, 1, 20);
		while ((count = engine_capture_read(load->engine, frames, FRAMES, NULL)) > 0) {
			load->sums.read += (uint64_t)count;
			must(count = engine_playback_write(load->engine, frames, (size_t)count),
			     "writing");
			load->sums.written += (uint64_t)count;
			if (engine_capture_pop(load->engine, &chunk) == 1) {
				load->sums.read += chunk->frames;
				engine_capture_release(chunk);
			}
		}
		must(count, "reading");
	}
	return NULL;
}

static void *load_looks(void *arg)
{
	struct load *load = arg;
	struct engine_message message;

	for (uint32_t id = 0; goes_on(load); id++) {
		struct engine_health_snapshot health = { .size = sizeof(health) };
		struct engine_stats stats = { .size = sizeof(stats) };
		struct engine_clock clock = { .size = sizeof(clock) };
		struct engine_message ping = { .type = ENGINE_PING, .id = id,
					       .flags = id % 2 ? ENGINE_FLAG_WAKE : 0 };

		may(engine_send(load->engine, &ping), -ENOBUFS, "pinging");
		must(engine_get_stats(load->engine, &stats), "statistics");
		must(engine_get_clock(load->engine, &clock), "the clock");
		must(engine_state(load->engine), "the state");
		must(engine_get_health(load->engine, &health), "health");
		load->sums.looks++;
		while (engine_try_recv(load->engine, &message) == 1) {
			load->sums.pongs += message.type == ENGINE_PONG;
			load->sums.returns += message.type == ENGINE_EVENT_RETURNED;
		}
		pause_us(500);
	}
	return NULL;
}

struct load *load_begin(struct engine *engine)
{
	static void *(*const bodies[])(void *) = { load_samples, load_voices, load_streams,
						   load_looks };
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		err(1, "memory");
	load->engine = engine;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (pthread_create(&load->threads[i], NULL, bodies[i], load))
			errx(1, "no thread");
	return load;
}

struct load_sums load_end(struct load *load)
{
	struct load_sums sums;

	store_relaxed(&load->over, true);
	for (size_t i = 0; i < sizeof(load->threads) / sizeof(load->threads[0]); i++)
		pthread_join(load->threads[i], NULL);
	sums = load->sums;
	free(load);
	return sums;
}
