/* SPDX-License-Identifier: MIT */
/*
 * peal ping: how long the audio thread takes to answer. One ping is out at a
 * time; the main thread waits on the engine's event descriptor, so that xruns
 * are told when they happen. It measures the way there and back, not the
 * sound.
 */
#include <inttypes.h>
#include <stdbool.h>

#include <peal.h>

#include "cli/clock.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/summary.h"
#include "cli/terminal.h"

enum { OPTION_WAKE = OPTION_OWN, OPTION_STOPPED };

static const struct option ping_options[] = {
	OPTIONS_DEVICE, OPTIONS_RATE, OPTIONS_PERIOD,
	{ "count", required_argument, NULL, 'n' },
	{ "interval", required_argument, NULL, 'i' },
	{ "wake", no_argument, NULL, OPTION_WAKE },
	{ "stopped", no_argument, NULL, OPTION_STOPPED },
	{ "quiet", no_argument, NULL, 'q' },
	OPTIONS_END
};

static const char ping_help[] =
	"Usage: peal ping [OPTION]...\n"
	"\n"
	"Send pings to the audio thread, one at a time, and time its answers:\n"
	"ring is how long the ping lay in the ring, rtt the whole way there and back.\n"
	"Without -D, and on a machine without a sound card, the virtual card is used.\n"
	"\n"
	"  -n, --count N        pings to send, 0: until Ctrl-C (10)\n"
	"  -i, --interval S     seconds from one ping to the next (0.1)\n"
	"      --wake           wake the audio thread; else it looks once per period\n"
	"      --stopped        leave the device stopped: pings are answered all the same\n"
	"  -q, --quiet          print the summary alone\n"
	HELP_DEVICE HELP_RATE HELP_PERIOD("256", "3") HELP_END
	"\n"
	"Exit status: 0 all were answered; 1 it failed, or pings were lost; 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal ping                              ten pings, on whatever there is\n"
	"  peal ping -D hw:0 --period 64 -n 0     until Ctrl-C, on the first card\n"
	"  peal ping --wake -qi 0 -n 100000       how fast it can be\n";

struct pinger {
	struct engine *engine;
	uint32_t count;        /* 0: without end */
	uint64_t interval_ns;
	uint64_t timeout_ns;   /* after which a ping counts as lost */
	bool wakes;
	bool quiet;
	bool broken;           /* nobody reads our output any more */
	bool waiting;          /* a ping is out: the one with id pings */
	uint64_t sent_ns;      /* when it was sent */
	uint32_t pings;
	uint32_t pongs;
	struct summary rtt;
};

static double milliseconds(uint64_t ns)
{
	return (double)ns / NS_PER_MS;
}

static void pinger_take_pong(struct pinger *pinger, const struct engine_message *pong)
{
	uint64_t rtt_ns = clock_now_ns() - pinger->sent_ns;

	if (!pinger->waiting || pong->id != pinger->pings) {
		terminal_complain("ping: the pong to id=%" PRIu32 " came too late", pong->id);
		return;
	}
	pinger->waiting = false;
	pinger->pongs++;
	summary_add(&pinger->rtt, rtt_ns);
	if (!pinger->quiet)
		pinger->broken = !terminal_say(
			"pong id=%" PRIu32 " frame=%" PRIu64 " ring=%.3f ms rtt=%.3f ms\n",
			pong->id, pong->frame, milliseconds(pong->reply.age_ns),
			milliseconds(rtt_ns));
}

/* Handle what comes in until a time, an interrupt, or, if wanted, the pong. */
static void pinger_wait(struct pinger *pinger, uint64_t until_ns, bool for_pong)
{
	int fd = engine_event_fd(pinger->engine);
	struct engine_message message;
	uint64_t now;

	for (;;) {
		while (engine_try_recv(pinger->engine, &message) > 0) {
			if (message.type == ENGINE_PONG)
				pinger_take_pong(pinger, &message);
			else
				device_tell("ping", &message);
		}
		now = clock_now_ns();
		if ((for_pong && !pinger->waiting) || now >= until_ns || interrupt_seen())
			return;
		interrupt_wait(fd, -1, until_ns - now);
	}
}

static int pinger_ping(struct pinger *pinger)
{
	struct engine_message ping = {
		.type = ENGINE_PING,
		.flags = pinger->wakes ? ENGINE_FLAG_WAKE : 0,
		.id = pinger->pings + 1,
	};
	int err;

	pinger->sent_ns = ping.ping.time_ns = clock_now_ns();
	err = engine_send(pinger->engine, &ping);
	if (err < 0) {
		terminal_complain("ping: %s", engine_strerror(err));
		return err;
	}
	pinger->pings++;
	pinger->waiting = true;
	pinger_wait(pinger, pinger->sent_ns + pinger->timeout_ns, true);
	if (pinger->waiting && !interrupt_seen()) {
		pinger->waiting = false;
		terminal_complain("ping: no pong to id=%" PRIu32 " within %.1f s", ping.id,
				  milliseconds(pinger->timeout_ns) / 1000);
	}
	return 0;
}

static int pinger_run(struct pinger *pinger)
{
	int err = 0;

	while (err == 0 && !interrupt_seen() && !pinger->broken) {
		err = pinger_ping(pinger);
		if (pinger->count && pinger->pings == pinger->count)
			break;
		pinger_wait(pinger, pinger->sent_ns + pinger->interval_ns, false);
	}
	/* a ping that Ctrl-C left alone is not a lost one */
	if (pinger->waiting)
		pinger->pings--;
	return err;
}

static void pinger_summarise(struct pinger *pinger)
{
	struct summary *rtt = &pinger->rtt;

	terminal_say("%" PRIu32 " pings, %" PRIu32 " pongs, %" PRIu32 " lost\n",
		     pinger->pings, pinger->pongs, pinger->pings - pinger->pongs);
	if (rtt->count > 0)
		terminal_say("rtt min/median/p99/max = %.3f/%.3f/%.3f/%.3f ms\n",
			     milliseconds(rtt->min_ns), milliseconds(summary_quantile(rtt, 0.5)),
			     milliseconds(summary_quantile(rtt, 0.99)), milliseconds(rtt->max_ns));
}

static void ping_parse(const struct command *self, int argc, char **argv, struct pinger *pinger,
		       struct engine_config *config, bool *stopped)
{
	double interval = 0.1;
	int option;

	while ((option = options_next(self, argc, argv, config)) != -1) {
		switch (option) {
		case 'n':
			pinger->count = options_number(self, "count", optarg, 0, UINT32_MAX - 1);
			break;
		case 'i':
			interval = options_seconds(self, "interval", optarg, 0, 86400);
			break;
		case 'q':
			pinger->quiet = true;
			break;
		case OPTION_WAKE:
			pinger->wakes = true;
			break;
		case OPTION_STOPPED:
			*stopped = true;
			break;
		}
	}
	options_no_operand(self, argc, argv);
	pinger->interval_ns = (uint64_t)(interval * NS_PER_SECOND);
}

static int ping_run(const struct command *self, int argc, char **argv)
{
	struct engine_config config = { .fallback_virtual = 1 };
	struct engine_info info = { .size = sizeof(info) };
	struct pinger pinger = { .count = 10 };
	bool stopped = false;
	int err;

	ping_parse(self, argc, argv, &pinger, &config, &stopped);
	interrupt_init();
	err = device_create(&pinger.engine, &config);
	if (err == 0 && !stopped)
		err = engine_start(pinger.engine);
	if (err < 0) {
		device_complain(self->name, err);
		return device_destroy(self->name, pinger.engine, EXIT_FAILED);
	}
	engine_get_info(pinger.engine, &info);
	/* an answer is due within a period; a busy machine gets a second more */
	pinger.timeout_ns = NS_PER_SECOND +
			    4ull * info.period_frames * NS_PER_SECOND / info.rate;
	err = pinger_run(&pinger);
	pinger_summarise(&pinger);
	summary_done(&pinger.rtt);
	return device_destroy(self->name, pinger.engine,
			      err < 0 || pinger.pongs < pinger.pings ? EXIT_FAILED : EXIT_OK);
}

const struct command ping_command = {
	.name = "ping",
	.summary = "time the audio thread's answers",
	.help = ping_help,
	.shorts = ":D:r:n:i:qh",
	.longs = ping_options,
	.run = ping_run,
};
