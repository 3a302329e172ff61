/* SPDX-License-Identifier: MIT */
/*
 * The trial: one fake device of a random shape, its engine's audio thread and
 * program, and the faults that strike it. The program sends pings all the
 * time. Each turn ends with a look at what must hold whatever strikes: a ping
 * is answered once, in order and within two periods; the events are a chain,
 * each beginning in the state where the last one ended, and the engine is in
 * the state that the last one told. What is wrong fails the test.
 */
#ifndef TESTS_FAULTS_TRIAL_H
#define TESTS_FAULTS_TRIAL_H

#include "fake_rt.h"
#include "figures.h"

#define BOTH (ENGINE_PLAYBACK | ENGINE_CAPTURE)

#define TRIAL_LANES 3
#define TRIAL_PINGS 64  /* on their way, on a lane; a power of two */
#define TRIAL_EVENTS 32 /* told and not yet expected */
#define TRIAL_STRIKES 8 /* of one injection */

/* A device may wake us so often in a period, whatever is wrong with it. */
#define TRIAL_WAKES 20

/* What a fault wants of the device that it strikes. */
enum trial_wish {
	TRIAL_DUPLEX = 1, /* both directions */
	TRIAL_ROOM = 2,   /* at least three periods */
	TRIAL_EXACT = 4,  /* no frame may get lost: all are compared */
};

struct trial {
	struct fake_rt fake;
	struct figures *figures;
	uint64_t random;
	unsigned directions;
	uint64_t period_ns;

	/* the injection */
	struct fake_event script[TRIAL_STRIKES];
	unsigned strikes;
	uint64_t struck_ns;
	uint64_t leap_ns;   /* for so long the thread could not run */
	bool told;          /* an event told of it */
	bool ran;           /* it has run again since */
	bool declared;

	/* events told and not yet expected */
	struct trial_event {
		uint64_t at_ns;
		struct engine_message message;
	} events[TRIAL_EVENTS];
	unsigned event_count;
	enum engine_state state; /* as told last */

	/* pings */
	struct trial_talk {
		uint32_t sent, answered;
		uint64_t sent_ns[TRIAL_PINGS];
	} talks[TRIAL_LANES];
	uint64_t next_ping_ns;
};

/* ck_assert is too slow for what is asked a million times. */
#define must(holds, ...)                                                                           \
	do {                                                                                       \
		if (!(holds))                                                                      \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)

/* A device that runs and has moved some periods. wishes: enum trial_wish. */
void trial_begin(struct trial *trial, struct figures *figures, uint64_t seed, unsigned wishes);
void trial_end(struct trial *trial);

/* 0..below-1 */
uint64_t any(struct trial *trial, uint64_t below);
/* One of its directions, or both. */
unsigned any_side(struct trial *trial);
unsigned any_one_side(struct trial *trial);
#define any_of(trial, array) ((array)[any(trial, sizeof(array) / sizeof((array)[0]))])

/* An injection begins: what follows strikes at a random moment of the next periods. */
void trial_inject(struct trial *trial);
void trial_strike(struct trial *trial, unsigned directions, enum fake_fault fault, int64_t value,
		  uint32_t times);
void trial_heal(struct trial *trial);

/* Turn until there is an event, no later than limit_ns after from_ns; it has
 * this type and cause (NONE: any). */
struct engine_message trial_await(struct trial *trial, enum engine_message_type type,
				  enum engine_cause cause, uint64_t from_ns, uint64_t limit_ns);
/* The next event, whatever it is, under the same condition. */
struct engine_message trial_await_any(struct trial *trial, uint64_t from_ns, uint64_t limit_ns);

void trial_turn(struct trial *trial);
/* Until then, whatever is told: it is checked as it comes, and nothing awaits it. */
void trial_bear(struct trial *trial, uint64_t until_ns);
/* So many periods, in which no event comes. */
void trial_quiet(struct trial *trial, uint64_t periods);
/* No event comes, and frames move within four periods of from_ns: a device that
 * does not wake us is looked at every one and a half. */
void trial_moves(struct trial *trial, uint64_t from_ns);
/* It was lost: the same device returns. */
void trial_return(struct trial *trial);

/* The injection is over: count it. It runs, without any further event, or is lost. */
void trial_settle(struct trial *trial);

static inline uint64_t trial_now(const struct trial *trial)
{
	return trial->fake.card.now_ns;
}

#endif
