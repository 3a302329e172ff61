/* SPDX-License-Identifier: MIT */
/*
 * The device: its PCMs opened, set up alike and linked. Control threads. The
 * PCMs are open or NULL, and both used ones are set up, before anyone else
 * sees them. alsa-lib's text is caught throughout, so nothing reaches stderr
 * from here. Does not start, prepare or stop anything.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <peal/error.h>

#include "card/card.h"
#include "control/alsa_text.h"
#include "control/device.h"
#include "control/device_identity.h"
#include "control/last_error.h"
#include "control/negotiate.h"
#include "control/refusal.h"

#define DEFAULT_NAME "default"
/* A holder that just closes is gone by then; ALSA has no event for it that
 * could be waited for with a limit. */
#define BUSY_TRIES 3
#define BUSY_PAUSE_NS 100000000

static int open_pcm(snd_pcm_t **pcm, const char *name, snd_pcm_stream_t stream,
		    struct engine_pcm_info *info)
{
	const struct timespec pause = { .tv_nsec = BUSY_PAUSE_NS };
	struct alsa_text text;
	int err;

	alsa_text_begin(&text);
	err = snd_pcm_open(pcm, name, stream, SND_PCM_NONBLOCK);
	for (int tries = 1; err == -EBUSY && tries < BUSY_TRIES; tries++) {
		nanosleep(&pause, NULL);
		err = snd_pcm_open(pcm, name, stream, SND_PCM_NONBLOCK);
	}
	alsa_text_end(&text);
	if (err < 0) {
		*pcm = NULL;
		return refusal_of_open(err, name, stream, text.text);
	}
	snprintf(info->name, sizeof(info->name), "%s", name);
	return 0;
}

static int open_named(struct device *device, const struct engine_config *config)
{
	const char *playback = config->device ? config->device : DEFAULT_NAME;
	const char *capture = config->capture_device ? config->capture_device : playback;
	int err = 0;

	if (config->directions & ENGINE_PLAYBACK)
		err = open_pcm(&device->playback, playback, SND_PCM_STREAM_PLAYBACK,
			       &device->info.playback);
	if (!err && config->directions & ENGINE_CAPTURE)
		err = open_pcm(&device->capture, capture, SND_PCM_STREAM_CAPTURE,
			       &device->info.capture);
	return err;
}

static int open_virtual_pcm(struct device *device, snd_pcm_t **pcm, const char *name,
			    snd_pcm_stream_t stream, struct engine_pcm_info *info)
{
	int err = card_open(device->card, pcm, stream, SND_PCM_NONBLOCK);

	if (err < 0) {
		*pcm = NULL;
		return last_error_set(err, "%s cannot be opened: %s", name, engine_strerror(err));
	}
	snprintf(info->name, sizeof(info->name), "%s", name);
	return 0;
}

static int open_virtual(struct device *device, const char *name, const struct engine_config *config)
{
	bool playback = config->directions & ENGINE_PLAYBACK;
	bool capture = config->directions & ENGINE_CAPTURE;
	char reason[256] = "";
	int err;

	if (config->capture_device)
		return last_error_set(-EINVAL,
				      "capture_device %s refused: the virtual card captures what "
				      "it plays, so name it as device and leave capture_device "
				      "NULL",
				      config->capture_device);
	/* one that is opened again is still there: its clock and faults go on */
	err = device->card ? 0 : card_create(&device->card, name, playback && capture, reason,
					     sizeof(reason));
	if (err < 0) {
		device->card = NULL;
		return last_error_set(err, "%s refused: %s", name,
				      reason[0] ? reason : engine_strerror(err));
	}
	if (playback)
		err = open_virtual_pcm(device, &device->playback, name, SND_PCM_STREAM_PLAYBACK,
				       &device->info.playback);
	if (!err && capture)
		err = open_virtual_pcm(device, &device->capture, name, SND_PCM_STREAM_CAPTURE,
				       &device->info.capture);
	return err;
}

static int open_pcms(struct device *device, const struct engine_config *config)
{
	if (config->device && card_is_name(config->device))
		return open_virtual(device, config->device, config);
	if (config->capture_device && card_is_name(config->capture_device))
		return open_virtual(device, config->capture_device, config);
	return open_named(device, config);
}

static int refuse_no_common_format(const struct device *device, const uint32_t formats[2])
{
	char lists[2][64] = { "", "" };

	for (int side = 0; side < 2; side++)
		for (uint32_t format = 0; formats[side] >> format; format++)
			if (formats[side] & 1u << format) {
				size_t length = strlen(lists[side]);

				snprintf(lists[side] + length, sizeof(lists[side]) - length, "%s%s",
					 length > 0 ? ", " : "", engine_format_name(format));
			}
	return last_error_set(-EINVAL,
			      "no format in common: %s offers %s for playback, %s offers %s for "
			      "capture",
			      device->info.playback.name, lists[0], device->info.capture.name,
			      lists[1]);
}

/* Both directions alike: the same format, and capture's sizes near playback's. */
static int set_up(struct device *device, const struct engine_config *config)
{
	struct engine_info *info = &device->info;
	struct engine_config wish = *config;
	uint32_t formats[2] = { UINT32_MAX, UINT32_MAX };
	int err = 0;

	if (device->playback)
		err = negotiate_formats(device->playback, info->playback.name, &wish, &formats[0]);
	if (!err && device->capture)
		err = negotiate_formats(device->capture, info->capture.name, &wish, &formats[1]);
	if (err)
		return err;
	wish.format = negotiate_prefer(formats[0] & formats[1]);
	if (wish.format == ENGINE_FORMAT_ANY)
		return refuse_no_common_format(device, formats);

	if (device->playback) {
		err = negotiate(device->playback, &wish, &info->playback);
		wish.period_frames = info->playback.period_frames;
		wish.periods = info->playback.periods;
	}
	if (!err && device->capture)
		err = negotiate(device->capture, &wish, &info->capture);
	if (err)
		return err;

	info->size = sizeof(*info);
	info->directions = wish.directions;
	info->rate = wish.rate;
	info->channels = wish.channels;
	info->format = wish.format;
	info->sample_bytes = (uint32_t)engine_format_bytes(wish.format);
	info->frame_bytes = info->channels * info->sample_bytes;
	info->period_frames = info->playback.period_frames;
	if (info->period_frames < info->capture.period_frames)
		info->period_frames = info->capture.period_frames;
	return 0;
}

/*
 * One clock means one card. The kernel would also group the PCMs of two cards
 * and alsa-lib those behind two converters, but the former drift apart, and
 * the latter need a prepare each.
 */
static void link_pcms(struct device *device)
{
	struct engine_info *info = &device->info;

	if (!device->playback || !device->capture)
		return;
	if (device->card) {
		info->linked = 1;
		return;
	}
	device->grouped = snd_pcm_type(device->playback) == SND_PCM_TYPE_HW &&
			  snd_pcm_type(device->capture) == SND_PCM_TYPE_HW &&
			  info->playback.card == info->capture.card &&
			  snd_pcm_link(device->playback, device->capture) >= 0;
	info->linked = device->grouped;
}

static void identify(struct device *device)
{
	struct engine_info *info = &device->info;
	char *reason = device->promote_reason;
	size_t size = sizeof(device->promote_reason);

	if (device->playback)
		device_identity_read(device->playback, &info->playback);
	if (device->capture)
		device_identity_read(device->capture, &info->capture);
	/* the virtual card's timer paces it as a card's would */
	device->promote =
		device->card ||
		((!device->playback ||
		  device_identity_is_paced(device->playback, &info->playback, reason, size)) &&
		 (!device->capture ||
		  device_identity_is_paced(device->capture, &info->capture, reason, size)));
}

int device_open_all(struct device *device, const struct engine_config *config)
{
	int err = open_pcms(device, config);

	if (!err)
		err = set_up(device, config);
	if (!err) {
		identify(device);
		link_pcms(device);
	}
	return err;
}

int device_open(struct device *device, const struct engine_config *config)
{
	struct alsa_text quiet;
	int err;

	memset(device, 0, sizeof(*device));
	alsa_text_begin(&quiet);
	err = device_open_all(device, config);
	if (err)
		device_close(device);
	alsa_text_end(&quiet);
	return err;
}

void device_close_pcms(struct device *device)
{
	struct alsa_text quiet;

	alsa_text_begin(&quiet);
	if (device->playback)
		snd_pcm_close(device->playback);
	if (device->capture)
		snd_pcm_close(device->capture);
	alsa_text_end(&quiet);
	device->playback = NULL;
	device->capture = NULL;
}

void device_close(struct device *device)
{
	device_close_pcms(device);
	card_destroy(device->card);
	memset(device, 0, sizeof(*device));
}
