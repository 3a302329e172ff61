/* SPDX-License-Identifier: MIT */
/*
 * Options: those that describe a device mean the same in every command and
 * are parsed here, once. What is wrong with a command line ends the process
 * with a sentence and EXIT_USAGE: nothing is open yet at that point.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdint.h>

#include <peal.h>

#include "cli/command.h"

/* Long options without a letter; a command's own begin at OPTION_OWN. */
enum {
	OPTION_PERIOD = 256,
	OPTION_PERIODS,
	OPTION_PRIORITY,
	OPTION_OWN,
};

/* Rows for a command's table of long options. */
#define OPTIONS_DEVICE { "device", required_argument, NULL, 'D' }
#define OPTIONS_RATE { "rate", required_argument, NULL, 'r' }
#define OPTIONS_CHANNELS { "channels", required_argument, NULL, 'c' }
#define OPTIONS_FORMAT { "format", required_argument, NULL, 'f' }
#define OPTIONS_PERIOD \
	{ "period", required_argument, NULL, OPTION_PERIOD }, \
	{ "periods", required_argument, NULL, OPTION_PERIODS }, \
	{ "priority", required_argument, NULL, OPTION_PRIORITY }
#define OPTIONS_END { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }

/* The same, as lines of help. */
#define HELP_DEVICE \
	"  -D, --device NAME    an ALSA PCM or virtual; see peal devices (default)\n"
#define HELP_RATE "  -r, --rate N         frames per second (48000)\n"
#define HELP_PERIOD(period, periods) \
	"      --period N       frames per period (" period ")\n" \
	"      --periods N      periods in the device's buffer (" periods ")\n" \
	"      --priority N     SCHED_FIFO priority 1..99 of the audio thread, or none\n"
#define HELP_END "  -h, --help           show this\n"

/*
 * The next option that is the command's own, -1 after the last. Options of
 * the device go into config on the way; -h prints the help and exits.
 */
int options_next(const struct command *command, int argc, char **argv,
		 struct engine_config *config);

/* A whole number, or one of some unit or of seconds, within low..high. what: how the sentence
 * names it. */
uint32_t options_number(const struct command *command, const char *what, const char *text,
			uint32_t low, uint32_t high);
double options_real(const struct command *command, const char *what, const char *unit,
		    const char *text, double low, double high);
double options_seconds(const struct command *command, const char *what, const char *text,
		       double low, double high);

/* The one operand that is left on the command line, or none at all. */
const char *options_operand(const struct command *command, int argc, char **argv,
			    const char *what);
void options_no_operand(const struct command *command, int argc, char **argv);

/* Say what is wrong with the command line, where to read more, and exit. */
_Noreturn void options_refuse(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
