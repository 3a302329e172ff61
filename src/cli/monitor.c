/* SPDX-License-Identifier: MIT */
/*
 * peal monitor: how a device and the engine on it are, once a second, for
 * people and for machines. The main thread takes every captured chunk as it
 * comes, without copying, for its levels; and pings the audio thread once per
 * report, so that a message's time in its ring is known. It plays nothing,
 * and what it sees is no failure of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <peal.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/figures.h"
#include "cli/interrupt.h"
#include "cli/levels.h"
#include "cli/options.h"
#include "cli/statsd.h"
#include "cli/terminal.h"
#include "cli/textfile.h"

enum { OPTION_JSON = OPTION_OWN, OPTION_PROMETHEUS, OPTION_STATSD };

static const struct option monitor_options[] = {
	OPTIONS_DEVICE, OPTIONS_RATE, OPTIONS_CHANNELS, OPTIONS_FORMAT, OPTIONS_PERIOD,
	{ "count", required_argument, NULL, 'n' },
	{ "interval", required_argument, NULL, 'i' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "prometheus", required_argument, NULL, OPTION_PROMETHEUS },
	{ "statsd", required_argument, NULL, OPTION_STATSD },
	OPTIONS_END
};

static const char monitor_help[] =
	"Usage: peal monitor [OPTION]...\n"
	"\n"
	"Watch a device and the engine on it: levels of what is captured, how full the\n"
	"streams are, load, what was lost, and how long things take. A page on a\n"
	"terminal, else a line per report. Levels and fill are the greatest since the\n"
	"last report, the rest counts from the start. Without -D, and on a machine\n"
	"without a sound card, the virtual card is used. Ctrl-C ends.\n"
	"\n"
	"  -n, --count N        reports before it ends, 0: until Ctrl-C (0)\n"
	"  -i, --interval S     seconds from one report to the next (1)\n"
	"      --json           print one JSON object per report; unknown is null\n"
	"      --prometheus FILE\n"
	"                       replace FILE, as a whole, with each report, for\n"
	"                       node_exporter's textfile collector; it stays at the end\n"
	"      --statsd HOST:PORT\n"
	"                       send each report by UDP, as lines of statsd\n"
	"  -q, --quiet          print no report\n"
	HELP_DEVICE HELP_RATE
	"  -c, --channels N     (2)\n"
	"  -f, --format NAME    S16_LE, S24_LE, S24_3LE, S32_LE or FLOAT_LE\n"
	HELP_PERIOD("256", "3") HELP_END
	"\n"
	"Exit status: 0 it was ended; 1 it failed, or the device was lost, or FILE could\n"
	"not be replaced; 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal monitor -D hw:0\n"
	"  peal monitor --json -n 10 | jq .load\n"
	"  peal monitor -qi 15 --prometheus /var/lib/node_exporter/peal.prom\n"
	"  peal monitor -q --statsd localhost:8125\n";

struct monitor {
	struct engine *engine;
	struct engine_info info;
	uint64_t interval_ns;
	uint32_t count;             /* reports; 0: without end */
	uint32_t reports;           /* so far */
	bool quiet, json;
	bool broken;                /* nobody reads our output any more */
	const char *prometheus_path;
	struct textfile prometheus;
	const char *statsd_address;
	struct statsd statsd;
	uint64_t taken_frames;      /* captured frames that we had */
	struct levels levels;
	struct figures now, before;
};

static void raise_to(double *greatest, double value)
{
	/* NaN is what there is before the first */
	if (!(*greatest >= value))
		*greatest = value;
}

/* How full the streams are, before what was captured is taken. */
static void monitor_look_at_fill(struct monitor *monitor)
{
	struct engine_stats stats = { .size = sizeof(stats) };
	const double room = monitor->info.stream_frames;
	int room_left;

	engine_get_stats(monitor->engine, &stats);
	if (monitor->info.directions & ENGINE_CAPTURE)
		raise_to(&monitor->now.capture_fill,
			 fmin(1, (double)(stats.captured_frames - monitor->taken_frames) / room));
	room_left = engine_playback_free(monitor->engine);
	if (room_left >= 0)
		raise_to(&monitor->now.playback_fill, fmax(0, 1 - room_left / room));
}

/* Take all that was captured by now. Returns 0 or a negative error. */
static int monitor_take(struct monitor *monitor)
{
	struct engine_chunk *chunk;
	int result;

	monitor_look_at_fill(monitor);
	if (!(monitor->info.directions & ENGINE_CAPTURE))
		return 0;
	while ((result = engine_capture_pop(monitor->engine, &chunk)) > 0) {
		levels_add(&monitor->levels, chunk->samples, chunk->frames, chunk->format);
		monitor->taken_frames += chunk->frames;
		engine_capture_release(chunk);
	}
	return result;
}

/* Render the figures in one of their forms; NULL when there is no memory. */
static char *monitor_render(const struct monitor *monitor,
			    void (*form)(const struct figures *figures, FILE *out),
			    size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	if (!out)
		return NULL;
	form(&monitor->now, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int monitor_print(struct monitor *monitor)
{
	bool page = !monitor->json && terminal_has_pages();
	size_t length;
	char *text = monitor_render(monitor, monitor->json ? figures_json :
				    page ? figures_page : figures_line, &length);

	if (!text)
		return -ENOMEM;
	monitor->broken = page ? !terminal_page(text)
			       : !terminal_say(monitor->json ? "%s\n" : "%s", text);
	free(text);
	return 0;
}

static int monitor_export(struct monitor *monitor)
{
	size_t length;
	char *text;

	if (monitor->statsd_address)
		figures_statsd(&monitor->now, &monitor->before, &monitor->statsd);
	if (!monitor->prometheus_path)
		return 0;
	text = monitor_render(monitor, figures_prometheus, &length);
	if (!text)
		return -ENOMEM;
	textfile_replace(&monitor->prometheus, text, length);
	free(text);
	return 0;
}

static int monitor_report(struct monitor *monitor)
{
	int err = figures_take(&monitor->now, monitor->engine);

	if (err == 0 && !monitor->quiet)
		err = monitor_print(monitor);
	if (err == 0)
		err = monitor_export(monitor);
	monitor->before = monitor->now;
	monitor->now.capture_fill = monitor->now.playback_fill = NAN;
	levels_clear(&monitor->levels);
	monitor->reports++;
	return err;
}

/* Take what comes until a time or an interrupt. Returns 0 or a negative error. */
static int monitor_wait(struct monitor *monitor, uint64_t until_ns)
{
	int stream_fd = monitor->info.directions & ENGINE_CAPTURE ?
			engine_capture_fd(monitor->engine) : -1;
	int event_fd = engine_event_fd(monitor->engine);
	int err = 0;

	for (uint64_t now = clock_now_ns(); err == 0 && now < until_ns; now = clock_now_ns()) {
		if (interrupt_seen())
			return 0;
		interrupt_wait(stream_fd, event_fd, until_ns - now);
		err = monitor_take(monitor);
		if (err == 0)
			err = device_watch("monitor", monitor->engine);
	}
	return err;
}

static int monitor_run(struct monitor *monitor)
{
	uint64_t next_ns = clock_now_ns();
	int err = 0;

	while (err == 0 && !monitor->broken &&
	       (!monitor->count || monitor->reports < monitor->count)) {
		/* a full ring refuses it: then a ping is still waiting there */
		engine_send_ping(monitor->engine, monitor->reports);
		/* what a stopped machine has missed is not made up for */
		next_ns += monitor->interval_ns;
		if (next_ns < clock_now_ns())
			next_ns = clock_now_ns();
		err = monitor_wait(monitor, next_ns);
		if (interrupt_seen())
			break;
		/* a device that was lost is worth a last report */
		if (err == 0 || err == ENGINE_ELOST) {
			int report_err = monitor_report(monitor);

			err = err < 0 ? err : report_err;
		}
	}
	if (err < 0)
		device_complain_stream("monitor", err);
	return err;
}

static void monitor_parse(const struct command *self, int argc, char **argv,
			  struct monitor *monitor, struct engine_config *config)
{
	double interval = 1;
	const char *port;
	char host[256];
	int option;

	while ((option = options_next(self, argc, argv, config)) != -1) {
		switch (option) {
		case 'n':
			monitor->count = options_number(self, "count", optarg, 0, UINT32_MAX - 1);
			break;
		case 'i':
			interval = options_seconds(self, "interval", optarg, 0.01, 86400);
			break;
		case 'q':
			monitor->quiet = true;
			break;
		case OPTION_JSON:
			monitor->json = true;
			break;
		case OPTION_PROMETHEUS:
			monitor->prometheus_path = optarg;
			break;
		case OPTION_STATSD:
			if (!statsd_parse(optarg, host, sizeof(host), &port))
				options_refuse(self, "statsd must be HOST:PORT, with a port from "
					       "1 to 65535, not '%s'", optarg);
			monitor->statsd_address = optarg;
			break;
		}
	}
	options_no_operand(self, argc, argv);
	monitor->interval_ns = (uint64_t)(interval * NS_PER_SECOND);
}

/* Open where reports go to; what fails has complained. */
static int monitor_open_outputs(struct monitor *monitor)
{
	int err = 0;

	if (monitor->prometheus_path)
		err = textfile_init(&monitor->prometheus, monitor->prometheus_path);
	if (err == 0 && monitor->statsd_address)
		err = statsd_open(&monitor->statsd, monitor->statsd_address);
	return err;
}

static int monitor_open_device(struct monitor *monitor, struct engine_config *config)
{
	uint32_t captured;
	int err = device_create_any(&monitor->engine, config);

	if (err == 0)
		err = engine_start(monitor->engine);
	if (err < 0) {
		device_complain("monitor", err);
		return err;
	}
	engine_get_info(monitor->engine, &monitor->info);
	captured = monitor->info.directions & ENGINE_CAPTURE ? monitor->info.channels : 0;
	err = levels_init(&monitor->levels, captured);
	if (err < 0)
		terminal_complain("monitor: out of memory");
	return err;
}

static int monitor_watch(struct monitor *monitor, struct engine_config *config)
{
	int err = monitor_open_device(monitor, config);

	if (err == 0) {
		monitor->now.info = &monitor->info;
		monitor->now.levels = &monitor->levels;
		monitor->now.device = monitor->info.directions & ENGINE_PLAYBACK ?
				      monitor->info.playback.name : monitor->info.capture.name;
		err = monitor_run(monitor);
	}
	levels_done(&monitor->levels);
	return device_destroy("monitor", monitor->engine, err < 0 ? EXIT_FAILED : EXIT_OK);
}

static int monitor_command_run(const struct command *self, int argc, char **argv)
{
	struct engine_config config = { .fallback_virtual = 1 };
	struct monitor monitor = {
		.info.size = sizeof(monitor.info), .statsd.fd = -1,
		.now.capture_fill = NAN, .now.playback_fill = NAN,
	};
	int status = EXIT_FAILED;

	monitor_parse(self, argc, argv, &monitor, &config);
	interrupt_init();
	if (monitor_open_outputs(&monitor) == 0)
		status = monitor_watch(&monitor, &config);
	statsd_close(&monitor.statsd);
	textfile_done(&monitor.prometheus);
	return monitor.prometheus.failed ? EXIT_FAILED : status;
}

const struct command monitor_command = {
	.name = "monitor",
	.summary = "watch a device: levels, load, losses, latencies",
	.help = monitor_help,
	.shorts = ":D:r:c:f:n:i:qh",
	.longs = monitor_options,
	.run = monitor_command_run,
};
