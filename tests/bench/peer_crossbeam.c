/* SPDX-License-Identifier: MIT */
/* crossbeam's queue; see peer_crossbeam.h. */
#include "peer_crossbeam.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static void find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	if (!found)
		bench_fail("%s", dlerror());
	memcpy(function, &found, sizeof(found));
}

bool peer_crossbeam_find(struct peer_crossbeam *peer)
{
	const char *path = getenv("BENCH_CROSSBEAM");
	void *library;

	if (!path || !*path)
		return false;
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		bench_fail("BENCH_CROSSBEAM: %s", dlerror());
	find(library, "queue_create", &peer->create);
	find(library, "queue_pop", &peer->pop);
	find(library, "queue_push", &peer->push);
	return true;
}
