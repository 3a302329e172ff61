/* SPDX-License-Identifier: MIT */
/*
 * The smallest peal program: one ping to the audio thread, one pong back.
 *
 *	./ping [DEVICE]
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>

#include <peal.h>

int main(int argc, char **argv)
{
	struct engine_config config = {
		.size = sizeof(config), .device = argc > 1 ? argv[1] : NULL, .fallback_virtual = 1,
	};
	struct engine *engine;
	struct engine_message pong;

	if (engine_create(&engine, &config) < 0 || engine_start(engine) < 0)
		errx(1, "%s", engine_last_error());
	engine_send_ping(engine, 42);
	do { /* events may come first */
		if (engine_recv(engine, &pong, 1000) != 1)
			errx(1, "no pong within a second");
	} while (pong.type != ENGINE_PONG);
	printf("pong %" PRIu32 " at frame %" PRIu64 "\n", pong.id, pong.frame);
	return engine_destroy(engine) < 0;
}
