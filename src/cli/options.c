/* SPDX-License-Identifier: MIT */
/*
 * Options: the command line, taken apart. Runs before anything is open, so
 * that a wrong one can end the process on the spot. What a number may be
 * comes from the library's header; whether the device takes it is for the
 * engine to say.
 */
#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/terminal.h"

_Noreturn void options_refuse(const struct command *command, const char *format, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	terminal_complain("%s: %s; see peal %s --help", command->name, sentence, command->name);
	exit(EXIT_USAGE);
}

uint32_t options_number(const struct command *command, const char *what, const char *text,
			uint32_t low, uint32_t high)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	/* strtoull takes " 7" and turns "-1" into a large number */
	if (text[0] < '0' || text[0] > '9' || *end || errno || number < low || number > high)
		options_refuse(command, "%s must be a whole number from %u to %u, not '%s'",
			       what, low, high, text);
	return (uint32_t)number;
}

double options_real(const struct command *command, const char *what, const char *unit,
		    const char *text, double low, double high)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !isfinite(number) || number < low || number > high)
		options_refuse(command, "%s must be a number of %s from %g to %g, not '%s'",
			       what, unit, low, high, text);
	return number;
}

double options_seconds(const struct command *command, const char *what, const char *text,
		       double low, double high)
{
	return options_real(command, what, "seconds", text, low, high);
}

static uint32_t options_format(const struct command *command, const char *name)
{
	int format = engine_format_from_name(name);

	if (format < 0)
		options_refuse(command, "format must be S16_LE, S24_LE, S24_3LE, S32_LE or "
			       "FLOAT_LE, not '%s'", name);
	return (uint32_t)format;
}

/* Takes an option that describes the device; 0 when it is not one. */
static int options_take(const struct command *command, int option, struct engine_config *config)
{
	switch (option) {
	case 'D':
		if (!*optarg)
			options_refuse(command, "the device has no name");
		config->device = optarg;
		return 1;
	case 'r':
		config->rate = options_number(command, "rate", optarg,
					      ENGINE_RATE_MIN, ENGINE_RATE_MAX);
		return 1;
	case 'c':
		config->channels = options_number(command, "channels", optarg,
						  1, ENGINE_CHANNELS_MAX);
		return 1;
	case 'f':
		config->format = options_format(command, optarg);
		return 1;
	case OPTION_PERIOD:
		config->period_frames = options_number(command, "period", optarg,
						       ENGINE_PERIOD_FRAMES_MIN,
						       ENGINE_PERIOD_FRAMES_MAX);
		return 1;
	case OPTION_PERIODS:
		config->periods = options_number(command, "periods", optarg,
						 ENGINE_PERIODS_MIN, ENGINE_PERIODS_MAX);
		return 1;
	case OPTION_PRIORITY:
		config->priority = !strcmp(optarg, "none") ? ENGINE_PRIORITY_NORMAL :
			(int32_t)options_number(command, "priority", optarg, 1, 99);
		return 1;
	}
	return 0;
}

int options_next(const struct command *command, int argc, char **argv,
		 struct engine_config *config)
{
	int option;

	opterr = 0; /* getopt would name the command alone, not peal */
	do {
		option = getopt_long(argc, argv, command->shorts, command->longs, NULL);
		if (option == 'h') {
			terminal_say("%s", command->help);
			exit(terminal_done(EXIT_OK));
		}
		if (option == ':')
			options_refuse(command, "%s needs a value", argv[optind - 1]);
		/* getopt leaves the letter of an unknown short option in optopt */
		if (option == '?' && optopt && optopt < OPTION_PERIOD &&
		    strncmp(argv[optind - 1], "--", 2) != 0)
			options_refuse(command, "unknown option '-%c'", optopt);
		if (option == '?')
			options_refuse(command, "unknown option '%s'", argv[optind - 1]);
	} while (option != -1 && options_take(command, option, config));
	return option;
}

void options_no_operand(const struct command *command, int argc, char **argv)
{
	if (optind < argc)
		options_refuse(command, "'%s' is one argument too many", argv[optind]);
}

const char *options_operand(const struct command *command, int argc, char **argv,
			    const char *what)
{
	const char *operand;

	if (optind == argc)
		options_refuse(command, "%s is missing", what);
	operand = argv[optind++];
	options_no_operand(command, argc, argv);
	return operand;
}
