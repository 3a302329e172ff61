/* SPDX-License-Identifier: MIT */
/*
 * The device of a command: an engine, opened and watched in words.
 */
#ifndef CLI_DEVICE_H
#define CLI_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <peal.h>

/* Create an engine whose warnings are complaints. Returns as engine_create, and says nothing. */
int device_create(struct engine **engine, struct engine_config *config);

/* The same with both directions, or the one that the device has. */
int device_create_any(struct engine **engine, struct engine_config *config);

/* Complain in the engine's own words about a control call that returned err. */
void device_complain(const char *command, int err);

/* Destroy the engine. Returns status, or EXIT_FAILED, with a complaint, when that failed. */
int device_destroy(const char *command, struct engine *engine, int status);

/*
 * Take what arrived on the engine's own port and complain about each event.
 * Returns 0, or ENGINE_ELOST when the device is gone for good.
 */
int device_watch(const char *command, struct engine *engine);

/* Complain about an event; false when the message is none. */
bool device_tell(const char *command, const struct engine_message *message);

/* The causes of the xruns that were told so far: "2 woken late, 1 too much work"; "" if none. */
const char *device_xrun_causes(void);

/* Whether a device that should move does. */
struct device_motion {
	uint64_t position;
	uint64_t moved_ns; /* when position last changed */
};

/*
 * Returns 0 while position changes or has a reason not to, -ETIMEDOUT after
 * 5 s and two buffers of standstill. position: any count that the device's
 * clock drives.
 */
int device_motion_check(struct device_motion *motion, struct engine *engine,
			const struct engine_info *info, uint64_t position);

/* Complain that a transfer ended with err, which a stream call or a check above returned. */
void device_complain_stream(const char *command, int err);

#endif
