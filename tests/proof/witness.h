/* SPDX-License-Identifier: MIT */
/* The witnesses: where the audio thread did what it must not, in words. */
#ifndef TESTS_PROOF_WITNESS_H
#define TESTS_PROOF_WITNESS_H

#include "findings.h"

/* To the standard output. */
void witness_print(const struct findings *findings);

#endif
