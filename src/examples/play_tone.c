/* SPDX-License-Identifier: MIT */
/*
 * A second of 440 Hz through the playback stream: write what fits, wait for
 * room, drain.
 *
 *	./play_tone [DEVICE]
 */
#include <err.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>

#include <peal.h>

#define RATE 48000

int main(int argc, char **argv)
{
	static int16_t tone[RATE][2];
	struct engine_config config = {
		.size = sizeof(config), .device = argc > 1 ? argv[1] : NULL, .fallback_virtual = 1,
		.rate = RATE, .format = ENGINE_FORMAT_S16_LE,
	};
	struct engine *engine;

	for (int i = 0; i < RATE; i++)
		tone[i][0] = tone[i][1] = (int16_t)(8000 * sin(2 * M_PI * 440 * i / RATE));
	if (engine_create(&engine, &config) < 0 || engine_start(engine) < 0)
		errx(1, "%s", engine_last_error());

	struct pollfd room = { .fd = engine_playback_fd(engine), .events = POLLIN };

	for (int sent = 0, count = 0; sent < RATE; sent += count) {
		count = engine_playback_write(engine, tone[sent], (size_t)(RATE - sent));
		if (count < 0)
			errx(1, "%s", engine_strerror(count));
		if (count == 0)
			poll(&room, 1, -1);
	}
	if (engine_playback_drain(engine, 5000) != 1)
		errx(1, "the tone was not played to its end");
	return engine_destroy(engine) < 0;
}
