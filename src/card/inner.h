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

#include "card/fault.h"
#include "card/manual_clock.h"
#include "card/real_clock.h"
#include "card/side.h"

struct card {
	/* constant */
	bool duplex;
	struct fault_script script;
	struct card_clock *clock;    /* the one of the two that this card has */
	struct manual_clock *manual; /* NULL: it is the real one */
	union {
		struct real_clock real_clock;
		struct manual_clock manual_clock;
	};

	/* driving thread */
	struct side sides[2]; /* by snd_pcm_stream_t */
	struct faults faults; /* its time is the card's */
	bool started;         /* the clock was, at least once */
	uint64_t origin;      /* the clock's frame 0 in the card's time */
	bool owing;           /* the program has to start a side again that came to an end */
	bool gone;            /* it was unplugged, and not started since */
	bool owned;           /* destroyed with its PCM */
};

/* Convert what has passed since the last call. */
void card_sync(struct card *card);

/*
 * What the card says to a call that the script may let fail: 0; -ENODEV when
 * it was unplugged under this PCM; -ESTRPIPE while it is suspended; or the
 * script's error. The PCM's state says the same.
 */
int card_ask(struct side *side, enum fault_kind call);

/* The side was started, which it was just asked for (card_ask); or stopped (it
 * may be already). */
void card_start(struct side *side);
void card_stop(struct side *side);

/* Let a side that was suspended while it ran go on, if the card is awake. */
void card_resume(struct side *side);

/* Where the side says that its converter is. */
snd_pcm_uframes_t card_pointer(struct side *side);

/* The side's program is about to wait: have its descriptor wake it in time. */
void card_wait(struct side *side);
/* What it is then told. */
unsigned short card_events(const struct side *side);
int card_fd(const struct side *side);

/* Make the side's PCM. 0, or a negative error with nothing left of it. Control side. */
int plug_open(struct side *side, snd_pcm_stream_t stream, int mode);

#endif
