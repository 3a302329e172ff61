/* SPDX-License-Identifier: MIT */
/*
 * Support: what the unit tests share. Whatever goes wrong in here fails the
 * test that called; so none of it may be called on a thread that the test
 * started, but where it says so.
 */
#ifndef PEAL_TESTS_SUPPORT_H
#define PEAL_TESTS_SUPPORT_H

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than anything takes, however busy the machine: only a failure waits so long. */
#define SUPPORT_PATIENCE_MS 60000

/* The body of main: run the suite, with the result for the shell. */
int support_run(Suite *suite);

pthread_t support_start(void *(*run)(void *), void *arg);
void *support_join(pthread_t thread);

/*
 * Keep the calling thread on the n-th of the processors that there are, or as
 * far from the others as there are. Two threads that wait for each other
 * otherwise often share one, and nothing of theirs happens at the same time.
 * Any thread.
 */
void support_stay_on(unsigned n);

/*
 * Whether an emulator runs us (RUN, see scripts/run-tests) that is no true
 * kernel in the respect named; then says that this test is skipped, and why.
 */
bool support_emulated(const char *why);

/* Whether poll finds the descriptor readable now. */
bool support_readable(int fd);

/* Wait until it is. */
void support_await_readable(int fd);

/* How many entries /proc/self/fd or /proc/self/task has. */
unsigned support_count_fds(void);
unsigned support_count_threads(void);

/* Wait until the process has no more threads than that: one that was joined may
 * still be seen for a while. */
void support_await_threads(unsigned count);

/* A sequence of numbers that looks random, the same in every run. Any thread. */
uint64_t support_random(uint64_t *state);
void support_random_bytes(uint64_t *state, void *bytes, size_t count);

#endif
