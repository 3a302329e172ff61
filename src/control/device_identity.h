/* SPDX-License-Identifier: MIT */
/*
 * The identity of an open PCM: its kind, the card behind it, and whether that
 * card paces it. Control threads.
 */
#ifndef PEAL_CONTROL_DEVICE_IDENTITY_H
#define PEAL_CONTROL_DEVICE_IDENTITY_H

#include <alsa/asoundlib.h>
#include <stdbool.h>
#include <stddef.h>

#include <peal/info.h>

/* Fill in type, card, card_id, card_name, device and subdevice. */
void device_identity_read(snd_pcm_t *pcm, struct engine_pcm_info *info);

/*
 * Whether SCHED_FIFO is wise on such a PCM unasked: only where a card's own
 * clock makes the thread sleep.
 * reason: room for why not; left alone if it is wise.
 */
bool device_identity_is_paced(snd_pcm_t *pcm, const struct engine_pcm_info *info, char *reason,
			      size_t size);

#endif
