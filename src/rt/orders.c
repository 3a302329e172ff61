/* SPDX-License-Identifier: MIT */
/* Orders from the control side; see shared/order.h. Audio thread. */
#include "rt/rt.h"

void orders_answer(struct rt *rt, int result)
{
	struct order *order = &rt->order;

	order->result = result;
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
	order->step = ENGINE_STEP_NONE;
	order->direction = 0;
	switch (order->kind) {
	case ORDER_HELLO:
		orders_answer(rt, 0);
		break;
	case ORDER_START:
		orders_answer(rt, transport_start(rt));
		break;
	case ORDER_STOP:
		transport_stop(rt);
		orders_answer(rt, 0);
		break;
	case ORDER_QUIT:
		/* answered after the last cycle */
		transport_stop(rt);
		rt->quit = true;
		break;
	}
}
