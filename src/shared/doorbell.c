/* SPDX-License-Identifier: MIT */
/* The doorbell; see doorbell.h. Runs on both sides. */
#include "shared/doorbell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int doorbell_init(struct doorbell *bell)
{
	bell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	store_relaxed(&bell->rung, 0);
	return bell->fd < 0 ? -errno : 0;
}

void doorbell_done(struct doorbell *bell)
{
	if (bell->fd >= 0)
		close(bell->fd);
	bell->fd = -1;
}

void doorbell_ring(struct doorbell *bell)
{
	uint64_t one = 1;

	/* Pairs with the exchange in doorbell_answer: it comes after ours and
	 * its thread then sees what we posted, or before and we see 0. */
	if (exchange_acq_rel(&bell->rung, 1) == 0) {
		/* cannot fail: the counter goes from 0 to 1 */
		ssize_t written = write(bell->fd, &one, sizeof(one));
		(void)written;
	}
}

bool doorbell_answer(struct doorbell *bell)
{
	uint64_t count;

	if (load_relaxed(&bell->rung) == 0)
		return false;
	/* Rung but not yet readable: its ringer is about to write, and that
	 * will wake us. Answering now would leave the fd readable and rung 0. */
	if (read(bell->fd, &count, sizeof(count)) != (ssize_t)sizeof(count))
		return false;
	/* pairs with doorbell_ring */
	exchange_acq_rel(&bell->rung, 0);
	return true;
}
