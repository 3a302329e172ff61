/* SPDX-License-Identifier: MIT */
/*
 * The real-time grant, with the kernel's real refusals: each test is a child
 * that gives up a limit, a privilege or its control group, and asks. What a
 * machine does not allow to be set up is skipped by name.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/rt_grant.h"

#define NOBODY 65534
#define WANTED 45
#define LOCKED_BYTES ((size_t)1 << 20)

/* a child's exit status: it could not be set up as the test wants */
#define NOT_HERE 77

static struct engine_rt_report *report; /* shared with the children */
static bool skipped;

static void setup(void)
{
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(report, MAP_FAILED);
	/* whatever stands there must go */
	memset(report, 'x', sizeof(*report));
}

static char group[64]; /* a control group, where this machine has such */

/* Once, outside the tests: a test that fails leaves no group behind. */
static void make_group(void)
{
	snprintf(group, sizeof(group), "/sys/fs/cgroup/cpu/peal-test-%d", (int)getpid());
	mkdir(group, 0755);
}

static void remove_group(void)
{
	rmdir(group);
}

static void in_child(void (*act)(void), const char *needs)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		act();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "the child ended by signal %d", WTERMSIG(status));
	skipped = WEXITSTATUS(status) == NOT_HERE;
	if (skipped)
		printf("skipped: this needs %s\n", needs);
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static void limit(int resource, rlim_t value)
{
	const struct rlimit both = { value, value };

	if (setrlimit((__rlimit_resource_t)resource, &both) != 0)
		_exit(NOT_HERE);
}

static void become_nobody(void)
{
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		_exit(NOT_HERE);
}

static void grant(void)
{
	rt_grant_sched(report, pthread_self(), WANTED, "unused");
	/* as the kernel has it, not as the library remembers it */
	if (sched_getscheduler(0) != report->policy)
		_exit(1);
}

/* What the kernel says to a bare request, from where this runs. */
static int bare_request(int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	const struct sched_param normal = { .sched_priority = 0 };

	if (sched_setscheduler(0, SCHED_FIFO, &param) != 0)
		return errno;
	sched_setscheduler(0, SCHED_OTHER, &normal);
	return 0;
}

static void needs_real_time(void)
{
	if (bare_request(WANTED) != 0)
		_exit(NOT_HERE);
}

static void ends_without_a_word(const char *text)
{
	ck_assert_str_eq(text, "");
}

static void tells(const char *text, const char *part)
{
	ck_assert_msg(memchr(text, '\0', 256) && strstr(text, part), "\"%.255s\" lacks \"%s\"",
		      text, part);
}

static void grant_freely(void)
{
	needs_real_time();
	grant();
}

START_TEST(what_is_granted_needs_no_words)
{
	in_child(grant_freely, "the right to real-time priority");
	if (skipped)
		return;
	ck_assert_int_eq(report->policy, SCHED_FIFO);
	ck_assert_int_eq(report->priority, WANTED);
	ck_assert_int_eq(report->wanted_priority, WANTED);
	ck_assert_int_eq(report->sched_error, 0);
	ends_without_a_word(report->sched_reason);
	ends_without_a_word(report->sched_remedy);
}
END_TEST

static void want_nothing(void)
{
	rt_grant_sched(report, pthread_self(), 0, "it ends in a server");
}

START_TEST(what_is_not_wanted_has_its_reason)
{
	in_child(want_nothing, "nothing");
	ck_assert_int_eq(report->policy, SCHED_OTHER);
	ck_assert_int_eq(report->priority, 0);
	ck_assert_int_eq(report->wanted_priority, 0);
	ck_assert_int_eq(report->sched_error, 0);
	ck_assert_str_eq(report->sched_reason, "it ends in a server");
	ends_without_a_word(report->sched_remedy);
}
END_TEST

static void want_too_much(void)
{
	rt_grant_sched(report, pthread_self(), 100, "unused");
}

START_TEST(a_priority_that_does_not_exist_is_einval)
{
	in_child(want_too_much, "nothing");
	ck_assert_int_eq(report->sched_error, -EINVAL);
	ck_assert_int_eq(report->policy, SCHED_OTHER);
	tells(report->sched_reason, "priority 100");
}
END_TEST

static void grant_without_limit(void)
{
	limit(RLIMIT_RTPRIO, 0);
	become_nobody();
	if (bare_request(1) != EPERM)
		_exit(NOT_HERE);
	grant();
}

START_TEST(no_limit_is_told_with_the_line_to_add)
{
	in_child(grant_without_limit, "a user without CAP_SYS_NICE");
	if (skipped)
		return;
	ck_assert_int_eq(report->policy, SCHED_OTHER);
	ck_assert_int_eq(report->priority, 0);
	ck_assert_int_eq(report->wanted_priority, WANTED);
	ck_assert_int_eq(report->sched_error, -EPERM);
	ck_assert_str_eq(report->sched_reason, "RLIMIT_RTPRIO is 0 and CAP_SYS_NICE is not there");
	tells(report->sched_remedy, "'@audio - rtprio 95' to /etc/security/limits.d/audio.conf");
	tells(report->sched_remedy, "LimitRTPRIO=95");
}
END_TEST

/* Root in a container, as most of them make it. */
static void grant_as_lesser_root(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	limit(RLIMIT_RTPRIO, 0);
	if (geteuid() != 0 || syscall(SYS_capget, &header, sets) != 0)
		_exit(NOT_HERE);
	sets[0].effective &= ~(1u << CAP_SYS_NICE);
	if (sets[0].effective == 0 || syscall(SYS_capset, &header, sets) != 0)
		_exit(NOT_HERE);
	grant();
}

START_TEST(root_without_the_capability_is_a_user_like_others)
{
	in_child(grant_as_lesser_root, "root");
	if (skipped)
		return;
	ck_assert_int_eq(report->policy, SCHED_OTHER);
	ck_assert_int_eq(report->sched_error, -EPERM);
	ck_assert_str_eq(report->sched_reason, "RLIMIT_RTPRIO is 0 and CAP_SYS_NICE is not there");
}
END_TEST

static void grant_within_20(void)
{
	limit(RLIMIT_RTPRIO, 20);
	become_nobody();
	if (bare_request(20) != 0 || bare_request(21) != EPERM)
		_exit(NOT_HERE);
	grant();
}

START_TEST(a_lower_limit_is_taken_and_told)
{
	in_child(grant_within_20, "the right to set RLIMIT_RTPRIO to 20");
	if (skipped)
		return;
	ck_assert_int_eq(report->policy, SCHED_FIFO);
	ck_assert_int_eq(report->priority, 20);
	ck_assert_int_eq(report->wanted_priority, WANTED);
	ck_assert_int_eq(report->sched_error, -EPERM);
	tells(report->sched_reason, "RLIMIT_RTPRIO is 20");
	tells(report->sched_reason, "priority 20 instead of 45");
	tells(report->sched_remedy, "rtprio 95");
}
END_TEST

/* sched_setscheduler is EPERM, as systemd's RestrictRealtime=true makes it. */
static void forbid_scheduling(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setscheduler, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(NOT_HERE);
}

static void grant_behind_filter(void)
{
	needs_real_time();
	forbid_scheduling();
	grant();
}

START_TEST(a_filter_is_told_from_a_limit)
{
	in_child(grant_behind_filter, "the right to real-time priority, and seccomp");
	if (skipped)
		return;
	ck_assert_int_eq(report->policy, SCHED_OTHER);
	ck_assert_int_eq(report->sched_error, -EPERM);
	tells(report->sched_reason, "seccomp");
	tells(report->sched_remedy, "RestrictRealtime=false");
}
END_TEST

static void grant_behind_filter_within_20(void)
{
	limit(RLIMIT_RTPRIO, 20);
	become_nobody();
	if (bare_request(20) != 0)
		_exit(NOT_HERE);
	forbid_scheduling();
	grant();
}

/* 20 is allowed but is not got either: the limit is not what stands in the way. */
START_TEST(a_filter_is_told_behind_a_lower_limit)
{
	in_child(grant_behind_filter_within_20,
		 "the right to set RLIMIT_RTPRIO to 20, and seccomp");
	if (skipped)
		return;
	ck_assert_int_eq(report->policy, SCHED_OTHER);
	ck_assert_int_eq(report->sched_error, -EPERM);
	tells(report->sched_reason, "seccomp");
}
END_TEST

static bool write_text(const char *directory, const char *name, const char *text)
{
	char path[128];
	bool written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

/* A new control group of version 1 has no real-time bandwidth, where the
 * kernel gives it out by group. */
static void grant_in_poor_group(void)
{
	char path[128];

	needs_real_time();
	snprintf(path, sizeof(path), "%s/cpu.rt_runtime_us", group);
	if (access(path, R_OK) != 0 || !write_text(group, "cgroup.procs", "0") ||
	    bare_request(WANTED) != EPERM)
		_exit(NOT_HERE);
	grant();
}

START_TEST(a_group_without_bandwidth_is_named)
{
	const char *part = strrchr(group, '/');

	in_child(grant_in_poor_group, "control groups of version 1 with real-time bandwidths");
	if (skipped)
		return;
	ck_assert_int_eq(report->policy, SCHED_OTHER);
	ck_assert_int_eq(report->sched_error, -EPERM);
	tells(report->sched_reason, "control group");
	tells(report->sched_reason, part);
	tells(report->sched_remedy, part);
}
END_TEST

static void lock(void)
{
	void *area = mmap(NULL, LOCKED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	rt_grant_memory(report, area, LOCKED_BYTES);
}

static void lock_freely(void)
{
	void *area = mmap(NULL, LOCKED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (mlock(area, LOCKED_BYTES) != 0)
		_exit(NOT_HERE);
	lock();
}

START_TEST(locked_memory_needs_no_words)
{
	in_child(lock_freely, "the right to lock 1 MiB");
	if (skipped)
		return;
	ck_assert_uint_eq(report->arena_bytes, LOCKED_BYTES);
	ck_assert_uint_eq(report->locked_bytes, LOCKED_BYTES);
	ck_assert_int_eq(report->lock_error, 0);
	ends_without_a_word(report->lock_reason);
	ends_without_a_word(report->lock_remedy);
}
END_TEST

static void lock_within_64_kib(void)
{
	limit(RLIMIT_MEMLOCK, 65536);
	become_nobody();
	lock();
}

/* A sanitizer replaces mlock by one that does nothing and succeeds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_IS_REAL false
#else
#define MLOCK_IS_REAL true
#endif

static bool mlock_is_real(void)
{
	if (!MLOCK_IS_REAL)
		printf("skipped: the sanitizer replaces mlock\n");
	return MLOCK_IS_REAL;
}

START_TEST(a_small_limit_is_told_with_its_size)
{
	if (!mlock_is_real())
		return;
	in_child(lock_within_64_kib, "a user without CAP_IPC_LOCK");
	if (skipped)
		return;
	ck_assert_uint_eq(report->arena_bytes, LOCKED_BYTES);
	ck_assert_uint_eq(report->locked_bytes, 0);
	ck_assert_int_eq(report->lock_error, -ENOMEM);
	tells(report->lock_reason, "RLIMIT_MEMLOCK allows the program 64 KiB");
	tells(report->lock_reason, "1024 KiB");
	tells(report->lock_remedy, "'@audio - memlock unlimited'");
	tells(report->lock_remedy, "LimitMEMLOCK=infinity");
}
END_TEST

static void lock_nothing_at_all(void)
{
	void *area = mmap(NULL, LOCKED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	/* no limit counts here */
	limit(RLIMIT_MEMLOCK, 0);
	if (mlock(area, LOCKED_BYTES) != 0)
		_exit(NOT_HERE);
	munmap(area, LOCKED_BYTES);
	rt_grant_memory(report, area, LOCKED_BYTES);
}

static void lock_nothing_without_limit(void)
{
	void *area = mmap(NULL, LOCKED_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	become_nobody();
	munmap(area, LOCKED_BYTES);
	rt_grant_memory(report, area, LOCKED_BYTES);
}

START_TEST(a_limit_that_is_none_is_not_blamed)
{
	if (!mlock_is_real())
		return;
	in_child(lock_nothing_without_limit, "the right to lift RLIMIT_MEMLOCK");
	if (skipped)
		return;
	ck_assert_int_eq(report->lock_error, -ENOMEM);
	tells(report->lock_reason, strerror(ENOMEM));
}
END_TEST

START_TEST(another_cause_is_not_blamed_on_the_limit)
{
	if (!mlock_is_real())
		return;
	in_child(lock_nothing_at_all, "CAP_IPC_LOCK");
	if (skipped)
		return;
	ck_assert_int_eq(report->lock_error, -ENOMEM);
	tells(report->lock_reason, strerror(ENOMEM));
	ends_without_a_word(report->lock_remedy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rt_grant");
	TCase *tests = tcase_create("rt_grant");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_unchecked_fixture(tests, make_group, remove_group);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, what_is_granted_needs_no_words);
	tcase_add_test(tests, what_is_not_wanted_has_its_reason);
	tcase_add_test(tests, a_priority_that_does_not_exist_is_einval);
	tcase_add_test(tests, no_limit_is_told_with_the_line_to_add);
	tcase_add_test(tests, root_without_the_capability_is_a_user_like_others);
	tcase_add_test(tests, a_lower_limit_is_taken_and_told);
	tcase_add_test(tests, a_filter_is_told_from_a_limit);
	tcase_add_test(tests, a_filter_is_told_behind_a_lower_limit);
	tcase_add_test(tests, a_group_without_bandwidth_is_named);
	tcase_add_test(tests, locked_memory_needs_no_words);
	tcase_add_test(tests, a_small_limit_is_told_with_its_size);
	tcase_add_test(tests, a_limit_that_is_none_is_not_blamed);
	tcase_add_test(tests, another_cause_is_not_blamed_on_the_limit);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
