/* SPDX-License-Identifier: MIT */
/*
 * Atomics: the few operations that the two sides share, named by their memory
 * order. Every use that is not relaxed says in a comment what it pairs with.
 * There are no fences: ThreadSanitizer cannot follow them.
 *
 * The structures in this folder use these names only, so that a model checker
 * can be given its own.
 */
#ifndef PEAL_SHARED_ATOMIC_H
#define PEAL_SHARED_ATOMIC_H

#include <stdatomic.h>

#define atomic_of(type) _Atomic(type)

#define load_relaxed(p) atomic_load_explicit(p, memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit(p, memory_order_acquire)
#define store_relaxed(p, v) atomic_store_explicit(p, v, memory_order_relaxed)
#define store_release(p, v) atomic_store_explicit(p, v, memory_order_release)
#define exchange_acquire(p, v) atomic_exchange_explicit(p, v, memory_order_acquire)
#define exchange_acq_rel(p, v) atomic_exchange_explicit(p, v, memory_order_acq_rel)

#define add_relaxed(p, n) atomic_fetch_add_explicit(p, n, memory_order_relaxed)
#define exchange_relaxed(p, v) atomic_exchange_explicit(p, v, memory_order_relaxed)
/* *p = v if it is *expected; else *expected is what it is, and the result false. */
#define cas_acquire(p, expected, v)                                                                \
	atomic_compare_exchange_strong_explicit(p, expected, v, memory_order_acquire,              \
						memory_order_acquire)

/* A counter that one thread writes and any thread reads: no read-modify-write. */
#define count_add(p, n) store_relaxed(p, load_relaxed(p) + (n))

/* What two threads write lies this far apart: the prefetcher takes lines in pairs. */
#define CACHE_APART 128

#endif
