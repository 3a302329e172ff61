/* SPDX-License-Identifier: MIT */
/*
 * A second of what the device hears: how loud it was, and what is missing.
 *
 *	./capture [DEVICE]
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <peal.h>

int main(int argc, char **argv)
{
	struct engine_config config = {
		.size = sizeof(config), .device = argc > 1 ? argv[1] : NULL, .fallback_virtual = 1,
		.directions = ENGINE_CAPTURE, .rate = 48000, .format = ENGINE_FORMAT_S16_LE,
	};
	struct engine_capture_chunk chunk = { .size = sizeof(chunk) };
	struct engine *engine;
	int16_t frames[1024][2];
	uint64_t heard = 0, missing = 0;
	int peak = 0;

	if (engine_create(&engine, &config) < 0 || engine_start(engine) < 0)
		errx(1, "%s", engine_last_error());

	struct pollfd sound = { .fd = engine_capture_fd(engine), .events = POLLIN };

	while (heard < 48000) {
		int count = engine_capture_read(engine, frames, 1024, &chunk);

		if (count < 0)
			errx(1, "%s", engine_strerror(count));
		if (count == 0) {
			poll(&sound, 1, -1);
			continue;
		}
		for (int i = 0; i < count; i++)
			peak = abs(frames[i][0]) > peak ? abs(frames[i][0]) : peak;
		heard += (uint64_t)count;
		missing += chunk.gap_frames;
	}
	printf("%" PRIu64 " frames, peak %d, %" PRIu64 " missing\n", heard, peak, missing);
	return engine_destroy(engine) < 0;
}
