/* SPDX-License-Identifier: MIT */
/*
 * The engine in an event loop: one epoll waits for the clock, which says when
 * to send a ping, and for the engine, which says when something came back.
 *
 *	./epoll [DEVICE]
 */
#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <peal.h>

int main(int argc, char **argv)
{
	struct engine_config config = {
		.size = sizeof(config), .device = argc > 1 ? argv[1] : NULL, .fallback_virtual = 1,
	};
	struct itimerspec tenth = { { 0, 100000000 }, { 0, 100000000 } };
	struct engine_message message;
	struct epoll_event event;
	struct engine *engine;
	uint64_t ticks;
	uint32_t sent = 0, answered = 0;

	if (engine_create(&engine, &config) < 0 || engine_start(engine) < 0)
		errx(1, "%s", engine_last_error());

	int loop = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	int fds[] = { timer, engine_event_fd(engine) };

	timerfd_settime(timer, 0, &tenth, NULL);
	for (int i = 0; i < 2; i++)
		epoll_ctl(loop, EPOLL_CTL_ADD, fds[i],
			  &(struct epoll_event){ .events = EPOLLIN, .data.fd = fds[i] });
	while (answered < 5 && epoll_wait(loop, &event, 1, -1) == 1) {
		if (event.data.fd == timer) {
			if (read(timer, &ticks, sizeof(ticks)) > 0)
				engine_send_ping(engine, ++sent);
			continue;
		}
		/* until it finds nothing: only then does the descriptor become quiet */
		while (engine_try_recv(engine, &message) == 1)
			if (message.type == ENGINE_PONG)
				printf("pong %" PRIu32 " of %" PRIu32 "\n", ++answered, sent);
	}
	return engine_destroy(engine) < 0;
}
