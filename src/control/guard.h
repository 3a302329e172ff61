/* SPDX-License-Identifier: MIT */
/*
 * The guard: lets one thread at a time into one end of a ring and turns a
 * second one away at once, instead of corrupting the ring. A guard that is
 * taken and never given back closes that end for ever (closed ports, forked
 * children), so the fast paths need no other check.
 */
#ifndef PEAL_CONTROL_GUARD_H
#define PEAL_CONTROL_GUARD_H

#include <stdbool.h>

#include "shared/atomic.h"

static inline bool guard_take(atomic_of(int) *guard)
{
	/* pairs with guard_give: we see what the thread before us left */
	return exchange_acquire(guard, 1) == 0;
}

static inline void guard_give(atomic_of(int) *guard)
{
	/* pairs with guard_take */
	store_release(guard, 0);
}

#endif
