/* SPDX-License-Identifier: MIT */
/*
 * The input of a fuzz target, taken piece by piece from its front; zeros once
 * it is used up. And what every target has.
 */
#ifndef PEAL_TESTS_INPUT_H
#define PEAL_TESTS_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count);

#define require(that)                                                                              \
	do {                                                                                       \
		if (!(that)) {                                                                     \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #that);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct input {
	const unsigned char *bytes;
	size_t count;
};

static inline void input_take(struct input *input, void *to, size_t size)
{
	size_t there = size < input->count ? size : input->count;

	memset(to, 0, size);
	if (there > 0)
		memcpy(to, input->bytes, there);
	input->bytes += there;
	input->count -= there;
}

/* 0..below-1 of a byte or two. */
static inline uint32_t input_below(struct input *input, uint32_t below)
{
	uint16_t number = 0;

	input_take(input, &number, below > 256 ? 2 : 1);
	return number % below;
}

#endif
