/* SPDX-License-Identifier: MIT */
/*
 * The device again: the PCMs of a card that was lost and has returned. On the
 * caretaker's thread, while the device is lost.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/alsa_text.h"
#include "control/device.h"
#include "control/last_error.h"

/* A card's index may be another when it returns; its id is not. */
static const char *lasting_name(const struct engine_pcm_info *info, char *name, size_t size)
{
	if (strcmp(info->type, "HW") != 0 || !info->card_id[0])
		return info->name;
	snprintf(name, size, "hw:CARD=%s,DEV=%u,SUBDEV=%u", info->card_id, info->device,
		 info->subdevice);
	return name;
}

static bool same_pcm(const struct engine_pcm_info *a, const struct engine_pcm_info *b)
{
	return a->access == b->access && a->period_frames == b->period_frames &&
	       a->buffer_frames == b->buffer_frames;
}

static bool same_shape(const struct device *a, const struct device *b)
{
	return a->info.rate == b->info.rate && a->info.channels == b->info.channels &&
	       a->info.format == b->info.format && same_pcm(&a->info.playback, &b->info.playback) &&
	       same_pcm(&a->info.capture, &b->info.capture);
}

int device_reopen(struct device *device)
{
	const struct engine_info *info = &device->info;
	const struct engine_pcm_info *first =
		info->directions & ENGINE_PLAYBACK ? &info->playback : &info->capture;
	char playback[160], capture[160];
	struct engine_config same = {
		.device = lasting_name(first, playback, sizeof(playback)),
		.directions = info->directions,
		.rate = info->rate,
		.channels = info->channels,
		.format = info->format,
		.access = first->access,
		.period_frames = first->period_frames,
		.periods = first->periods,
	};
	struct device fresh = { .card = device->card };
	struct alsa_text quiet;
	int err;

	if (info->directions == (ENGINE_PLAYBACK | ENGINE_CAPTURE) && !device->card)
		same.capture_device = lasting_name(&info->capture, capture, sizeof(capture));
	if (info->playback.access != info->capture.access && same.capture_device)
		same.access = ENGINE_ACCESS_ANY;
	alsa_text_begin(&quiet);
	err = device_open_all(&fresh, &same);
	alsa_text_end(&quiet);
	if (err == 0 && !same_shape(&fresh, device))
		err = last_error_set(-EINVAL, "%s returned, and takes other sizes now", same.device);
	if (err < 0) {
		device_close_pcms(&fresh);
		return err;
	}
	device->playback = fresh.playback;
	device->capture = fresh.capture;
	device->grouped = fresh.grouped;
	return 0;
}
