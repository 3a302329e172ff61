/* SPDX-License-Identifier: MIT */
/* The chunk ring's calls; see chunk_ring.h. */
#include "control/chunk_ring.h"

#include <errno.h>
#include <stdlib.h>

#include <peal/error.h>
#include <peal/pool.h>

#include "control/guard.h"
#include "control/last_error.h"

int engine_chunk_ring_create(struct engine_chunk_ring **out, size_t capacity)
{
	struct engine_chunk_ring *ring;
	size_t bytes;

	if (!out)
		return last_error_set(-EINVAL, "out is NULL");
	*out = NULL;
	if (capacity < 1 || capacity > ENGINE_CHUNK_RING_MAX)
		return last_error_set(-EINVAL, "capacity %zu refused: 1..%u are possible", capacity,
				      ENGINE_CHUNK_RING_MAX);
	bytes = sizeof(*ring) + capacity * sizeof(ring->slots[0]);
	bytes = (bytes + CACHE_APART - 1) / CACHE_APART * CACHE_APART;
	ring = aligned_alloc(CACHE_APART, bytes);
	if (!ring)
		return last_error_set(-ENOMEM, "no memory for a ring of capacity %zu", capacity);
	*ring = (struct engine_chunk_ring){ .dropped = 0 };
	chunk_ring_init(&ring->ring, ring->slots, (uint32_t)capacity);
	*out = ring;
	return 0;
}

/* At most capacity: one who pushes meanwhile cannot keep us here. */
static int release_all(struct engine_chunk_ring *ring)
{
	struct engine_chunk *chunk;
	int count = 0;

	while (count < (int)ring->ring.capacity && (chunk = chunk_ring_pop(&ring->ring))) {
		/* one that is from no pool is nobody's to free */
		engine_chunk_release(chunk);
		count++;
	}
	return count;
}

int engine_chunk_ring_destroy(struct engine_chunk_ring *ring)
{
	if (!ring)
		return 0;
	release_all(ring);
	free(ring);
	return 0;
}

int engine_chunk_ring_push(struct engine_chunk_ring *ring, struct engine_chunk *chunk)
{
	int err = 0;

	if (!ring || !chunk)
		return -EINVAL;
	if (!guard_take(&ring->pushing))
		return -EBUSY;
	if (!chunk_ring_push(&ring->ring, chunk)) {
		count_add(&ring->dropped, 1);
		err = -ENOBUFS;
	}
	guard_give(&ring->pushing);
	return err;
}

int engine_chunk_ring_push_batch(struct engine_chunk_ring *ring,
				 struct engine_chunk *const *chunks, size_t count)
{
	size_t done = 0;

	if (!ring || (!chunks && count > 0))
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!chunks[i])
			return -EINVAL;
	if (!guard_take(&ring->pushing))
		return -EBUSY;
	/* what is popped meanwhile makes room: no end but count and the capacity */
	while (done < count && done < ring->ring.capacity &&
	       chunk_ring_push(&ring->ring, chunks[done]))
		done++;
	if (done < count)
		count_add(&ring->dropped, count - done);
	guard_give(&ring->pushing);
	return (int)done;
}

int engine_chunk_ring_pop(struct engine_chunk_ring *ring, struct engine_chunk **chunk)
{
	if (!ring || !chunk)
		return -EINVAL;
	if (!guard_take(&ring->popping))
		return -EBUSY;
	*chunk = chunk_ring_pop(&ring->ring);
	guard_give(&ring->popping);
	return *chunk ? 1 : 0;
}

int engine_chunk_ring_pop_batch(struct engine_chunk_ring *ring, struct engine_chunk **chunks,
				size_t count)
{
	size_t done = 0;

	if (!ring || (!chunks && count > 0))
		return -EINVAL;
	if (count > ENGINE_CHUNK_RING_MAX)
		count = ENGINE_CHUNK_RING_MAX;
	if (!guard_take(&ring->popping))
		return -EBUSY;
	while (done < count && (chunks[done] = chunk_ring_pop(&ring->ring)))
		done++;
	guard_give(&ring->popping);
	return (int)done;
}

int engine_chunk_ring_peek(struct engine_chunk_ring *ring, const struct engine_chunk **chunk)
{
	if (!ring || !chunk)
		return -EINVAL;
	if (!guard_take(&ring->popping))
		return -EBUSY;
	*chunk = chunk_ring_peek(&ring->ring);
	guard_give(&ring->popping);
	return *chunk ? 1 : 0;
}

int engine_chunk_ring_clear(struct engine_chunk_ring *ring)
{
	int count;

	if (!ring)
		return -EINVAL;
	if (!guard_take(&ring->popping))
		return -EBUSY;
	count = release_all(ring);
	guard_give(&ring->popping);
	return count;
}

int engine_chunk_ring_get_stats(struct engine_chunk_ring *ring,
				struct engine_chunk_ring_stats *stats)
{
	uint64_t popped, pushed, capacity, length;

	if (!ring || !stats)
		return -EINVAL;
	if (stats->size != sizeof(*stats))
		return ENGINE_EABI;
	/* pair with the releases in shared/chunk_ring.h. Between the two loads both
	 * ends may go on: what was pushed then counts, what was popped does not. */
	popped = load_acquire(&ring->ring.popped);
	pushed = load_acquire(&ring->ring.pushed);
	capacity = ring->ring.capacity;
	length = pushed > popped ? pushed - popped : 0;
	if (length > capacity)
		length = capacity;
	*stats = (struct engine_chunk_ring_stats){
		.size = sizeof(*stats),
		.capacity = capacity,
		.length = length,
		.pushed = pushed,
		.popped = popped,
		.dropped = load_relaxed(&ring->dropped),
		.usage = (double)length / (double)capacity,
	};
	return 0;
}
