/* SPDX-License-Identifier: MIT */
/*
 * The doorbell: readable exactly when rung, quiet otherwise, and no ring is
 * lost between threads.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/doorbell.h"
#include "support.h"

#define RINGERS 3
#define RINGS 30000

static struct doorbell bell;

static void setup(void)
{
	ck_assert_int_eq(doorbell_init(&bell), 0);
}

static void teardown(void)
{
	doorbell_done(&bell);
}

START_TEST(a_new_bell_is_quiet)
{
	ck_assert(!support_readable(bell.fd));
	ck_assert(!doorbell_answer(&bell));
	ck_assert(!support_readable(bell.fd));
}
END_TEST

START_TEST(a_rung_bell_is_readable_until_it_is_answered)
{
	for (unsigned round = 0; round < 3; round++) {
		doorbell_ring(&bell);
		ck_assert(support_readable(bell.fd));
		ck_assert(support_readable(bell.fd));
		ck_assert(doorbell_answer(&bell));
		ck_assert(!support_readable(bell.fd));
		ck_assert(!doorbell_answer(&bell));
	}
}
END_TEST

START_TEST(one_answer_is_enough_for_many_rings)
{
	uint64_t count;

	for (unsigned i = 0; i < 1000; i++)
		doorbell_ring(&bell);
	/* only the first of them was a system call */
	ck_assert_int_eq(read(bell.fd, &count, sizeof(count)), sizeof(count));
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(write(bell.fd, &count, sizeof(count)), sizeof(count));
	ck_assert(doorbell_answer(&bell));
	ck_assert(!support_readable(bell.fd));
}
END_TEST

START_TEST(a_ringer_between_its_two_steps_is_not_answered)
{
	uint64_t one = 1;

	store_relaxed(&bell.rung, 1);
	ck_assert(!doorbell_answer(&bell));
	/* another one finds it rung, and leaves the waking to the first */
	doorbell_ring(&bell);
	ck_assert(!support_readable(bell.fd));
	ck_assert_int_eq(write(bell.fd, &one, sizeof(one)), sizeof(one));
	ck_assert(doorbell_answer(&bell));
	ck_assert_int_eq(load_relaxed(&bell.rung), 0);
	ck_assert(!support_readable(bell.fd));
}
END_TEST

START_TEST(the_descriptor_neither_blocks_nor_outlives_exec)
{
	ck_assert_int_ne(fcntl(bell.fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(bell.fd, F_GETFD) & FD_CLOEXEC, 0);
}
END_TEST

START_TEST(a_bell_that_cannot_be_made_says_why)
{
	struct doorbell none;
	struct rlimit before, limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(doorbell_init(&none), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	doorbell_done(&none);
}
END_TEST

START_TEST(done_closes_the_descriptor_once)
{
	unsigned before = support_count_fds();
	int fd = bell.fd;

	doorbell_done(&bell);
	ck_assert_uint_eq(support_count_fds(), before - 1);
	/* the number is someone else's now */
	ck_assert_int_eq(dup(STDERR_FILENO), fd);
	doorbell_done(&bell);
	ck_assert_uint_eq(support_count_fds(), before);
}
END_TEST

struct ringer {
	atomic_of(uint32_t) posted; /* the ringer's */
	atomic_of(uint32_t) seen;   /* the answerer's */
	struct doorbell back;
};

/* Posts the next number only once the one before was seen: each ring counts. */
static void *post_and_ring(void *arg)
{
	struct ringer *ringer = arg;

	for (uint32_t n = 1; n <= RINGS; n++) {
		store_release(&ringer->posted, n);
		doorbell_ring(&bell);
		while (load_acquire(&ringer->seen) != n) {
			struct pollfd back = { .fd = ringer->back.fd, .events = POLLIN };

			if (poll(&back, 1, SUPPORT_PATIENCE_MS) != 1)
				return "the answer's ring was lost";
			doorbell_answer(&ringer->back);
		}
	}
	return NULL;
}

START_TEST(no_ring_is_lost_between_threads)
{
	static struct ringer ringers[RINGERS];
	pthread_t threads[RINGERS];

	for (unsigned i = 0; i < RINGERS; i++) {
		ck_assert_int_eq(doorbell_init(&ringers[i].back), 0);
		threads[i] = support_start(post_and_ring, &ringers[i]);
	}
	for (uint32_t left = RINGERS * RINGS; left > 0;) {
		support_await_readable(bell.fd);
		doorbell_answer(&bell);
		for (unsigned i = 0; i < RINGERS; i++) {
			struct ringer *ringer = &ringers[i];
			uint32_t posted = load_acquire(&ringer->posted);

			if (posted == load_relaxed(&ringer->seen))
				continue;
			store_release(&ringer->seen, posted);
			doorbell_ring(&ringer->back);
			left--;
		}
	}
	for (unsigned i = 0; i < RINGERS; i++) {
		const char *complaint = support_join(threads[i]);

		ck_assert_msg(!complaint, "%s", complaint);
		doorbell_done(&ringers[i].back);
	}
	/* rung tells the truth again: what was left rung can be answered */
	ck_assert_int_eq(support_readable(bell.fd), load_relaxed(&bell.rung));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doorbell");
	TCase *tests = tcase_create("doorbell");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_new_bell_is_quiet);
	tcase_add_test(tests, a_rung_bell_is_readable_until_it_is_answered);
	tcase_add_test(tests, one_answer_is_enough_for_many_rings);
	tcase_add_test(tests, a_ringer_between_its_two_steps_is_not_answered);
	tcase_add_test(tests, the_descriptor_neither_blocks_nor_outlives_exec);
	tcase_add_test(tests, a_bell_that_cannot_be_made_says_why);
	tcase_add_test(tests, done_closes_the_descriptor_once);
	tcase_add_test(tests, no_ring_is_lost_between_threads);
	return support_run(suite);
}
