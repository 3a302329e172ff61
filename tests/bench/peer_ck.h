/* SPDX-License-Identifier: MIT */
/*
 * Concurrency Kit's single-producer ring (Debian: libck-dev) as a floor to
 * compare with, if the compiler finds it. It holds the same 32 bytes a message.
 */
#ifndef PEAL_BENCH_PEER_CK_H
#define PEAL_BENCH_PEER_CK_H

#ifdef __has_include
#if __has_include(<ck_ring.h>)
#define HAVE_CK 1
#endif
#endif

#ifdef HAVE_CK
#include <ck_ring.h>

#include "shared/message_ring.h"

CK_RING_PROTOTYPE(words, message_words)

struct peer_ck {
	struct ck_ring ring;
	alignas(CACHE_APART) struct message_words slots[MESSAGE_RING_CAPACITY];
};

static inline void peer_ck_init(struct peer_ck *peer)
{
	ck_ring_init(&peer->ring, MESSAGE_RING_CAPACITY);
}

static inline bool peer_ck_push(struct peer_ck *peer, struct message_words words)
{
	return ck_ring_enqueue_spsc_words(&peer->ring, peer->slots, &words);
}

static inline bool peer_ck_pop(struct peer_ck *peer, struct message_words *words)
{
	return ck_ring_dequeue_spsc_words(&peer->ring, peer->slots, words);
}
#endif

#endif
