/* SPDX-License-Identifier: MIT */
/*
 * The terminal: results go to stdout, complaints to stderr, and a line of
 * progress to stderr when that is a terminal. A page, if stdout is one, stands
 * in its place until the next.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

/* Call first. From here on output that nobody reads is an error, not a signal. */
void terminal_init(void);

/* Print a result to stdout. False when stdout has failed: stop producing. */
bool terminal_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print "peal: " and a sentence to stderr. */
void terminal_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Renew the line of progress, at most ten times a second; only on a terminal. */
void terminal_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether stdout is a terminal that can show pages. */
bool terminal_has_pages(void);

/*
 * Show some lines of text in place of the page before; complaints scroll away
 * above it, and what is too wide is cut off. False when stdout has failed.
 */
bool terminal_page(const char *text);

/*
 * Close stdout. Returns status, or EXIT_FAILED when some of the output was
 * lost, and says so, unless the reader went away (peal ... | head).
 */
int terminal_done(int status);

#endif
