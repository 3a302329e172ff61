/* SPDX-License-Identifier: MIT */
/*
 * A library to preload: counts the allocations that any thread but the first
 * makes, which in a program without further Python threads is the engine's.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *old);

static atomic_int elsewhere;

static void count(void)
{
	if (syscall(SYS_gettid) != getpid())
		atomic_fetch_add(&elsewhere, 1);
}

int allocations_elsewhere(void)
{
	return atomic_load(&elsewhere);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	count();
	return __libc_realloc(old, size);
}

void free(void *old)
{
	if (old)
		count();
	__libc_free(old);
}
