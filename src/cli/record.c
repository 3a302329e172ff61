/* SPDX-License-Identifier: MIT */
/*
 * peal record: the capture stream into a sound file. The main thread takes
 * what was captured, and sleeps on the stream's descriptor. Invariant: the
 * file's time is true: frames that were lost are silence in it, and told, so
 * that what follows is where it belongs. It never takes another device than
 * the one asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include <peal.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/sound_file.h"
#include "cli/terminal.h"

/* How often the progress and the device's motion are looked at. */
#define RECORD_LOOK_MS 100u
/* Sound that a disk may keep us waiting for before any is lost. */
#define RECORD_STREAM_SECONDS 4u

static const struct option record_options[] = {
	OPTIONS_DEVICE, OPTIONS_RATE, OPTIONS_CHANNELS, OPTIONS_FORMAT, OPTIONS_PERIOD,
	{ "duration", required_argument, NULL, 'd' },
	OPTIONS_END
};

static const char record_help[] =
	"Usage: peal record [OPTION]... FILE\n"
	"\n"
	"Record to a WAV file, or, if its name ends in .rf64, to an RF64 file, which may\n"
	"be longer than 4 GiB. An existing file is overwritten. Ctrl-C ends the\n"
	"recording; the file can be played whatever ended it. Frames that were lost are\n"
	"told, and are silence in the file, so that the rest stays where it belongs.\n"
	"\n"
	"  -d, --duration S     seconds to record (until Ctrl-C)\n"
	HELP_DEVICE HELP_RATE
	"  -c, --channels N     (2)\n"
	"  -f, --format NAME    S16_LE, S24_LE, S24_3LE, S32_LE or FLOAT_LE (the first of\n"
	"                       S16_LE, S32_LE, ... that the device takes)\n"
	HELP_PERIOD("1024", "4") HELP_END
	"\n"
	"Exit status: 0 all was recorded; 1 it failed, or frames were lost; 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal record -d 10 take.wav\n"
	"  peal record -D hw:CARD=USB -r 96000 -f S32_LE -c 8 concert.rf64\n"
	"  peal record -D virtual -d 1 silence.wav     on a machine without a sound card\n";

struct recorder {
	struct engine *engine;
	struct engine_info info;
	struct sound_file *file;
	void *block;
	uint64_t wanted;        /* frames; UINT64_MAX: until interrupted */
	uint64_t frames;        /* in the file */
	uint64_t gap_frames;    /* of them, silence for what was lost */
	struct device_motion motion;
};

static uint64_t recorder_left(const struct recorder *recorder)
{
	return recorder->wanted - recorder->frames;
}

static double recorder_seconds(const struct recorder *recorder, uint64_t frames)
{
	return (double)frames / recorder->info.rate;
}

static int recorder_fill_gap(struct recorder *recorder, uint64_t gap)
{
	uint64_t left = recorder_left(recorder);

	terminal_complain("record: %" PRIu64 " frames lost at %.3f s", gap,
			  recorder_seconds(recorder, recorder->frames));
	if (gap > left)
		gap = left;
	if (sound_file_write_silence(recorder->file, gap) < 0)
		return -EIO;
	recorder->gap_frames += gap;
	recorder->frames += gap;
	return 0;
}

/* Take all that was captured by now, or all that is wanted. Returns 0 or a negative error. */
static int recorder_take(struct recorder *recorder)
{
	struct engine_capture_chunk chunk = { .size = sizeof(chunk) };
	int count;

	while (recorder_left(recorder) > 0) {
		count = engine_capture_read(recorder->engine, recorder->block,
					    SOUND_FILE_BLOCK_FRAMES, &chunk);
		if (count < 0)
			device_complain_stream("record", count);
		if (count <= 0)
			return count;
		if (chunk.gap_frames > 0 && recorder_fill_gap(recorder, chunk.gap_frames) < 0)
			return -EIO;
		if ((uint64_t)count > recorder_left(recorder))
			count = (int)recorder_left(recorder);
		if (sound_file_write(recorder->file, recorder->block, (size_t)count) < 0)
			return -EIO;
		recorder->frames += (uint64_t)count;
	}
	return 0;
}

/* Once in a while: what happened, whether it goes on, and how far it is. */
static int recorder_look(struct recorder *recorder)
{
	int err = device_watch("record", recorder->engine);

	if (err == 0)
		err = device_motion_check(&recorder->motion, recorder->engine, &recorder->info,
					  recorder->frames);
	if (err < 0) {
		device_complain_stream("record", err);
		return err;
	}
	terminal_progress("%.1f s, %" PRIu64 " frames lost",
			  recorder_seconds(recorder, recorder->frames), recorder->gap_frames);
	return 0;
}

static int recorder_run(struct recorder *recorder)
{
	int stream_fd = engine_capture_fd(recorder->engine);
	int event_fd = engine_event_fd(recorder->engine);
	int err = engine_start(recorder->engine);
	int last;

	if (err < 0) {
		device_complain("record", err);
		return err;
	}
	while (err == 0 && recorder_left(recorder) > 0 && !interrupt_seen()) {
		interrupt_wait(stream_fd, event_fd, RECORD_LOOK_MS * NS_PER_MS);
		err = recorder_take(recorder);
		if (err == 0)
			err = recorder_look(recorder);
	}
	engine_stop(recorder->engine);
	/* what was captured by then; unless it is the file that takes no more */
	last = err == -EIO ? err : recorder_take(recorder);
	return err < 0 ? err : last;
}

/* Returns whether nothing was lost. */
static bool recorder_summarise(const struct recorder *recorder, const char *path)
{
	struct engine_stats stats = { .size = sizeof(stats) };
	const char *causes = device_xrun_causes();

	engine_get_stats(recorder->engine, &stats);
	terminal_say("recorded %" PRIu64 " frames (%.3f s) to %s, %" PRIu64
		     " of them silence for lost ones, %" PRIu64 " xruns%s%s%s\n", recorder->frames,
		     recorder_seconds(recorder, recorder->frames), path, recorder->gap_frames,
		     stats.xruns, *causes ? " (" : "", causes, *causes ? ")" : "");
	return recorder->gap_frames == 0 && stats.xruns == 0;
}

static int recorder_record(struct recorder *recorder, const char *path, double seconds)
{
	struct sound_file_info file_info = {
		.rate = recorder->info.rate,
		.channels = recorder->info.channels,
		.format = recorder->info.format,
	};
	bool complete;
	int err;

	if (seconds > 0)
		file_info.frames = (uint64_t)(seconds * recorder->info.rate + 0.5);
	recorder->wanted = seconds > 0 ? file_info.frames : UINT64_MAX;
	recorder->block = malloc(SOUND_FILE_BLOCK_FRAMES * (size_t)recorder->info.frame_bytes);
	if (!recorder->block) {
		terminal_complain("record: out of memory");
		return EXIT_FAILED;
	}
	recorder->file = sound_file_create(path, &file_info);
	if (!recorder->file)
		return EXIT_FAILED;
	err = recorder_run(recorder);
	if (sound_file_close(recorder->file) < 0)
		err = -EIO;
	complete = recorder_summarise(recorder, path);
	return err == 0 && complete ? EXIT_OK : EXIT_FAILED;
}

static int record_run(const struct command *self, int argc, char **argv)
{
	struct engine_config config = {
		.directions = ENGINE_CAPTURE, .rate = 48000, .period_frames = 1024, .periods = 4,
	};
	struct recorder recorder = { .info.size = sizeof(recorder.info) };
	double seconds = 0;
	const char *path;
	int option, err, status;

	while ((option = options_next(self, argc, argv, &config)) != -1)
		if (option == 'd')
			seconds = options_seconds(self, "duration", optarg, 0.001, 1e9);
	path = options_operand(self, argc, argv, "the file to record to");
	if (!sound_file_supported(self->name))
		return EXIT_FAILED;
	interrupt_init();
	config.stream_frames = RECORD_STREAM_SECONDS * config.rate;
	err = device_create(&recorder.engine, &config);
	if (err < 0) {
		device_complain(self->name, err);
		return EXIT_FAILED;
	}
	engine_get_info(recorder.engine, &recorder.info);
	status = recorder_record(&recorder, path, seconds);
	free(recorder.block);
	return device_destroy(self->name, recorder.engine, status);
}

const struct command record_command = {
	.name = "record",
	.summary = "record to a WAV file",
	.help = record_help,
	.shorts = ":D:r:c:f:d:h",
	.longs = record_options,
	.run = record_run,
};
