/* SPDX-License-Identifier: MIT */
/*
 * peal play: a sound file through the playback stream. The main thread keeps
 * the stream full, a block at a time, and sleeps on the stream's descriptor.
 * Invariant: each frame of the file is handed over once, in order, and none
 * is resampled. It never takes another device than the one asked for.
 */
#include <errno.h>
#include <inttypes.h>
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
#define PLAY_LOOK_MS 100u

static const struct option play_options[] = {
	OPTIONS_DEVICE, OPTIONS_PERIOD, OPTIONS_END
};

static const char play_help[] =
	"Usage: peal play [OPTION]... FILE\n"
	"\n"
	"Play a sound file, of any kind that libsndfile reads, at its own rate.\n"
	"Ctrl-C stops.\n"
	"\n"
	HELP_DEVICE HELP_PERIOD("1024", "4") HELP_END
	"\n"
	"Exit status: 0 played, or stopped by Ctrl-C; 1 it failed, or the sound had\n"
	"gaps (underruns, xruns); 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal play bell.wav\n"
	"  peal play -D plughw:0 bell.flac     let ALSA convert rate and channels\n"
	"  peal play -D virtual bell.wav       on a machine without a sound card\n";

struct player {
	struct engine *engine;
	struct engine_info info;
	struct sound_file *file;
	struct sound_file_info file_info;
	char *block;             /* frames of the file that the stream has not taken yet: */
	size_t held, sent;       /* frames sent..held of it */
	struct device_motion motion;
};

/*
 * The format that holds the file's samples, then others that hold at least
 * 24 bits of them, then whatever the device has: a refusal of that last one
 * is not about the format, and its sentence is the one worth reading.
 */
static int player_create_engine(struct player *player, struct engine_config *config)
{
	const uint32_t formats[] = {
		player->file_info.format, ENGINE_FORMAT_S32_LE, ENGINE_FORMAT_S24_LE,
		ENGINE_FORMAT_S24_3LE, ENGINE_FORMAT_FLOAT_LE, ENGINE_FORMAT_ANY,
	};
	int err = -EINVAL;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]) && err == -EINVAL; i++) {
		config->format = formats[i];
		err = device_create(&player->engine, config);
	}
	return err;
}

/* Hand over what the stream takes. Returns 1 when the file has ended, 0, or a negative error. */
static int player_feed(struct player *player)
{
	const size_t frame_bytes = player->info.frame_bytes;
	int count;

	for (;;) {
		if (player->sent == player->held) {
			count = sound_file_read(player->file, player->block,
						SOUND_FILE_BLOCK_FRAMES, player->info.format);
			if (count <= 0)
				return count < 0 ? count : 1;
			player->held = (size_t)count;
			player->sent = 0;
		}
		count = engine_playback_write(player->engine,
					      player->block + player->sent * frame_bytes,
					      player->held - player->sent);
		if (count < 0)
			device_complain_stream("play", count);
		if (count <= 0)
			return count;
		player->sent += (size_t)count;
	}
}

static double player_seconds(const struct player *player, uint64_t frames)
{
	return (double)frames / player->info.rate;
}

/* Once in a while: what happened, whether it goes on, and how far it is. */
static int player_look(struct player *player)
{
	struct engine_stats stats = { .size = sizeof(stats) };
	int room = engine_playback_free(player->engine);
	int err = device_watch("play", player->engine);

	engine_get_stats(player->engine, &stats);
	if (err == 0)
		err = device_motion_check(&player->motion, player->engine, &player->info,
					  stats.played_frames);
	if (err < 0) {
		device_complain_stream("play", err);
		return err;
	}
	terminal_progress("%.1f of %.1f s, stream %.0f %% full, %" PRIu64 " xruns",
			  player_seconds(player, stats.played_frames),
			  player_seconds(player, player->file_info.frames),
			  100 - 100.0 * room / player->info.stream_frames, stats.xruns);
	return 0;
}

/* Returns 0 when all was played or an interrupt came, else a negative error. */
static int player_run(struct player *player)
{
	int stream_fd = engine_playback_fd(player->engine);
	int event_fd = engine_event_fd(player->engine);
	int fed = player_feed(player);
	int drained = 0, err;

	if (fed < 0)
		return fed;
	/* the end is known before the start: silence behind it is no underrun */
	if (fed == 1)
		engine_playback_drain(player->engine, 0);
	err = engine_start(player->engine);
	if (err < 0) {
		device_complain("play", err);
		return err;
	}
	while (fed == 0 && err == 0 && !interrupt_seen()) {
		interrupt_wait(stream_fd, event_fd, PLAY_LOOK_MS * NS_PER_MS);
		fed = player_feed(player);
		err = fed < 0 ? fed : player_look(player);
	}
	while (drained == 0 && err == 0 && !interrupt_seen()) {
		drained = engine_playback_drain(player->engine, PLAY_LOOK_MS);
		if (drained == -EINTR)
			drained = 0;
		err = player_look(player);
	}
	if (drained < 0 && err == 0) {
		device_complain_stream("play", drained);
		err = drained;
	}
	return err;
}

static int player_summarise(const struct player *player)
{
	struct engine_stats stats = { .size = sizeof(stats) };

	engine_get_stats(player->engine, &stats);
	terminal_say("played %" PRIu64 " frames (%.3f s), %" PRIu64 " underrun frames, %"
		     PRIu64 " xruns\n", stats.played_frames,
		     player_seconds(player, stats.played_frames), stats.underrun_frames,
		     stats.xruns);
	return stats.underrun_frames || stats.lost_frames || stats.xruns ? EXIT_FAILED : EXIT_OK;
}

static int player_play(struct player *player, struct engine_config *config)
{
	int err = player_create_engine(player, config);
	int status = EXIT_FAILED;

	if (err < 0) {
		device_complain("play", err);
		return EXIT_FAILED;
	}
	player->info.size = sizeof(player->info);
	engine_get_info(player->engine, &player->info);
	player->block = malloc(SOUND_FILE_BLOCK_FRAMES * (size_t)player->info.frame_bytes);
	if (player->block)
		err = player_run(player);
	else
		terminal_complain("play: out of memory");
	if (player->block)
		status = player_summarise(player);
	free(player->block);
	return device_destroy("play", player->engine, err < 0 ? EXIT_FAILED : status);
}

static int play_run(const struct command *self, int argc, char **argv)
{
	struct engine_config config = {
		.directions = ENGINE_PLAYBACK, .period_frames = 1024, .periods = 4,
	};
	struct player player = { 0 };
	const char *path;
	int status;

	options_next(self, argc, argv, &config);
	path = options_operand(self, argc, argv, "the file to play");
	if (!sound_file_supported(self->name))
		return EXIT_FAILED;
	interrupt_init();
	player.file = sound_file_open(path, &player.file_info);
	if (!player.file)
		return EXIT_FAILED;
	config.rate = player.file_info.rate;
	config.channels = player.file_info.channels;
	/* a second of sound in hand: a file is read by a disk, not by a clock */
	config.stream_frames = config.rate < ENGINE_STREAM_FRAMES_MAX ? config.rate : 0;
	status = player_play(&player, &config);
	return sound_file_close(player.file) < 0 ? EXIT_FAILED : status;
}

const struct command play_command = {
	.name = "play",
	.summary = "play a sound file",
	.help = play_help,
	.shorts = ":D:h",
	.longs = play_options,
	.run = play_run,
};
