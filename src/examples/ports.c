/* SPDX-License-Identifier: MIT */
/*
 * Four threads that send at the same time: each has a port of its own, so
 * none of them needs a lock, and each gets the answers to its own pings.
 *
 *	./ports [DEVICE]
 */
#include <err.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <peal.h>

#define THREADS 4
#define PINGS 100u

static void *ping(void *port)
{
	struct engine_message pong;
	uintptr_t answered = 0;

	for (uint32_t id = 1; id <= PINGS; id++)
		engine_port_send_ping(port, id);
	while (answered < PINGS && engine_port_recv(port, &pong, 1000) == 1)
		answered++;
	return (void *)answered;
}

int main(int argc, char **argv)
{
	struct engine_config config = {
		.size = sizeof(config), .device = argc > 1 ? argv[1] : NULL, .fallback_virtual = 1,
	};
	struct engine_port *ports[THREADS];
	pthread_t threads[THREADS];
	struct engine *engine;
	void *answered;

	if (engine_create(&engine, &config) < 0 || engine_start(engine) < 0)
		errx(1, "%s", engine_last_error());
	for (int i = 0; i < THREADS; i++)
		if (engine_port_open(engine, &ports[i], 0) < 0 ||
		    pthread_create(&threads[i], NULL, ping, ports[i]) != 0)
			errx(1, "thread %d: %s", i, engine_last_error());
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &answered);
		printf("thread %d: %u pings, %zu pongs\n", i, PINGS, (size_t)answered);
	}
	return engine_destroy(engine) < 0;
}
