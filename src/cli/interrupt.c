/* SPDX-License-Identifier: MIT */
/*
 * The interrupt. The handler runs on whichever thread the kernel picks and
 * writes to an eventfd, which is never read: once seen, an interrupt stays
 * seen, and it ends every later wait. So none can fall between a check and
 * the wait that follows. What a command does about it is its own affair.
 */
#include "cli/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/clock.h"

static int interrupt_fd = -1;
static volatile sig_atomic_t seen;

static void interrupt_handle(int signo)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)signo;
	seen = 1;
	(void)!write(interrupt_fd, &one, sizeof(one));
	errno = saved;
}

int interrupt_init(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = interrupt_handle, .sa_flags = (int)SA_RESETHAND };
	struct sigaction before;

	interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (interrupt_fd < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], NULL, &before);
		/* ignored by who started us: nohup, or a script's "peal play ... &" */
		if (before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	return 0;
}

bool interrupt_seen(void)
{
	return seen;
}

void interrupt_wait(int fd, int other_fd, uint64_t timeout_ns)
{
	struct pollfd fds[] = {
		{ .fd = interrupt_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
		{ .fd = other_fd, .events = POLLIN },
	};
	struct timespec timeout = {
		.tv_sec = (time_t)(timeout_ns / NS_PER_SECOND),
		.tv_nsec = (long)(timeout_ns % NS_PER_SECOND),
	};

	ppoll(fds, sizeof(fds) / sizeof(fds[0]), &timeout, NULL);
}
