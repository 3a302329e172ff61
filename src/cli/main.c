/* SPDX-License-Identifier: MIT */
/*
 * The peal command: picks the subcommand. It knows their names and nothing
 * of what they do.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <peal.h>

#include "cli/command.h"
#include "cli/terminal.h"

static const struct command *const commands[] = {
	&ping_command, &play_command, &record_command, &tone_command, &monitor_command,
	&devices_command, &doctor_command,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int main_help(void)
{
	terminal_say("Usage: peal COMMAND [OPTION]...\n"
		     "\n"
		     "A real-time audio engine on ALSA.\n"
		     "\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		terminal_say("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	terminal_say("\n"
		     "peal COMMAND --help tells the rest; peal --version the library's version.\n"
		     "\n"
		     "Exit status: 0 it did what was asked; 1 it failed, or frames or pings were\n"
		     "lost; 2 the command line is wrong.\n"
		     "\n"
		     "Examples:\n"
		     "  peal ping\n"
		     "  peal play -D hw:0 bell.wav\n");
	return EXIT_OK;
}

static int main_version(void)
{
	uint32_t version = engine_abi_version();

	terminal_say("peal, interface %d.%d, on a library of interface %" PRIu32 ".%" PRIu32 "\n",
		     ENGINE_ABI_MAJOR, ENGINE_ABI_MINOR, version >> 16, version & 0xffff);
	return EXIT_OK;
}

static int main_dispatch(int argc, char **argv)
{
	if (argc < 2) {
		terminal_complain("which command? see peal --help");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return main_help();
	if (!strcmp(argv[1], "--version"))
		return main_version();
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	terminal_complain("there is no command '%s'; see peal --help", argv[1]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	terminal_init();
	return terminal_done(main_dispatch(argc, argv));
}
