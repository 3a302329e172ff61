/* SPDX-License-Identifier: MIT */
/*
 * The name of a virtual card, taken apart: "virtual", or "virtual:" and
 * key=value pieces with commas between them. A piece without '=' continues
 * the value before it, so that a value can be a list. Control side.
 */
#ifndef PEAL_CARD_NAME_H
#define PEAL_CARD_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "card/fault_script.h"

struct card_options {
	bool manual;
	struct fault_script faults;
};

/* 0, or -EINVAL with a sentence in reason. A key that is not named has its default. */
int card_name_parse(struct card_options *options, const char *name, char *reason,
		    size_t reason_size);

#endif
