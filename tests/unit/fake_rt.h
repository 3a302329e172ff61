/* SPDX-License-Identifier: MIT */
/*
 * The audio thread's world without alsa-lib, an engine or a thread: a struct
 * rt on a fake card, and the program on its other side, all on the test's one
 * thread. The program writes frames that are all different and reads what is
 * captured; each frame read is compared with what was rendered at that engine
 * frame, and each turn ends with a look at what must always hold.
 */
#ifndef TESTS_FAKE_RT_H
#define TESTS_FAKE_RT_H

#include "fake_pcm.h"
#include "rt/rt.h"

#define FAKE_FRAME_BYTES_MAX 16
/* More than lies between rendering a frame and reading it back. */
#define FAKE_RENDERED_MAX (1u << 15)

/* What is asked for; 0 or false is the default. */
struct fake_shape {
	unsigned directions;    /* both */
	uint32_t rate;          /* 48000 */
	uint32_t period_frames; /* 64 */
	uint32_t periods;       /* 3 */
	uint32_t channels;      /* 2 */
	uint32_t sample_bytes;  /* 2 */
	bool planar;            /* interleaved */
	bool grouped;           /* each direction is started by itself */
	uint32_t lanes;         /* 1; the first gets events */
};

struct fake_rendered {
	uint64_t frame;
	unsigned char bytes[FAKE_FRAME_BYTES_MAX];
};

struct fake_rt {
	struct fake_card card; /* first: its callbacks lead to us */
	struct rt *rt;
	uint32_t period_frames;
	uint32_t buffer_frames;
	uint32_t frame_bytes;
	uint64_t period_ns;

	/* the program */
	bool writes; /* keeps the playback stream full */
	bool reads;  /* takes what was captured, at once */
	bool knows;  /* what it reads is what was rendered, or the frame's number */
	uint32_t written; /* the number in the next frame to write; never 0 */
	uint32_t played;  /* ... in the last one that was rendered */
	uint64_t read_frame; /* the engine frame that it expects next */
	uint64_t read_gaps;  /* frames that it was told are missing, since start */
	uint64_t read_frames; /* frames that it read, since start */
	uint64_t read_sequence;
	uint64_t read_number; /* card that only captures: the last frame's */

	/* what playback committed, by engine frame */
	struct fake_rendered *rendered;
	uint64_t rendering; /* transport.frame when it began */
	uint32_t rendering_done;
};

/* rt is as engine_create leaves it: prepared, the thread about to cycle. */
void fake_rt_init(struct fake_rt *fake, const struct fake_shape *shape);
void fake_rt_done(struct fake_rt *fake);

/* One turn of the program and one cycle. */
void fake_rt_turn(struct fake_rt *fake);
/* Turns until so much virtual time has passed. */
void fake_rt_run_ns(struct fake_rt *fake, uint64_t ns);
void fake_rt_run(struct fake_rt *fake, uint64_t periods);
/* Give an order, and turn until it is answered; its result. */
int fake_rt_order(struct fake_rt *fake, enum order_kind kind);

/* The other end of a lane; false when a ring is full, or empty. */
bool fake_rt_send(struct fake_rt *fake, uint32_t lane, unsigned flags, uint32_t id);
bool fake_rt_receive(struct fake_rt *fake, uint32_t lane, struct engine_message *message);
/* Take the first lane's only message: an event of this type. */
struct engine_message fake_rt_event(struct fake_rt *fake, enum engine_message_type type);

enum engine_state fake_rt_state(const struct fake_rt *fake);

/* As functions, for the text of an assertion that fails. */
static inline uint64_t fake_load(const atomic_of(uint64_t) *count)
{
	return load_relaxed(count);
}

#define fake_count(fake, counter) fake_load(&(fake)->rt->vitals.counter)

#endif
