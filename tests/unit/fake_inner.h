/* SPDX-License-Identifier: MIT */
/* What the files of the fake card share; see fake_pcm.h. */
#ifndef TESTS_FAKE_INNER_H
#define TESTS_FAKE_INNER_H

#include "fake_pcm.h"

/* Descriptors that the system does not have: + enum engine_direction. */
#define FAKE_FD (1 << 20)

static inline bool fake_suffers(const struct fake_side *side, enum fake_fault fault)
{
	return side->lasting & 1u << fault;
}

/* fake_converter.c: what the pointers say is there, whatever the state. */
int64_t fake_available(struct fake_side *side);
/* Whether the converter moves this side. */
bool fake_moves(const struct fake_side *side);
unsigned char *fake_sample(const struct fake_side *side, uint64_t slot, uint32_t channel);
void fake_xrun(struct fake_card *card, struct fake_side *side);
/* Time passes, and the converter runs. */
void fake_pass(struct fake_card *card, uint64_t until_ns);

/* fake_faults.c: strike what the script has for now. */
void fake_follow_script(struct fake_card *card);

/* fake_clock.c: make it the clock of the audio thread. */
void fake_clock_init(struct clock *clock);

#endif
