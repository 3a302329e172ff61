/* SPDX-License-Identifier: MIT */
/* The schedule; see schedule.h. Audio thread. */
#include "rt/schedule.h"

static bool before(const struct scheduled *a, const struct scheduled *b)
{
	if (a->command.frame != b->command.frame)
		return a->command.frame < b->command.frame;
	return a->arrival < b->arrival;
}

/* Put an entry where the hole at `hole` rises to. */
static void rise(struct schedule *schedule, uint32_t hole, struct scheduled entry)
{
	while (hole > 0) {
		uint32_t parent = (hole - 1) / 2;

		if (!before(&entry, &schedule->heap[parent]))
			break;
		schedule->heap[hole] = schedule->heap[parent];
		hole = parent;
	}
	schedule->heap[hole] = entry;
}

/* ... where it sinks to. */
static void sink(struct schedule *schedule, uint32_t hole, struct scheduled entry)
{
	for (;;) {
		uint32_t child = 2 * hole + 1;

		if (child >= schedule->count)
			break;
		if (child + 1 < schedule->count &&
		    before(&schedule->heap[child + 1], &schedule->heap[child]))
			child++;
		if (!before(&schedule->heap[child], &entry))
			break;
		schedule->heap[hole] = schedule->heap[child];
		hole = child;
	}
	schedule->heap[hole] = entry;
}

bool schedule_push(struct schedule *schedule, struct lane *lane,
		   const struct message_words *command)
{
	struct scheduled entry = { lane, schedule->arrivals, *command };

	if (schedule->count == ENGINE_SCHEDULE_MESSAGES)
		return false;
	schedule->arrivals++;
	rise(schedule, schedule->count++, entry);
	return true;
}

uint64_t schedule_frame(const struct schedule *schedule)
{
	return schedule->count ? schedule->heap[0].command.frame : UINT64_MAX;
}

struct scheduled schedule_pop(struct schedule *schedule)
{
	struct scheduled first = schedule->heap[0];

	if (--schedule->count > 0)
		sink(schedule, 0, schedule->heap[schedule->count]);
	return first;
}

void schedule_forget(struct schedule *schedule, const struct lane *lane)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < schedule->count; i++)
		if (schedule->heap[i].lane != lane)
			schedule->heap[kept++] = schedule->heap[i];
	if (kept == schedule->count)
		return;
	schedule->count = kept;
	for (uint32_t i = kept / 2; i-- > 0;)
		sink(schedule, i, schedule->heap[i]);
}
