/* SPDX-License-Identifier: MIT */
/*
 * The message: what travels between a program and the audio thread.
 *
 * One fixed-size plain structure of 32 bytes, its own wire format. A program
 * sends commands and receives replies (one per command, carrying its id) and
 * events (unsolicited). Numbers are in the machine's byte order.
 */
#ifndef PEAL_MESSAGE_H
#define PEAL_MESSAGE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many messages each ring holds; all of them are usable. */
#define ENGINE_RING_MESSAGES 1024

enum engine_message_type {
	/* commands: program to audio thread */
	ENGINE_PING = 1, /* reply: ENGINE_PONG */

	/* replies: audio thread to the port that sent the command; union: reply */
	ENGINE_PONG = 0x101,

	/* events: audio thread to the engine's own port and to ports opened for events */
	ENGINE_EVENT_XRUN = 0x201,    /* frames were lost; running again; union: device */
	ENGINE_EVENT_SUSPEND = 0x202, /* the system suspended the device; union: device */
	ENGINE_EVENT_RESUME = 0x203,  /* it runs again; union: device */
	ENGINE_EVENT_LOST = 0x204,    /* the device is gone for good; union: device */
	/* a ring fills up (on 1) or no longer does (on 0); union: ring */
	ENGINE_EVENT_BACKPRESSURE = 0x205,
	/* the program is late: silence is played from now on; union: ring */
	ENGINE_EVENT_UNDERRUN = 0x206,
	/* the program is late: captured frames are dropped from now on; union: ring */
	ENGINE_EVENT_OVERRUN = 0x207,
};

enum engine_message_flag {
	/*
	 * On a command: wake the audio thread, so that the command is taken
	 * now and not at the next period. Costs the sender a system call.
	 */
	ENGINE_FLAG_WAKE = 1,
	/* On a command: no reply is wanted. */
	ENGINE_FLAG_QUIET = 2,
};

/* Where a device stands; see peal/engine.h for how it moves between them. */
enum engine_state {
	ENGINE_STATE_CLOSED = 0,
	ENGINE_STATE_PREPARED = 1,  /* open, not running: after create and after stop */
	ENGINE_STATE_RUNNING = 2,
	ENGINE_STATE_XRUN = 3,      /* frames were lost; being restarted */
	ENGINE_STATE_SUSPENDED = 4, /* the system sleeps or the device's power is off */
	ENGINE_STATE_LOST = 5,      /* unplugged, or it cannot be restarted: final */
};

/* The call to the device that showed the trouble. */
enum engine_step {
	ENGINE_STEP_NONE = 0,
	ENGINE_STEP_POLL = 1,
	ENGINE_STEP_AVAIL = 2,
	ENGINE_STEP_BEGIN = 3,
	ENGINE_STEP_COMMIT = 4,
	ENGINE_STEP_PREPARE = 5,
	ENGINE_STEP_START = 6,
	ENGINE_STEP_RESUME = 7,
	ENGINE_STEP_STATE = 8,
};

/* The rings between a program and the audio thread. */
enum engine_ring {
	ENGINE_RING_PLAYBACK = 1, /* chunks written and not yet played */
	ENGINE_RING_CAPTURE = 2,  /* chunks captured and not yet read */
	ENGINE_RING_COMMANDS = 3, /* a port's: messages sent and not yet taken */
	ENGINE_RING_REPLIES = 4,  /* a port's: messages not yet received */
};

struct engine_message {
	uint16_t type;  /* enum engine_message_type; never 0 */
	uint16_t flags; /* enum engine_message_flag; 0 in replies and events */
	/*
	 * Command: any number the sender likes. Reply: the command's. Event:
	 * how many events before this one found no room and were dropped.
	 */
	uint32_t id;
	/* Reply: the engine frame at which it took effect. Event: likewise.
	 * Command: 0 (reserved for "act at this frame"). */
	uint64_t frame;
	union {
		/* ENGINE_PONG */
		struct {
			int32_t result;   /* 0, or a negative error */
			uint32_t age_ns;  /* how long the command lay in the ring, ns;
					   * UINT32_MAX: that long or longer */
			uint64_t time_ns; /* when it took effect, CLOCK_MONOTONIC ns */
		} reply;
		/* ENGINE_PING: when it was sent, CLOCK_MONOTONIC ns. The send
		 * functions fill it in when it is 0. */
		struct {
			uint64_t reserved; /* 0 */
			uint64_t time_ns;
		} ping;
		/* ENGINE_EVENT_* about the device */
		struct {
			uint8_t from;         /* enum engine_state */
			uint8_t to;           /* enum engine_state */
			uint8_t step;         /* enum engine_step */
			uint8_t directions;   /* ENGINE_PLAYBACK and/or ENGINE_CAPTURE: which
					       * direction showed it */
			int32_t error;        /* the call's negative result, 0 if none */
			uint32_t lost_frames; /* by how far the engine frame jumped */
			uint32_t took_us;     /* from detection to this event, microseconds */
		} device;
		/* ENGINE_EVENT_* about a ring; it goes on by itself */
		struct {
			uint8_t ring;       /* enum engine_ring */
			uint8_t on;         /* backpressure: 1 it began, 0 it is over; else 1 */
			uint16_t permille;  /* how full it is, 0..1000 */
			uint32_t length;    /* the same, in chunks or messages */
			uint64_t time_ns;   /* when, CLOCK_MONOTONIC ns */
		} ring;
		uint32_t words[4];
	};
};

#ifdef __cplusplus
}
#endif
#endif
