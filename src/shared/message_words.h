/* SPDX-License-Identifier: MIT */
/*
 * Message words: the public message packed into, and unpacked from, the four
 * words in which it crosses a ring. The words are the structure's own bytes,
 * which holds on little-endian machines only; ALSA's formats that we take are
 * little-endian as well.
 */
#ifndef PEAL_SHARED_MESSAGE_WORDS_H
#define PEAL_SHARED_MESSAGE_WORDS_H

#include <string.h>

#include "shared/message_ring.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the words are the structure's bytes");
_Static_assert(sizeof(struct engine_message) == 32, "a message is 32 bytes");
_Static_assert(sizeof(struct message_slot) == 32, "a message never straddles a cache line");

/*
 * Field by field, in the widths in which a caller most likely just wrote
 * them: one wide load over narrow stores would wait for them to leave the
 * store buffer. volatile keeps the compiler from merging the loads.
 */
static inline struct message_words message_pack(const struct engine_message *message)
{
	const volatile struct engine_message *m = message;
	struct message_words words = {
		.head = message_head(m->type, m->flags, m->id),
		.frame = m->frame,
		.a = (uint64_t)m->words[0] | (uint64_t)m->words[1] << 32,
		.b = (uint64_t)m->words[2] | (uint64_t)m->words[3] << 32,
	};

	return words;
}

/*
 * Word by word, from registers: copying the whole would pair words that were
 * stored apart in one wide load, which waits for both stores. Wide stores
 * serve the caller's narrow loads.
 */
static inline void message_unpack(struct engine_message *message, const struct message_words *words)
{
	char *to = (char *)message;

	memcpy(to, &words->head, sizeof(words->head));
	memcpy(to + 8, &words->frame, sizeof(words->frame));
	memcpy(to + 16, &words->a, sizeof(words->a));
	memcpy(to + 24, &words->b, sizeof(words->b));
}

#endif
