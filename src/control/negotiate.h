/* SPDX-License-Identifier: MIT */
/*
 * The negotiation of one PCM: what is wished for goes in, what the device
 * really does comes out. Control threads.
 */
#ifndef PEAL_CONTROL_NEGOTIATE_H
#define PEAL_CONTROL_NEGOTIATE_H

#include <alsa/asoundlib.h>

#include <peal/config.h>
#include <peal/info.h>

/*
 * All that a PCM can do, in the caller's space: rates that alsa-lib would
 * convert are left out, but on a PCM that is named for converting.
 * Returns 0, or the error with its sentence in the last error.
 */
int negotiate_space(snd_pcm_t *pcm, const char *name, snd_pcm_hw_params_t *space);

/*
 * Which formats a PCM takes together with wish's access, channels and rate:
 * bits 1 << enum engine_format, of wish->format alone if it is not ANY.
 * Returns 0 and at least one bit; or the error, with the last error naming
 * the parameter that stands in the way.
 */
int negotiate_formats(snd_pcm_t *pcm, const char *name, const struct engine_config *wish,
		      uint32_t *formats);

/* The format to prefer among such bits; ENGINE_FORMAT_ANY if there is none. */
uint32_t negotiate_prefer(uint32_t formats);

/*
 * Set up a PCM that was just opened: wish's access, format (not ANY), channels
 * and rate exactly, its period and periods as near as the PCM can. Afterwards
 * the PCM is PREPARED and starts only by snd_pcm_start.
 * info: name is set by the caller; sizes, access, rate and time stamps are read
 *   back from the PCM.
 * Returns 0, or the error with its sentence in the last error.
 */
int negotiate(snd_pcm_t *pcm, const struct engine_config *wish, struct engine_pcm_info *info);

#endif
