/* SPDX-License-Identifier: MIT */
/*
 * Errors: what a negative result means, and the sentence that goes with it.
 *
 * A negative result is either -errno (ALSA's own codes are passed on
 * unchanged) or one of peal's own codes, which lie outside errno's range.
 */
#ifndef PEAL_ERROR_H
#define PEAL_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* name, value, sentence */
#define ENGINE_ERRORS(X)                                                                           \
	X(ENGINE_EFORKED, -4097,                                                                   \
	  "this process is a fork of the one that created the engine; create an engine of its own")   \
	X(ENGINE_EABI, -4098,                                                                      \
	  "a structure's size field is not one this library knows; set it to sizeof the structure")  \
	X(ENGINE_ESECURE, -4099,                                                                   \
	  "refused in a set-user-ID, set-capability or otherwise privileged program "                \
	  "(AT_SECURE): ALSA's configuration could load any code; set config.allow_secure to accept") \
	X(ENGINE_ELOST, -4100, "the device is lost; destroy the engine and create a new one") \
	X(ENGINE_ENOSAMPLE, -4101, "no sample is loaded under this number; see engine_load_sample")  \
	X(ENGINE_ENOVOICE, -4102,                                                                  \
	  "every voice is in use; stop some, set config.voices, or let config.steal take one")      \
	X(ENGINE_EVOICE, -4103, "this port has no voice with this id, or it ended already")          \
	X(ENGINE_ESCHEDULE, -4104,                                                                 \
	  "512 commands wait for their frame already; send later what is due later")

enum engine_error {
#define ENGINE_ERROR_ENUM(name, value, text) name = value,
	ENGINE_ERRORS(ENGINE_ERROR_ENUM)
#undef ENGINE_ERROR_ENUM
};

/*
 * The sentence for an error code.
 *
 * code: a negative result of any function of this library (a positive errno
 *   is taken too).
 * Returns a constant string, never NULL; "unknown error" for a code that is
 *   neither an errno nor in the table above.
 * Thread: any.
 */
const char *engine_strerror(int code);

/*
 * What the last failing control call of the calling thread was refused, and
 * what is possible instead: for example "rate 12345 Hz refused by hw:0,0,
 * which offers 44100..48000 Hz".
 *
 * Set by: engine_create, engine_start, engine_stop, engine_destroy,
 *   engine_port_open, engine_list_devices and every call whose description
 *   says so. The functions that send and receive do not touch it, since they
 *   must stay fast: use engine_strerror with their result.
 * Returns a string that stays valid until the thread's next control call;
 *   "" when none failed yet.
 * Thread: any but the audio thread; each has its own.
 */
const char *engine_last_error(void);

/*
 * The version of this binary interface: major * 65536 + minor. A program
 * built against major version M works with every library of that major
 * version whose minor is not smaller.
 * Thread: any.
 */
#define ENGINE_ABI_MAJOR 0
#define ENGINE_ABI_MINOR 1
#define ENGINE_ABI_VERSION ((ENGINE_ABI_MAJOR << 16) | ENGINE_ABI_MINOR)
uint32_t engine_abi_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
