/* SPDX-License-Identifier: MIT */
/*
 * Sample formats and how frames lie in memory.
 *
 * A frame is one sample per channel. Everywhere a program hands frames to
 * the engine or takes them from it they are interleaved: frame 0 channel 0,
 * frame 0 channel 1, ... frame 1 channel 0, ..., in the negotiated format.
 */
#ifndef PEAL_FORMAT_H
#define PEAL_FORMAT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum engine_format {
	ENGINE_FORMAT_ANY = 0,      /* config only: the first below that the device takes */
	ENGINE_FORMAT_S16_LE = 1,   /* signed 16 bit in 2 bytes */
	ENGINE_FORMAT_S24_LE = 2,   /* signed 24 bit in the low three of 4 bytes */
	ENGINE_FORMAT_S24_3LE = 3,  /* signed 24 bit in 3 bytes */
	ENGINE_FORMAT_S32_LE = 4,   /* signed 32 bit in 4 bytes */
	ENGINE_FORMAT_FLOAT_LE = 5, /* IEEE 754 single, full scale is -1.0 to 1.0 */
};

enum engine_access {
	ENGINE_ACCESS_ANY = 0, /* config only: interleaved if the device has it */
	ENGINE_ACCESS_MMAP_INTERLEAVED = 1,
	ENGINE_ACCESS_MMAP_NONINTERLEAVED = 2,
};

/*
 * The bytes that one sample of a format takes: 2, 3 or 4; -EINVAL when
 * format is not one of enum engine_format, or ENGINE_FORMAT_ANY.
 * Thread: any.
 */
int engine_format_bytes(uint32_t format);

/*
 * ALSA's name of a format ("S16_LE", ...); "unknown" for anything else.
 * Thread: any.
 */
const char *engine_format_name(uint32_t format);

/*
 * The format with this name, as engine_format_name gives it; letters' case
 * does not matter. -EINVAL when there is none (name may be NULL).
 * Thread: any.
 */
int engine_format_from_name(const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
