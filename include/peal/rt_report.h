/* SPDX-License-Identifier: MIT */
/*
 * The real-time report: what the audio thread was granted, what was refused,
 * why, and the line to add to mend it.
 */
#ifndef PEAL_RT_REPORT_H
#define PEAL_RT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include <peal/engine.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_rt_report {
	size_t size;               /* sizeof(struct engine_rt_report), set by the caller */
	int32_t policy;            /* SCHED_FIFO (1) or SCHED_OTHER (0), as the kernel reports it */
	int32_t priority;          /* the priority the thread has; 0 with SCHED_OTHER */
	int32_t wanted_priority;   /* what was tried for; 0: none, see sched_reason */
	int32_t sched_error;       /* 0, or the negative error of the refusal */
	char sched_reason[256];    /* why it is not what was wanted; "" if it is */
	char sched_remedy[256];    /* the line to add, and where; "" if none is needed */
	uint64_t locked_bytes;     /* of the engine's own memory, locked into RAM */
	uint64_t arena_bytes;      /* the engine's own memory: stack, rings, chunks */
	int32_t lock_error;        /* 0, or the negative error of mlock */
	uint32_t stack_bytes;      /* the audio thread's stack, all of it prefaulted */
	char lock_reason[256];
	char lock_remedy[256];
	uint32_t signals_blocked;  /* 1: all signals but SIGSYS are blocked in the thread */
	uint32_t flush_to_zero;    /* 1: denormals are flushed to zero in the thread */
};

/*
 * Fill in the real-time report.
 * Returns 0; -EINVAL when an argument is NULL; ENGINE_EABI; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_get_rt_report(struct engine *engine, struct engine_rt_report *report);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
