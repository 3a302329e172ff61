/* SPDX-License-Identifier: MIT */
/*
 * The machine's sound cards, counted. Control threads. Opens nothing: a card
 * that sleeps is not woken.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "control/cards.h"

struct cards cards_look(const char *directory)
{
	struct cards cards = { 0 };
	char pattern[256];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/controlC[0-9]*", directory);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			cards.present++;
			if (faccessat(AT_FDCWD, found.gl_pathv[i], R_OK | W_OK, AT_EACCESS) == 0)
				cards.allowed++;
		}
		globfree(&found);
	}
	return cards;
}
