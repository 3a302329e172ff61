/* SPDX-License-Identifier: MIT */
/*
 * Samples, from and to the two forms in which libsndfile hands them over:
 * int32_t with full scale at 2^31, and float with full scale at 1.
 */
#ifndef CLI_SAMPLES_H
#define CLI_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include <peal/format.h>

/* Floats to full-scale integers: rounded, clipped, NaN becomes 0. out may be in. */
void samples_quantise(int32_t *out, const float *in, size_t count);

/* Full-scale integers to and from one of the engine's integer formats. */
void samples_pack(void *out, const int32_t *in, size_t count, enum engine_format format);
void samples_unpack(int32_t *out, const void *in, size_t count, enum engine_format format);

#endif
