/* SPDX-License-Identifier: MIT */
/* Lending; see lending.h. Control side. */
#include "control/lending.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <peal/error.h>
#include <peal/stream.h>

static int init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);

	if (err)
		return err;
	/* a reader with deadlines does not wait for what keeps a releaser from running */
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	err = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

struct lender *lender_create(struct stream *stream, uint32_t chunks)
{
	struct lender *lender = calloc(1, sizeof(*lender) + chunks * sizeof(lender->loans[0]));

	if (!lender)
		return NULL;
	if (init_lock(&lender->lock)) {
		free(lender);
		return NULL;
	}
	lender->pid = getpid();
	lender->stream = stream;
	for (uint32_t i = 0; i < chunks; i++)
		lender->loans[i].lender = lender;
	return lender;
}

static void lender_destroy(struct lender *lender)
{
	arena_destroy(&lender->arena);
	pthread_mutex_destroy(&lender->lock);
	free(lender);
}

void lender_leave(struct lender *lender, struct arena *arena)
{
	uint32_t lent;

	pthread_mutex_lock(&lender->lock);
	lender->stream = NULL;
	lender->arena = *arena;
	*arena = (struct arena){ 0 };
	lent = lender->lent;
	pthread_mutex_unlock(&lender->lock);
	if (lent == 0)
		lender_destroy(lender);
}

struct engine_chunk *lender_lend(struct lender *lender, struct engine_chunk *chunk)
{
	struct loan *loan = &lender->loans[chunk->index];

	pthread_mutex_lock(&lender->lock);
	loan->shown = *chunk;
	loan->chunk = chunk;
	lender->lent++;
	pthread_mutex_unlock(&lender->lock);
	return &loan->shown;
}

void lender_give_back(struct lender *lender, struct engine_chunk *chunk)
{
	pthread_mutex_lock(&lender->lock);
	/* there are never more chunks than slots: this cannot be refused */
	chunk_ring_push(&lender->stream->emptied, chunk);
	pthread_mutex_unlock(&lender->lock);
}

int engine_capture_release(struct engine_chunk *shown)
{
	struct loan *loan = (struct loan *)shown;
	struct lender *lender;
	struct engine_chunk *chunk;
	bool last;

	if (!shown)
		return 0;
	lender = loan->lender;
	if (lender->pid != getpid())
		return ENGINE_EFORKED;
	pthread_mutex_lock(&lender->lock);
	chunk = loan->chunk;
	loan->chunk = NULL;
	if (chunk) {
		lender->lent--;
		if (lender->stream)
			chunk_ring_push(&lender->stream->emptied, chunk);
	}
	last = !lender->stream && lender->lent == 0;
	pthread_mutex_unlock(&lender->lock);
	if (!chunk)
		return -EALREADY;
	if (last)
		lender_destroy(lender);
	return 0;
}
