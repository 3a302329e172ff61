/* SPDX-License-Identifier: MIT */
/*
 * peal devices: what engine_create can be given, in aligned columns. Opens
 * no device, so that busy ones are listed too and none is disturbed; with -v
 * each that is free is opened, for as long as it takes to ask.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <peal.h>

#include "cli/command.h"
#include "cli/device.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "cli/terminal.h"

static const struct option devices_options[] = {
	{ "verbose", no_argument, NULL, 'v' },
	OPTIONS_END
};

static const char devices_help[] =
	"Usage: peal devices [OPTION] [NAME]\n"
	"\n"
	"List the devices that -D takes: the cards' own, then what ALSA's configuration\n"
	"names, then the virtual card. None is opened. With a NAME, ask that device alone\n"
	"what it offers, whether or not it is listed.\n"
	"\n"
	"  -v, --verbose        ask each device what it offers, one after the other; one\n"
	"                       that is in use is not opened: who holds it is told\n"
	HELP_END
	"\n"
	"Exit status: 0; 1 it failed, or the named device could not be asked; 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal devices\n"
	"  peal devices | grep ^hw:\n"
	"  peal devices -v\n"
	"  peal devices plughw:CARD=PCH\n";

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

static void devices_say_columns(const struct engine_device *devices, int count)
{
	int width = (int)strlen("NAME");

	for (int i = 0; i < count; i++)
		if ((int)strlen(devices[i].name) > width)
			width = (int)strlen(devices[i].name);
	terminal_say("%-*s  %-8s  %s\n", width, "NAME", "DOES", "DESCRIPTION");
	for (int i = 0; i < count; i++)
		terminal_say("%-*s  %-8s  %s\n", width, devices[i].name,
			     devices_directions(devices[i].directions), devices[i].description);
}

/* Ask one device; what refuses is told in the place of what it would offer. */
static int devices_ask(const char *name, uint32_t directions)
{
	struct engine_device_limits limits = { .size = sizeof(limits) };
	int err = engine_query_device(name, directions, &limits);

	/* a name that is none is refused before a direction is */
	if (err < 0 && !limits.playback.error && !limits.capture.error)
		terminal_say("    %s\n", engine_last_error());
	else
		limits_say(&limits, directions);
	return err;
}

static int devices_run(const struct command *self, int argc, char **argv)
{
	struct engine_config unused = { 0 };
	struct engine_device *devices;
	bool verbose = false;
	int count;

	while (options_next(self, argc, argv, &unused) == 'v')
		verbose = true;
	if (optind < argc) {
		const char *name = options_operand(self, argc, argv, "the device");

		terminal_say("%s\n", name);
		return devices_ask(name, ENGINE_PLAYBACK | ENGINE_CAPTURE) < 0 ? EXIT_FAILED
									       : EXIT_OK;
	}
	count = devices_list(&devices);
	if (count < 0) {
		device_complain(self->name, count);
		free(devices);
		return EXIT_FAILED;
	}
	if (!verbose)
		devices_say_columns(devices, count);
	for (int i = 0; verbose && i < count; i++) {
		/* a server may keep us waiting: whose turn it is is seen by then */
		terminal_say("%s\n    %s\n", devices[i].name, devices[i].description);
		devices_ask(devices[i].name, devices[i].directions);
	}
	free(devices);
	return EXIT_OK;
}

const struct command devices_command = {
	.name = "devices",
	.summary = "list the devices, or say what each offers",
	.help = devices_help,
	.shorts = ":vh",
	.longs = devices_options,
	.run = devices_run,
};
