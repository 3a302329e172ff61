/* SPDX-License-Identifier: MIT */
/*
 * The list of devices. Control threads. No PCM is opened, so a busy one is
 * listed like any other and no sound server is started by looking. The list
 * is made whole, without doubles, before any of it is handed out.
 */
#include <alsa/asoundlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peal/config.h>
#include <peal/device.h>
#include <peal/error.h>

#include "card/card.h"
#include "control/alsa_text.h"
#include "control/cards.h"
#include "control/last_error.h"

#define BOTH_DIRECTIONS (ENGINE_PLAYBACK | ENGINE_CAPTURE)

struct device_list {
	struct engine_device *devices;
	size_t count;
	size_t room;
};

static struct engine_device *find(const struct device_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->devices[i].name, name) == 0)
			return &list->devices[i];
	return NULL;
}

/* What is listed already is not listed again; a card's PCM gains its other
 * direction, where the card and not a configuration file says that it has it. */
static int add(struct device_list *list, const char *name, const char *description,
	       uint32_t directions, uint32_t hardware)
{
	struct engine_device *device = find(list, name);

	if (device) {
		if (hardware)
			device->directions |= directions;
		return 0;
	}
	/* a name that was cut would open something else, or nothing */
	if (strlen(name) >= sizeof(device->name))
		return 0;
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 32;

		device = realloc(list->devices, room * sizeof(*device));
		if (!device)
			return last_error_set(-ENOMEM, "no memory for a list of %zu devices", room);
		list->devices = device;
		list->room = room;
	}
	device = &list->devices[list->count++];
	memset(device, 0, sizeof(*device));
	strcpy(device->name, name);
	snprintf(device->description, sizeof(device->description), "%s", description);
	device->directions = directions;
	device->hardware = hardware;
	for (char *newline = device->description; (newline = strchr(newline, '\n'));)
		*newline = ' ';
	return 0;
}

static int add_pcm(struct device_list *list, snd_ctl_t *ctl, snd_ctl_card_info_t *card, int device)
{
	static const struct {
		snd_pcm_stream_t stream;
		uint32_t direction;
	} sides[] = {
		{ SND_PCM_STREAM_PLAYBACK, ENGINE_PLAYBACK },
		{ SND_PCM_STREAM_CAPTURE, ENGINE_CAPTURE },
	};
	char name[128], description[256];
	snd_pcm_info_t *pcm;
	int err = 0;

	snd_pcm_info_alloca(&pcm);
	snprintf(name, sizeof(name), "hw:CARD=%s,DEV=%d", snd_ctl_card_info_get_id(card), device);
	for (int i = 0; !err && i < 2; i++) {
		snd_pcm_info_set_device(pcm, (unsigned int)device);
		snd_pcm_info_set_subdevice(pcm, 0);
		snd_pcm_info_set_stream(pcm, sides[i].stream);
		if (snd_ctl_pcm_info(ctl, pcm) < 0)
			continue; /* it has no such direction */
		snprintf(description, sizeof(description), "%s: %s",
			 snd_ctl_card_info_get_name(card), snd_pcm_info_get_name(pcm));
		err = add(list, name, description, sides[i].direction, 1);
	}
	return err;
}

static int add_card(struct device_list *list, int index)
{
	snd_ctl_card_info_t *card;
	int err, device = -1;
	snd_ctl_t *ctl;
	char name[32];

	snd_ctl_card_info_alloca(&card);
	snprintf(name, sizeof(name), "hw:%d", index);
	err = snd_ctl_open(&ctl, name, SND_CTL_NONBLOCK);
	if (err < 0)
		return err;
	err = snd_ctl_card_info(ctl, card);
	while (err >= 0) {
		err = snd_ctl_pcm_next_device(ctl, &device);
		if (err < 0 || device < 0)
			break;
		err = add_pcm(list, ctl, card, device);
	}
	snd_ctl_close(ctl);
	return err;
}

static int add_cards(struct device_list *list)
{
	struct cards cards = cards_look(CARDS_DIRECTORY);
	int err, index = -1;

	/* alsa-lib would leave them out without a word */
	if (cards.present && !cards.allowed)
		return last_error_set(-EACCES,
				      "no permission to open any of the %u sound cards: add the "
				      "user to the group audio (usermod -aG audio NAME) and log in "
				      "again",
				      cards.present);
	for (err = snd_card_next(&index); err >= 0 && index >= 0; err = snd_card_next(&index)) {
		err = add_card(list, index);
		if (err == -ENOMEM)
			return err;
		/* any other error: the card was unplugged just now */
	}
	if (err < 0)
		return last_error_set(err, "the sound cards cannot be counted: %s",
				      engine_strerror(err));
	return 0;
}

static int add_hint(struct device_list *list, const void *hint)
{
	char *name = snd_device_name_get_hint(hint, "NAME");
	char *description = snd_device_name_get_hint(hint, "DESC");
	char *only = snd_device_name_get_hint(hint, "IOID");
	uint32_t directions = BOTH_DIRECTIONS;
	int err = 0;

	if (only)
		directions = strcmp(only, "Input") == 0 ? ENGINE_CAPTURE : ENGINE_PLAYBACK;
	/* the virtual card has that name to itself */
	if (name && !card_is_name(name))
		err = add(list, name, description ? description : name, directions, 0);
	free(name);
	free(description);
	free(only);
	return err;
}

static int add_configured(struct device_list *list)
{
	struct alsa_text text;
	void **hints;
	int err;

	alsa_text_begin(&text);
	err = snd_device_name_hint(-1, "pcm", &hints);
	alsa_text_end(&text);
	if (err < 0)
		return last_error_set(err, "ALSA's configuration names no devices: %s",
				      text.text[0] ? text.text : engine_strerror(err));
	for (void **hint = hints; err >= 0 && *hint; hint++)
		err = add_hint(list, *hint);
	snd_device_name_free_hint(hints);
	return err;
}

int engine_list_devices(struct engine_device *devices, size_t capacity, size_t device_size)
{
	struct device_list list = { NULL, 0, 0 };
	struct alsa_text quiet;
	int err;

	if (!devices && capacity > 0)
		return last_error_set(-EINVAL, "devices is NULL but capacity is %zu", capacity);
	if (device_size != sizeof(*devices))
		return last_error_set(ENGINE_EABI,
				      "device_size is %zu: set it to sizeof(struct engine_device), "
				      "which is %zu here",
				      device_size, sizeof(*devices));
	alsa_text_begin(&quiet);
	err = add_cards(&list);
	if (err >= 0)
		err = add_configured(&list);
	if (err >= 0)
		err = add(&list, "virtual",
			  "peal's virtual card, in this program: what is played is captured",
			  BOTH_DIRECTIONS, 0);
	alsa_text_end(&quiet);
	if (err >= 0) {
		err = (int)list.count;
		if (capacity > list.count)
			capacity = list.count;
		if (capacity > 0)
			memcpy(devices, list.devices, capacity * sizeof(*devices));
	}
	free(list.devices);
	return err;
}
