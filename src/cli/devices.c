/* SPDX-License-Identifier: MIT */
/*
 * peal devices: what engine_create can be given, in aligned columns. Opens
 * no device, so that busy ones are listed too and none is disturbed.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <peal.h>

#include "cli/command.h"
#include "cli/device.h"
#include "cli/options.h"
#include "cli/terminal.h"

static const struct option devices_options[] = { OPTIONS_END };

static const char devices_help[] =
	"Usage: peal devices\n"
	"\n"
	"List the devices that -D takes: the cards' own, then what ALSA's configuration\n"
	"names, then the virtual card. None is opened.\n"
	"\n"
	HELP_END
	"\n"
	"Exit status: 0; 1 it failed; 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal devices\n"
	"  peal devices | grep ^hw:\n";

/* All of them: a card may be plugged in between counting and listing. */
static int devices_list(struct engine_device **devices)
{
	size_t capacity = 0;
	int count = engine_list_devices(NULL, 0, sizeof(**devices));

	*devices = NULL;
	while (count > 0 && (size_t)count > capacity) {
		capacity = (size_t)count;
		free(*devices);
		*devices = calloc(capacity, sizeof(**devices));
		if (!*devices)
			return -ENOMEM;
		count = engine_list_devices(*devices, capacity, sizeof(**devices));
	}
	return count;
}

static const char *devices_directions(uint32_t directions)
{
	static const char *const words[] = { "none", "playback", "capture", "both" };

	return words[directions & (ENGINE_PLAYBACK | ENGINE_CAPTURE)];
}

static int devices_run(const struct command *self, int argc, char **argv)
{
	struct engine_config unused = { 0 };
	struct engine_device *devices;
	int count, width = (int)strlen("NAME");

	options_next(self, argc, argv, &unused);
	options_no_operand(self, argc, argv);
	count = devices_list(&devices);
	if (count < 0) {
		device_complain(self->name, count);
		free(devices);
		return EXIT_FAILED;
	}
	for (int i = 0; i < count; i++)
		if ((int)strlen(devices[i].name) > width)
			width = (int)strlen(devices[i].name);
	terminal_say("%-*s  %-8s  %s\n", width, "NAME", "DOES", "DESCRIPTION");
	for (int i = 0; i < count; i++)
		terminal_say("%-*s  %-8s  %s\n", width, devices[i].name,
			     devices_directions(devices[i].directions), devices[i].description);
	free(devices);
	return EXIT_OK;
}

const struct command devices_command = {
	.name = "devices",
	.summary = "list the devices",
	.help = devices_help,
	.shorts = ":h",
	.longs = devices_options,
	.run = devices_run,
};
