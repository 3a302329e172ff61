/* SPDX-License-Identifier: MIT */
/*
 * The audio thread's whole world, in the engine's arena: locked, prefaulted,
 * and not inherited by a fork.
 *
 * The cycle: wait, take an order, take messages, move periods, ring the bells
 * of those who got something. It makes no system call but the wait, the
 * device's own and 8 bytes read or written on an eventfd.
 */
#ifndef PEAL_RT_RT_H
#define PEAL_RT_RT_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "rt/clock.h"
#include "rt/mixer.h"
#include "rt/render.h"
#include "rt/schedule.h"
#include "rt/transport.h"
#include "shared/bank.h"
#include "shared/health.h"
#include "shared/lane.h"
#include "shared/order.h"
#include "shared/stream.h"
#include "shared/vitals.h"

/* How many messages one period takes, over all lanes, wakes included. */
#define RT_BUDGET ENGINE_RING_MESSAGES

/* With longer periods messages and orders are looked at this often all the same. */
#define RT_TURN_MAX_NS 500000000u

struct rt {
	/* constant from before the thread starts */
	struct clock *clock;
	struct stream *playback; /* NULL: not used */
	struct stream *capture;  /* NULL: not used */
	struct engine_health *health;
	struct lane *lanes;
	uint32_t lane_count;
	struct pcm playback_pcm;
	struct pcm capture_pcm;
	uint64_t turn_ns; /* a period, at most RT_TURN_MAX_NS */
	uint32_t ramp_frames; /* a ramp or fade that nobody chose */
	struct schedule *schedule;

	/* audio thread */
	struct transport transport;
	struct render render;
	struct mixer mixer; /* without playback there is none: all of it is 0 */
	uint64_t woke_ns;   /* when this cycle woke */
	uint64_t now_ns;    /* the same, or when a message was sent since */
	uint64_t tick_ns;   /* when the current period began: budget, resume tries */
	uint32_t budget;    /* what is left of RT_BUDGET in this period */
	bool untouched;     /* no command was taken in this period */
	uint32_t next_lane; /* whose turn it is, 0..lane_count-1 */
	bool ordered;       /* an order was taken and not yet answered */
	bool quit;

	/* both sides: published by the control side */
	struct bank bank;

	/* both sides */
	alignas(CACHE_APART) struct doorbell wake; /* rung by the control side */
	struct doorbell lost; /* rung by the audio thread: the PCMs are the control side's */
	struct order order;
	/* control: lanes from this one on were never opened (only rises) */
	atomic_of(uint32_t) lanes_used;

	/* shared: audio writes, control reads */
	alignas(CACHE_APART) struct vitals vitals;
};

/* thread.c: the thread; argument: struct rt *. Answers ORDER_HELLO first. */
void *rt_thread(void *rt);

/* cycle.c: one turn, waiting included. */
void cycle(struct rt *rt);

/* orders.c: carry out what the control side ordered, if anything; answer once
 * all of the cycle's bells are rung, so that none is heard after the call. */
void orders_take(struct rt *rt);
void orders_answer(struct rt *rt);

/* dispatch.c: take commands, within the period's budget. */
void dispatch(struct rt *rt);

/* commands.c: carry out a command that was just taken, now or at its frame. */
void commands_take(struct rt *rt, struct lane *lane, const struct message_words *command);
/* Run what waits for frames up to `until`; what is late acts at `from`. */
void commands_run(struct rt *rt, uint64_t from, uint64_t until);
/* Answer all that waits "cancelled". */
void commands_cancel(struct rt *rt);
/* Tell of the voices that ended, and give up their samples. */
void commands_report_ended(struct rt *rt);
/* A port closes. */
void commands_forget(struct rt *rt, struct lane *lane);

/* reply.c: whether a lane's out ring has room for so many messages beside
 * those that it is owed. */
bool reply_fits(struct lane *lane, uint32_t more);
/* Reply to a command, unless it is quiet; there is room. detail: its age, or
 * by how many frames it is late. */
void reply_post(struct rt *rt, struct lane *lane, const struct message_words *command,
		int32_t result, uint32_t detail, uint64_t frame);
/* Report that a voice ended; there is room. */
void reply_ended(struct lane *lane, const struct voice_end *end);

/* reply.c: an event to every lane that gets events; lost and counted
 * where there is no room. */
void event_post(struct rt *rt, enum engine_message_type type, uint64_t a, uint64_t b);
/* The same to one open lane, if it gets events. */
void event_post_to(struct rt *rt, struct lane *lane, enum engine_message_type type,
		       uint64_t a, uint64_t b);

/* playback.c: render frames to the PCM from the stream, silence where it has
 * none; capture.c: take frames from the PCM to the stream. 0, or -errno with
 * the step. */
int playback_move(struct rt *rt, uint32_t frames, enum engine_step *step);
int capture_move(struct rt *rt, uint32_t frames, enum engine_step *step);

/* pressure.c: tell how full the rings are, and that the program is late. */
void pressure_update(struct rt *rt);
void pressure_late(struct rt *rt, struct stream *stream, enum engine_message_type type);

/* recover.c: a PCM showed trouble at this step (error 0: only a suspicion).
 * Afterwards the transport runs again, is suspended, or is lost. */
void recover(struct rt *rt, struct pcm *pcm, enum engine_step step, int error);

/* recover.c: no frame moved for too long; and the first that did since. */
void recover_overdue(struct rt *rt);
void recover_moving(struct rt *rt);

/* recover.c: a lost device is there again, as new PCMs of the same shape: run
 * on them if the program wants it; 0, or -errno with the step in rt->order and
 * the device lost as before. Or it cannot be taken again: failed for good. */
int recover_adopt(struct rt *rt);
void recover_fail(struct rt *rt, int error);

/* recover.c: one try a period to come back from suspension. */
void recover_resume(struct rt *rt);

#endif
