/* SPDX-License-Identifier: MIT */
/*
 * The terminal. Used by the main thread only. Invariant: before anything
 * else is printed the line of progress and the page are wiped, so that they
 * never stand in the way of a result or a complaint. It holds no text back: stdout is
 * line-buffered, for whoever reads a pipe while the command runs.
 */
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/clock.h"
#include "cli/command.h"

#define PROGRESS_INTERVAL_NS 100000000u

static int output_error; /* the errno that output was first lost with */
static bool shows_progress;
static bool line_shown;
static uint64_t line_time_ns;
static unsigned page_lines; /* shown, above the cursor */

/*
 * A descriptor that the shell closed must not become the sound card's or the
 * recorded file's: take its place with one that refuses what is done to it.
 */
static void terminal_occupy(int fd, int flags)
{
	if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
		(void)!open("/dev/null", flags);
}

void terminal_init(void)
{
	terminal_occupy(STDIN_FILENO, O_WRONLY);
	terminal_occupy(STDOUT_FILENO, O_RDONLY);
	terminal_occupy(STDERR_FILENO, O_RDONLY);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	/* a limit on file sizes: the write fails, and the file can be finished */
	signal(SIGXFSZ, SIG_IGN);
	shows_progress = isatty(STDERR_FILENO);
}

static void terminal_wipe(void)
{
	if (line_shown)
		fputs("\r\033[K", stderr);
	line_shown = false;
	if (page_lines > 0) {
		printf("\033[%uA\033[J", page_lines);
		fflush(stdout);
	}
	page_lines = 0;
}

bool terminal_say(const char *format, ...)
{
	va_list args;

	terminal_wipe();
	va_start(args, format);
	if (vprintf(format, args) < 0 && !output_error)
		output_error = errno;
	va_end(args);
	return !output_error;
}

void terminal_complain(const char *format, ...)
{
	va_list args;

	terminal_wipe();
	fputs("peal: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void terminal_progress(const char *format, ...)
{
	uint64_t now = clock_now_ns();
	va_list args;

	if (!shows_progress || (line_shown && now - line_time_ns < PROGRESS_INTERVAL_NS))
		return;
	terminal_wipe();
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
	line_shown = true;
	line_time_ns = now;
}

bool terminal_has_pages(void)
{
	const char *kind = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(kind && !strcmp(kind, "dumb"));
}

bool terminal_page(const char *text)
{
	unsigned lines = 0;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	/* a line that wrapped would be two to go up by */
	if (!terminal_say("\033[?7l%s\033[?7h", text))
		return false;
	fflush(stdout);
	page_lines = lines;
	return true;
}

int terminal_done(int status)
{
	page_lines = 0; /* the last one is a result */
	terminal_wipe();
	if (fclose(stdout) != 0 && !output_error)
		output_error = errno;
	if (!output_error)
		return status;
	if (output_error != EPIPE)
		terminal_complain("cannot write the output: %s", strerror(output_error));
	return status ? status : EXIT_FAILED;
}
