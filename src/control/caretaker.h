/* SPDX-License-Identifier: MIT */
/*
 * The caretaker: a thread of normal priority, one an engine. On it runs what
 * may block inside a device: stopping, closing, and opening a lost one again;
 * and it takes real-time priority from an audio thread that runs away.
 *
 * Whoever asks it waits with a time limit. What is late is done all the same,
 * and an engine whose end nobody waited for is freed by it when the device
 * comes back.
 */
#ifndef PEAL_CONTROL_CARETAKER_H
#define PEAL_CONTROL_CARETAKER_H

struct caretaker;
struct engine;

enum caretaker_job {
	CARETAKER_NONE = 0,
	CARETAKER_DROP, /* bring the PCMs to a stand; they are the control side's */
	CARETAKER_BURY, /* end the audio thread, close and free everything: afterwards
			 * there is neither an engine nor a caretaker */
	CARETAKER_LEAVE, /* end the caretaker alone: there is no audio thread */
};

/* Start it, as engine->caretaker; 0 or a negative error. */
int caretaker_create(struct engine *engine);

/* From now on there is an audio thread with real-time priority to be watched. */
void caretaker_watch(struct caretaker *caretaker);

/*
 * Have a job done, after any that is late. After BURY and LEAVE the caretaker
 * is gone for the caller, whatever is returned.
 * Returns the job's result, or -ETIMEDOUT: it is late and will yet be done.
 */
int caretaker_do(struct caretaker *caretaker, enum caretaker_job job, int timeout_ms);

#endif
