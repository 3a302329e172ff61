/* SPDX-License-Identifier: MIT */
/* Orders from the control side; see shared/order.h. Audio thread. */
#include "rt/rt.h"

void orders_answer(struct rt *rt)
{
	struct order *order = &rt->order;

	if (!rt->ordered)
		return;
	rt->ordered = false;
	/* pairs with the acquire in control/orders.c: the result is written */
	store_release(&order->done, load_relaxed(&order->given));
	doorbell_ring(&order->answered);
}

void orders_take(struct rt *rt)
{
	struct order *order = &rt->order;

	/* pairs with the release in control/orders.c: the kind is written */
	if (load_acquire(&order->given) == load_relaxed(&order->done))
		return;
	rt->ordered = true;
	order->step = ENGINE_STEP_NONE;
	order->direction = 0;
	order->result = 0;
	switch (order->kind) {
	case ORDER_HELLO:
		break;
	case ORDER_START:
		/* what was sent before the call is in time for the first frame */
		dispatch(rt);
		order->result = transport_start(rt);
		break;
	case ORDER_STOP:
		transport_stop(rt);
		break;
	case ORDER_ADOPT:
		order->result = recover_adopt(rt);
		break;
	case ORDER_FAIL:
		recover_fail(rt, order->error);
		break;
	case ORDER_QUIT:
		transport_stop(rt);
		rt->quit = true;
		break;
	}
}
