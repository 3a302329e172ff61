/* SPDX-License-Identifier: MIT */
/*
 * Lifecycles: engines that are created, started, stopped and destroyed, some
 * with voices that play, ports that are open and chunks that are lent, leave
 * nothing: as many descriptors, threads, mappings and pages as before. 300 of
 * them; 10,000 with PEAL_LONG=1, which prints its figures.
 */
#include <check.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "long_run.h"
#include "support.h"
#include "virtual_engine.h"

#define CYCLES 300u
#define MANY_CYCLES 10000u
/* Before it is looked at: what the C library and alsa-lib keep for ever is there. */
#define WARM_UP 50u
#define PERIOD 64
/* Pages of the C library's that are first touched late, whatever the number of cycles. */
#define RSS_SLACK_KIB 128
/* What a thread's cache of free memory may hold, which counts as used. */
#define HEAP_SLACK_BYTES 4096

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED true /* which have memory and a thread of their own */
#else
#define SANITIZED false
#endif

struct traces {
	unsigned fds, threads, mappings;
	uint64_t rss_kib;
	size_t heap_bytes;
};

static struct engine_sample *sample;

static unsigned count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned lines = 0;
	int c;

	ck_assert_ptr_nonnull(maps);
	while ((c = getc(maps)) != EOF)
		lines += c == '\n';
	fclose(maps);
	return lines;
}

static uint64_t rss_kib(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	uint64_t kib = 0;
	char line[128];

	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1)
			break;
	fclose(status);
	ck_assert_uint_gt(kib, 0);
	return kib;
}

static struct traces look(void)
{
	struct traces traces = { .fds = support_count_fds(),
				 .threads = support_count_threads() };

	/* what was freed is not what was left */
	malloc_trim(0);
	traces.heap_bytes = SANITIZED ? 0 : mallinfo2().uordblks;
	traces.mappings = count_mappings();
	traces.rss_kib = rss_kib();
	return traces;
}

/* Less ".", ".." and what reads them. */
static void say(const char *when, struct traces traces)
{
	if (long_run_asked())
		printf("%s: %u descriptors, %u threads, %u mappings, %" PRIu64
		       " KiB resident, %zu bytes of heap\n",
		       when, traces.fds - 3, traces.threads - 2, traces.mappings, traces.rss_kib,
		       traces.heap_bytes);
}

static void play(struct engine *engine)
{
	struct engine_message message = { .type = ENGINE_PLAY_SAMPLE, .flags = ENGINE_FLAG_WAKE };

	/* replaced, so that the reclaimer has its thread */
	ck_assert_int_eq(engine_load_sample(engine, 1, sample), 0);
	ck_assert_int_eq(engine_load_sample(engine, 1, sample), 0);
	message.play.sample = 1;
	message.play.loop = 1;
	ck_assert_int_eq(engine_send(engine, &message), 0);
	do
		ck_assert_int_eq(engine_recv(engine, &message, SUPPORT_PATIENCE_MS), 1);
	while (message.type != ENGINE_VOICE_STARTED);
	ck_assert_int_eq(message.done.result, 0);
}

static struct engine_chunk *borrow(struct engine *engine)
{
	struct engine_chunk *chunk;

	do {
		support_await_readable(engine_capture_fd(engine));
		ck_assert_int_ge(engine_capture_pop(engine, &chunk), 0);
	} while (!chunk);
	return chunk;
}

static void live_and_die(uint64_t number)
{
	bool manual = number % 2, plays = number % 10 == 0, lends = number % 7 == 0;
	struct engine *engine = virtual_create(manual ? MANUAL : "virtual", .directions = DUPLEX,
					       .period_frames = PERIOD);
	struct engine_chunk *lent = NULL;
	struct engine_port *port;

	if (number % 3 == 0)
		ck_assert_int_eq(engine_port_open(engine, &port, ENGINE_PORT_EVENTS), 0);
	ck_assert_int_eq(engine_start(engine), 0);
	if (plays)
		play(engine);
	if (manual)
		virtual_advance(engine, PERIOD);
	if (lends)
		lent = borrow(engine);
	ck_assert_int_eq(engine_stop(engine), 0);
	virtual_destroy(engine);
	ck_assert_int_eq(engine_capture_release(lent), 0);
}

START_TEST(an_engine_that_was_leaves_nothing)
{
	const unsigned cycles = long_run_asked() ? MANY_CYCLES : CYCLES;
	const unsigned threads = support_count_threads();
	struct traces before = { 0 }, after;

	for (unsigned i = 0; i < cycles; i++) {
		if (i == WARM_UP) {
			before = look();
			say("before", before);
		}
		live_and_die(i);
		/* or the next engine's have stacks and arenas beside theirs */
		if (!SANITIZED)
			support_await_threads(threads);
	}
	after = look();
	say("after", after);
	ck_assert_uint_eq(after.fds, before.fds);
	if (SANITIZED || support_emulated("the emulator has memory of its own"))
		return;
	ck_assert_uint_eq(after.threads, before.threads);
	ck_assert_uint_eq(after.mappings, before.mappings);
	ck_assert_uint_le(after.heap_bytes, before.heap_bytes + HEAP_SLACK_BYTES);
	ck_assert_uint_le(after.rss_kib, before.rss_kib + RSS_SLACK_KIB);
}
END_TEST

static void setup(void)
{
	static const float frame = 0.5f;

	ck_assert_int_eq(engine_sample_create(&sample, &frame, 1, ENGINE_FORMAT_FLOAT_LE, 1, 48000,
					      0), 0);
}

static void teardown(void)
{
	engine_sample_put(sample);
}

int main(void)
{
	Suite *suite = suite_create("lifecycles");
	TCase *tests = tcase_create("lifecycles");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	long_run_timeout(tests);
	tcase_add_test(tests, an_engine_that_was_leaves_nothing);
	return support_run(suite);
}
