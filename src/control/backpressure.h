/* SPDX-License-Identifier: MIT */
/* Backpressure embedded in something of ours, on the control side. */
#ifndef PEAL_CONTROL_BACKPRESSURE_H
#define PEAL_CONTROL_BACKPRESSURE_H

#include "shared/backpressure.h"

/* Both 0: the defaults. Else 0, or -EINVAL with the last error set. */
int backpressure_thresholds(double *on, double *off);

/* On zeroed memory; the thresholds are in range. */
void backpressure_init(struct engine_backpressure *backpressure, double on, double off);

/* As engine_backpressure_get_stats. */
int backpressure_stats(struct engine_backpressure *backpressure, uint64_t now_ns,
		       struct engine_backpressure_stats *stats);

#endif
