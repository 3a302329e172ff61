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
 *	device = "virtual:fault=xrun@48000,unplug@96000,return@192000"
 *	                                 things go wrong with it, when the program says so
 *
 * It takes S16_LE, S24_LE, S24_3LE, S32_LE and FLOAT_LE, interleaved or not,
 * 1..256 channels, 1000..768000 Hz, periods of 16..65536 frames.
 *
 * Faults, for the tests of programs: a list of kind@frame, kind@frame/every and
 * either with :value, up to 32. The frame is the card's time: frames of its
 * clock since it was first started, which go on while it is suspended,
 * unplugged or stuck (and with a real clock while it is stopped). With /every
 * it happens again each time so many frames have passed. On a manual clock all
 * of it is exact, and the same each time.
 *
 *	xrun             both directions have an xrun
 *	suspend[:ms]     the card sleeps: so long, else until the next resume, else 100 ms
 *	resume           it wakes up
 *	unplug           the card is gone: what is open is disconnected, nothing can be opened
 *	return           it can be opened again, which config.reopen does
 *	stuck            the position stands, and poll does not wake
 *	spin             poll finds the card ready all the time
 *	burst:frames     the position moves in steps of so many
 *	drift:ppm        -500000..500000: so many more frames in a million than there should be
 *	jitter:ms        each wake-up is late by up to so much (not on a manual clock)
 *	go               an end to the five above
 *	late:ms          no wake-up for so long, once (not on a manual clock)
 *	hugeavail[:n]    the position is ahead by n buffers (32), once
 *	backwards[:n]    the position is back by n buffers (2), once
 *	open[:times]     the next calls that open it fail with -EIO; at 0: the first ones
 *	busy[:times]     ... with -EBUSY
 *	params[:times]   ... that set its parameters, with -EINVAL
 *	prepare[:times]  ... that prepare it, with -EIO
 *	start[:times]    ... that start it, with -EIO
 *
 * It differs from a kernel driver in one answer: alsa-lib drops what a plugin
 * says to snd_pcm_resume and returns 0, where a driver returns -EAGAIN while
 * the card sleeps. The state stays SUSPENDED then, and snd_pcm_prepare returns
 * -ESTRPIPE, until the card is awake. There is no card but the engine's, so a
 * fault of opening at frame 0 can only make engine_create fail; later ones meet
 * the engine as it takes the card again.
 *
 * `make plugin` builds the same card as a plugin for ALSA's own configuration,
 * so that other programs can be shown the same (src/plugin/pcm_peal.c says how).
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
 * returns 0 at once. While the card is suspended or unplugged by a fault there
 * is nobody to wait for: frames pass at once, up to its end, and then none
 * until the engine has started the card again (a lost one with config.reopen,
 * which looks for it four times a second; without, the call times out there).
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
