/* SPDX-License-Identifier: MIT */
/*
 * The plants: violations that the audio thread commits in a cycle of its own,
 * each of which must be seen as what it is.
 */
#ifndef TESTS_PROOF_PLANT_H
#define TESTS_PROOF_PLANT_H

#include <stdbool.h>
#include <stddef.h>

#include "findings.h"

struct plant {
	const char *name;
	void (*plant)(void);
	bool (*seen)(const struct findings *findings);
	const char *function; /* as RealtimeSanitizer names it; NULL: it does not see it */
};

extern const struct plant plants[];
extern const size_t plant_count;

/* Once in the process that commits one, before any thread. */
void plant_init(void);

#endif
