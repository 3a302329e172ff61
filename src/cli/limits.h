/* SPDX-License-Identifier: MIT */
/*
 * The limits of a device, in words.
 */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H

#include <stdint.h>

#include <peal.h>

/*
 * Print what a device says of itself: of each of directions, which were asked
 * for, a few indented lines, or why it says nothing.
 */
void limits_say(const struct engine_device_limits *limits, uint32_t directions);

#endif
