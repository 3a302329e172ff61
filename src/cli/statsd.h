/* SPDX-License-Identifier: MIT */
/*
 * Statsd: figures as lines of text by UDP, several to a datagram. Nobody may
 * be listening: what cannot be sent is counted, told once, and given up.
 */
#ifndef CLI_STATSD_H
#define CLI_STATSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What passes an Ethernet without being cut up, headers and tunnels allowed for. */
#define STATSD_DATAGRAM_BYTES 1400

struct statsd {
	const char *address; /* as given: HOST:PORT */
	int fd;              /* -1: not open */
	char datagram[STATSD_DATAGRAM_BYTES];
	size_t used;         /* of it */
	uint64_t sent;       /* datagrams */
	uint64_t failed;
};

/*
 * Take an address apart: HOST:PORT, [IPV6]:PORT. host: room for size bytes.
 * port: points into address afterwards. False when it is not one.
 */
bool statsd_parse(const char *address, char *host, size_t size, const char **port);

/* Returns 0; else a negative number, and has complained. */
int statsd_open(struct statsd *statsd, const char *address);
/* Says how many datagrams could not be sent, if any. */
void statsd_close(struct statsd *statsd);

/* One line "name:value|type", sent when the datagram is full. */
void statsd_put(struct statsd *statsd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Send what is there. */
void statsd_flush(struct statsd *statsd);

#endif
