/* SPDX-License-Identifier: MIT */
/* Giving orders to the audio thread; see shared/order.h. Control side. */
#include <errno.h>
#include <poll.h>

#include "control/engine.h"
#include "control/last_error.h"

/* timeout_ms: negative: without limit. */
static int order_wait(struct order *order, int timeout_ms)
{
	struct pollfd fd = { .fd = order->answered.fd, .events = POLLIN };
	uint64_t start = monotonic_ns();

	for (;;) {
		int left = timeout_left(timeout_ms, start);

		doorbell_answer(&order->answered);
		/* pairs with the release in rt/orders.c: the result is written */
		if (load_acquire(&order->done) == load_relaxed(&order->given))
			return 0;
		if (left == 0)
			return last_error_set(-ETIMEDOUT,
					      "the audio thread did not answer within %d ms: it is "
					      "stuck inside the device, or starved",
					      timeout_ms);
		poll(&fd, 1, left);
	}
}

static int give(struct engine *engine, enum order_kind kind, int timeout_ms)
{
	struct order *order = &engine->rt->order;
	int err;

	/* one that timed out may still be in the audio thread's hands */
	err = order_wait(order, timeout_ms);
	if (err < 0)
		return err;
	order->kind = kind;
	/* pairs with the acquire in rt/orders.c: the kind is written */
	store_release(&order->given, load_relaxed(&order->given) + 1);
	doorbell_ring(&engine->rt->wake);
	err = order_wait(order, timeout_ms);
	return err < 0 ? err : order->result;
}

int order_give(struct engine *engine, enum order_kind kind)
{
	return give(engine, kind, ENGINE_ORDER_TIMEOUT_MS);
}

void order_give_for_good(struct engine *engine, enum order_kind kind)
{
	give(engine, kind, -1);
}
