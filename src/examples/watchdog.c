/* SPDX-License-Identifier: MIT */
/*
 * A service that systemd restarts when its audio thread is stuck: it pets the
 * watchdog only while that thread's heartbeat is young. Here it plays silence.
 * peal-watchdog.service is its unit. Without systemd there is no one to pet,
 * and it ends after a second.
 *
 *	./watchdog [DEVICE]
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <peal.h>

static volatile sig_atomic_t ending;

static void end(int signal)
{
	(void)signal;
	ending = 1;
}

/* What sd_notify does: one datagram to the socket that systemd names. */
static void notify(const char *text)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = name ? strlen(name) : 0;
	int fd;

	if (length == 0 || length >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, name, length);
	if (name[0] == '@') /* a name that is no file begins with a zero */
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		warn("%s", name);
	if (fd >= 0)
		close(fd);
}

/* Pet the watchdog, or say why not. */
static void pet(struct engine *engine, uint64_t young_ns)
{
	uint64_t age_ns = 0;
	char text[128];

	if (engine_heartbeat(engine, &age_ns) == 0 && age_ns < young_ns) {
		notify("WATCHDOG=1");
		return;
	}
	snprintf(text, sizeof(text), "STATUS=the audio thread has not woken for %" PRIu64 " ms",
		 age_ns / 1000000);
	notify(text);
}

int main(int argc, char **argv)
{
	struct engine_config config = {
		.size = sizeof(config), .device = argc > 1 ? argv[1] : NULL, .fallback_virtual = 1,
		.reopen = 1, /* what is unplugged may come back: that is no reason to restart */
	};
	struct sigaction action = { .sa_handler = end };
	const char *limit = getenv("WATCHDOG_USEC");
	uint64_t limit_us = limit ? strtoull(limit, NULL, 10) : 0;
	int service = getenv("NOTIFY_SOCKET") != NULL, state, received;
	struct engine_message message;
	struct engine *engine;

	if (limit_us == 0)
		limit_us = 2000000;
	if (engine_create(&engine, &config) < 0 || engine_start(engine) < 0)
		errx(1, "%s", engine_last_error());
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	notify("READY=1");
	do {
		/* twice as often as it must be; a young heartbeat is that old at most */
		pet(engine, limit_us * 1000 / 2);
		received = engine_recv(engine, &message, (int)(limit_us / 2000));
		if (received == 1 && message.type == ENGINE_EVENT_LOST)
			notify("STATUS=the device is gone; waiting for its return");
		else if (received == 1 && message.type == ENGINE_EVENT_RETURNED)
			notify("STATUS=the device is back");
		state = engine_state(engine);
	} while (!ending && state != ENGINE_STATE_FAILED && service);
	notify("STOPPING=1");
	printf("the device is %s\n", state == ENGINE_STATE_RUNNING ? "running" : "not running");
	/* -ETIMEDOUT: it is stuck in the device; what ends the process ends it, too */
	return engine_destroy(engine) < 0 || state == ENGINE_STATE_FAILED;
}
