/* SPDX-License-Identifier: MIT */
/*
 * The virtual card: a sound card inside the process, for machines without
 * one and for tests. It is a true ALSA PCM (an ioplug) and needs no
 * configuration and no kernel sound. What is played is captured back, sample
 * for sample: capture frame F equals playback frame F. Each engine has a card
 * of its own.
 *
 *	device = "virtual"               paced by CLOCK_MONOTONIC, in real time
 *	device = "virtual:clock=manual"  frames pass only when the program says so
 *
 * It takes S16_LE, S24_LE, S24_3LE, S32_LE and FLOAT_LE, interleaved or not,
 * 1..256 channels, 1000..768000 Hz, periods of 16..65536 frames.
 */
#ifndef PEAL_VIRTUAL_H
#define PEAL_VIRTUAL_H

#include <stdint.h>

#include <peal/engine.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Let frames pass on a card with a manual clock. The frames pass a period at
 * a time, and each time the call waits until the audio thread has handled
 * them, so that nothing is ever lost to an xrun and a test can assert exactly
 * what happened. While the engine is stopped no time passes and the call
 * returns 0 at once.
 *
 * frames: how many, 0 or more.
 * timeout_ms: how long to wait for the audio thread at most, for each period.
 * Returns 0; -ENOTSUP when the engine's device is not a virtual card with a
 * manual clock; -EBUSY when another thread is inside this call; -ETIMEDOUT;
 * -EINVAL when engine is NULL or timeout_ms is
 * negative; ENGINE_EFORKED.
 * Thread: control.
 */
int engine_virtual_advance(struct engine *engine, uint64_t frames, int timeout_ms);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
