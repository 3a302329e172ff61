/* SPDX-License-Identifier: MIT */
/*
 * The devices of this machine, listed without opening any of them.
 */
#ifndef PEAL_DEVICE_H
#define PEAL_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine_device {
	char name[128];        /* for engine_config.device; survives reboots */
	char description[256]; /* in words, one line */
	uint32_t directions;   /* ENGINE_PLAYBACK and/or ENGINE_CAPTURE */
	uint32_t hardware;     /* 1: a PCM of a card, 0: a plugin, a server or the virtual card */
};

/*
 * List the PCMs that engine_create can be given: each card's hardware PCMs
 * (as "hw:CARD=id,DEV=n"), then what ALSA's configuration names, then
 * "virtual". Busy devices are listed too. Nothing is opened but the cards'
 * control interfaces.
 *
 * devices: room for capacity entries; may be NULL when capacity is 0.
 * device_size: sizeof(struct engine_device).
 * Returns how many devices there are, which may be more than capacity (only
 * the first capacity are filled in); -EINVAL; ENGINE_EABI when device_size is
 * unknown; -ENOMEM; or ALSA's code.
 * Thread: control.
 */
int engine_list_devices(struct engine_device *devices, size_t capacity, size_t device_size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
