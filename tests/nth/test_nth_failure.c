/* SPDX-License-Identifier: MIT */
/*
 * The failure of the n-th call: whatever the library asks of libc and ALSA on
 * the control side fails in turn, once and for ever, n = 1, 2, 3 ... until all
 * of a program's life passes. Each time: an error that says what it is, or all
 * is well without; nothing is left, and the next try works.
 */
#include "failing.h"

#include <check.h>
#include <string.h>

#include <peal.h>

#include "long_run.h"
#include "support.h"
#include "virtual_engine.h"

#define RATE 48000
#define FRAMES 480

/* ---- one life: what failed in it, and that it says so */

static unsigned refusals; /* in this life */

#define FORGOTTEN "out is NULL"

/* Let the sentence of the last error be one that none of these calls has. */
static void forget(void)
{
	engine_create(NULL, NULL);
	ck_assert(strncmp(engine_last_error(), FORGOTTEN, strlen(FORGOTTEN)) == 0);
}

/* The result of a call that says in a sentence why it failed. */
static bool well(int err)
{
	if (err >= 0)
		return true;
	refusals++;
	ck_assert_msg(failing.failed > 0, "%d without a failure: %s", err, engine_last_error());
	ck_assert_msg(err == failing.error || err == -ENOMEM || err == -EINVAL,
		      "%d, but %s failed with %d: %s", err, failing.first, failing.error,
		      engine_last_error());
	ck_assert_msg(strncmp(engine_last_error(), FORGOTTEN, strlen(FORGOTTEN)) != 0,
		      "%d of %s without a sentence", err, failing.first);
	forget();
	return false;
}

/* ... of one that has its code alone. */
static bool well_or_no_memory(int err)
{
	if (err >= 0)
		return true;
	refusals++;
	ck_assert_int_eq(err, -ENOMEM);
	ck_assert_int_eq(failing.error, -ENOMEM);
	return false;
}

/* Of a failure of these there need not be a word: it goes without. */
static bool dispensable(const char *name)
{
	static const char *const names[] = {
		"mlock",
		"pthread_setschedparam",
		"fopen",
		"snd_pcm_info",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	/* ... or there is another way */
	return strncmp(name, "snd_pcm_sw_params", 17) == 0 ||
	       strcmp(name, "snd_pcm_hw_params_set_access") == 0;
}

/* ---- lives */

static void play(struct engine *engine, struct engine_port *port)
{
	struct engine_message message = { .type = ENGINE_PLAY_SAMPLE,
					  .id = 7,
					  .play = { .sample = 3, .velocity = 1.0f } };
	unsigned char frames[256 * 4];

	ck_assert_int_eq(engine_port_send(port, &message), 0);
	virtual_advance(engine, 4096);
	for (uint32_t type = ENGINE_VOICE_STARTED; type;) {
		ck_assert_int_eq(engine_port_recv(port, &message, SUPPORT_PATIENCE_MS), 1);
		ck_assert_uint_eq(message.type, type);
		ck_assert_uint_eq(message.id, 7);
		type = type == ENGINE_VOICE_STARTED ? ENGINE_VOICE_ENDED : 0;
	}
	ck_assert_int_eq(engine_capture_read(engine, frames, 256, NULL), 256);
}

/* The engine's own where this library cannot convert. */
static uint32_t source_rate = 44100;

static void probe_conversion(void)
{
	struct engine_sample *probe;

	if (engine_sample_create(&probe, &(int16_t){ 1 }, 1, ENGINE_FORMAT_S16_LE, 1, source_rate,
				 RATE) == -ENOSYS)
		source_rate = RATE;
	engine_sample_put(probe);
}

/* An engine's: a port of its own, a sample converted, loaded and played. */
static void life_of_an_engine(void)
{
	struct engine_config config = { .size = sizeof(config),
					.device = MANUAL,
					.ports = 2,
					.directions = DUPLEX,
					.rate = RATE,
					.format = ENGINE_FORMAT_S16_LE };
	static const int16_t frames[FRAMES] = { 1000 };
	struct engine_sample *sample = NULL;
	struct engine_port *port = NULL;
	struct engine *engine;
	bool loaded = false;

	well(engine_sample_create(&sample, frames, FRAMES, ENGINE_FORMAT_S16_LE, 1, source_rate,
				  RATE));
	if (!well(engine_create(&engine, &config))) {
		ck_assert_ptr_null(engine);
		engine_sample_put(sample);
		return;
	}
	well(engine_port_open(engine, &port, 0));
	if (sample)
		loaded = well(engine_load_sample(engine, 3, sample));
	ck_assert(well(engine_start(engine)));
	if (loaded && port)
		play(engine, port);
	ck_assert(well(engine_stop(engine)));
	if (loaded)
		ck_assert(well(engine_unload_sample(engine, 3)));
	engine_sample_put(sample);
	ck_assert_int_eq(engine_port_close(port), 0);
	virtual_destroy(engine);
}

/* A real clock, and whatever the card takes. */
static void life_in_real_time(void)
{
	struct engine_config config = { .size = sizeof(config),
					.device = "virtual",
					.format = ENGINE_FORMAT_S32_LE,
					.access = ENGINE_ACCESS_MMAP_NONINTERLEAVED };
	struct engine *engine;

	if (!well(engine_create(&engine, &config)))
		return;
	ck_assert(well(engine_start(engine)));
	ck_assert(well(engine_stop(engine)));
	virtual_destroy(engine);
}

/* A PCM of alsa-lib's own, opened by its name. */
static void life_on_a_named_pcm(void)
{
	struct engine_config config = { .size = sizeof(config),
					.device = "null",
					.directions = DUPLEX,
					.format = ENGINE_FORMAT_FLOAT_LE };
	struct engine *engine;

	if (well(engine_create(&engine, &config)))
		virtual_destroy(engine);
}

static void life_of_a_pool(void)
{
	struct engine_pool_config config = { .size = sizeof(config),
					     .frames = 64,
					     .channels = 2,
					     .format = ENGINE_FORMAT_S16_LE,
					     .rate = RATE,
					     .chunks = 3,
					     .limit = 4 };
	struct engine_chunk *chunks[4] = { NULL };
	struct engine_chunk_ring *ring;
	struct engine_pool *pool;

	if (!well(engine_pool_create(&pool, &config))) {
		ck_assert_ptr_null(pool);
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		if (!well_or_no_memory(engine_pool_acquire_or_grow(pool, &chunks[i])))
			ck_assert_ptr_null(chunks[i]);
	if (well(engine_chunk_ring_create(&ring, 4))) {
		ck_assert_int_eq(engine_chunk_ring_push(ring, chunks[0]), 0);
		chunks[0] = NULL;
		ck_assert_int_eq(engine_chunk_ring_destroy(ring), 0);
	} else {
		ck_assert_ptr_null(ring);
	}
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(engine_chunk_release(chunks[i]), 0);
	ck_assert_int_eq(engine_pool_destroy(pool), 0);
}

static void life_of_a_recycling_pool(void)
{
	struct engine_pool_config config = { .size = sizeof(config),
					     .frames = 64,
					     .channels = 2,
					     .format = ENGINE_FORMAT_S16_LE,
					     .rate = RATE,
					     .chunks = 3,
					     .flags = ENGINE_POOL_RECYCLE };
	struct engine_backpressure *backpressure;
	struct engine_health *health;
	struct engine_pool *pool;

	if (well(engine_pool_create(&pool, &config)))
		ck_assert_int_eq(engine_pool_destroy(pool), 0);
	if (well_or_no_memory(engine_health_create(&health)))
		ck_assert_int_eq(engine_health_destroy(health), 0);
	if (well_or_no_memory(engine_backpressure_create(&backpressure, 0.9, 0.7)))
		ck_assert_int_eq(engine_backpressure_destroy(backpressure), 0);
}

#ifdef HAVE_SNDFILE
static void life_of_a_file(void)
{
	/* 16 frames of one channel, 16 bits, 8000 Hz */
	static const unsigned char wav[44 + 32] =
		"RIFF\x44\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
		"data\x20\0\0";
	struct engine_sample *sample;
	int fd = memfd_create("wav", MFD_CLOEXEC);
	char path[64];

	ck_assert_int_eq((int)write(fd, wav, sizeof(wav)), (int)sizeof(wav));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!well(engine_sample_open(&sample, path, 0)))
		ck_assert_ptr_null(sample);
	engine_sample_put(sample);
	close(fd);
}
#endif

static const struct {
	const char *name;
	void (*live)(void);
} lives[] = {
	{ "an engine", life_of_an_engine },
	{ "real time", life_in_real_time },
	{ "a named PCM", life_on_a_named_pcm },
	{ "a pool", life_of_a_pool },
	{ "a recycling pool", life_of_a_recycling_pool },
#ifdef HAVE_SNDFILE
	{ "a file", life_of_a_file },
#endif
};

#define LIVES ((int)(sizeof(lives) / sizeof(lives[0])))

/* ---- all of them */

struct belongings {
	unsigned fds, threads;
	long blocks, mapped;
};

static struct belongings look(void)
{
	return (struct belongings){ support_count_fds(), support_count_threads(),
				    load_relaxed(&failing_blocks), load_relaxed(&failing_mapped) };
}

/* What a thread that ends gives up is gone when it is. */
static void nothing_is_left(const struct belongings *before, const char *name, unsigned n)
{
	struct belongings now;

	support_await_threads(before->threads);
	now = look();
	ck_assert_msg(now.fds == before->fds && now.blocks == before->blocks &&
			      now.mapped == before->mapped,
		      "%s, call %u, %s: left %d descriptors, %ld blocks, %ld bytes mapped", name, n,
		      failing.first ? failing.first : "none", (int)(now.fds - before->fds),
		      now.blocks - before->blocks, now.mapped - before->mapped);
}

START_TEST(each_call_fails_and_nothing_is_left)
{
	const char *name = lives[_i / 2].name;
	bool for_ever = _i % 2, failed;
	unsigned threads = support_count_threads(), n = 0;
	struct belongings before;

	forget();
	/* what libraries keep for ever is there after the first */
	refusals = 0;
	lives[_i / 2].live();
	ck_assert_uint_eq(refusals, 0);
	support_await_threads(threads);
	before = look();
	do {
		refusals = 0;
		failing_begin(++n, for_ever);
		lives[_i / 2].live();
		failed = failing_end();
		nothing_is_left(&before, name, n);
		ck_assert_msg(!failed == !refusals || dispensable(failing.first),
			      "%s, call %u: %s failed and %u calls said so", name, n, failing.first,
			      refusals);
		refusals = 0;
		failing.failed = 0;
		lives[_i / 2].live();
		ck_assert_uint_eq(refusals, 0);
		nothing_is_left(&before, name, n);
	} while (failed);
	printf("%s: each of %u calls failed, %s\n", name, n - 1, for_ever ? "for ever" : "once");
}
END_TEST

/* It is called but once in a process. */
START_TEST(the_first_watch_for_forks_can_fail)
{
	struct engine_config config = { .size = sizeof(config), .device = MANUAL };
	struct engine *engine;

	forget();
	failing_begin(1, false);
	failing.only = "__register_atfork";
	ck_assert(!well(engine_create(&engine, &config)));
	ck_assert(failing_end());
	virtual_destroy(virtual_create(MANUAL));
}
END_TEST

/*
 * The audio thread's calls as it starts: the start says what failed, or it is a
 * running device's trouble, of which events tell. A stop is one all the same.
 */
START_TEST(each_call_of_a_start_fails_and_nothing_is_left)
{
	struct engine_config config = { .size = sizeof(config),
					.device = MANUAL,
					.directions = DUPLEX };
	struct belongings before;
	struct engine *engine;
	unsigned n = 0;
	bool failed;
	int err;

	virtual_destroy(virtual_create(MANUAL, .directions = DUPLEX));
	before = look();
	do {
		ck_assert_int_eq(engine_create(&engine, &config), 0);
		forget();
		failing_begin_on("peal-audio", ++n, _i);
		err = engine_start(engine);
		ck_assert(err == 0 || err == -EIO);
		ck_assert(err == 0 || strstr(engine_last_error(), "cannot start"));
		ck_assert_int_eq(engine_stop(engine), 0);
		failed = failing_end();
		ck_assert(err == 0 || failed);
		err = engine_start(engine);
		ck_assert_msg(err == 0 || (failed && err == ENGINE_ELOST), "%s, call %u: %d",
			      failing.first, n, err);
		virtual_destroy(engine);
		nothing_is_left(&before, "start", n);
	} while (failed);
	printf("a start: each of %u calls failed, %s\n", n - 1, _i ? "for ever" : "once");
	ck_assert_uint_gt(n, 5);
}
END_TEST

/* ---- the caretaker's calls as it takes a lost card again: it looks once more */

static bool returned(struct engine *engine)
{
	struct engine_message message = { .type = 0 };

	while (message.type != ENGINE_EVENT_RETURNED && engine_try_recv(engine, &message) == 1)
		ck_assert_msg(message.type != ENGINE_EVENT_FAILED, "it failed by %s",
			      failing.first);
	return message.type == ENGINE_EVENT_RETURNED;
}

START_TEST(each_call_of_a_return_fails_and_nothing_is_left)
{
	struct engine_config config = { .size = sizeof(config),
					.rate = RATE,
					.reopen = 1,
					.device = MANUAL ",fault=unplug@480,return@481" };
	unsigned n = 1, step = long_run_asked() ? 1 : 4;
	struct belongings before;
	bool failed, there;

	virtual_destroy(virtual_create(MANUAL));
	before = look();
	for (;; n += step) {
		struct engine *engine = virtual_engine_create(&config);

		ck_assert_int_eq(engine_start(engine), 0);
		there = false;
		failing_begin_on("peal-care", n, _i);
		/* past the frames of both faults, and on: nobody is waited for long */
		while (load_acquire(&failing.failed) == 0 && !(there = returned(engine)))
			engine_virtual_advance(engine, 64, 10);
		failed = failing_end();
		while (!there && !returned(engine))
			engine_virtual_advance(engine, 64, 10);
		virtual_destroy(engine);
		nothing_is_left(&before, "return", n);
		if (!failed)
			break;
	}
	printf("a return: one call in %u of %u failed, %s\n", step, n - 1,
	       _i ? "for ever" : "once");
	ck_assert_uint_gt(n, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nth_failure");
	TCase *tests = tcase_create("each in turn");

	probe_conversion();
	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, each_call_fails_and_nothing_is_left, 0, 2 * LIVES);
	tcase_add_loop_test(tests, each_call_of_a_start_fails_and_nothing_is_left, 0, 2);
	tcase_add_loop_test(tests, each_call_of_a_return_fails_and_nothing_is_left, 0, 2);
	tcase_add_test(tests, the_first_watch_for_forks_can_fail);
	return support_run(suite);
}
