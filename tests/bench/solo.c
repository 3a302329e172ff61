/* SPDX-License-Identifier: MIT */
/* The solo engine; see solo.h. */
#include "solo.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

const struct calls calls_static = {
	.send_ping = engine_send_ping,
	.send = engine_send,
	.send_batch = engine_send_batch,
	.try_recv = engine_try_recv,
	.try_recv_batch = engine_try_recv_batch,
};

static void find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	if (!found)
		bench_fail("%s", dlerror());
	memcpy(function, &found, sizeof(found));
}

const struct calls *calls_shared(void)
{
	static struct calls calls;
	const char *path = getenv("PEAL_LIBRARY");
	void *library;

	if (calls.send || !path || !*path)
		return calls.send ? &calls : NULL;
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		bench_fail("PEAL_LIBRARY: %s", dlerror());
	find(library, "engine_send_ping", &calls.send_ping);
	find(library, "engine_send", &calls.send);
	find(library, "engine_send_batch", &calls.send_batch);
	find(library, "engine_try_recv", &calls.try_recv);
	find(library, "engine_try_recv_batch", &calls.try_recv_batch);
	return &calls;
}

struct solo *solo_get(void)
{
	static struct solo solo;

	if (solo.engine.rt)
		return &solo;
	solo.engine.rt = &solo.rt;
	solo.rt.lanes = &solo.lane;
	solo.rt.lane_count = 1;
	if (doorbell_init(&solo.rt.wake) < 0 || doorbell_init(&solo.lane.bell) < 0 ||
	    port_attach(&solo.engine.own, &solo.engine, true) < 0)
		bench_fail("no engine without a thread: %m");
	return &solo;
}
