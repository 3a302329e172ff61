/* SPDX-License-Identifier: MIT */
/*
 * The limits of a PCM: what it offers, told from its space of parameters.
 * Control threads.
 */
#ifndef PEAL_CONTROL_DEVICE_LIMITS_H
#define PEAL_CONTROL_DEVICE_LIMITS_H

#include <alsa/asoundlib.h>

#include <peal/device.h>

/*
 * The channels and the rates that a space leaves. Each is tried, since the
 * ends of a range do not say what lies between them. The space is not changed.
 */
void device_limits_channels(struct engine_pcm_limits *limits, snd_pcm_t *pcm,
			    snd_pcm_hw_params_t *space);
void device_limits_rates(struct engine_pcm_limits *limits, snd_pcm_t *pcm,
			 snd_pcm_hw_params_t *space);

#endif
