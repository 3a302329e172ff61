/* SPDX-License-Identifier: MIT */
/*
 * Faults in real time: engines on virtual cards whose scripts strike them again
 * and again, many side by side, each with a thread of the program's. How long
 * each needs is printed; what is asserted no busy machine can break: each
 * fault is told once and with its cause, the device then runs again, every
 * ping is answered, in order, and no captured frame is missing without a word.
 * A machine that is too busy has xruns of its own, which say so.
 *
 *	FAULTS_REAL=50 ./faults_real      faults of each kind
 */
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <peal.h>

#define RATE 48000u
#define PERIOD 512u
#define PERIODS 8u
#define PING_NS 5000000u
/* How many times as long as the script takes is waited for what it strikes with. */
#define PATIENCE 20

/* What strikes every so many frames, and what it must be told as. */
struct kind {
	const char *name;
	const char *script;  /* with how often, in frames, to be put in */
	unsigned every;
	unsigned engines;    /* that share the work */
	uint16_t told;       /* event; 0: none, it loses nothing */
	uint8_t cause;
	uint16_t then;       /* the event that it runs again; 0: the same */
};

static const struct kind kinds[] = {
	{ "xrun", "xrun@24000/%u", 9600, 1, ENGINE_EVENT_XRUN, ENGINE_CAUSE_DEVICE, 0 },
	{ "available: too much", "hugeavail@24000/%u", 9600, 1, ENGINE_EVENT_XRUN,
	  ENGINE_CAUSE_DEVICE, 0 },
	{ "position runs backwards", "backwards@24000/%u", 9600, 1, ENGINE_EVENT_XRUN,
	  ENGINE_CAUSE_DEVICE, 0 },
	{ "suspend, for 30 ms", "suspend@24000/%u:30", 14400, 2, ENGINE_EVENT_SUSPEND,
	  ENGINE_CAUSE_SYSTEM, ENGINE_EVENT_RESUME },
	{ "stuck, for 125 ms", "stuck@24000/%u,go@30000/%u", 24000, 3, ENGINE_EVENT_STALLED,
	  ENGINE_CAUSE_SILENT, ENGINE_EVENT_RESUME },
	{ "unplug, for 50 ms", "unplug@24000/%u,return@26400/%u", 24000, 3, ENGINE_EVENT_LOST,
	  ENGINE_CAUSE_GONE, ENGINE_EVENT_RETURNED },
	{ "prepare refused", "prepare@23000/%u,xrun@24000/%u", 24000, 3, ENGINE_EVENT_LOST,
	  ENGINE_CAUSE_REFUSED, ENGINE_EVENT_RETURNED },
	{ "start refused", "start@23000/%u,xrun@24000/%u", 24000, 3, ENGINE_EVENT_LOST,
	  ENGINE_CAUSE_REFUSED, ENGINE_EVENT_RETURNED },
	{ "always ready, for 50 ms", "spin@24000/%u,go@26400/%u", 9600, 1, 0, 0, 0 },
	{ "woken late, by 50 ms", "late@24000/%u:50", 9600, 1, 0, 0, 0 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define ENGINES_MAX 4

/* One engine, its thread, and what it was told. */
struct trial {
	const struct kind *kind;
	struct engine *engine;
	pthread_t thread;
	uint32_t wanted; /* faults */
	uint64_t started_ns;

	uint32_t told, recovered;
	uint32_t own_xruns; /* the machine's, not the script's */
	bool away;          /* told, and does not run again yet */
	uint64_t away_ns;
	uint64_t *took_ns;  /* from the first event to the one that it runs again */
	uint32_t pings, pongs;
	uint64_t next_frame;
	char wrong[160];    /* the first thing; empty: nothing */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void complain(struct trial *trial, const char *format, ...)
{
	va_list args;

	if (trial->wrong[0])
		return;
	va_start(args, format);
	vsnprintf(trial->wrong, sizeof(trial->wrong), format, args);
	va_end(args);
}

/* ---- what comes from the engine */

static void take_pong(struct trial *trial, const struct engine_message *pong)
{
	if (pong->id != trial->pongs || pong->reply.result < 0)
		complain(trial, "ping %u was answered with %d in place of %u", pong->id,
			 pong->reply.result, trial->pongs);
	trial->pongs++;
}

static void take_recovery(struct trial *trial, uint64_t took_ns)
{
	trial->away = false;
	if (trial->recovered < trial->wanted)
		trial->took_ns[trial->recovered] = took_ns;
	trial->recovered++;
}

static void take_event(struct trial *trial, const struct engine_message *event)
{
	const struct kind *kind = trial->kind;
	bool own = event->type == ENGINE_EVENT_XRUN &&
		   (event->device.cause == ENGINE_CAUSE_WOKEN_LATE ||
		    event->device.cause == ENGINE_CAUSE_WORK);

	if (event->id != 0)
		complain(trial, "%u events were dropped", event->id);
	if (own && !trial->away) {
		trial->own_xruns++;
	} else if (!trial->away && event->type == kind->told &&
		   event->device.cause == kind->cause) {
		trial->told++;
		trial->away = true;
		trial->away_ns = now_ns();
		if (kind->then == 0)
			take_recovery(trial, event->device.took_us * UINT64_C(1000));
	} else if (trial->away && event->type == kind->then) {
		take_recovery(trial, now_ns() - trial->away_ns);
	} else {
		complain(trial, "event 0x%x, state %u to %u, cause %u, step %u, error %d, %s",
			 event->type, event->device.from, event->device.to, event->device.cause,
			 event->device.step, event->device.error,
			 trial->away ? "and not that it runs again" : "which no fault explains");
	}
}

static void take_messages(struct trial *trial, int timeout_ms)
{
	struct engine_message message;
	int result = engine_recv(trial->engine, &message, timeout_ms);

	for (; result == 1; result = engine_try_recv(trial->engine, &message)) {
		if (message.type == ENGINE_PONG)
			take_pong(trial, &message);
		else if (message.type < ENGINE_EVENT_BACKPRESSURE ||
			 message.type > ENGINE_EVENT_OVERRUN)
			take_event(trial, &message);
	}
	if (result < 0)
		complain(trial, "receiving: %s", engine_strerror(result));
}

static void take_frames(struct trial *trial)
{
	struct engine_chunk *chunk;

	while (engine_capture_pop(trial->engine, &chunk) == 1) {
		if (chunk->frame != trial->next_frame + chunk->gap_frames)
			complain(trial, "a chunk at %" PRIu64 " with a gap of %" PRIu64 " after %"
				 PRIu64, chunk->frame, chunk->gap_frames, trial->next_frame);
		trial->next_frame = chunk->frame + chunk->frames;
		engine_capture_release(chunk);
	}
}

/* ---- a trial */

static bool done(const struct trial *trial)
{
	uint64_t frames = (now_ns() - trial->started_ns) / 1000 * RATE / 1000000;
	uint64_t needed = (trial->wanted + 3) * (uint64_t)trial->kind->every;

	if (trial->wrong[0])
		return true;
	if (trial->kind->told == 0)
		return frames > needed;
	return (trial->told >= trial->wanted && !trial->away) || frames > needed * PATIENCE;
}

/* The engine's own counters, and the script, against what was told. */
static void check_sums(struct trial *trial)
{
	uint64_t frames = (now_ns() - trial->started_ns) / 1000 * RATE / 1000000;
	struct engine_stats stats = { .size = sizeof(stats) };
	uint64_t told;

	if (engine_get_stats(trial->engine, &stats) < 0)
		complain(trial, "no statistics");
	told = stats.xruns + stats.suspends + stats.stalls;
	if (trial->kind->cause == ENGINE_CAUSE_GONE)
		told += trial->told;
	if (told != trial->told + trial->own_xruns)
		complain(trial, "%u + %u events were told, and %" PRIu64 " counted", trial->told,
			 trial->own_xruns, told);
	if (trial->told > frames / trial->kind->every + 1)
		complain(trial, "%u events, and no more than %" PRIu64 " faults", trial->told,
			 frames / trial->kind->every + 1);
	if (trial->kind->told && trial->told < trial->wanted)
		complain(trial, "%u of %u were told", trial->told, trial->wanted);
	if (trial->pings != trial->pongs)
		complain(trial, "%u pings of %u were answered", trial->pongs, trial->pings);
}

static void *run(void *arg)
{
	struct trial *trial = arg;
	uint64_t ping_ns = 0, last_ns;

	while (!done(trial)) {
		if (now_ns() >= ping_ns) {
			if (engine_send_ping(trial->engine, trial->pings) == 0)
				trial->pings++;
			else
				complain(trial, "ping %u was refused", trial->pings);
			ping_ns = now_ns() + PING_NS;
		}
		take_messages(trial, 5);
		take_frames(trial);
	}
	last_ns = now_ns();
	while (trial->pongs != trial->pings && now_ns() - last_ns < 10000000000u)
		take_messages(trial, 100);
	check_sums(trial);
	engine_destroy(trial->engine);
	return NULL;
}

static void begin(struct trial *trial, const struct kind *kind, uint32_t wanted)
{
	char script[80], device[128];
	struct engine_config config = {
		.size = sizeof(config), .device = device, .rate = RATE, .reopen = 1,
		.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE,
		.period_frames = PERIOD, .periods = PERIODS,
	};
	int result;

	*trial = (struct trial){ .kind = kind, .wanted = wanted };
	trial->took_ns = calloc(wanted, sizeof(uint64_t));
	if (!trial->took_ns)
		err(1, "memory");
	snprintf(script, sizeof(script), kind->script, kind->every, kind->every);
	snprintf(device, sizeof(device), "virtual:fault=%s", script);
	result = engine_create(&trial->engine, &config);
	if (result == 0)
		result = engine_start(trial->engine);
	if (result < 0)
		errx(1, "%s: %s", device, engine_last_error());
	trial->started_ns = now_ns();
	result = pthread_create(&trial->thread, NULL, run, trial);
	if (result)
		errx(1, "no thread");
}

/* ---- the table */

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool report(const struct kind *kind, struct trial *trials)
{
	uint32_t told = 0, recovered = 0, own = 0, pings = 0, pongs = 0, count = 0;
	uint64_t *took_ns = NULL;
	bool good = true;

	for (unsigned i = 0; i < kind->engines; i++) {
		struct trial *t = &trials[i];
		uint32_t measured = t->recovered < t->wanted ? t->recovered : t->wanted;

		told += t->told, recovered += t->recovered, own += t->own_xruns;
		pings += t->pings, pongs += t->pongs;
		took_ns = realloc(took_ns, (count + t->wanted) * sizeof(*took_ns));
		if (!took_ns)
			err(1, "memory");
		for (uint32_t n = 0; n < measured; n++)
			took_ns[count++] = t->took_ns[n];
		if (t->wrong[0]) {
			printf("WRONG: %s: %s\n", kind->name, t->wrong);
			good = false;
		}
		free(t->took_ns);
	}
	printf("%-26s %5u %10u %10u", kind->name, told, recovered, own);
	if (count > 0) {
		qsort(took_ns, count, sizeof(*took_ns), compare);
		printf(" %9.2f %7.2f %7.2f", (double)took_ns[count / 2] / 1e6,
		       (double)took_ns[count * 9 / 10] / 1e6, (double)took_ns[count - 1] / 1e6);
	} else {
		printf(" %9s %7s %7s", "-", "-", "-");
	}
	printf(" %9u %5u\n", pings, pings - pongs);
	free(took_ns);
	return good;
}

int main(void)
{
	static struct trial trials[KINDS][ENGINES_MAX];
	const char *wish = getenv("FAULTS_REAL"), *run_by = getenv("RUN");
	const char *sanitize = getenv("SANITIZE");
	bool slow = (run_by && *run_by) || (sanitize && *sanitize), good = true;
	uint32_t wanted = wish && *wish ? (uint32_t)strtoul(wish, NULL, 0) : slow ? 5 : 50;

	printf("%u faults of each kind, in real time, %u periods of %u frames at %u Hz\n", wanted,
	       PERIODS, PERIOD, RATE);
	fflush(stdout);
	for (size_t k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < kinds[k].engines; i++)
			begin(&trials[k][i], &kinds[k],
			      (wanted + kinds[k].engines - 1) / kinds[k].engines);
	for (size_t k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < kinds[k].engines; i++)
			pthread_join(trials[k][i].thread, NULL);
	printf("\n%-26s %5s %10s %10s %25s\n", "", "", "", "xruns of", "recovery ms");
	printf("%-26s %5s %10s %10s %9s %7s %7s %9s %5s\n", "fault", "told", "recovered",
	       "machine", "median", "90 %", "worst", "pings", "lost");
	for (size_t k = 0; k < KINDS; k++)
		good &= report(&kinds[k], trials[k]);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
