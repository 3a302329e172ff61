/* SPDX-License-Identifier: MIT */
/*
 * peal tone: a test sound, as one voice that plays a sample. The main thread
 * computes it before the device starts and then only listens to what becomes
 * of the voice; so nothing here can be late. It never takes another device
 * than the one asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <peal.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/waveform.h"

#define TONE_LOOK_MS 100u
/* The audio thread takes a command within a period, of at most half a second. */
#define TONE_PATIENCE_MS 2000
#define TONE_FADE_MS 20u
#define SWEEP_SECONDS 10.0
#define SWEEP_SECONDS_MAX 600.0

/* The ids of the two commands that it sends. */
enum { TONE_VOICE = 1, TONE_STOP };

enum { OPTION_LEVEL = OPTION_OWN };

static const struct option tone_options[] = {
	OPTIONS_DEVICE, OPTIONS_RATE, OPTIONS_CHANNELS, OPTIONS_FORMAT, OPTIONS_PERIOD,
	{ "on", required_argument, NULL, 'o' },
	{ "frequency", required_argument, NULL, 'F' },
	{ "level", required_argument, NULL, OPTION_LEVEL },
	{ "duration", required_argument, NULL, 'd' },
	OPTIONS_END
};

static const char tone_help[] =
	"Usage: peal tone [OPTION]... [sine|sweep|noise]\n"
	"\n"
	"Play a test sound: a sine, a sine that sweeps up to 20 kHz, or white noise.\n"
	"Ctrl-C fades it out.\n"
	"\n"
	"  -F, --frequency HZ   of the sine (440), or where the sweep begins (20)\n"
	"      --level DB       its peak, in dB of full scale, -120..0 (-20)\n"
	"  -d, --duration S     seconds to play (until Ctrl-C; a sweep: 10)\n"
	"  -o, --on LIST        channels that sound, from 1 on, such as 1,3 (all)\n"
	"  -c, --channels N     channels of the device (2)\n"
	"  -f, --format NAME    sample format of the device (the first that it takes)\n"
	HELP_DEVICE HELP_RATE HELP_PERIOD("1024", "4") HELP_END
	"\n"
	"Exit status: 0 played, or stopped by Ctrl-C; 1 it failed, or the sound had\n"
	"gaps (xruns); 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal tone -D hw:0 -d 2               two seconds of 440 Hz\n"
	"  peal tone -D hw:0 -c 6 -o 4 noise    which one is the fourth speaker?\n"
	"  peal tone -D virtual -F 100 sweep    on a machine without a sound card\n";

struct tone {
	struct engine *engine;
	struct engine_info info;
	struct waveform waveform;
	bool silent[ENGINE_CHANNELS_MAX];
	double seconds;      /* 0: until an interrupt */
	uint64_t began;      /* the voice's first engine frame */
	uint64_t end;        /* the first one without it */
	bool ended;
	bool stopped;        /* an interrupt had it stopped */
	int err;             /* why it went wrong */
	struct device_motion motion;
};

static const char *const kinds[] = {
	[WAVEFORM_SINE] = "sine", [WAVEFORM_SWEEP] = "sweep", [WAVEFORM_NOISE] = "noise",
};

static uint32_t tone_fade(const struct tone *tone)
{
	return tone->info.rate * TONE_FADE_MS / 1000;
}

static int tone_load(struct tone *tone)
{
	struct engine_sample *sample;
	size_t count;
	float *frames = waveform_create(&tone->waveform, &count);
	int err;

	if (!frames) {
		terminal_complain("tone: out of memory");
		return -ENOMEM;
	}
	err = engine_sample_create(&sample, frames, count, ENGINE_FORMAT_FLOAT_LE,
				   tone->waveform.channels, tone->info.rate, 0);
	free(frames);
	if (err == 0)
		err = engine_load_sample(tone->engine, 0, sample);
	if (err < 0)
		device_complain("tone", err);
	engine_sample_put(sample);
	return err;
}

static void tone_take(struct tone *tone, const struct engine_message *message)
{
	switch (message->type) {
	case ENGINE_VOICE_STARTED:
		tone->began = message->frame;
		tone->err = message->done.result;
		break;
	case ENGINE_VOICE_ENDED:
		tone->ended = true;
		tone->end = message->frame;
		if (message->ended.reason == ENGINE_END_HALTED)
			tone->err = ENGINE_ELOST;
		break;
	default:
		/* a stop that comes after the end is refused, and nothing is wrong */
		device_tell("tone", message);
	}
}

/* Wait a little for what comes in, and take it. */
static void tone_listen(struct tone *tone)
{
	struct engine_message message;
	int got;

	if (!interrupt_seen())
		interrupt_wait(engine_event_fd(tone->engine), -1, TONE_LOOK_MS * NS_PER_MS);
	/* once an interrupt was seen, it ends every wait of that kind */
	got = engine_recv(tone->engine, &message, interrupt_seen() ? (int)TONE_LOOK_MS : 0);
	for (; got > 0; got = engine_try_recv(tone->engine, &message))
		tone_take(tone, &message);
}

/* From this frame on fade to silence, which the last of fade_frames is already. */
static struct engine_message tone_stopping(uint64_t frame, uint32_t fade_frames)
{
	return (struct engine_message){
		.type = ENGINE_STOP_VOICE, .id = TONE_STOP, .frame = frame,
		.voice = { .id = TONE_VOICE, .fade_frames = fade_frames },
	};
}

/*
 * Have the voice play from the first frame on, and to its last if that is
 * known. When the ping is answered the audio thread has it all in hand.
 */
static int tone_begin(struct tone *tone)
{
	bool loops = waveform_loops(&tone->waveform), ends = loops && tone->seconds > 0;
	uint64_t frames = (uint64_t)fmax(1, round(tone->seconds * tone->info.rate));
	uint32_t fade = frames > tone_fade(tone) ? tone_fade(tone) : 0;
	struct engine_message commands[] = {
		{ .type = ENGINE_PLAY_SAMPLE, .id = TONE_VOICE,
		  .play = { .velocity = 1, .loop = loops } },
		tone_stopping(frames - fade, fade + 1),
		{ .type = ENGINE_PING, .flags = ENGINE_FLAG_WAKE },
	}, message = { 0 };
	int got;

	if (!ends)
		commands[1] = commands[2];
	got = engine_send_batch(tone->engine, commands, ends ? 3 : 2);
	while (got >= 0 && message.type != ENGINE_PONG) {
		got = engine_recv(tone->engine, &message, TONE_PATIENCE_MS);
		if (got > 0)
			tone_take(tone, &message);
		else if (got == 0)
			got = -ETIMEDOUT;
		else if (got == -EINTR)
			got = 0;
	}
	return got < 0 ? got : tone->err;
}

/* Once in a while: whether it goes on, and how far it is. */
static void tone_look(struct tone *tone)
{
	struct engine_stats stats = { .size = sizeof(stats) };
	uint64_t frame = 0;

	if (tone->err == 0 && engine_state(tone->engine) == ENGINE_STATE_LOST)
		tone->err = ENGINE_ELOST;
	engine_frame(tone->engine, &frame);
	engine_get_stats(tone->engine, &stats);
	if (tone->err == 0)
		tone->err = device_motion_check(&tone->motion, tone->engine, &tone->info, frame);
	terminal_progress("%.1f s, %" PRIu64 " xruns", (double)frame / tone->info.rate,
			  stats.xruns);
}

/* Whether the last frame has left the device's buffer. */
static bool tone_is_over(const struct tone *tone)
{
	uint64_t frame = 0;

	engine_frame(tone->engine, &frame);
	return tone->ended && frame >= tone->end + tone->info.playback.buffer_frames;
}

/* An interrupt: fade out, from now on. */
static int tone_stop(struct tone *tone)
{
	struct engine_message stop = tone_stopping(0, tone_fade(tone) + 1);

	tone->stopped = true;
	return engine_send(tone->engine, &stop);
}

static int tone_run(struct tone *tone)
{
	int err = engine_start(tone->engine);

	if (err < 0) {
		device_complain("tone", err);
		return err;
	}
	while (tone->err == 0 && !tone_is_over(tone)) {
		tone_listen(tone);
		tone_look(tone);
		if (interrupt_seen() && !tone->stopped && tone->err == 0)
			tone->err = tone_stop(tone);
	}
	if (tone->err < 0)
		device_complain_stream("tone", tone->err);
	return tone->err;
}

static int tone_summarise(const struct tone *tone)
{
	struct engine_stats stats = { .size = sizeof(stats) };
	uint64_t frames = tone->ended ? tone->end - tone->began : 0;

	engine_get_stats(tone->engine, &stats);
	terminal_say("played %" PRIu64 " frames (%.3f s) of %s, %" PRIu64 " xruns\n", frames,
		     (double)frames / tone->info.rate, kinds[tone->waveform.kind], stats.xruns);
	return stats.lost_frames || stats.xruns ? EXIT_FAILED : EXIT_OK;
}

static enum waveform_kind tone_kind(const struct command *self, int argc, char **argv)
{
	const char *name = optind < argc ? options_operand(self, argc, argv, "") : "sine";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(name, kinds[i]))
			return (enum waveform_kind)i;
	options_refuse(self, "there is no sound '%s': it is sine, sweep or noise", name);
}

/* "1,3": all but these are silent. */
static void tone_parse_on(const struct command *self, struct tone *tone, const char *list,
			  uint32_t channels)
{
	char one[16];
	size_t length;

	memset(tone->silent, true, sizeof(tone->silent));
	tone->waveform.silent = tone->silent;
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		memcpy(one, list, length < sizeof(one) ? length : sizeof(one) - 1);
		one[length < sizeof(one) ? length : sizeof(one) - 1] = '\0';
		tone->silent[options_number(self, "a channel", one, 1, channels) - 1] = false;
		if (!list[length])
			return;
	}
}

static void tone_parse(const struct command *self, int argc, char **argv, struct tone *tone,
		       struct engine_config *config)
{
	struct waveform *waveform = &tone->waveform;
	const char *on = NULL;
	double level = -20;
	int option;

	while ((option = options_next(self, argc, argv, config)) != -1) {
		switch (option) {
		case 'F':
			waveform->frequency = options_real(self, "frequency", "Hz", optarg, 1,
							   ENGINE_RATE_MAX / 2.0);
			break;
		case 'd':
			tone->seconds = options_seconds(self, "duration", optarg, 0.001, 1e9);
			break;
		case 'o':
			on = optarg;
			break;
		case OPTION_LEVEL:
			level = options_real(self, "level", "dB", optarg, -120, 0);
			break;
		}
	}
	waveform->kind = tone_kind(self, argc, argv);
	waveform->rate = config->rate;
	waveform->amplitude = pow(10, level / 20);
	if (waveform->frequency == 0)
		waveform->frequency = waveform->kind == WAVEFORM_SWEEP ? 20 : 440;
	if (waveform->frequency >= config->rate / 2.0)
		options_refuse(self, "frequency must be below half the rate, %g Hz, not %g",
			       config->rate / 2.0, waveform->frequency);
	if (waveform->kind == WAVEFORM_SWEEP && tone->seconds == 0)
		tone->seconds = SWEEP_SECONDS;
	if (waveform->kind == WAVEFORM_SWEEP && tone->seconds > SWEEP_SECONDS_MAX)
		options_refuse(self, "a sweep takes %g seconds at most", SWEEP_SECONDS_MAX);
	waveform->seconds = tone->seconds;
	/* one channel alone goes to all that there are */
	waveform->channels = on || waveform->kind == WAVEFORM_NOISE ? config->channels : 1;
	if (on)
		tone_parse_on(self, tone, on, config->channels);
}

static int tone_command_run(const struct command *self, int argc, char **argv)
{
	struct engine_config config = {
		.directions = ENGINE_PLAYBACK, .rate = 48000, .channels = 2,
		.period_frames = 1024, .periods = 4,
	};
	struct tone tone = { .info = { .size = sizeof(tone.info) } };
	int status = EXIT_FAILED, err;

	tone_parse(self, argc, argv, &tone, &config);
	interrupt_init();
	err = device_create(&tone.engine, &config);
	if (err < 0) {
		device_complain(self->name, err);
		return EXIT_FAILED;
	}
	engine_get_info(tone.engine, &tone.info);
	err = tone_load(&tone);
	if (err == 0) {
		err = tone_begin(&tone);
		if (err < 0)
			device_complain_stream(self->name, err);
	}
	if (err == 0)
		err = tone_run(&tone);
	if (err == 0)
		status = tone_summarise(&tone);
	return device_destroy(self->name, tone.engine, status);
}

const struct command tone_command = {
	.name = "tone",
	.summary = "play a sine, a sweep or noise",
	.help = tone_help,
	.shorts = ":D:r:c:f:F:d:o:h",
	.longs = tone_options,
	.run = tone_command_run,
};
