/* SPDX-License-Identifier: MIT */
/*
 * The schedule: the earliest frame first, of one frame the first that came,
 * and never more than it holds.
 */
#include <check.h>
#include <stdlib.h>

#include "rt/schedule.h"
#include "shared/lane.h"
#include "support.h"

#define FULL ENGINE_SCHEDULE_MESSAGES

static struct schedule schedule;
static struct lane lanes[2];

static void setup(void)
{
	schedule = (struct schedule){ 0 };
}

static bool push(uint64_t frame, uint32_t id)
{
	struct message_words command = { .head = message_head(ENGINE_PING, 0, id),
					 .frame = frame };

	return schedule_push(&schedule, &lanes[id % 2], &command);
}

START_TEST(what_waits_comes_by_frame_then_by_arrival)
{
	uint64_t seed = (uint64_t)_i + 1, frame = 0;
	uint32_t pushed = 0, popped = 0, last = 0;

	/* fills and drains at random; few frames, so that many are the same */
	while (popped < 20000) {
		if (support_random(&seed) % 2 && schedule.count < FULL) {
			ck_assert(push(frame + support_random(&seed) % 50, pushed));
			pushed++;
		} else if (schedule.count > 0) {
			uint64_t next = schedule_frame(&schedule);
			struct scheduled first = schedule_pop(&schedule);
			uint32_t id = message_id(first.command.head);

			ck_assert_uint_eq(first.command.frame, next);
			ck_assert_uint_ge(next, frame);
			if (next == frame && popped > 0 && last < id)
				ck_assert_uint_lt(last, id);
			ck_assert_ptr_eq(first.lane, &lanes[id % 2]);
			for (uint32_t i = 0; i < schedule.count; i++) {
				const struct scheduled *other = &schedule.heap[i];

				ck_assert_uint_ge(other->command.frame, next);
				if (other->command.frame == next)
					ck_assert_uint_gt(message_id(other->command.head), id);
			}
			frame = next;
			last = id;
			popped++;
		}
	}
}
END_TEST

START_TEST(it_holds_512_and_no_more)
{
	for (uint32_t id = 0; id < FULL; id++)
		ck_assert(push(FULL - id, id));
	ck_assert(!push(1, FULL));
	for (uint32_t id = FULL; id-- > 0;)
		ck_assert_uint_eq(message_id(schedule_pop(&schedule).command.head), id);
	ck_assert_uint_eq(schedule_frame(&schedule), UINT64_MAX);
}
END_TEST

START_TEST(what_a_port_sent_is_forgotten_alone)
{
	uint64_t seed = 3, frame = 0;

	for (uint32_t id = 0; id < FULL; id++)
		ck_assert(push(support_random(&seed) % 1000, id));
	schedule_forget(&schedule, &lanes[0]);
	ck_assert_uint_eq(schedule.count, FULL / 2);
	while (schedule.count > 0) {
		struct scheduled first = schedule_pop(&schedule);

		ck_assert_ptr_eq(first.lane, &lanes[1]);
		ck_assert_uint_ge(first.command.frame, frame);
		frame = first.command.frame;
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tests = tcase_create("schedule");

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, what_waits_comes_by_frame_then_by_arrival, 0, 3);
	tcase_add_test(tests, it_holds_512_and_no_more);
	tcase_add_test(tests, what_a_port_sent_is_forgotten_alone);
	return support_run(suite);
}
