/* SPDX-License-Identifier: MIT */
/*
 * alsa-lib's own text, caught. Control threads; whoever begins also ends, on
 * the same thread and in reverse order. The first line is kept because it is
 * the cause: the ones after it are the callers' echoes. Since 1.2.15 alsa-lib
 * sends errors here only when the host has set no handler of the newer kind
 * for this thread; then they are the host's.
 */
#include <stdio.h>
#include <string.h>

#include <peal/error.h>

#include "control/alsa_text.h"

/* The handler takes no argument of ours. */
static _Thread_local struct alsa_text *innermost;

static void keep_first(const char *file, int line, const char *function, int err,
		       const char *format, va_list args)
{
	struct alsa_text *catch = innermost;
	size_t length;

	(void)file, (void)line, (void)function;
	if (!catch || catch->text[0])
		return;
	vsnprintf(catch->text, sizeof(catch->text), format, args);
	length = strcspn(catch->text, "\n");
	catch->text[length] = '\0';
	if (err)
		snprintf(catch->text + length, sizeof(catch->text) - length, ": %s",
			 engine_strerror(err));
}

void alsa_text_begin(struct alsa_text *text)
{
	text->text[0] = '\0';
	text->outer = innermost;
	innermost = text;
	text->previous = snd_lib_error_set_local(keep_first);
}

void alsa_text_end(struct alsa_text *text)
{
	snd_lib_error_set_local(text->previous);
	innermost = text->outer;
	if (innermost && !innermost->text[0])
		strcpy(innermost->text, text->text);
}

const char *alsa_text_error(unsigned int number)
{
	/* snd_strerror has an answer for every number; these are the ones that mean it */
	if (number < SND_ERROR_BEGIN || number > SND_ERROR_ALISP_NIL)
		return NULL;
	return snd_strerror(-(int)number);
}
