/* SPDX-License-Identifier: MIT */
/*
 * Statsd over a connected UDP socket: used by the main thread only, which it
 * never blocks. Being connected is what makes the kernel tell that nobody
 * listens (ECONNREFUSED, about an earlier datagram).
 */
#include "cli/statsd.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/terminal.h"

bool statsd_parse(const char *address, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(address, ':');
	size_t length = colon ? (size_t)(colon - address) : 0;
	unsigned long number;
	char *end;

	if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
		address++;
		length -= 2;
	} else if (colon && memchr(address, ':', length)) {
		return false; /* an IPv6 address without its brackets */
	}
	if (length == 0 || length >= size || colon[1] < '0' || colon[1] > '9')
		return false;
	number = strtoul(colon + 1, &end, 10);
	if (*end || number < 1 || number > 65535)
		return false;
	memcpy(host, address, length);
	host[length] = '\0';
	*port = colon + 1;
	return true;
}

/* A socket to the first of the host's addresses that has a way to it. */
static int statsd_connect(const struct addrinfo *found)
{
	int err = -EADDRNOTAVAIL;

	for (; found; found = found->ai_next) {
		int fd = socket(found->ai_family,
				SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0)
			return fd;
		err = -errno;
		if (fd >= 0)
			close(fd);
	}
	return err;
}

int statsd_open(struct statsd *statsd, const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	const char *port;
	char host[256];
	int err;

	*statsd = (struct statsd){ .address = address, .fd = -1 };
	if (!statsd_parse(address, host, sizeof(host), &port)) {
		terminal_complain("%s: not HOST:PORT", address);
		return -EINVAL;
	}
	err = getaddrinfo(host, port, &hints, &found);
	if (err != 0) {
		terminal_complain("%s: %s", address, gai_strerror(err));
		return -EADDRNOTAVAIL;
	}
	statsd->fd = statsd_connect(found);
	freeaddrinfo(found);
	if (statsd->fd >= 0)
		return 0;
	terminal_complain("%s: %s", address, strerror(-statsd->fd));
	return statsd->fd;
}

void statsd_close(struct statsd *statsd)
{
	if (statsd->fd < 0)
		return;
	if (statsd->failed)
		terminal_complain("%s: %" PRIu64 " of %" PRIu64 " datagrams could not be sent",
				  statsd->address, statsd->failed,
				  statsd->failed + statsd->sent);
	close(statsd->fd);
	statsd->fd = -1;
}

void statsd_flush(struct statsd *statsd)
{
	if (statsd->used == 0)
		return;
	if (send(statsd->fd, statsd->datagram, statsd->used, 0) >= 0)
		statsd->sent++;
	else if (statsd->failed++ == 0)
		terminal_complain("%s: %s", statsd->address, strerror(errno));
	statsd->used = 0;
}

void statsd_put(struct statsd *statsd, const char *format, ...)
{
	char line[128];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(line))
		return;
	/* a newline goes between two lines, not behind the last */
	if (statsd->used + (size_t)length + 1 > sizeof(statsd->datagram))
		statsd_flush(statsd);
	if (statsd->used > 0)
		statsd->datagram[statsd->used++] = '\n';
	memcpy(statsd->datagram + statsd->used, line, (size_t)length);
	statsd->used += (size_t)length;
}
