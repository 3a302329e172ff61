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
	ENGINE_PING = 1,        /* union: ping; reply: ENGINE_PONG */
	ENGINE_STOP = 2,        /* end all voices; union: stop */
	ENGINE_SET_VOLUME = 3,  /* of the engine or of voices; union: volume */
	ENGINE_LOAD_SAMPLE = 4, /* is this sample there? union: sample */
	ENGINE_PLAY_SAMPLE = 5, /* start a voice; union: play; later: ENGINE_VOICE_ENDED */
	ENGINE_STOP_VOICE = 6,  /* end voices; union: voice */

	/* replies: audio thread to the port that sent the command */
	ENGINE_PONG = 0x101,          /* union: reply */
	ENGINE_STOPPED = 0x102,       /* union: done, as all that follow */
	ENGINE_VOLUME_SET = 0x103,
	ENGINE_SAMPLE_LOADED = 0x104,
	ENGINE_VOICE_STARTED = 0x105,
	ENGINE_VOICE_STOPPED = 0x106, /* it begins to fade */

	/* events: audio thread to the engine's own port and to ports opened for events */
	ENGINE_EVENT_XRUN = 0x201,    /* frames were lost; running again; union: device */
	ENGINE_EVENT_SUSPEND = 0x202, /* the system suspended the device; union: device */
	ENGINE_EVENT_RESUME = 0x203,  /* it runs again; union: device */
	ENGINE_EVENT_LOST = 0x204,    /* the device is gone; union: device */
	/* a ring fills up (on 1) or no longer does (on 0); union: ring */
	ENGINE_EVENT_BACKPRESSURE = 0x205,
	/* the program is late: silence is played from now on; union: ring */
	ENGINE_EVENT_UNDERRUN = 0x206,
	/* the program is late: captured frames are dropped from now on; union: ring */
	ENGINE_EVENT_OVERRUN = 0x207,
	ENGINE_EVENT_STALLED = 0x208,  /* no frame moves, nothing says why; union: device */
	ENGINE_EVENT_RETURNED = 0x209, /* a lost device was taken again; union: device */
	ENGINE_EVENT_FAILED = 0x20a,   /* ... cannot be taken again; union: device */

	/* reports: audio thread to the port that sent the command, after the reply */
	ENGINE_VOICE_ENDED = 0x301, /* once for each voice that started; union: ended */
};

/* ENGINE_SET_VOLUME: whose */
enum engine_target {
	ENGINE_TARGET_ENGINE = 0, /* all that is played, the stream included */
	ENGINE_TARGET_VOICE = 1,  /* voices that the same port started */
};

/* Why a voice ended. */
enum engine_end {
	ENGINE_END_FINISHED = 1, /* the sample is over */
	ENGINE_END_STOPPED = 2,  /* by ENGINE_STOP_VOICE or ENGINE_STOP */
	ENGINE_END_STOLEN = 3,   /* its place was needed; see config.steal */
	ENGINE_END_HALTED = 4,   /* the engine stopped, or the device was lost */
};

/* Volumes, velocities: 0.0 is silence, 1.0 changes nothing. */
#define ENGINE_VOLUME_MAX 16.0f
/* Playback speed of a voice. */
#define ENGINE_RATE_RATIO_MIN 0.25f
#define ENGINE_RATE_RATIO_MAX 4.0f
/* A ramp or fade of 0 frames takes this long. */
#define ENGINE_RAMP_US 5000
/* How many commands can wait for their frame. */
#define ENGINE_SCHEDULE_MESSAGES 512

enum engine_message_flag {
	/*
	 * On a command: wake the audio thread, so that the command is taken
	 * now and not at the next period. Costs the sender a system call.
	 */
	ENGINE_FLAG_WAKE = 1,
	/* On a command: neither a reply nor a report of a voice's end is wanted. */
	ENGINE_FLAG_QUIET = 2,
};

/* Where a device stands; see peal/engine.h for how it moves between them. */
enum engine_state {
	ENGINE_STATE_CLOSED = 0,
	ENGINE_STATE_PREPARED = 1,  /* open, not running: after create and after stop */
	ENGINE_STATE_RUNNING = 2,
	ENGINE_STATE_XRUN = 3,      /* frames were lost; being restarted */
	ENGINE_STATE_SUSPENDED = 4, /* the system sleeps or the device's power is off */
	ENGINE_STATE_LOST = 5,      /* unplugged, or it cannot be restarted: final, but
				     * with config.reopen */
	ENGINE_STATE_STALLED = 6,   /* it should run, and no frame moves: still waiting */
	ENGINE_STATE_FAILED = 7,    /* it was lost, and cannot be taken again: final */
};

/* Why a device changed its state, as far as that can be told. */
enum engine_cause {
	ENGINE_CAUSE_NONE = 0,
	/* the audio thread was woken too late: another thread of the same or a
	 * higher priority, interrupts, or no real-time priority at all */
	ENGINE_CAUSE_WOKEN_LATE = 1,
	/* the audio thread's own work took too long: voices, or a slow plugin */
	ENGINE_CAUSE_WORK = 2,
	ENGINE_CAUSE_DEVICE = 3,   /* it stopped while there was time left */
	ENGINE_CAUSE_SYSTEM = 4,   /* the system suspended it */
	ENGINE_CAUSE_GONE = 5,     /* unplugged, or its server died */
	/* restarted 8 times without a frame moved; those after a late wake-up
	 * count only once it lasts as long as a stall may */
	ENGINE_CAUSE_RESTARTS = 6,
	ENGINE_CAUSE_REFUSED = 7,  /* it refused to be restarted */
	ENGINE_CAUSE_SILENT = 8,   /* it neither moved nor said anything for too long */
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
	/*
	 * Command: act at exactly this engine frame; 0 or a frame that has
	 * passed: at once. While the engine is stopped, frames are those after
	 * its next start. Reply: the engine frame at which it took effect.
	 * Event, report: likewise.
	 */
	uint64_t frame;
	union {
		/* ENGINE_PONG */
		struct {
			int32_t result;   /* 0, or a negative error */
			uint32_t age_ns;  /* how long the command lay in the ring, ns;
					   * UINT32_MAX: that long or longer */
			uint64_t time_ns; /* when it took effect, CLOCK_MONOTONIC ns */
		} reply;
		/* The other replies. */
		struct {
			/* 0; ENGINE_ENOSAMPLE; ENGINE_ENOVOICE (none is free);
			 * ENGINE_EVOICE (none has this id); ENGINE_ESCHEDULE (too
			 * many wait); -ECANCELED (the engine or an ENGINE_STOP
			 * stopped it while it waited); -EINVAL */
			int32_t result;
			uint32_t late_frames; /* frame minus the frame it asked for */
			uint64_t time_ns;     /* when it was carried out, CLOCK_MONOTONIC ns */
		} done;
		/* ENGINE_STOP */
		struct {
			uint32_t fade_frames; /* 0: ENGINE_RAMP_US; 1: at once */
			uint32_t cancel;      /* 1: whatever waits for its frame is cancelled */
			uint64_t reserved;    /* 0 */
		} stop;
		/* ENGINE_SET_VOLUME */
		struct {
			uint32_t target;      /* enum engine_target */
			uint32_t voice;       /* TARGET_VOICE: the id of its ENGINE_PLAY_SAMPLE */
			float gain;           /* 0.0..ENGINE_VOLUME_MAX */
			uint32_t ramp_frames; /* linear; 0: ENGINE_RAMP_US; 1: at once */
		} volume;
		/* ENGINE_LOAD_SAMPLE */
		struct {
			uint32_t sample;
			uint32_t reserved[3]; /* 0 */
		} sample;
		/* ENGINE_PLAY_SAMPLE: its id is the voice's */
		struct {
			uint16_t sample; /* a number that engine_load_sample was given */
			uint8_t loop;    /* 1: from its end back to its beginning, until stopped */
			uint8_t reserved; /* 0 */
			float velocity;  /* 0.0..ENGINE_VOLUME_MAX: how loud */
			/* ENGINE_RATE_RATIO_MIN..MAX: how fast; 0.0: 1.0. Anything
			 * but 1.0 is interpolated (cubic). */
			float rate;
			/*
			 * Where its channels go: the n-th group of four bits is for
			 * the sample's channel n, n < 8: 0: nowhere; k: the engine's
			 * channel k - 1, k < 15; 15: every channel. 0 as a whole:
			 * one channel goes to all, of several each to its own.
			 */
			uint32_t map;
		} play;
		/* ENGINE_STOP_VOICE: every voice that the same port started with this id */
		struct {
			uint32_t id;
			uint32_t fade_frames; /* 0: ENGINE_RAMP_US; 1: at once */
			uint64_t reserved;    /* 0 */
		} voice;
		/* ENGINE_VOICE_ENDED; its id is the voice's, its frame the first without it */
		struct {
			uint32_t reason;      /* enum engine_end */
			uint32_t reserved;
			uint64_t frames;      /* how many engine frames it sounded */
		} ended;
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
			int16_t error;        /* the call's negative result, 0 if none */
			uint8_t cause;        /* enum engine_cause */
			uint8_t reserved;     /* 0 */
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
