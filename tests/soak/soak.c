/* SPDX-License-Identifier: MIT */
/*
 * The soak: an hour of duplex streaming on the virtual card at 64 frames, on
 * the public headers alone. Every frame written carries its own number, and
 * what is captured at frame F must be what was played at F. Frames may be
 * missing (a busy machine), but only where the engine says so, and its
 * counters must add up to the frame. Memory must not grow.
 *
 *	SOAK_SECONDS=60 ./soak     exits with 1 on any frame that is not explained
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peal.h>

#define RATE 48000u
#define PERIOD 64u
#define PERIODS 8u
#define STREAM_FRAMES RATE
#define BLOCK_FRAMES (16 * PERIOD)
/* The virtual card's clock is the machine's: it stands still when something is wrong. */
#define STANDSTILL_MS 20000
/* What the resident memory may grow by after a tenth of the time, in KiB: pages
 * of the C library that were first used late; 0.05 bytes per period of an hour. */
#define RSS_SLACK_KIB 128

/* A frame of two samples: its number, and that inverted, so that silence is neither. */
struct sample_pair {
	uint32_t number, inverse;
};

struct soak {
	struct engine *engine;
	uint64_t written;        /* frames handed over */

	/* the timeline, as captured */
	uint64_t next;           /* the frame after the last one seen */
	uint64_t chunks;
	uint64_t taken_frames;
	uint64_t gap_frames;

	/* what was in it */
	uint64_t shift;          /* frame F carries the number F - shift */
	uint64_t since_content;  /* gap frames since the last frame with a number */
	uint64_t silence;        /* frames of silence between frames with a number */
	uint64_t silence_run;    /* those since the last one */
	uint64_t contents;       /* frames with a number */
	uint64_t unexplained;
};

static void soak_complain(struct soak *soak, const char *what, uint64_t frame, uint64_t is,
			  uint64_t wanted)
{
	if (soak->unexplained++ < 20)
		warnx("frame %" PRIu64 ": %s %" PRIu64 ", not %" PRIu64, frame, what, is, wanted);
}

static void soak_write(struct soak *soak)
{
	struct sample_pair block[BLOCK_FRAMES];
	int count;

	do {
		for (uint32_t i = 0; i < BLOCK_FRAMES; i++) {
			block[i].number = (uint32_t)(soak->written + i);
			block[i].inverse = ~block[i].number;
		}
		count = engine_playback_write(soak->engine, block, BLOCK_FRAMES);
		if (count < 0)
			errx(1, "write: %s", engine_strerror(count));
		soak->written += (uint64_t)count;
	} while (count == BLOCK_FRAMES);
}

/*
 * A frame's number goes with the frame, but that silence was played between
 * two numbers, or time went by unheard inside a gap: either moves all that follows.
 */
static void soak_hear(struct soak *soak, uint64_t frame, struct sample_pair pair)
{
	uint32_t late;

	if (pair.number == 0 && pair.inverse == 0) {
		soak->silence_run++;
		return;
	}
	if (pair.inverse != ~pair.number) {
		soak_complain(soak, "the second sample is", frame, pair.inverse, ~pair.number);
		return;
	}
	soak->silence += soak->silence_run;
	soak->shift += soak->silence_run;
	late = (uint32_t)(frame - soak->shift) - pair.number;
	if (late > soak->since_content)
		soak_complain(soak, "its number is", frame, pair.number,
			      (uint32_t)(frame - soak->shift));
	/* once told, go on from where it is; the difference is signed */
	soak->shift += (uint64_t)(int64_t)(int32_t)late;
	soak->silence_run = 0;
	soak->since_content = 0;
	soak->contents++;
}

static void soak_take_chunk(struct soak *soak, const struct engine_chunk *chunk)
{
	const struct sample_pair *pairs = chunk->samples;

	if (chunk->sequence != soak->chunks)
		soak_complain(soak, "its chunk is", chunk->frame, chunk->sequence, soak->chunks);
	if (chunk->frame != soak->next + chunk->gap_frames)
		soak_complain(soak, "begins a chunk that should begin at", soak->next, chunk->frame,
			      soak->next + chunk->gap_frames);
	soak->gap_frames += chunk->gap_frames;
	soak->since_content += chunk->gap_frames;
	for (uint32_t i = 0; i < chunk->frames; i++)
		soak_hear(soak, chunk->frame + i, pairs[i]);
	soak->chunks++;
	soak->taken_frames += chunk->frames;
	soak->next = chunk->frame + chunk->frames;
}

/* Take all that was captured by now. */
static void soak_take(struct soak *soak)
{
	struct engine_chunk *chunk;
	int result;

	while ((result = engine_capture_pop(soak->engine, &chunk)) > 0) {
		soak_take_chunk(soak, chunk);
		engine_capture_release(chunk);
	}
	if (result < 0)
		errx(1, "pop: %s", engine_strerror(result));
}

static void soak_wait(struct soak *soak)
{
	struct pollfd fd = { .fd = engine_capture_fd(soak->engine), .events = POLLIN };

	if (poll(&fd, 1, STANDSTILL_MS) == 0)
		errx(1, "nothing was captured for %d s after frame %" PRIu64,
		     STANDSTILL_MS / 1000, soak->next);
	if (engine_state(soak->engine) == ENGINE_STATE_LOST)
		errx(1, "the device was lost after frame %" PRIu64, soak->next);
}

static void soak_run_until(struct soak *soak, uint64_t frame, bool writes)
{
	while (soak->next < frame) {
		soak_wait(soak);
		soak_take(soak);
		if (writes)
			soak_write(soak);
	}
}

/* Until the last frame written was heard, or could have been. */
static void soak_drain(struct soak *soak)
{
	uint64_t frame;
	int result;

	while ((result = engine_playback_drain(soak->engine, 0)) == 0) {
		soak_wait(soak);
		soak_take(soak);
	}
	if (result < 0)
		errx(1, "drain: %s", engine_strerror(result));
	engine_frame(soak->engine, &frame);
	soak_run_until(soak, frame, false);
	engine_stop(soak->engine);
	soak_take(soak);
}

static uint64_t rss_kib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	uint64_t kib = 0;

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1)
			break;
	if (!status || kib == 0)
		errx(1, "/proc/self/status tells no VmRSS");
	fclose(status);
	return kib;
}

static bool equal(const char *what, uint64_t left, uint64_t right)
{
	if (left != right)
		warnx("%s: %" PRIu64 " is not %" PRIu64, what, left, right);
	return left == right;
}

static bool at_most(const char *what, uint64_t left, uint64_t right)
{
	if (left > right)
		warnx("%s: %" PRIu64 " is more than %" PRIu64, what, left, right);
	return left <= right;
}

/* Whether the engine's counters are what was seen, to the frame. */
static bool soak_counts(const struct soak *soak, const struct engine_stats *stats)
{
	uint64_t skipped = stats->lost_frames + stats->underrun_frames;
	uint64_t missed = stats->overrun_frames + stats->lost_frames +
			  stats->xruns * PERIOD * PERIODS;
	bool good = true;

	good &= equal("played and written", stats->played_frames, soak->written);
	good &= equal("captured and taken", stats->captured_frames, soak->taken_frames);
	good &= equal("taken + gaps and the timeline", soak->taken_frames + soak->gap_frames,
		      soak->next);
	good &= at_most("silence heard and underruns", soak->silence, stats->underrun_frames);
	good &= at_most("gaps and what explains them", soak->gap_frames, missed);
	good &= at_most("numbers late and what explains it", soak->shift, skipped);
	/* what was skipped behind the last number that was heard lies in a gap */
	good &= at_most("skipped and numbers late", skipped, soak->shift + soak->since_content);
	good &= at_most("numbers heard and written", soak->contents, soak->written);
	good &= at_most("numbers written and heard, gaps", soak->written,
			soak->contents + soak->gap_frames);
	return good;
}

static bool soak_judge(struct soak *soak, uint64_t rss_before_kib)
{
	struct engine_stats stats = { .size = sizeof(stats) };
	uint64_t rss = rss_kib();
	bool good;

	engine_get_stats(soak->engine, &stats);
	good = soak_counts(soak, &stats);
	good &= at_most("resident KiB and what they were", rss, rss_before_kib + RSS_SLACK_KIB);
	good &= soak->unexplained == 0;
	printf("soak: %" PRIu64 " frames (%.0f s): %" PRIu64 " captured = played at the same frame, %"
	       PRIu64 " in gaps, %" PRIu64 " silent, %" PRIu64 " xruns, %" PRIu64
	       " unexplained; resident %" PRIu64 " -> %" PRIu64 " KiB: %s\n",
	       soak->next, (double)soak->next / RATE, soak->contents, soak->gap_frames,
	       soak->silence, stats.xruns, soak->unexplained, rss_before_kib, rss,
	       good ? "ok" : "FAILED");
	return good;
}

static uint64_t wanted_frames(void)
{
	const char *text = getenv("SOAK_SECONDS");
	char *end;
	unsigned long seconds = text && *text ? strtoul(text, &end, 10) : 3600;

	if (text && *text && (*end || seconds < 1 || seconds > 1000000))
		errx(2, "SOAK_SECONDS must be a whole number from 1 to 1000000, not '%s'", text);
	return (uint64_t)seconds * RATE;
}

int main(void)
{
	struct engine_config config = {
		.size = sizeof(config), .device = "virtual",
		.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE, .rate = RATE, .channels = 2,
		.format = ENGINE_FORMAT_S32_LE, .period_frames = PERIOD, .periods = PERIODS,
		.stream_frames = STREAM_FRAMES,
	};
	struct soak soak = { 0 };
	uint64_t frames = wanted_frames(), rss_before_kib = 0;
	bool good;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (engine_create(&soak.engine, &config) < 0)
		errx(1, "%s", engine_last_error());
	/* before the start: frame 0 carries number 0 */
	soak_write(&soak);
	if (engine_start(soak.engine) < 0)
		errx(1, "%s", engine_last_error());
	for (unsigned tenth = 1; tenth <= 10; tenth++) {
		soak_run_until(&soak, frames * tenth / 10, true);
		if (tenth == 1)
			rss_before_kib = rss_kib();
		printf("soak: %u %%, %" PRIu64 " frames in gaps, %" PRIu64 " unexplained\n",
		       tenth * 10, soak.gap_frames, soak.unexplained);
	}
	soak_drain(&soak);
	good = soak_judge(&soak, rss_before_kib);
	if (engine_destroy(soak.engine) < 0)
		errx(1, "%s", engine_last_error());
	return good ? 0 : 1;
}
