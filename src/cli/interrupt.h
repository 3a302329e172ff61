/* SPDX-License-Identifier: MIT */
/*
 * The interrupt: Ctrl-C, or another signal that asks the command to end.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From here on the first SIGINT, SIGTERM or SIGHUP is a wish, which
 * interrupt_seen tells; the second ends the process as if none of this were.
 * Returns 0, or a negative errno.
 */
int interrupt_init(void);

bool interrupt_seen(void);

/*
 * Wait until one of two descriptors is readable (-1: none), the time is
 * over, or an interrupt is seen.
 */
void interrupt_wait(int fd, int other_fd, uint64_t timeout_ns);

#endif
