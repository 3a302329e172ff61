/* SPDX-License-Identifier: MIT */
/*
 * The bank and its keeper: who has a sample keeps it, whoever gives it up last
 * sees it freed, on the control side; and nobody waits for a grace period but
 * the reclaimer. The test's own thread plays the audio thread too; with one
 * beside it: test_bank_threads.c.
 */
#include <check.h>
#include <dirent.h>
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <urcu/urcu-bp.h>

#include <peal/error.h>
#include "control/bank.h"
#include "control/engine.h"
#include "counted_samples.h"
#include "support.h"

#define COUNT 8
#define SPARE (COUNT - 1) /* the number that settle uses */

static atomic_of(struct engine_sample *) slots[COUNT];
static struct bank bank;
static struct bank_keeper *keeper;

/* The test's own timeout is the end of patience. */
static void await_freed(uint32_t count)
{
	while (load_relaxed(&counted_freed) < count)
		sched_yield();
	ck_assert_uint_eq(load_relaxed(&counted_freed), count);
}

/* ---- grace periods that are counted */

static atomic_of(uint32_t) grace_periods; /* begun */

/* Instead of liburcu's, which it calls. */
void urcu_bp_synchronize_rcu(void)
{
	void (*theirs)(void);

	*(void **)&theirs = dlsym(RTLD_NEXT, "urcu_bp_synchronize_rcu");
	add_relaxed(&grace_periods, 1);
	theirs();
}

/* ---- */

/* How many threads of the process are the keeper's. */
static unsigned count_reclaimers(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	unsigned count = 0;

	ck_assert_ptr_nonnull(tasks);
	while ((task = readdir(tasks))) {
		char path[300], name[16] = "";
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		comm = fopen(path, "r");
		/* it may have ended since */
		if (!comm)
			continue;
		if (fgets(name, sizeof(name), comm) && strcmp(name, "peal-reclaim\n") == 0)
			count++;
		fclose(comm);
	}
	closedir(tasks);
	return count;
}

static void await_no_reclaimer(void)
{
	while (count_reclaimers() > 0)
		sched_yield();
}

static void setup(void)
{
	bank_enter_thread();
	bank = (struct bank){ .count = COUNT, .samples = slots };
	keeper = bank_keeper_create(&bank);
	ck_assert_ptr_nonnull(keeper);
}

static void destroy(void)
{
	bank_keeper_destroy(keeper);
	keeper = NULL;
}

/* Nothing is left of anything. */
static void teardown(void)
{
	destroy();
	await_no_reclaimer();
	ck_assert_uint_eq(load_relaxed(&counted_freed), load_relaxed(&counted_made));
	for (int i = 0; i < COUNT; i++)
		ck_assert_ptr_null(load_relaxed(&slots[i]));
	ck_assert_ptr_null(load_relaxed(&bank.retired));
	bank_leave_thread();
}

static int load(uint32_t number, struct engine_sample *sample)
{
	return bank_keeper_publish(keeper, number, sample);
}

/* A new sample that the bank alone has. */
static struct engine_sample *load_new(uint32_t number)
{
	struct engine_sample *sample = counted_make();

	ck_assert_int_eq(load(number, sample), 0);
	counted_put(sample);
	return sample;
}

static void unload(uint32_t number)
{
	ck_assert_int_eq(load(number, NULL), 0);
}

/* Wait until the reclaimer is done with all that was replaced before: a second
 * one is taken after a first was given up, and with it all before that. */
static void settle(void)
{
	for (int i = 0; i < 2; i++) {
		uint32_t before = load_relaxed(&counted_freed);

		load_new(SPARE);
		unload(SPARE);
		await_freed(before + 1);
	}
}

START_TEST(a_number_that_nothing_was_loaded_under_gives_nothing)
{
	ck_assert_ptr_null(bank_get(&bank, 0));
	load_new(0);
	ck_assert_ptr_null(bank_get(&bank, 1));
	ck_assert_ptr_null(bank_get(&bank, COUNT));
	ck_assert_ptr_null(bank_get(&bank, UINT32_MAX));
	ck_assert_int_eq(load(1, NULL), ENGINE_ENOSAMPLE);
}
END_TEST

START_TEST(what_was_loaded_is_got_with_a_reference)
{
	struct engine_sample *sample = load_new(0), *got = bank_get(&bank, 0);

	ck_assert_ptr_eq(got, sample);
	ck_assert_uint_eq(load_relaxed(&got->references), 2);
	ck_assert_uint_eq(load_relaxed(&bank.held), 1);
	bank_put(&bank, got);
	ck_assert_uint_eq(load_relaxed(&sample->references), 1);
	ck_assert_uint_eq(load_relaxed(&bank.held), 0);
	ck_assert_ptr_null(load_relaxed(&bank.retired));
}
END_TEST

START_TEST(an_unloaded_sample_is_forgotten_and_freed)
{
	load_new(0);
	unload(0);
	ck_assert_ptr_null(bank_get(&bank, 0));
	ck_assert_int_eq(load(0, NULL), ENGINE_ENOSAMPLE);
	await_freed(1);
}
END_TEST

START_TEST(a_replaced_sample_lives_until_the_last_voice_gives_it_up)
{
	struct engine_sample *old = load_new(0), *new;
	uint32_t before;

	ck_assert_ptr_eq(bank_get(&bank, 0), old);
	ck_assert_ptr_eq(bank_get(&bank, 0), old);
	new = load_new(0);
	ck_assert_ptr_eq(bank_get(&bank, 0), new);
	settle();
	before = load_relaxed(&counted_freed);
	ck_assert_uint_eq(load_relaxed(&counted_made), before + 2);
	ck_assert(counted_whole(old));
	bank_put(&bank, old);
	settle();
	ck_assert_uint_eq(load_relaxed(&old->references), 1);
	ck_assert(counted_whole(old));
	before = load_relaxed(&counted_freed);
	bank_put(&bank, old);
	await_freed(before + 1);
	ck_assert(counted_whole(new));
	bank_put(&bank, new);
}
END_TEST

START_TEST(the_last_voices_sample_is_freed_by_the_reclaimer_alone)
{
	struct engine_sample *got[5];
	struct counted_freer freer;
	uint32_t before;

	for (uint32_t i = 0; i < 5; i++) {
		load_new(i);
		got[i] = bank_get(&bank, i);
		unload(i);
	}
	settle();
	before = load_relaxed(&counted_freed);
	/* not from one end to the other */
	for (uint32_t i = 0; i < 5; i++)
		bank_put(&bank, got[i * 2 % 5]);
	await_freed(before + 5);
	freer = counted_last_freer();
	ck_assert_str_eq(freer.name, "peal-reclaim");
	ck_assert_int_eq(sigismember(&freer.blocked, SIGTERM), 1);
	ck_assert_int_eq(sigismember(&freer.blocked, SIGUSR1), 1);
}
END_TEST

START_TEST(a_voice_that_goes_on_does_not_keep_others_from_being_freed)
{
	struct engine_sample *long_one, *got;
	uint32_t before;

	load_new(0);
	load_new(1);
	long_one = bank_get(&bank, 0);
	got = bank_get(&bank, 1);
	unload(0);
	unload(1);
	settle();
	before = load_relaxed(&counted_freed);
	bank_put(&bank, got);
	await_freed(before + 1);
	bank_put(&bank, long_one);
	await_freed(before + 2);
}
END_TEST

START_TEST(what_has_two_numbers_lives_until_both_are_forgotten)
{
	struct engine_sample *sample = load_new(0);

	ck_assert_int_eq(load(1, sample), 0);
	unload(0);
	settle();
	ck_assert_ptr_eq(bank_get(&bank, 1), sample);
	bank_put(&bank, sample);
	unload(1);
	await_freed(load_relaxed(&counted_made));
}
END_TEST

START_TEST(a_sample_may_replace_itself)
{
	struct engine_sample *sample = load_new(0);

	ck_assert_int_eq(load(0, sample), 0);
	settle();
	ck_assert_uint_eq(load_relaxed(&sample->references), 1);
	ck_assert(counted_whole(sample));
}
END_TEST

START_TEST(what_the_program_still_has_is_freed_by_the_program)
{
	struct engine_sample *sample = counted_make();
	uint32_t before;

	ck_assert_int_eq(load(0, sample), 0);
	unload(0);
	settle();
	before = load_relaxed(&counted_freed);
	ck_assert(counted_whole(sample));
	counted_put(sample);
	ck_assert_uint_eq(load_relaxed(&counted_freed), before + 1);
}
END_TEST

START_TEST(the_reclaimer_begins_with_the_first_load)
{
	ck_assert_int_eq(load(0, NULL), ENGINE_ENOSAMPLE);
	ck_assert_uint_eq(count_reclaimers(), 0);
	load_new(0);
	ck_assert_uint_eq(count_reclaimers(), 1);
	load_new(1);
	load_new(1);
	ck_assert_uint_eq(count_reclaimers(), 1);
}
END_TEST

START_TEST(a_keeper_that_nothing_was_loaded_into_is_destroyed)
{
	destroy();
	bank_keeper_destroy(NULL);
}
END_TEST

START_TEST(destroying_frees_what_is_published_replaced_and_retired)
{
	struct engine_sample *got[SPARE];

	for (uint32_t i = 0; i < SPARE; i++) {
		load_new(i);
		got[i] = bank_get(&bank, i);
	}
	for (uint32_t i = 0; i < SPARE; i++)
		load_new(i);
	/* the reclaimer sleeps now and would look only later */
	settle();
	for (uint32_t i = 0; i < SPARE; i++)
		bank_put(&bank, got[i]);
	load_new(0);
	destroy();
	ck_assert_uint_eq(load_relaxed(&counted_freed), load_relaxed(&counted_made));
}
END_TEST

/* ---- somebody inside a read section */

static pthread_barrier_t inside, may_leave;

static void *stay_inside(void *arg)
{
	urcu_bp_read_lock();
	pthread_barrier_wait(&inside);
	pthread_barrier_wait(&may_leave);
	urcu_bp_read_unlock();
	return arg;
}

static pthread_t begin_to_stay_inside(void)
{
	pthread_t reader;

	pthread_barrier_init(&inside, NULL, 2);
	pthread_barrier_init(&may_leave, NULL, 2);
	reader = support_start(stay_inside, NULL);
	pthread_barrier_wait(&inside);
	return reader;
}

static void end_to_stay_inside(pthread_t reader)
{
	pthread_barrier_wait(&may_leave);
	support_join(reader);
}

static void await_grace_period(void)
{
	while (load_relaxed(&grace_periods) == 0)
		sched_yield();
}

START_TEST(loads_wait_for_no_grace_period_and_share_the_next)
{
	pthread_t reader = begin_to_stay_inside();

	load_new(0);
	unload(0);
	await_grace_period();
	for (int i = 0; i < 1000; i++)
		load_new(0);
	ck_assert_uint_eq(load_relaxed(&counted_freed), 0);
	ck_assert_uint_eq(load_relaxed(&grace_periods), 1);
	end_to_stay_inside(reader);
	await_freed(1000);
	ck_assert_uint_eq(load_relaxed(&grace_periods), 2);
}
END_TEST

START_TEST(destroying_abandons_a_reclaimer_that_does_not_come_back)
{
	pthread_t reader = begin_to_stay_inside();

	load_new(0);
	unload(0);
	await_grace_period();
	load_new(0);
	load_new(0);
	destroy();
	/* all but what the reclaimer has in its hands */
	ck_assert_uint_eq(load_relaxed(&counted_made), 3);
	ck_assert_uint_eq(load_relaxed(&counted_freed), 2);
	/* as an arena would be */
	memset(&bank, 0xff, sizeof(bank));
	end_to_stay_inside(reader);
	await_freed(3);
	await_no_reclaimer();
	bank = (struct bank){ .count = COUNT, .samples = slots };
}
END_TEST

/* ---- fork */

static void use_a_bank(void)
{
	struct engine_sample *got;

	keeper = bank_keeper_create(&bank);
	load_new(0);
	got = bank_get(&bank, 0);
	unload(0);
	settle();
	bank_put(&bank, got);
	await_freed(load_relaxed(&counted_made));
	destroy();
	_exit(0);
}

START_TEST(a_forked_child_does_not_wait_for_readers_that_it_has_not_got)
{
	static struct engine engine;
	pthread_t reader;
	pid_t child;
	int status;

#ifdef __SANITIZE_THREAD__
	printf("skipped: ThreadSanitizer takes a thread of the child's for one of the parent's\n");
	return;
#endif
	ck_assert_int_eq(fork_watch(&engine), 0);
	reader = begin_to_stay_inside();
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		use_a_bank();
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	end_to_stay_inside(reader);
	fork_unwatch(&engine);
	/* and the parent's locks are free again */
	load_new(0);
	unload(0);
	await_freed(1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bank");
	TCase *tests = tcase_create("bank");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_number_that_nothing_was_loaded_under_gives_nothing);
	tcase_add_test(tests, what_was_loaded_is_got_with_a_reference);
	tcase_add_test(tests, an_unloaded_sample_is_forgotten_and_freed);
	tcase_add_test(tests, a_replaced_sample_lives_until_the_last_voice_gives_it_up);
	tcase_add_test(tests, the_last_voices_sample_is_freed_by_the_reclaimer_alone);
	tcase_add_test(tests, a_voice_that_goes_on_does_not_keep_others_from_being_freed);
	tcase_add_test(tests, what_has_two_numbers_lives_until_both_are_forgotten);
	tcase_add_test(tests, a_sample_may_replace_itself);
	tcase_add_test(tests, what_the_program_still_has_is_freed_by_the_program);
	tcase_add_test(tests, the_reclaimer_begins_with_the_first_load);
	tcase_add_test(tests, a_keeper_that_nothing_was_loaded_into_is_destroyed);
	tcase_add_test(tests, destroying_frees_what_is_published_replaced_and_retired);
	tcase_add_test(tests, loads_wait_for_no_grace_period_and_share_the_next);
	tcase_add_test(tests, destroying_abandons_a_reclaimer_that_does_not_come_back);
	tcase_add_test(tests, a_forked_child_does_not_wait_for_readers_that_it_has_not_got);
	return support_run(suite);
}
