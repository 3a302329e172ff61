/* SPDX-License-Identifier: MIT */
/*
 * A subcommand of peal: its name, its help and its options. Each is one
 * constant of its own file; main.c holds the list of them.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <getopt.h>

/* What peal exits with; every --help says so too. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

struct command {
	const char *name;
	const char *summary;        /* its line in peal --help */
	const char *help;           /* all of peal NAME --help */
	const char *shorts;         /* short options, for getopt; begins with ':' */
	const struct option *longs; /* long options, for getopt_long */
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command ping_command;
extern const struct command play_command;
extern const struct command record_command;
extern const struct command tone_command;
extern const struct command monitor_command;
extern const struct command devices_command;
extern const struct command doctor_command;

#endif
