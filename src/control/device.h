/* SPDX-License-Identifier: MIT */
/*
 * The device as the control side holds it: the PCMs, opened, negotiated and
 * linked, and what was read back from them. Nothing here runs on the audio
 * thread. While the engine runs, the PCMs belong to the audio thread.
 */
#ifndef PEAL_CONTROL_DEVICE_H
#define PEAL_CONTROL_DEVICE_H

#include <alsa/asoundlib.h>
#include <stdbool.h>

#include <peal/config.h>
#include <peal/info.h>

struct card;

struct device {
	snd_pcm_t *playback; /* NULL: not used */
	snd_pcm_t *capture;  /* NULL: not used */
	struct card *card;   /* NULL: not the virtual card */
	struct engine_info info; /* read back; stream_frames, ports, fallback: the engine's */
	/* The two are one kernel group: prepare, start and drop act on both. */
	bool grouped;
	/* Whether SCHED_FIFO is wise by default on these PCMs, else why not. */
	bool promote;
	char promote_reason[256];
};

/*
 * Open and negotiate what config asks for. config is already complete and in
 * range: no field that has a default is 0 except format, access and device
 * names (see config_resolve).
 * Returns 0, or a negative error with everything closed and the sentence in
 * the calling thread's last error (control/last_error.h).
 */
int device_open(struct device *device, const struct engine_config *config);

/* The part of it that device_reopen shares: into a device that is empty but for
 * the virtual card, which is taken if it is there. What was opened stays open
 * on failure. */
int device_open_all(struct device *device, const struct engine_config *config);

/*
 * Open PCMs that were closed by device_close_pcms again: those of the same
 * card, wherever it is now, with the parameters that they had.
 * Returns 0; -EINVAL when it takes them no longer; any other negative error:
 * not now. Nothing is left open then.
 */
int device_reopen(struct device *device);

/* Close the PCMs and keep everything else. */
void device_close_pcms(struct device *device);

/* Close the PCMs and the card. Closing a zeroed struct device is allowed. */
void device_close(struct device *device);

#endif
