/* SPDX-License-Identifier: MIT */
/*
 * Captured chunks that the program holds on to: not copied, accounted for,
 * and valid until released, whatever becomes of the engine.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/engine.h"
#include "support.h"
#include "virtual_engine.h"

#define PERIOD 64
#define CHUNKS 8

static struct engine *engine;
static int16_t frames[PERIOD * CHUNKS * 4];

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = PERIOD,
				.channels = 1, .format = ENGINE_FORMAT_S16_LE,
				.stream_frames = PERIOD * CHUNKS);
	for (int i = 0; i < PERIOD * CHUNKS * 4; i++)
		frames[i] = (int16_t)(i + 1);
	virtual_write(engine, frames, PERIOD * CHUNKS);
	ck_assert_int_eq(engine_start(engine), 0);
}

static void teardown(void)
{
	if (engine)
		virtual_destroy(engine);
}

static struct engine_chunk *pop(void)
{
	struct engine_chunk *chunk;

	ck_assert_int_eq(engine_capture_pop(engine, &chunk), 1);
	return chunk;
}

START_TEST(a_popped_chunk_says_all_of_itself)
{
	struct engine_chunk *chunk;

	virtual_advance(engine, 2 * PERIOD);
	for (uint64_t i = 0; i < 2; i++) {
		chunk = pop();
		ck_assert_uint_eq(chunk->frames, PERIOD);
		ck_assert_uint_eq(chunk->frame, i * PERIOD);
		ck_assert_uint_eq(chunk->sequence, i);
		ck_assert_uint_eq(chunk->gap_frames, 0);
		ck_assert_uint_eq(chunk->channels, 1);
		ck_assert_uint_eq(chunk->rate, 48000);
		ck_assert_uint_eq(chunk->format, ENGINE_FORMAT_S16_LE);
		ck_assert_uint_gt(chunk->time_ns, 0);
		ck_assert_double_eq(engine_chunk_duration(chunk), (double)PERIOD / 48000);
		ck_assert_mem_eq(chunk->samples, frames + i * PERIOD, PERIOD * 2);
		ck_assert_int_eq(engine_capture_release(chunk), 0);
	}
	ck_assert_int_eq(engine_capture_pop(engine, &chunk), 0);
	ck_assert_ptr_null(chunk);
}
END_TEST

START_TEST(what_a_read_has_left_is_popped)
{
	struct engine_chunk *chunk;
	int16_t some[10];

	virtual_advance(engine, PERIOD);
	ck_assert_int_eq(engine_capture_read(engine, some, 10, NULL), 10);
	chunk = pop();
	ck_assert_uint_eq(chunk->frame, 10);
	ck_assert_uint_eq(chunk->frames, PERIOD - 10);
	ck_assert_mem_eq(chunk->samples, frames + 10, (PERIOD - 10) * 2);
	ck_assert_int_eq(engine_capture_release(chunk), 0);
}
END_TEST

START_TEST(a_held_chunk_is_never_written_to)
{
	struct engine_chunk *held;

	virtual_advance(engine, PERIOD);
	held = pop();
	for (int i = 0; i < 3 * CHUNKS; i++) {
		virtual_advance(engine, PERIOD);
		if (i % 2)
			engine_capture_release(pop());
	}
	ck_assert_mem_eq(held->samples, frames, PERIOD * 2);
	ck_assert_int_eq(engine_capture_release(held), 0);
}
END_TEST

START_TEST(holding_all_of_them_costs_periods_that_are_told)
{
	struct engine_chunk *held[CHUNKS], *next;

	virtual_advance(engine, CHUNKS * PERIOD);
	for (int i = 0; i < CHUNKS; i++)
		held[i] = pop();
	virtual_advance(engine, 3 * PERIOD);
	ck_assert_uint_eq(virtual_stats(engine).overrun_frames, 3 * PERIOD);
	for (int i = 0; i < CHUNKS; i++)
		ck_assert_int_eq(engine_capture_release(held[i]), 0);
	virtual_advance(engine, PERIOD);
	next = pop();
	ck_assert_uint_eq(next->gap_frames, 3 * PERIOD);
	ck_assert_uint_eq(next->frame, (CHUNKS + 3) * PERIOD);
	ck_assert_uint_eq(next->sequence, CHUNKS);
	ck_assert_int_eq(engine_capture_release(next), 0);
}
END_TEST

START_TEST(chunks_outlive_their_engine)
{
	struct engine_chunk *first, *second;

	virtual_advance(engine, 2 * PERIOD);
	first = pop();
	second = pop();
	virtual_destroy(engine);
	engine = NULL;
	ck_assert_mem_eq(first->samples, frames, PERIOD * 2);
	ck_assert_int_eq(engine_capture_release(first), 0);
	ck_assert_mem_eq(second->samples, frames + PERIOD, PERIOD * 2);
	/* the last takes the memory with it: the leak checker would tell */
	ck_assert_int_eq(engine_capture_release(second), 0);
}
END_TEST

START_TEST(a_second_release_does_nothing)
{
	struct engine_chunk *chunk;

	virtual_advance(engine, PERIOD);
	chunk = pop();
	ck_assert_int_eq(engine_capture_release(chunk), 0);
	ck_assert_int_eq(engine_capture_release(chunk), -EALREADY);
	ck_assert_int_eq(engine_capture_release(NULL), 0);
	ck_assert_int_eq(engine_capture_pop(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_capture_pop(NULL, &chunk), -EINVAL);
}
END_TEST

static void *release_all(void *chunks)
{
	struct engine_chunk **chunk = chunks;

	for (int i = 0; i < CHUNKS / 2; i++)
		engine_capture_release(chunk[i]);
	return NULL;
}

START_TEST(any_threads_release_at_once)
{
	struct engine_chunk *held[CHUNKS];
	pthread_t threads[2];

	for (int round = 0; round < 200; round++) {
		virtual_advance(engine, CHUNKS * PERIOD);
		for (int i = 0; i < CHUNKS; i++)
			held[i] = pop();
		for (int i = 0; i < 2; i++)
			pthread_create(&threads[i], NULL, release_all, held + i * CHUNKS / 2);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
	}
	/* none was lost and none doubled */
	ck_assert_uint_eq(virtual_stats(engine).overrun_frames, 0);
	ck_assert_uint_eq(virtual_stats(engine).captured_frames, 200 * CHUNKS * PERIOD);
}
END_TEST

START_TEST(a_forked_child_is_refused)
{
	struct engine_chunk *chunk;
	int status;
	pid_t child;

	virtual_advance(engine, PERIOD);
	chunk = pop();
	child = fork();
	if (child == 0)
		_exit(engine_capture_release(chunk) == ENGINE_EFORKED ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(engine_capture_release(chunk), 0);
}
END_TEST

START_TEST(a_chunk_s_age_is_in_the_health)
{
	struct engine_health_snapshot health = { .size = sizeof(health) };

	virtual_advance(engine, 2 * PERIOD);
	engine_capture_release(pop());
	engine_capture_release(pop());
	ck_assert_int_eq(engine_get_health(engine, &health), 0);
	ck_assert_uint_eq(health.latency[ENGINE_HEALTH_CHUNK].count, 2);
	ck_assert_int_eq(engine_reset_health(engine), 0);
	ck_assert_int_eq(engine_get_health(engine, &health), 0);
	ck_assert_uint_eq(health.latency[ENGINE_HEALTH_CHUNK].count, 0);
	ck_assert_int_eq(engine_get_health(engine, NULL), -EINVAL);
	health.size = 1;
	ck_assert_int_eq(engine_get_health(engine, &health), ENGINE_EABI);
}
END_TEST

START_TEST(backpressure_of_each_ring_is_told)
{
	struct engine_backpressure_stats stats = { .size = sizeof(stats) };

	ck_assert_int_eq(engine_get_backpressure(engine, ENGINE_CAPTURE, &stats), 0);
	ck_assert_uint_eq(stats.triggers, 0);
	virtual_advance(engine, CHUNKS * PERIOD);
	ck_assert_int_eq(engine_get_backpressure(engine, ENGINE_CAPTURE, &stats), 0);
	ck_assert_uint_eq(stats.triggers, 1);
	ck_assert_uint_eq(stats.on_now, 1);
	ck_assert_int_eq(engine_get_backpressure(engine, ENGINE_PLAYBACK, &stats), 0);
	ck_assert_int_eq(engine_get_backpressure(engine, ENGINE_RING_COMMANDS, &stats), 0);
	ck_assert_int_eq(engine_get_backpressure(engine, ENGINE_RING_REPLIES, &stats), 0);
	ck_assert_uint_eq(stats.triggers, 0);
	ck_assert_int_eq(engine_get_backpressure(engine, 0, &stats), -EINVAL);
	ck_assert_int_eq(engine_get_backpressure(engine, 5, &stats), -EINVAL);
	ck_assert_int_eq(engine_get_backpressure(engine, ENGINE_CAPTURE, NULL), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lending");
	TCase *tests = tcase_create("lending");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_popped_chunk_says_all_of_itself);
	tcase_add_test(tests, what_a_read_has_left_is_popped);
	tcase_add_test(tests, a_held_chunk_is_never_written_to);
	tcase_add_test(tests, holding_all_of_them_costs_periods_that_are_told);
	tcase_add_test(tests, chunks_outlive_their_engine);
	tcase_add_test(tests, a_second_release_does_nothing);
	tcase_add_test(tests, any_threads_release_at_once);
	tcase_add_test(tests, a_forked_child_is_refused);
	tcase_add_test(tests, a_chunk_s_age_is_in_the_health);
	tcase_add_test(tests, backpressure_of_each_ring_is_told);
	suite_add_tcase(suite, tests);
	return support_run(suite);
}
