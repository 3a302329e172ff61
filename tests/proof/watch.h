/* SPDX-License-Identifier: MIT */
/*
 * The watch: stands between the audio thread and its cycles (the linker wraps
 * `cycle`), from the first one, when its thread-local storage is touched, to
 * the last. It sets the filter, or tells RealtimeSanitizer if that is linked,
 * plants violations and writes the findings. A release has nothing of it.
 */
#ifndef TESTS_PROOF_WATCH_H
#define TESTS_PROOF_WATCH_H

#include "findings.h"

/* Once in a run, before the engine. plant: done by the audio thread inside one
 * cycle; NULL: nothing. */
void watch_init(struct findings *findings, void (*plant)(void));

/* The warm-up is over: what the kernel counts is measured from the next cycle on. */
void watch_measure(void);

/* From what the program and the libraries call; nothing on other threads. */
void watch_call(enum call call);
void watch_offence(enum offence offence, const char *what, const void *caller);
/* Whether it is alsa-lib that calls, which is counted: it locks a mutex of a
 * plugin's PCM. Any thread. */
bool watch_alsa_lock(const void *caller);

#endif
