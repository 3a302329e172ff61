/* SPDX-License-Identifier: MIT */
/* Whether a health snapshot keeps stated limits. Any thread. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include <peal/error.h>
#include <peal/health.h>

int engine_health_limits_default(struct engine_health_limits *limits)
{
	if (!limits)
		return -EINVAL;
	*limits = (struct engine_health_limits){
		.size = sizeof(*limits),
		.drop_rate = 0.01,
		.load = 0.8,
		.wakeup_p99_ns = NAN,
	};
	return 0;
}

int engine_health_is_healthy(const struct engine_health_snapshot *snapshot,
			     const struct engine_health_limits *limits, char *reason,
			     size_t reason_size)
{
	struct engine_health_limits defaults;

	if (!snapshot || (!reason && reason_size > 0))
		return -EINVAL;
	if (!limits) {
		engine_health_limits_default(&defaults);
		limits = &defaults;
	}
	if (snapshot->size != sizeof(*snapshot) || limits->size != sizeof(*limits))
		return ENGINE_EABI;
	const struct {
		const char *name;
		double value, limit;
	} figures[] = {
		{ "drop rate", snapshot->drop_rate, limits->drop_rate },
		{ "load", snapshot->load, limits->load },
		{ "xruns", (double)snapshot->xruns, limits->xruns },
		{ "underruns", (double)snapshot->underruns, limits->underruns },
		{ "overruns", (double)snapshot->overruns, limits->overruns },
		{ "wake-up p99 in ns", snapshot->latency[ENGINE_HEALTH_WAKEUP].p99_ns,
		  limits->wakeup_p99_ns },
	};

	if (reason_size > 0)
		reason[0] = '\0';
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		/* false if either is unknown */
		if (!(figures[i].value > figures[i].limit))
			continue;
		if (reason_size > 0)
			snprintf(reason, reason_size, "%s %g is above %g", figures[i].name,
				 figures[i].value, figures[i].limit);
		return 0;
	}
	return 1;
}
