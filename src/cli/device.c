/* SPDX-License-Identifier: MIT */
/*
 * The device of a command. Used by the main thread only, which is both the
 * sender and the receiver of the engine's own port. It turns results and
 * events into sentences, and decides nothing: what to do about them is the
 * command's.
 */
#include "cli/device.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/terminal.h"

#define STANDSTILL_NS (5ull * NS_PER_SECOND)

static void device_log(int level, const char *text, void *arg)
{
	(void)arg;
	/* errors come back as results, and are told where they do */
	if (level == ENGINE_LOG_WARNING)
		terminal_complain("warning: %s", text);
}

int device_create(struct engine **engine, struct engine_config *config)
{
	config->size = sizeof(*config);
	config->log = device_log;
	return engine_create(engine, config);
}

int device_create_any(struct engine **engine, struct engine_config *config)
{
	static const uint32_t directions[] = {
		ENGINE_PLAYBACK | ENGINE_CAPTURE, ENGINE_CAPTURE, ENGINE_PLAYBACK,
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
		config->directions = directions[i];
		err = device_create(engine, config);
		if (err == 0)
			break;
	}
	return err;
}

void device_complain(const char *command, int err)
{
	const char *sentence = engine_last_error();

	terminal_complain("%s: %s", command, *sentence ? sentence : engine_strerror(err));
}

int device_destroy(const char *command, struct engine *engine, int status)
{
	int err = engine_destroy(engine);

	if (err == 0)
		return status;
	device_complain(command, err);
	return status ? status : EXIT_FAILED;
}

static const char *const causes[] = {
	[ENGINE_CAUSE_NONE] = "for no known reason",
	[ENGINE_CAUSE_WOKEN_LATE] = "woken late",
	[ENGINE_CAUSE_WORK] = "too much work",
	[ENGINE_CAUSE_DEVICE] = "the device's own",
	[ENGINE_CAUSE_SYSTEM] = "the system sleeps",
	[ENGINE_CAUSE_GONE] = "unplugged, or its server has ended",
	[ENGINE_CAUSE_RESTARTS] = "restarted in vain",
	[ENGINE_CAUSE_REFUSED] = "it refused to restart",
	[ENGINE_CAUSE_SILENT] = "silent for too long",
};
#define CAUSES (sizeof(causes) / sizeof(causes[0]))

static uint64_t xruns_told[CAUSES]; /* by their cause */

static const char *device_cause(const struct engine_message *message)
{
	size_t cause = message->device.cause;

	return causes[cause < CAUSES ? cause : ENGINE_CAUSE_NONE];
}

const char *device_xrun_causes(void)
{
	static char text[256];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < CAUSES && length < sizeof(text); i++)
		if (xruns_told[i] > 0)
			length += (size_t)snprintf(text + length, sizeof(text) - length,
						   "%s%" PRIu64 " %s", length ? ", " : "",
						   xruns_told[i], causes[i]);
	return text;
}

static void device_tell_end(const char *command, const struct engine_message *message,
			    const char *what)
{
	int error = message->device.error;

	terminal_complain("%s: the device %s at frame %" PRIu64 " (%s%s%s)", command, what,
			  message->frame, device_cause(message), error ? ": " : "",
			  error ? engine_strerror(error) : "");
}

bool device_tell(const char *command, const struct engine_message *message)
{
	uint32_t lost = message->device.lost_frames;

	if (message->id > 0 && message->type >= ENGINE_EVENT_XRUN)
		terminal_complain("%s: %" PRIu32 " earlier events found no room", command,
				  message->id);
	switch (message->type) {
	case ENGINE_EVENT_XRUN:
		if (message->device.cause < CAUSES)
			xruns_told[message->device.cause]++;
		terminal_complain("%s: xrun at frame %" PRIu64 ", %" PRIu32 " frames lost (%s)",
				  command, message->frame, lost, device_cause(message));
		return true;
	case ENGINE_EVENT_SUSPEND:
		terminal_complain("%s: the device was suspended at frame %" PRIu64, command,
				  message->frame);
		return true;
	case ENGINE_EVENT_RESUME:
		terminal_complain("%s: the device runs again at frame %" PRIu64
				  ", %" PRIu32 " frames lost", command, message->frame, lost);
		return true;
	case ENGINE_EVENT_STALLED:
		terminal_complain("%s: the device stands still at frame %" PRIu64, command,
				  message->frame);
		return true;
	case ENGINE_EVENT_RETURNED:
		terminal_complain("%s: the device is back at frame %" PRIu64
				  ", %" PRIu32 " frames lost", command, message->frame, lost);
		return true;
	case ENGINE_EVENT_LOST:
		device_tell_end(command, message, "was lost");
		return true;
	case ENGINE_EVENT_FAILED:
		device_tell_end(command, message, "cannot be taken again");
		return true;
	case ENGINE_EVENT_UNDERRUN:
		terminal_complain("%s: late at frame %" PRIu64 ": silence until the sound goes on",
				  command, message->frame);
		return true;
	}
	return false;
}

int device_watch(const char *command, struct engine *engine)
{
	struct engine_message message;
	int state;

	while (engine_try_recv(engine, &message) > 0)
		device_tell(command, &message);
	/* no command has it taken again */
	state = engine_state(engine);
	return state == ENGINE_STATE_LOST || state == ENGINE_STATE_FAILED ? ENGINE_ELOST : 0;
}

int device_motion_check(struct device_motion *motion, struct engine *engine,
			const struct engine_info *info, uint64_t position)
{
	const struct engine_pcm_info *pcm =
		info->directions & ENGINE_PLAYBACK ? &info->playback : &info->capture;
	uint64_t buffer_ns = (uint64_t)pcm->buffer_frames * NS_PER_SECOND / info->rate;
	uint64_t now = clock_now_ns();

	/* a device that sleeps has a reason to stand still */
	if (!motion->moved_ns || position != motion->position ||
	    engine_state(engine) == ENGINE_STATE_SUSPENDED) {
		motion->position = position;
		motion->moved_ns = now;
	}
	return now - motion->moved_ns > STANDSTILL_NS + 2 * buffer_ns ? -ETIMEDOUT : 0;
}

void device_complain_stream(const char *command, int err)
{
	if (err == -ETIMEDOUT)
		terminal_complain("%s: the device stands still: its clock does not move, "
				  "or its sound server does not answer", command);
	else if (err == ENGINE_ELOST)
		terminal_complain("%s: the device is gone; start again when it is back", command);
	else
		terminal_complain("%s: %s", command, engine_strerror(err));
}
