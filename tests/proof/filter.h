/* SPDX-License-Identifier: MIT */
/*
 * The filter: seccomp on the calling thread alone. It allows by number what the
 * audio thread may call, and everything from one place of ours; the rest traps.
 */
#ifndef TESTS_PROOF_FILTER_H
#define TESTS_PROOF_FILTER_H

#include <stdbool.h>

/* Once in the process, before any thread: the handler of SIGSYS. It tells
 * `trapped` of the call, which then is carried out all the same. */
void filter_init(void (*trapped)(int number, const long *arguments));

/* From now on for this thread; false: refused. */
bool filter_enter(void);

/* A system call that passes the filter: its negative error, or its result. */
long filter_pass(long number, const long *arguments);

#endif
