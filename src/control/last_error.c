/* SPDX-License-Identifier: MIT */
/*
 * The last error. Control threads, each with a sentence of its own, so that
 * nothing needs a lock. Only failures write it: a call that succeeds leaves
 * the sentence of the last one that did not. Never on the audio thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <peal/error.h>

#include "control/last_error.h"

static _Thread_local char sentence[512];

int last_error_set(int code, const char *format, ...)
{
	/* an argument may be the sentence that stands there now */
	char text[sizeof(sentence)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	strcpy(sentence, text);
	return code;
}

const char *engine_last_error(void)
{
	return sentence;
}
