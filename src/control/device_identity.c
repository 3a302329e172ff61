/* SPDX-License-Identifier: MIT */
/*
 * The identity of an open PCM. Control threads. What cannot be found out
 * stays "" or, for the card, -1: a PCM without a card is nothing unusual.
 */
#include <stdio.h>

#include "control/device_identity.h"

static const char *type_name(snd_pcm_type_t type)
{
	const char *name = type == SND_PCM_TYPE_DSHARE ? "DSHARE" : snd_pcm_type_name(type);

	/* alsa-lib's table has holes; DSHARE is one */
	return name ? name : "unknown";
}

static void read_card_id(struct engine_pcm_info *info)
{
	snd_ctl_card_info_t *card;
	snd_ctl_t *ctl;
	char name[32];

	snd_ctl_card_info_alloca(&card);
	snprintf(name, sizeof(name), "hw:%d", info->card);
	if (snd_ctl_open(&ctl, name, SND_CTL_NONBLOCK) < 0)
		return;
	if (snd_ctl_card_info(ctl, card) >= 0)
		snprintf(info->card_id, sizeof(info->card_id), "%s",
			 snd_ctl_card_info_get_id(card));
	snd_ctl_close(ctl);
}

void device_identity_read(snd_pcm_t *pcm, struct engine_pcm_info *info)
{
	snd_pcm_info_t *identity;

	info->card = -1;
	snprintf(info->type, sizeof(info->type), "%s", type_name(snd_pcm_type(pcm)));
	snd_pcm_info_alloca(&identity);
	if (snd_pcm_info(pcm, identity) < 0)
		return;
	info->card = snd_pcm_info_get_card(identity);
	info->device = snd_pcm_info_get_device(identity);
	info->subdevice = snd_pcm_info_get_subdevice(identity);
	snprintf(info->card_name, sizeof(info->card_name), "%s", snd_pcm_info_get_name(identity));
	if (info->card >= 0)
		read_card_id(info);
}

bool device_identity_is_paced(snd_pcm_t *pcm, const struct engine_pcm_info *info, char *reason,
			      size_t size)
{
	switch (snd_pcm_type(pcm)) {
	case SND_PCM_TYPE_HW:
		return true;
	case SND_PCM_TYPE_NULL:
	case SND_PCM_TYPE_FILE:
		snprintf(reason, size,
			 "%s (type %s) is not paced by hardware: a real-time thread would spin on "
			 "it",
			 info->name, info->type);
		return false;
	default:
		/* a converter tells of the card that it converts for */
		if (info->card >= 0)
			return true;
		snprintf(
			reason, size,
			"%s (type %s) ends in no card: a sound server or another program paces it, "
			"if anything does; config.priority asks for real time all the same",
			info->name, info->type);
		return false;
	}
}
