/* SPDX-License-Identifier: MIT */
/*
 * Lending: captured chunks that a program holds on to, without copying, for
 * as long as it likes: also after the engine is destroyed, which then leaves
 * the arena to the last of them. Control side; the audio thread sees a chunk
 * that is lent as one that has not come back yet.
 *
 * What the program gets is a loan: a description on the heap, so that a forked
 * child, which has no arena, can still be told why it is refused.
 */
#ifndef PEAL_CONTROL_LENDING_H
#define PEAL_CONTROL_LENDING_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#include <peal/chunk.h>
#include "control/arena.h"
#include "shared/stream.h"

struct lender;

struct loan {
	struct engine_chunk shown; /* first: what the program has a pointer to */
	struct lender *lender;
	struct engine_chunk *chunk; /* in the arena; NULL: not lent */
};

struct lender {
	pid_t pid; /* constant: a forked child has no arena */
	/* guards all below, and the pushing end of stream->emptied */
	pthread_mutex_t lock;
	struct stream *stream; /* NULL: the engine is gone */
	struct arena arena;    /* ours to destroy when the engine is gone */
	uint32_t lent;
	struct loan loans[]; /* by chunk->index */
};

/* A lender for a capture stream of so many chunks; NULL: no memory. */
struct lender *lender_create(struct stream *stream, uint32_t chunks);

/* The engine is gone: its arena is destroyed now, or with the last loan. */
void lender_leave(struct lender *lender, struct arena *arena);

/* Lend a chunk that was just popped. */
struct engine_chunk *lender_lend(struct lender *lender, struct engine_chunk *chunk);

/* Give a chunk back to the audio thread that was read and not lent. */
void lender_give_back(struct lender *lender, struct engine_chunk *chunk);

#endif
