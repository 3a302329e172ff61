/* SPDX-License-Identifier: MIT */
/*
 * The long run: how often a test of many threads does what it does. Ten times
 * as often with PEAL_LONG=1 in the environment; a tenth where each access to
 * memory is looked at by a sanitizer, which sees more in less.
 */
#ifndef PEAL_TESTS_LONG_RUN_H
#define PEAL_TESTS_LONG_RUN_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline bool long_run_asked(void)
{
	const char *asked = getenv("PEAL_LONG");

	return asked && *asked && strcmp(asked, "0") != 0;
}

static inline uint64_t long_run(uint64_t often)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
	often /= 10;
#endif
	return long_run_asked() ? 10 * often : often;
}

/* Patience for them. */
static inline void long_run_timeout(TCase *tests)
{
	if (long_run_asked())
		tcase_set_timeout(tests, 800);
}

#endif
