/* SPDX-License-Identifier: MIT */
/* Health embedded in something of ours, on the control side. */
#ifndef PEAL_CONTROL_HEALTH_H
#define PEAL_CONTROL_HEALTH_H

#include "shared/health.h"

/* Everything 0, the uptime beginning now. */
void health_reset(struct engine_health *health);

/* As engine_health_get, with the sizes already checked. */
void health_get(struct engine_health *health, struct engine_health_snapshot *snapshot);

#endif
