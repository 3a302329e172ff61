/* SPDX-License-Identifier: MIT */
/*
 * The fake card: a clock of its own and a PCM per direction behind struct
 * pcm_ops, for tests of the audio thread's code. Everything runs on the one
 * thread of the test.
 *
 * Time is virtual: waiting jumps to the next thing that happens, so hours pass
 * in seconds and every run is the same. The card behaves as the kernel's do:
 * one converter moves both directions, what is played is captured at the same
 * instant, an xrun stops a PCM and hides its pointers. Faults strike by a
 * script at given times, or when the test says so.
 */
#ifndef TESTS_FAKE_PCM_H
#define TESTS_FAKE_PCM_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/clock.h"
#include "rt/pcm.h"

#define FAKE_MS 1000000u
#define FAKE_S 1000000000u

/* What can befall a side; fake_faults.c has a table entry for each. */
enum fake_fault {
	/* an operation does not work but answers `value`, `times` times; begin,
	 * commit: of 0 or more, so many frames and no more; revents: the events */
	FAKE_DESCRIPTORS,
	FAKE_REVENTS,
	FAKE_STATE,
	FAKE_AVAIL,
	FAKE_BEGIN,
	FAKE_COMMIT,
	FAKE_PREPARE,
	FAKE_START,
	FAKE_STOP,
	FAKE_RESUME,
	FAKE_OPS,
	/* it strikes once */
	FAKE_XRUN = FAKE_OPS,
	FAKE_SUSPEND, /* resume: -EAGAIN `times` times, then `value`, and awake */
	FAKE_UNPLUG,
	FAKE_LEAP, /* `value` ns pass in which the program does not run */
	FAKE_HEAL, /* ends all that lasts */
	/* it lasts */
	FAKE_STUCK,     /* the position stops, and with it the waking */
	FAKE_MUTE,      /* the position moves, but never wakes us */
	FAKE_READY,     /* the descriptor is always ready */
	FAKE_POLLERR,   /* the same, and tells of an error that no one else knows of */
	FAKE_DEAD_FD,   /* the descriptor is none */
	FAKE_UNPACED,   /* a full buffer is always available */
	FAKE_UNSEEN,    /* an xrun goes unnoticed: the position runs on */
	FAKE_STILLBORN, /* prepare and start succeed, and it has an xrun at once */
	FAKE_FLAPPING,  /* every other look at what is available finds nothing */
	FAKE_FAULTS,
};

#define FAKE_FOR_EVER UINT32_MAX

struct fake_event {
	uint64_t at_ns;      /* a script's: when; ascending */
	unsigned directions; /* enum engine_direction, or both */
	enum fake_fault fault;
	int64_t value;
	uint32_t times;
};

struct fake_answer {
	int64_t value;
	uint32_t times;
};

struct fake_card;

/* One direction. Positions count from its last prepare. */
struct fake_side {
	struct fake_card *card;
	struct pcm *pcm; /* NULL: not there */
	unsigned char *memory;
	enum engine_state state;
	uint64_t hw;     /* the converter's position */
	uint64_t appl;   /* the engine's */
	unsigned lasting; /* faults that last, 1 << enum fake_fault */
	uint32_t asleep; /* how often resume says -EAGAIN yet */
	int awakening;   /* what it says then */
	struct fake_answer answers[FAKE_OPS];
	unsigned long calls[FAKE_OPS];
};

struct fake_card {
	struct clock clock; /* first: it is what rt knows of us */
	uint32_t rate;      /* the true one */
	bool grouped;       /* playback starts, and stops, capture */
	struct fake_side playback;
	struct fake_side capture;
	/* told after playback took frames from position on; may be NULL */
	void (*committed)(struct fake_card *card, uint64_t position, uint32_t frames);

	uint64_t now_ns;
	uint64_t converted;  /* frames that passed the converter's clock since time 0 */
	uint32_t wake_ns;    /* what each wait costs beside what it waits */
	uint32_t prepare_ns; /* what each prepare costs */

	const struct fake_event *script;
	unsigned script_left;

	int poll_error;       /* not 0: what waiting on descriptors answers instead */
	unsigned long polls;  /* how often was waited */
	bool polled_bell;     /* the last wait was on a descriptor of the system's too */
	bool polled_playback; /* ... on the playback's */
	bool polled_capture;
};

/* A card without PCMs, at time 0. */
void fake_card_init(struct fake_card *card, uint32_t rate, bool grouped);
void fake_card_done(struct fake_card *card);

/* Put pcm on the card; its constant part but ops and handle is filled in. */
void fake_card_add(struct fake_card *card, struct pcm *pcm);

void fake_strike(struct fake_card *card, unsigned directions, enum fake_fault fault, int64_t value,
		 uint32_t times);
const char *fake_fault_name(enum fake_fault fault);

/* The card's memory at a position: one frame, interleaved. */
void fake_frame_read(const struct fake_side *side, uint64_t position, unsigned char *frame);

/* Frames between the converter and the engine: not yet played, or not yet read. */
int64_t fake_distance(const struct fake_side *side);

#endif
