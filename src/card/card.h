/* SPDX-License-Identifier: MIT */
/*
 * The virtual card: an in-process ALSA ioplug whose playback loops back to
 * its capture. A card has one clock (CLOCK_MONOTONIC or manual) and up to one
 * PCM per direction. Created, opened and destroyed on the control side; its
 * ioplug callbacks run on whichever thread drives the PCMs (one thread at a
 * time), and there they neither allocate nor lock nor log.
 */
#ifndef PEAL_CARD_CARD_H
#define PEAL_CARD_CARD_H

#include <alsa/asoundlib.h>
#include <stdbool.h>
#include <stdint.h>

struct card;

/*
 * True when a device name is the virtual card's: "virtual" or "virtual:...".
 */
bool card_is_name(const char *name);

/*
 * name: "virtual" or "virtual:key=value,..." (a piece without '=' continues
 *   the value before it, so that lists can be values). Keys: clock=real|manual,
 *   fault=kind@frame,... (peal/virtual.h).
 * duplex: both directions will be opened; the clock then starts when both have
 *   been started, so that their frames are equal from the first on.
 * reason: room for the sentence of a refusal (names the key and what is possible).
 * Returns 0; -EINVAL with the reason; -ENOMEM; -errno.
 */
int card_create(struct card **out, const char *name, bool duplex, char *reason, size_t reason_size);

/*
 * Open one direction, while no thread drives the other. Closed by snd_pcm_close.
 * Returns 0; -EBUSY when it is open already; -ENODEV while the card is
 * unplugged; what its script of faults says.
 */
int card_open(struct card *card, snd_pcm_t **pcm, snd_pcm_stream_t stream, int mode);

bool card_is_manual(const struct card *card);

/*
 * Manual clock: let frames pass, a period at a time; before each, and after the
 * last, wait until the driving thread asks to wait with nothing due. So 0
 * frames wait for it, and what timed out is at most one period ahead of it.
 * Not on the driving thread; one caller at a time. A card that is stopped, or
 * is being stopped, takes no frames; one that had an xrun is waited for. While
 * it is unplugged or suspended by a script frames pass without a wait, and one
 * that is back is waited for until it was started again.
 * timeout_ms: for each period.
 * Returns 0; -ETIMEDOUT; -ENOTSUP on a card whose clock is not manual.
 */
int card_advance(struct card *card, uint64_t frames, int timeout_ms);

/* The card goes with its PCM: snd_pcm_close destroys it. */
void card_belong(struct card *card);

/* After its PCMs were closed. NULL is allowed. */
void card_destroy(struct card *card);

#endif
