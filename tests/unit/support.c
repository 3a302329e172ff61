/* SPDX-License-Identifier: MIT */
/* Support; see support.h. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int support_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

pthread_t support_start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, run, arg), 0);
	return thread;
}

void *support_join(pthread_t thread)
{
	void *result;

	ck_assert_int_eq(pthread_join(thread, &result), 0);
	return result;
}

void support_stay_on(unsigned n)
{
	cpu_set_t all, one;
	size_t cpu = 0;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	n %= (unsigned)CPU_COUNT(&all);
	while (!CPU_ISSET(cpu, &all) || n-- > 0)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* refused: then as it comes */
	sched_setaffinity(0, sizeof(one), &one);
}

static bool readable(int fd, int timeout_ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int ready;

	do
		ready = poll(&poller, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	ck_assert_int_ge(ready, 0);
	ck_assert_msg(!(poller.revents & ~POLLIN), "poll says %#x", (unsigned)poller.revents);
	return ready == 1;
}

bool support_emulated(const char *why)
{
	const char *run = getenv("RUN");

	if (!run || !*run)
		return false;
	printf("skipped: %s\n", why);
	return true;
}

bool support_readable(int fd)
{
	return readable(fd, 0);
}

void support_await_readable(int fd)
{
	ck_assert_msg(readable(fd, SUPPORT_PATIENCE_MS), "descriptor %d never became readable", fd);
}

static unsigned count_entries(const char *path)
{
	DIR *directory = opendir(path);
	unsigned count = 0;

	ck_assert_msg(directory, "%s: %s", path, strerror(errno));
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

unsigned support_count_fds(void)
{
	return count_entries("/proc/self/fd");
}

unsigned support_count_threads(void)
{
	return count_entries("/proc/self/task");
}

void support_await_threads(unsigned count)
{
	/* the test's own timeout is the end of patience */
	while (support_count_threads() > count)
		sched_yield();
}

/* splitmix64 */
uint64_t support_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void support_random_bytes(uint64_t *state, void *bytes, size_t count)
{
	unsigned char *to = bytes;

	for (size_t i = 0; i < count; i++)
		to[i] = (unsigned char)(support_random(state) >> 56);
}
