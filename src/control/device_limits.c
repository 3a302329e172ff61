/* SPDX-License-Identifier: MIT */
/*
 * The limits of a device: opened for a moment, read, and closed again. Control
 * threads. A PCM is never set up here, so nothing that it does is disturbed,
 * and one that the kernel says is held by someone is not even opened. What
 * alsa-lib has to say goes into the reasons, never to stderr.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include <peal/config.h>
#include <peal/error.h>

#include "card/card.h"
#include "control/alsa_text.h"
#include "control/config.h"
#include "control/device_identity.h"
#include "control/device_limits.h"
#include "control/holder.h"
#include "control/last_error.h"
#include "control/negotiate.h"
#include "control/refusal.h"

#define BOTH_DIRECTIONS (ENGINE_PLAYBACK | ENGINE_CAPTURE)

void device_limits_channels(struct engine_pcm_limits *limits, snd_pcm_t *pcm,
			    snd_pcm_hw_params_t *space)
{
	for (unsigned int i = 0; i < ENGINE_CHANNELS_MAX; i++)
		if (snd_pcm_hw_params_test_channels(pcm, space, i + 1) == 0)
			limits->channels[i / 64] |= UINT64_C(1) << i % 64;
}

void device_limits_rates(struct engine_pcm_limits *limits, snd_pcm_t *pcm,
			 snd_pcm_hw_params_t *space)
{
	static const unsigned int usual[] = { 8000,  11025, 16000, 22050,  32000,  44100,  48000,
					      64000, 88200, 96000, 176400, 192000, 384000, 768000 };
	uint32_t *rate = limits->rates;
	unsigned int min, max;

	if (snd_pcm_hw_params_get_rate_min(space, &min, NULL) < 0 ||
	    snd_pcm_hw_params_get_rate_max(space, &max, NULL) < 0)
		return;
	limits->rate_min = min;
	limits->rate_max = max;
	/* a PCM of fixed rates takes none right beside them */
	limits->rate_any = min < max && snd_pcm_hw_params_test_rate(pcm, space, min + 1, 0) == 0 &&
			   snd_pcm_hw_params_test_rate(pcm, space, max - 1, 0) == 0;
	/* the last of limits->rates stays 0 */
	_Static_assert(sizeof(usual) < sizeof(limits->rates), "too many rates");
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (snd_pcm_hw_params_test_rate(pcm, space, usual[i], 0) == 0)
			*rate++ = usual[i];
}

static void read_accesses(struct engine_pcm_limits *limits, snd_pcm_t *pcm,
			  snd_pcm_hw_params_t *space)
{
	static const struct {
		snd_pcm_access_t theirs;
		uint32_t ours;
	} accesses[] = {
		{ SND_PCM_ACCESS_MMAP_INTERLEAVED, ENGINE_DEVICE_MMAP_INTERLEAVED },
		{ SND_PCM_ACCESS_MMAP_NONINTERLEAVED, ENGINE_DEVICE_MMAP_NONINTERLEAVED },
		{ SND_PCM_ACCESS_RW_INTERLEAVED, ENGINE_DEVICE_RW_INTERLEAVED },
		{ SND_PCM_ACCESS_RW_NONINTERLEAVED, ENGINE_DEVICE_RW_NONINTERLEAVED },
	};

	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++)
		if (snd_pcm_hw_params_test_access(pcm, space, accesses[i].theirs) == 0)
			limits->accesses |= accesses[i].ours;
}

static void read_formats(struct engine_pcm_limits *limits, snd_pcm_t *pcm,
			 snd_pcm_hw_params_t *space)
{
	char *text = limits->other_formats;

	for (int i = 0; i <= SND_PCM_FORMAT_LAST; i++) {
		const char *name = snd_pcm_format_name((snd_pcm_format_t)i);
		int ours = engine_format_from_name(name);
		size_t length = strlen(text);

		if (!name || snd_pcm_hw_params_test_format(pcm, space, (snd_pcm_format_t)i) != 0)
			continue;
		if (ours > 0)
			limits->formats |= 1u << ours;
		else if (length + strlen(name) + 3 < sizeof(limits->other_formats))
			sprintf(text + length, "%s%s", length > 0 ? ", " : "", name);
	}
}

static uint32_t clipped(snd_pcm_uframes_t frames)
{
	return frames < UINT32_MAX ? (uint32_t)frames : UINT32_MAX;
}

/* Sizes in frames mean little while a frame may have any size: so with the
 * engine's defaults, or what is nearest. Uses the space up. */
static void read_sizes(struct engine_pcm_limits *limits, snd_pcm_t *pcm, snd_pcm_hw_params_t *space)
{
	uint32_t format = negotiate_prefer(limits->formats);
	snd_pcm_uframes_t frames;
	struct engine_config wish;
	unsigned int channels, rate;

	config_resolve(&wish, NULL);
	channels = wish.channels;
	rate = wish.rate;
	if (format && snd_pcm_hw_params_set_format(
			      pcm, space, snd_pcm_format_value(engine_format_name(format))) >= 0)
		limits->default_format = format;
	if (snd_pcm_hw_params_set_channels_near(pcm, space, &channels) >= 0)
		limits->default_channels = channels;
	if (snd_pcm_hw_params_set_rate_near(pcm, space, &rate, NULL) >= 0)
		limits->default_rate = rate;
	if (snd_pcm_hw_params_get_period_size_min(space, &frames, NULL) >= 0)
		limits->period_min = clipped(frames);
	if (snd_pcm_hw_params_get_period_size_max(space, &frames, NULL) >= 0)
		limits->period_max = clipped(frames);
	if (snd_pcm_hw_params_get_buffer_size_min(space, &frames) >= 0)
		limits->buffer_min = clipped(frames);
	if (snd_pcm_hw_params_get_buffer_size_max(space, &frames) >= 0)
		limits->buffer_max = clipped(frames);
}

static void read_identity(struct engine_pcm_limits *limits, snd_pcm_t *pcm)
{
	struct engine_pcm_info info = { 0 };

	device_identity_read(pcm, &info);
	memcpy(limits->type, info.type, sizeof(limits->type));
	memcpy(limits->card_id, info.card_id, sizeof(limits->card_id));
	memcpy(limits->card_name, info.card_name, sizeof(limits->card_name));
	limits->card = info.card;
}

static int read_pcm(struct engine_pcm_limits *limits, snd_pcm_t *pcm, const char *name)
{
	snd_pcm_hw_params_t *space;
	int err;

	snd_pcm_hw_params_alloca(&space);
	err = negotiate_space(pcm, name, space);
	if (err < 0)
		return err;
	read_identity(limits, pcm);
	read_accesses(limits, pcm, space);
	read_formats(limits, pcm, space);
	device_limits_channels(limits, pcm, space);
	device_limits_rates(limits, pcm, space);
	limits->batch = snd_pcm_hw_params_is_batch(space) != 0;
	read_sizes(limits, pcm, space);
	return 0;
}

static int refuse_busy(const struct holder *holder)
{
	if (holder->pid == 0)
		return last_error_set(-EBUSY, "busy: held by a program in another container");
	return last_error_set(-EBUSY, "busy: held by %s (pid %d)",
			      holder->program[0] ? holder->program : "a program", (int)holder->pid);
}

static int open_pcm(snd_pcm_t **pcm, const char *name, snd_pcm_stream_t stream, struct card *card)
{
	struct alsa_text text;
	struct holder holder;
	int err;

	if (card) {
		err = card_open(card, pcm, stream, SND_PCM_NONBLOCK);
		return err < 0 ? last_error_set(err, "%s cannot be opened: %s", name,
						engine_strerror(err))
			       : 0;
	}
	if (holder_of_full(&holder, HOLDER_PROC, name, stream))
		return refuse_busy(&holder);
	alsa_text_begin(&text);
	err = snd_pcm_open(pcm, name, stream, SND_PCM_NONBLOCK);
	alsa_text_end(&text);
	return err < 0 ? refusal_of_open(err, name, stream, text.text) : 0;
}

/* One direction; a card of ours, or NULL. */
static int ask(struct engine_pcm_limits *limits, const char *name, snd_pcm_stream_t stream,
	       struct card *card)
{
	snd_pcm_t *pcm;
	int err = open_pcm(&pcm, name, stream, card);

	if (err == 0) {
		err = read_pcm(limits, pcm, name);
		snd_pcm_close(pcm);
	}
	if (err == 0)
		return 0;
	limits->error = err;
	snprintf(limits->reason, sizeof(limits->reason), "%s", engine_last_error());
	return err;
}

/* As the engine would link them: two hardware PCMs of one card, or our own. */
static bool linkable(const struct engine_device_limits *limits, const struct card *card)
{
	const struct engine_pcm_limits *a = &limits->playback, *b = &limits->capture;

	if (limits->directions != BOTH_DIRECTIONS)
		return false;
	return card || (strcmp(a->type, "HW") == 0 && strcmp(b->type, "HW") == 0 && a->card >= 0 &&
			a->card == b->card);
}

static int ask_both(struct engine_device_limits *limits, const char *name, uint32_t directions,
		    struct card *card)
{
	int err = 0, err2 = 0;

	if (directions & ENGINE_PLAYBACK)
		err = ask(&limits->playback, name, SND_PCM_STREAM_PLAYBACK, card);
	if (directions & ENGINE_CAPTURE)
		err2 = ask(&limits->capture, name, SND_PCM_STREAM_CAPTURE, card);
	if (err < 0)
		directions &= ~(uint32_t)ENGINE_PLAYBACK;
	if (err2 < 0)
		directions &= ~(uint32_t)ENGINE_CAPTURE;
	limits->directions = directions;
	limits->linkable = linkable(limits, card);
	if (directions)
		return 0;
	return err < 0 ? last_error_set(err, "%s", limits->playback.reason) : err2;
}

static int query(struct engine_device_limits *limits, const char *name, uint32_t directions)
{
	struct card *card = NULL;
	char reason[256] = "";
	int err;

	if (card_is_name(name)) {
		err = card_create(&card, name, directions == BOTH_DIRECTIONS, reason,
				  sizeof(reason));
		if (err < 0)
			return last_error_set(err, "%s refused: %s", name,
					      reason[0] ? reason : engine_strerror(err));
	}
	err = ask_both(limits, name, directions, card);
	card_destroy(card);
	return err;
}

int engine_query_device(const char *name, uint32_t directions, struct engine_device_limits *limits)
{
	struct alsa_text quiet;
	int err;

	if (!limits)
		return last_error_set(-EINVAL, "limits is NULL: where should they go?");
	if (limits->size != sizeof(*limits))
		return last_error_set(ENGINE_EABI, "%s", engine_strerror(ENGINE_EABI));
	memset(limits, 0, sizeof(*limits));
	limits->size = sizeof(*limits);
	if (directions & ~(uint32_t)BOTH_DIRECTIONS)
		return last_error_set(-EINVAL,
				      "directions is %u: set it to ENGINE_PLAYBACK, "
				      "ENGINE_CAPTURE or both",
				      directions);
	if (getauxval(AT_SECURE))
		return last_error_set(ENGINE_ESECURE, "%s", engine_strerror(ENGINE_ESECURE));
	alsa_text_begin(&quiet);
	err = query(limits, name ? name : "default", directions ? directions : BOTH_DIRECTIONS);
	alsa_text_end(&quiet);
	return err;
}
