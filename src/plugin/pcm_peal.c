/* SPDX-License-Identifier: MIT */
/*
 * The virtual card as an ALSA plugin, so that any program that uses ALSA can
 * be shown the same faults. alsa-lib loads it and runs it on whichever thread
 * opens the PCM. Each PCM is a card of its own, which is gone when it is
 * closed: its capture hears silence, and only what happens while the PCM is
 * open can happen to it.
 *
 *	pcm_type.peal { lib "/path/to/libasound_module_pcm_peal.so" }
 *	pcm.faulty { type peal  fault "xrun@48000,suspend@96000:500" }
 *
 * The grammar of fault is in peal/virtual.h.
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "card/card.h"

/* What alsa-lib looks for, by these names. */
#pragma GCC visibility push(default)
SND_PCM_PLUGIN_DEFINE_FUNC(peal);
SND_PCM_PLUGIN_SYMBOL(peal);
#pragma GCC visibility pop

/* The one setting of our own; the others are alsa-lib's. */
static int read_settings(snd_config_t *settings, const char **fault)
{
	snd_config_iterator_t i, next;

	snd_config_for_each(i, next, settings)
	{
		snd_config_t *setting = snd_config_iterator_entry(i);
		const char *id;

		if (snd_config_get_id(setting, &id) < 0 || strcmp(id, "comment") == 0 ||
		    strcmp(id, "type") == 0 || strcmp(id, "hint") == 0)
			continue;
		if (strcmp(id, "fault") != 0) {
			SNDERR("peal: unknown field %s: possible is fault", id);
			return -EINVAL;
		}
		if (snd_config_get_string(setting, fault) < 0) {
			SNDERR("peal: fault must be a string");
			return -EINVAL;
		}
	}
	return 0;
}

static int open_card(snd_pcm_t **pcm, const char *fault, snd_pcm_stream_t stream, int mode)
{
	char name[1024] = "virtual", reason[256] = "";
	struct card *card;
	int err;

	if (fault && snprintf(name, sizeof(name), "virtual:fault=%s", fault) >= (int)sizeof(name)) {
		SNDERR("peal: fault is longer than a thousand characters");
		return -EINVAL;
	}
	err = card_create(&card, name, false, reason, sizeof(reason));
	if (err < 0) {
		SNDERR("peal: %s", reason[0] ? reason : snd_strerror(err));
		return err;
	}
	err = card_open(card, pcm, stream, mode);
	if (err < 0)
		card_destroy(card);
	else
		card_belong(card);
	return err;
}

SND_PCM_PLUGIN_DEFINE_FUNC(peal)
{
	const char *fault = NULL;
	int err = read_settings(conf, &fault);

	(void)name, (void)root;
	return err < 0 ? err : open_card(pcmp, fault, stream, mode);
}
