/* SPDX-License-Identifier: MIT */
/*
 * Error codes in words, and the version of the binary interface. Any thread:
 * every string is a constant, nothing is formatted, nothing is locked (which
 * is why strerror, with its buffer and its translations, is not used where
 * there is something better).
 */
#include <string.h>

#include <peal/error.h>

#include "control/alsa_text.h"

/* No errno of any architecture is as large. */
#define ERRNO_MAX 4095u

static const char *errno_text(int number)
{
#ifdef __GLIBC__
	return strerrordesc_np(number);
#else
	return strerror(number); /* musl: constants */
#endif
}

static const struct {
	int code;
	const char *text;
} own[] = {
#define ENGINE_ERROR_ENTRY(name, value, sentence) { name, sentence },
	ENGINE_ERRORS(ENGINE_ERROR_ENTRY)
#undef ENGINE_ERROR_ENTRY
};

const char *engine_strerror(int code)
{
	unsigned int number = code < 0 ? 0u - (unsigned int)code : (unsigned int)code;
	const char *text;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].code == code)
			return own[i].text;
	text = number <= ERRNO_MAX ? errno_text((int)number) : alsa_text_error(number);
	return text ? text : "unknown error";
}

uint32_t engine_abi_version(void)
{
	return ENGINE_ABI_VERSION;
}
