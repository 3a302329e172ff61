/* SPDX-License-Identifier: MIT */
/*
 * crossbeam's ArrayQueue (Rust; Debian: librust-crossbeam-queue-dev) to compare
 * with, in a shared library that BENCH_CROSSBEAM names.
 */
#ifndef PEAL_BENCH_PEER_CROSSBEAM_H
#define PEAL_BENCH_PEER_CROSSBEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer_crossbeam {
	void *(*create)(size_t capacity);
	uintptr_t (*pop)(void *queue); /* 0: empty */
	bool (*push)(void *queue, uintptr_t value);
};

/* Whether it is there. */
bool peer_crossbeam_find(struct peer_crossbeam *peer);

#endif
