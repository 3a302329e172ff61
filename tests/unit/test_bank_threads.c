/* SPDX-License-Identifier: MIT */
/*
 * The bank with an audio thread beside it, which gets samples, plays them for
 * a while and puts them, while they are replaced and forgotten: each is there
 * as long as it is played, none is lost, and the thread makes no system call.
 */
#include <check.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/bank.h"
#include "counted_samples.h"
#include "long_run.h"
#include "support.h"

#define COUNT 8
#define VOICES 5

static atomic_of(struct engine_sample *) slots[COUNT];
static struct bank bank;
static struct bank_keeper *keeper;
static atomic_of(bool) over; /* to the audio thread */
static atomic_of(uint32_t) turns;

static void setup(void)
{
	bank = (struct bank){ .count = COUNT, .samples = slots };
	keeper = bank_keeper_create(&bank);
	ck_assert_ptr_nonnull(keeper);
}

static void teardown(void)
{
	bank_keeper_destroy(keeper);
	ck_assert_uint_eq(load_relaxed(&counted_freed), load_relaxed(&counted_made));
}

/* One turn: a voice ends if there was one, and another begins if there is a sample. */
static const char *play(struct engine_sample **voice, uint64_t *random)
{
	if (*voice && !counted_whole(*voice))
		return "a sample was freed while it was played";
	if (*voice)
		bank_put(&bank, *voice);
	/* now and then a number that is none */
	*voice = bank_get(&bank, (uint32_t)support_random(random) % (COUNT + 1));
	if (*voice && !counted_whole(*voice))
		return "a sample was got that is freed";
	return NULL;
}

static const char *play_until_over(void)
{
	struct engine_sample *voices[VOICES] = { NULL };
	const char *complaint = NULL;
	uint64_t random = 1;

	while (!load_relaxed(&over) && !complaint) {
		complaint = play(&voices[support_random(&random) % VOICES], &random);
		count_add(&turns, 1);
	}
	for (int i = 0; i < VOICES; i++)
		if (voices[i])
			bank_put(&bank, voices[i]);
	return complaint;
}

/* Until it is done: replace and forget, each time another number. */
static void churn(uint64_t often)
{
	uint64_t random = 2;

	while (often-- > 0) {
		uint32_t number = (uint32_t)support_random(&random) % COUNT;
		struct engine_sample *sample = counted_make();

		ck_assert_int_eq(bank_keeper_publish(keeper, number, sample), 0);
		counted_put(sample);
		if (often % 3 == 0)
			ck_assert_int_eq(bank_keeper_publish(keeper, number, NULL), 0);
		/* so that each sees something of the other */
		if (often % 64 == 0)
			sched_yield();
	}
}

static void *audio_thread(void *arg)
{
	const char *complaint;

	(void)arg;
	bank_enter_thread();
	complaint = play_until_over();
	bank_leave_thread();
	return (void *)complaint;
}

START_TEST(what_is_played_is_there_however_often_it_is_replaced)
{
	pthread_t audio = support_start(audio_thread, NULL);
	const char *complaint;

	churn(long_run_asked() ? 1000000 : 100000);
	store_relaxed(&over, true);
	complaint = support_join(audio);
	ck_assert_msg(!complaint, "%s", complaint);
	ck_assert_uint_gt(load_relaxed(&turns), 0);
	ck_assert_uint_eq(load_relaxed(&bank.held), 0);
}
END_TEST

/* ---- system calls */

static atomic_of(bool) silent; /* it has put all */
static atomic_of(int) caught;  /* the first system call's number; -1: none */

static void note_system_call(int signal, siginfo_t *info, void *context)
{
	int none = -1;

	(void)signal;
	(void)context;
	cas_acquire(&caught, &none, info->si_syscall);
}

/* From now on each system call of this thread is caught instead of made. */
static bool catch_system_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static const char not_here[] = "no seccomp";

static void *caught_audio_thread(void *complaint)
{
	bank_enter_thread();
	*(const char **)complaint = not_here;
	if (catch_system_calls())
		*(const char **)complaint = play_until_over();
	store_release(&silent, true);
	/* to end it would need system calls: it ends with the process */
	for (;;)
		load_relaxed(&over);
	return NULL;
}

START_TEST(the_audio_thread_makes_no_system_call)
{
	static const char *complaint;
	struct sigaction action = { .sa_sigaction = note_system_call, .sa_flags = SA_SIGINFO };

#ifdef __SANITIZE_THREAD__
	printf("skipped: ThreadSanitizer makes system calls of its own\n");
	return;
#endif
	if (support_emulated("the emulator's seccomp is not the kernel's"))
		return;
	store_relaxed(&caught, -1);
	ck_assert_int_eq(sigaction(SIGSYS, &action, NULL), 0);
	support_start(caught_audio_thread, &complaint);
	churn(long_run(20000));
	store_relaxed(&over, true);
	/* pairs with the release in caught_audio_thread */
	while (!load_acquire(&silent))
		sched_yield();
	if (complaint == not_here) {
		printf("skipped: this needs seccomp\n");
		return;
	}
	ck_assert_msg(!complaint, "%s", complaint);
	ck_assert_msg(load_relaxed(&caught) == -1, "system call %d", load_relaxed(&caught));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bank threads");
	TCase *tests = tcase_create("bank threads");

	suite_add_tcase(suite, tests);
	long_run_timeout(tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_played_is_there_however_often_it_is_replaced);
	tcase_add_test(tests, the_audio_thread_makes_no_system_call);
	return support_run(suite);
}
