/* SPDX-License-Identifier: MIT */
/*
 * Denormals: flushed to zero on the audio thread, since arithmetic on them is
 * up to a hundred times slower. The mode is a thread's own: the host program's
 * other threads keep theirs.
 */
#ifndef PEAL_RT_DENORMALS_H
#define PEAL_RT_DENORMALS_H

/* 1 when this thread now flushes them, 0 where the machine has no such mode. */
int denormals_flush(void);

#endif
