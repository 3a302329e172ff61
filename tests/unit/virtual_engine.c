/* SPDX-License-Identifier: MIT */
/* The virtual engine; see virtual_engine.h. */
#include "virtual_engine.h"

#include <check.h>
#include <sched.h>

#include "support.h"

struct engine *virtual_engine_create(const struct engine_config *config)
{
	struct engine *engine;
	int err = engine_create(&engine, config);

	ck_assert_msg(err == 0, "%s: %d, %s", config->device, err, engine_last_error());
	ck_assert_ptr_nonnull(engine);
	return engine;
}

void virtual_destroy(struct engine *engine)
{
	ck_assert_msg(engine_destroy(engine) == 0, "%s", engine_last_error());
}

void virtual_advance(struct engine *engine, uint64_t frames)
{
	int err = engine_virtual_advance(engine, frames, SUPPORT_PATIENCE_MS);

	ck_assert_msg(err == 0, "%d, %s", err, engine_last_error());
}

uint64_t virtual_frame(struct engine *engine)
{
	uint64_t frame;

	ck_assert_int_eq(engine_frame(engine, &frame), 0);
	return frame;
}

struct engine_info virtual_info(struct engine *engine)
{
	struct engine_info info = { .size = sizeof(info) };

	ck_assert_int_eq(engine_get_info(engine, &info), 0);
	return info;
}

struct engine_stats virtual_stats(struct engine *engine)
{
	struct engine_stats stats = { .size = sizeof(stats) };

	ck_assert_int_eq(engine_get_stats(engine, &stats), 0);
	return stats;
}

struct engine_port_stats virtual_port_stats(struct engine_port *port)
{
	struct engine_port_stats stats = { .size = sizeof(stats) };

	ck_assert_int_eq(engine_port_get_stats(port, &stats), 0);
	return stats;
}

void virtual_write(struct engine *engine, const void *frames, size_t count)
{
	ck_assert_int_eq(engine_playback_write(engine, frames, count), (int)count);
}

size_t virtual_read(struct engine *engine, uint64_t from, void *frames, size_t room)
{
	struct engine_capture_chunk chunk = { .size = sizeof(chunk) };
	size_t frame_bytes = virtual_info(engine).frame_bytes, done = 0;

	while (done < room) {
		int count = engine_capture_read(engine, (char *)frames + done * frame_bytes,
						room - done, &chunk);

		ck_assert_int_ge(count, 0);
		if (count == 0)
			break;
		ck_assert_uint_eq(chunk.frame, from + done);
		ck_assert_uint_eq(chunk.gap_frames, 0);
		done += (size_t)count;
	}
	return done;
}

void virtual_await_handled(struct engine_port *port, uint64_t commands)
{
	/* the test's own timeout is the end of patience */
	while (virtual_port_stats(port).handled < commands)
		sched_yield();
}

void virtual_await_cycle(struct engine *engine)
{
	uint64_t wakes = virtual_stats(engine).wakes;

	/* A wake is counted when its cycle begins: the first may be an older one,
	 * the second is ours, and the third tells that it is over. */
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_int_eq(engine_wake(engine), 0);
		while (virtual_stats(engine).wakes < wakes + i)
			sched_yield();
	}
}

struct engine_message virtual_ping(struct engine_port *port, uint32_t id, uint16_t flags)
{
	struct engine_message message = { .type = ENGINE_PING, .flags = flags, .id = id };

	ck_assert_int_eq(engine_port_send(port, &message), 0);
	do
		ck_assert_int_eq(engine_port_recv(port, &message, SUPPORT_PATIENCE_MS), 1);
	while (message.type == ENGINE_EVENT_XRUN); /* a real clock and a slow machine */
	ck_assert_uint_eq(message.type, ENGINE_PONG);
	ck_assert_uint_eq(message.id, id);
	ck_assert_int_eq(message.reply.result, 0);
	return message;
}
