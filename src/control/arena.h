/* SPDX-License-Identifier: MIT */
/*
 * The arena: all memory that the audio thread touches, in one mapping that is
 * there from the start: zeroed, populated, locked if the kernel lets us, and
 * not inherited by a fork (a copy-on-write fault would hit the audio thread);
 * but for the thread's stack, see lay_out.c. Control side.
 */
#ifndef PEAL_CONTROL_ARENA_H
#define PEAL_CONTROL_ARENA_H

#include <stddef.h>

struct arena {
	unsigned char *base; /* NULL: none. A guard page lies before the first byte. */
	size_t bytes;        /* without the guard page */
	size_t used;
};

/* What an object of this size takes of an arena, or SIZE_MAX when it is absurd. */
size_t arena_need(size_t bytes);

/* Map bytes (a sum of arena_need); 0 or -errno. */
int arena_create(struct arena *arena, size_t bytes);
void arena_destroy(struct arena *arena);

/* The next bytes of the arena, zeroed, CACHE_APART aligned. There is always
 * room for what arena_create was told of. */
void *arena_take(struct arena *arena, size_t bytes);

#endif
