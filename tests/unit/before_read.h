/* SPDX-License-Identifier: MIT */
/*
 * Before a read: a hook for the one moment that no test hits by chance, when
 * a thread that found nothing is about to make a descriptor unreadable and
 * then looks again. Replaces libc's read in the program that includes it;
 * for its one file, and one thread of it.
 */
#ifndef PEAL_TESTS_BEFORE_READ_H
#define PEAL_TESTS_BEFORE_READ_H

#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local struct {
	int fd;
	void (*hook)(void);
} before_read;

/* The calling thread's next read of fd begins with a call of hook. */
static void before_read_call(int fd, void (*hook)(void))
{
	before_read.fd = fd;
	before_read.hook = hook;
}

ssize_t read(int fd, void *to, size_t size)
{
	void (*hook)(void) = before_read.hook;

	if (hook && fd == before_read.fd) {
		before_read.hook = NULL;
		hook();
	}
	return syscall(SYS_read, fd, to, size);
}

#endif
