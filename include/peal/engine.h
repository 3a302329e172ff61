/* SPDX-License-Identifier: MIT */
/*
 * The engine: one sound device (or a playback and a capture device), one
 * audio thread that owns it, and the rings between that thread and the
 * program.
 *
 * Life. engine_create opens the device and starts the audio thread, which
 * answers messages from then until engine_destroy, whatever the device does.
 * engine_start and engine_stop move only the device.
 *
 * Threads. A function marked "control" may be called by any thread but
 * blocks, allocates and takes a lock: not for a thread with deadlines. A
 * function marked "sender" or "receiver" is lock-free and takes well under a
 * microsecond; a port has one sender and one receiver at a time, and a second
 * one caught inside the same call gets -EBUSY. Threads that send at the same
 * time open a port each (peal/port.h).
 *
 * Frames. Engine frame F is the F-th frame of playback since engine_start;
 * frames known to be lost to an xrun are counted, so F never slips against
 * the device. The capture frame F was sampled when playback frame F met the
 * converter (if engine_info.linked).
 *
 * After fork() the child has no audio thread: there every function that takes
 * an engine or a port returns ENGINE_EFORKED, and the parent's stream goes on
 * undisturbed. The child may create an engine of its own, unless another
 * thread was inside engine_create, engine_list_devices or engine_query_device
 * at the fork: alsa-lib's locks are then taken in the child for ever.
 */
#ifndef PEAL_ENGINE_H
#define PEAL_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include <peal/config.h>
#include <peal/message.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct engine;

/*
 * Open and negotiate the device, make the rings and start the audio thread.
 * The device is left prepared and silent: engine_start starts it.
 *
 * out: where to put the engine; set to NULL on failure. Owner: the caller,
 *   until engine_destroy.
 * config: what is wanted; NULL for the defaults. Copied.
 * Returns 0, or with nothing left open and engine_last_error naming the
 * parameter and what the device offers:
 *   -EINVAL       out is NULL, a field is out of its range, or the device
 *                 does not take the rate, channels, format, access or sizes
 *   ENGINE_EABI   config->size is not that of a known struct engine_config
 *   -ENOENT       no such device (any other code of ALSA's open is passed on)
 *   -EBUSY        another program holds the device
 *   -EACCES       no permission to open it (is the user in the group audio?)
 *   -ENOMEM       no memory for the rings
 *   ENGINE_ESECURE  the program runs with privileges its user has not
 *   -EAGAIN       no further thread can be created
 * Not getting real-time priority or locked memory is not a failure: see
 * engine_get_rt_report.
 * Thread: control.
 */
int engine_create(struct engine **out, const struct engine_config *config);

/*
 * Stop the device if it runs, end the audio thread, close the device and free
 * everything, ports that are still open included. Messages that nobody
 * received are gone.
 *
 * engine: NULL is allowed and does nothing. Afterwards it and its ports must
 *   not be used again; no other call on it may be in progress.
 * Returns 0; -ETIMEDOUT when the audio thread did not answer within 2 s (it
 * is blocked inside the device: what remains is named in engine_last_error
 * and stays allocated); ENGINE_EFORKED.
 * Thread: control.
 */
int engine_destroy(struct engine *engine);

/*
 * Start the device: the buffer is filled (with frames written so far, then
 * silence), and playback and capture start together. Engine frames count
 * from 0 again. Starting a running engine does nothing and returns 0.
 *
 * Returns 0; ENGINE_ELOST when the device is lost; -ETIMEDOUT when the audio
 * thread did not answer within 2 s; ENGINE_EFORKED; or ALSA's code for the
 * step that failed, which engine_last_error names.
 * Thread: control.
 */
int engine_start(struct engine *engine);

/*
 * Stop the device at once: what is in its buffer is not played (to play it,
 * engine_playback_drain first). Frames that the playback stream still holds
 * stay there for the next start; captured ones can still be read. Stopping a
 * stopped engine does nothing and returns 0.
 *
 * Returns 0; -ETIMEDOUT; ENGINE_EFORKED; or ALSA's code for the step that
 * failed (the device counts as stopped all the same).
 * Thread: control.
 */
int engine_stop(struct engine *engine);

/*
 * The first engine frame not yet rendered.
 *
 * frame: where to put it; 0 before the first start, and after a stop what it was.
 * Returns 0; -EINVAL when an argument is NULL; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_frame(struct engine *engine, uint64_t *frame);

/* The engine's clock, as the audio thread last saw it. */
struct engine_clock {
	size_t size;      /* sizeof(struct engine_clock), set by the caller */
	uint64_t frame;   /* this engine frame met the converter ... */
	uint64_t time_ns; /* ... at this time, CLOCK_MONOTONIC ns */
	uint32_t rate;    /* frames per second, to go on from there */
	uint32_t running; /* 1; 0: the device stands, and so does its clock */
};

/*
 * Which engine frame is at the converter, to tell times from frames: frame F
 * is due at time_ns + (F - frame) * 10^9 / rate. As exact as the device's
 * position at its interrupts, which is a period's worth at the worst.
 *
 * clock: where to put it; frame and time_ns are 0 before the first start.
 * Returns 0; -EINVAL when an argument is NULL; ENGINE_EABI; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_get_clock(struct engine *engine, struct engine_clock *clock);

/*
 * Where the device stands: enum engine_state, or ENGINE_EFORKED, or -EINVAL
 * when engine is NULL.
 *
 *   PREPARED -start-> RUNNING -stop-> PREPARED
 *   RUNNING -> XRUN -> RUNNING          frames were lost; restarted at once
 *   RUNNING -> SUSPENDED -> RUNNING     the system slept
 *   RUNNING -> STALLED -> RUNNING       no frame moved for the longer of four
 *                                       periods and 50 ms (and a second more
 *                                       after a start), nothing says why
 *   any -> LOST                         unplugged; restarted 8 times without a
 *                                       frame moved; or stalled for 1 s more on
 *                                       hardware, 5 s elsewhere
 *   LOST -> RUNNING | FAILED            with config.reopen: the card returned
 * Each of them is told by one event with its cause; those that the program
 * itself asks for (start, stop) are answered by the call.
 * Thread: any.
 */
int engine_state(struct engine *engine);

/*
 * How long ago the audio thread last woke: it does within two periods in every
 * state (a period longer than half a second counts as half a second here), so
 * more than that is a thread that is stuck or starved. For a watchdog.
 *
 * age_ns: where to put it.
 * Returns 0; -EINVAL when an argument is NULL; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_heartbeat(struct engine *engine, uint64_t *age_ns);

/*
 * Send a ping on the engine's own port; the audio thread answers it with an
 * ENGINE_PONG of the same id: at the next period while the device runs, within
 * one period in every other state, within two when a running device fails to
 * come. (A period longer than half a second counts as half a second here.)
 *
 * id: any number.
 * Returns 0; -ENOBUFS when the ring is full (nothing was queued; the refusal
 * is counted); -EBUSY when another thread is inside a send on the same port;
 * -EINVAL when engine is NULL; ENGINE_EFORKED.
 * Thread: sender.
 */
int engine_send_ping(struct engine *engine, uint32_t id);

/*
 * Send one command on the engine's own port.
 *
 * message: a command, copied; reserved fields 0. With ENGINE_FLAG_WAKE the
 *   audio thread is woken to take it at once (one system call here). With
 *   ENGINE_FLAG_QUIET there is neither a reply nor a report.
 * Returns as engine_send_ping; -EINVAL when message is NULL, its type is not a
 * command, a flag is unknown or a field is out of its range; -ENOTSUP for
 * anything but a ping when the engine has no playback. What only the audio
 * thread can know is in the reply.
 * Thread: sender.
 */
int engine_send(struct engine *engine, const struct engine_message *message);

/*
 * Send several commands on the engine's own port: all or none of them.
 *
 * messages: count commands. They are taken in one cycle: those without a frame
 *   of their own take effect at the same one.
 * count: 0..1024; 0 does nothing.
 * Returns 0; -EMSGSIZE when count is above 1024, or more than 1024 messages
 * would come back (a voice sends two); -ENOBUFS when they do not all fit now;
 * otherwise as engine_send.
 * Thread: sender.
 */
int engine_send_batch(struct engine *engine, const struct engine_message *messages, size_t count);

/*
 * Wake the audio thread, so that what was sent is taken now and not at the
 * next period. One system call, or none when it is about to wake anyway.
 *
 * Returns 0; -EINVAL; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_wake(struct engine *engine);

/*
 * Take one reply or event from the engine's own port, without waiting.
 *
 * message: where to put it.
 * Returns 1 and a message; 0 when there is none; -EBUSY when another thread is
 * inside a receive on the same port; -EINVAL when an argument is NULL;
 * ENGINE_EFORKED.
 * Thread: receiver.
 */
int engine_try_recv(struct engine *engine, struct engine_message *message);

/*
 * Take up to count replies and events from the engine's own port, without
 * waiting.
 *
 * messages: room for count of them.
 * Returns how many were taken (0..count, at most 1024 a call), else as
 * engine_try_recv.
 * Thread: receiver.
 */
int engine_try_recv_batch(struct engine *engine, struct engine_message *messages, size_t count);

/*
 * Take one reply or event, and wait for it if there is none.
 *
 * timeout_ms: milliseconds to wait at most; 0: do not wait; negative: without
 *   limit.
 * Returns 1 and a message; 0 when the time is over; -EINTR when a signal
 * handler ran; otherwise as engine_try_recv.
 * Thread: receiver; blocks.
 */
int engine_recv(struct engine *engine, struct engine_message *message, int timeout_ms);

/*
 * A file descriptor for poll, select, epoll or asyncio that is readable
 * exactly while a reply or event may wait on the engine's own port. It
 * becomes unreadable when engine_try_recv has found nothing. Only poll it;
 * never read, write or close it.
 *
 * Returns the descriptor (>= 0); -EINVAL; ENGINE_EFORKED.
 * Thread: any.
 */
int engine_event_fd(struct engine *engine);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
