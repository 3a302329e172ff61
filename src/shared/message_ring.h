/* SPDX-License-Identifier: MIT */
/*
 * The message ring: 1024 messages of 32 bytes from one sending thread to one
 * receiving thread, lock-free.
 *
 * The first word of a slot is its flag: a message's first word is never zero
 * (its type is not), and a slot whose first word is zero is free. The sender
 * fills a slot and stores the first word last; the receiver copies the slot
 * and stores zero. Neither side reads the other's index, so nothing that one
 * side writes can make the other run away, and a batch fits if and only if
 * its last slot is free, since slots are freed in order.
 *
 * Everything is inline: both sides' hot paths are a handful of instructions.
 * Who may send (one thread at a time) is the callers' to guarantee.
 */
#ifndef PEAL_SHARED_MESSAGE_RING_H
#define PEAL_SHARED_MESSAGE_RING_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <peal/message.h>
#include "shared/atomic.h"

#ifndef MESSAGE_RING_CAPACITY /* the tests also build it tiny */
#define MESSAGE_RING_CAPACITY ENGINE_RING_MESSAGES
#endif

/* A message as four words, so that it travels in registers and is stored word
 * by word: loading a structure just built field by field would miss the
 * processor's store forwarding. */
struct message_words {
	uint64_t head; /* type | flags << 16 | id << 32; not 0 */
	uint64_t frame;
	uint64_t a;
	uint64_t b;
};

struct message_slot {
	/* 0: free, the sender's. Else full, the receiver's. */
	atomic_of(uint64_t) head;
	uint64_t frame;
	uint64_t a;
	uint64_t b;
};

struct message_ring {
	/* sender: how many were pushed since init; any thread may read it */
	alignas(CACHE_APART) atomic_of(uint64_t) pushed;
	/* receiver: how many were popped since init; any thread may read it */
	alignas(CACHE_APART) atomic_of(uint64_t) popped;
	alignas(CACHE_APART) struct message_slot slots[MESSAGE_RING_CAPACITY];
};

/* Empty the ring, with both indexes at start. No thread may be using it. */
static inline void message_ring_init(struct message_ring *ring, uint64_t start)
{
	store_relaxed(&ring->pushed, start);
	store_relaxed(&ring->popped, start);
	for (unsigned i = 0; i < MESSAGE_RING_CAPACITY; i++)
		store_relaxed(&ring->slots[i].head, 0);
}

static inline struct message_slot *message_ring_slot(struct message_ring *ring, uint64_t index)
{
	/* in bytes: one shift and one mask, where an index takes a shift for each word */
	size_t offset = index * sizeof(struct message_slot) % sizeof(ring->slots);

	return (struct message_slot *)((char *)ring->slots + offset);
}

/* Sender: whether count (1..capacity) more messages fit now. */
static inline bool message_ring_has_room(struct message_ring *ring, uint32_t count)
{
	struct message_slot *last =
		message_ring_slot(ring, load_relaxed(&ring->pushed) + count - 1);

	/* pairs with message_ring_drop: the receiver is done with the slot */
	return load_acquire(&last->head) == 0;
}

static inline void message_slot_fill(struct message_slot *slot, struct message_words words)
{
	slot->frame = words.frame;
	slot->a = words.a;
	slot->b = words.b;
	/* pairs with message_ring_peek: whoever sees the head sees the rest */
	store_release(&slot->head, words.head);
}

/* Sender: false when the ring is full. */
static inline bool message_ring_push(struct message_ring *ring, struct message_words words)
{
	uint64_t pushed = load_relaxed(&ring->pushed);
	struct message_slot *slot = message_ring_slot(ring, pushed);

	/* pairs with message_ring_drop */
	if (load_acquire(&slot->head) != 0)
		return false;
	message_slot_fill(slot, words);
	store_relaxed(&ring->pushed, pushed + 1);
	return true;
}

/*
 * Sender, for batches: fill the slot that lies ahead places after the next.
 * The caller has asked message_ring_has_room for the whole batch, fills it
 * from its last message to its first, and then advances. The receiver stops
 * at the first slot until that one is filled: it sees all of them or none.
 */
static inline void message_ring_fill(struct message_ring *ring, uint32_t ahead,
				     struct message_words words)
{
	message_slot_fill(message_ring_slot(ring, load_relaxed(&ring->pushed) + ahead), words);
}

static inline void message_ring_advance(struct message_ring *ring, uint32_t count)
{
	store_relaxed(&ring->pushed, load_relaxed(&ring->pushed) + count);
}

static inline bool message_slot_read(struct message_slot *slot, struct message_words *words)
{
	/* pairs with message_slot_fill */
	words->head = load_acquire(&slot->head);
	if (words->head == 0)
		return false;
	words->frame = slot->frame;
	words->a = slot->a;
	words->b = slot->b;
	return true;
}

static inline void message_slot_free(struct message_slot *slot)
{
	/* pairs with message_ring_push and _has_room: our copying is over */
	store_release(&slot->head, 0);
}

/* Receiver: copy the oldest message and leave it; false when the ring is empty. */
static inline bool message_ring_peek(struct message_ring *ring, struct message_words *words)
{
	return message_slot_read(message_ring_slot(ring, load_relaxed(&ring->popped)), words);
}

/* Receiver: the first word of the message that lies `ahead` places behind the
 * oldest; 0: there is none. */
static inline uint64_t message_ring_head(const struct message_ring *ring, uint32_t ahead)
{
	size_t offset = (load_relaxed(&ring->popped) + ahead) * sizeof(struct message_slot) %
			sizeof(ring->slots);

	/* pairs with message_slot_fill */
	return load_acquire(&((const struct message_slot *)((const char *)ring->slots + offset))->head);
}

/* Receiver: free the oldest slot; message_ring_peek has just returned true. */
static inline void message_ring_drop(struct message_ring *ring)
{
	uint64_t popped = load_relaxed(&ring->popped);

	message_slot_free(message_ring_slot(ring, popped));
	store_relaxed(&ring->popped, popped + 1);
}

/* Receiver: take the oldest message; false when the ring is empty. */
static inline bool message_ring_pop(struct message_ring *ring, struct message_words *words)
{
	/* peek and drop in one: an atomic that is read twice is loaded twice */
	uint64_t popped = load_relaxed(&ring->popped);
	struct message_slot *slot = message_ring_slot(ring, popped);

	if (!message_slot_read(slot, words))
		return false;
	message_slot_free(slot);
	store_relaxed(&ring->popped, popped + 1);
	return true;
}

/* How many messages lie in it: exact for neither side, since each publishes its
 * own count without ordering; never more than the capacity. Any thread. */
static inline uint32_t message_ring_length(const struct message_ring *ring)
{
	uint64_t popped = load_relaxed(&ring->popped);
	uint64_t pushed = load_relaxed(&ring->pushed);

	if (pushed <= popped)
		return 0;
	return pushed - popped < MESSAGE_RING_CAPACITY ? (uint32_t)(pushed - popped)
						       : MESSAGE_RING_CAPACITY;
}

static inline uint64_t message_head(uint32_t type, uint32_t flags, uint32_t id)
{
	return (uint64_t)type | (uint64_t)flags << 16 | (uint64_t)id << 32;
}

static inline uint32_t message_type(uint64_t head)
{
	return head & 0xffff;
}

static inline uint32_t message_flags(uint64_t head)
{
	return head >> 16 & 0xffff;
}

/* The flags' upper bits, on the way only: how many more of its batch follow. */
#define MESSAGE_FOLLOWING_SHIFT 6

static inline uint32_t message_following(uint64_t head)
{
	return message_flags(head) >> MESSAGE_FOLLOWING_SHIFT;
}

/* The head without them: as its sender wrote it. */
static inline uint64_t message_as_sent(uint64_t head)
{
	return head & ~((UINT64_C(0xffff) >> MESSAGE_FOLLOWING_SHIFT)
			<< (16 + MESSAGE_FOLLOWING_SHIFT));
}

/* How many messages come back for a command: a reply, and a voice's end. */
static inline uint32_t message_answers(uint64_t head)
{
	if (message_flags(head) & ENGINE_FLAG_QUIET)
		return 0;
	return message_type(head) == ENGINE_PLAY_SAMPLE ? 2 : 1;
}

static inline uint32_t message_id(uint64_t head)
{
	return (uint32_t)(head >> 32);
}

#endif
