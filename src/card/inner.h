/* SPDX-License-Identifier: MIT */
/*
 * The card from inside: what card.c, which moves it, and plug.c, through which
 * alsa-lib drives it, have in common.
 *
 * Everything below but plug_open runs on the driving thread, from an ioplug
 * callback. The card stands still between two of them: card_sync brings it up
 * to now, and whoever looks at a side or changes it calls that first.
 */
#ifndef PEAL_CARD_INNER_H
#define PEAL_CARD_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "card/manual_clock.h"
#include "card/real_clock.h"
#include "card/side.h"

struct card {
	/* constant */
	bool duplex;
	struct card_clock *clock;    /* the one of the two that this card has */
	struct manual_clock *manual; /* NULL: it is the real one */
	union {
		struct real_clock real_clock;
		struct manual_clock manual_clock;
	};

	/* driving thread */
	struct side sides[2]; /* by snd_pcm_stream_t */
	uint64_t frame;       /* the clock's, up to which the sides were converted */
	bool xrun;            /* there was one, and the program has not dealt with it */
};

/* Convert what has passed since the last call. */
void card_sync(struct card *card);

/* The side was started, or stopped (it may be already). */
void card_start(struct side *side);
void card_stop(struct side *side);

/* The side's program is about to wait: have its descriptor wake it in time. */
void card_wait(struct side *side);
int card_fd(const struct side *side);

/* Make the side's PCM. 0, or a negative error with nothing left of it. Control side. */
int plug_open(struct side *side, snd_pcm_stream_t stream, int mode);

#endif
