/* SPDX-License-Identifier: MIT */
/*
 * The real-time grant: asks the kernel for SCHED_FIFO and locked memory on
 * behalf of the audio thread, and finds the cause of each refusal. Control
 * threads only.
 */
#ifndef PEAL_CONTROL_RT_GRANT_H
#define PEAL_CONTROL_RT_GRANT_H

#include <pthread.h>
#include <stddef.h>

#include <peal/rt_report.h>

/*
 * Put thread into SCHED_FIFO at wanted priority, or at the highest that
 * RLIMIT_RTPRIO allows below it; fills in policy, priority, wanted_priority,
 * sched_error, sched_reason and sched_remedy (as the kernel reports them
 * afterwards). wanted 0: leave it at normal priority, with reason as
 * sched_reason.
 */
void rt_grant_sched(struct engine_rt_report *report, pthread_t thread, int wanted,
		    const char *reason);

/*
 * Lock an area into RAM with mlock; fills in locked_bytes, arena_bytes,
 * lock_error, lock_reason and lock_remedy.
 */
void rt_grant_memory(struct engine_rt_report *report, void *base, size_t bytes);

#endif
