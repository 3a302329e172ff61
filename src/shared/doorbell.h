/* SPDX-License-Identifier: MIT */
/*
 * The doorbell: an eventfd that tells a sleeping thread that something was
 * put where it looks. Any number of threads ring it, one thread answers it.
 *
 * Posting and then looking whether someone sleeps needs more than acquire and
 * release; here both sides meet in one read-modify-write on `rung`, so one of
 * them always sees the other. The ringer makes a system call only when the
 * bell is quiet, the answerer only when it was rung.
 *
 * The order that may not change: the ringer posts, then rings; the answerer
 * answers, then looks. rung is 1 exactly while the fd is readable or a ringer
 * or the answerer is between its two steps.
 */
#ifndef PEAL_SHARED_DOORBELL_H
#define PEAL_SHARED_DOORBELL_H

#include <stdbool.h>

#include "shared/atomic.h"

struct doorbell {
	int fd; /* only polled by others */
	atomic_of(int) rung;
};

/* 0 or -errno. Control side. */
int doorbell_init(struct doorbell *bell);
void doorbell_done(struct doorbell *bell);

/* Any thread, any number of them. Does not block. */
void doorbell_ring(struct doorbell *bell);

/*
 * The answering thread: make the fd unreadable. Returns whether it was rung;
 * the caller then looks once more at what the bell is for, and if it is a
 * receiver that leaves something behind, rings again itself.
 */
bool doorbell_answer(struct doorbell *bell);

#endif
