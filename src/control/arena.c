/* SPDX-License-Identifier: MIT */
/* The arena; see arena.h. Control side. */
#include "control/arena.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared/atomic.h"

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

size_t arena_need(size_t bytes)
{
	if (bytes > SIZE_MAX / 2)
		return SIZE_MAX;
	return (bytes + CACHE_APART - 1) / CACHE_APART * CACHE_APART;
}

int arena_create(struct arena *arena, size_t bytes)
{
	size_t page = page_bytes();
	unsigned char *base;

	if (bytes > SIZE_MAX / 2)
		return -ENOMEM;
	bytes = (bytes + page - 1) / page * page;
	base = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (base == MAP_FAILED)
		return -errno;
	/* what lies first is a stack that grows towards the guard */
	if (mprotect(base, page, PROT_NONE) < 0 ||
	    madvise(base, page + bytes, MADV_DONTFORK) < 0) {
		int err = -errno;

		munmap(base, page + bytes);
		return err;
	}
	*arena = (struct arena){ .base = base + page, .bytes = bytes };
	return 0;
}

void arena_destroy(struct arena *arena)
{
	size_t page = page_bytes();

	if (arena->base)
		munmap(arena->base - page, page + arena->bytes);
	*arena = (struct arena){ 0 };
}

void *arena_take(struct arena *arena, size_t bytes)
{
	unsigned char *taken = arena->base + arena->used;

	arena->used += arena_need(bytes);
	return taken;
}
