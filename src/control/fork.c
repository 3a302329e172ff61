/* SPDX-License-Identifier: MIT */
/*
 * Fork: in the child of a fork there is no audio thread, no arena, and the
 * PCMs are the parent's: closing one would stop the parent's stream. So the
 * child's handles are made unusable before any of its code runs. What they
 * hold is left alone: the kernel frees it when the child ends.
 *
 * liburcu is told too, so that a grace period of the child's own waits neither
 * for a lock that a thread of the parent's held nor for threads that the child
 * has not got. It blocks all signals meanwhile, so it comes first and goes last:
 * no handler of the program's finds our lock taken or the child's handles whole.
 */
#include <errno.h>
#include <urcu/urcu-bp.h>

#include "control/engine.h"

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct engine *engines; /* under list_lock */
static bool watching;          /* under list_lock */

static void before_fork(void)
{
	/* waits for a grace period that is under way */
	urcu_bp_before_fork();
	pthread_mutex_lock(&list_lock);
}

static void after_fork_in_parent(void)
{
	pthread_mutex_unlock(&list_lock);
	urcu_bp_after_fork_parent();
}

static void disable(struct engine_port *port)
{
	store_relaxed(&port->sending, 1);
	store_relaxed(&port->receiving, 1);
}

static void after_fork_in_child(void)
{
	for (struct engine *engine = engines; engine; engine = engine->next) {
		engine->forked = true;
		disable(&engine->own);
		for (struct engine_port *port = engine->ports; port; port = port->next)
			disable(port);
		store_relaxed(&engine->writing, 1);
		store_relaxed(&engine->reading, 1);
	}
	engines = NULL;
	pthread_mutex_unlock(&list_lock);
	urcu_bp_after_fork_child();
}

int fork_watch(struct engine *engine)
{
	int err = 0;

	pthread_mutex_lock(&list_lock);
	/* a handler cannot be taken back, but the library is never unloaded */
	if (!watching)
		err = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
	if (err == 0) {
		watching = true;
		engine->next = engines;
		engines = engine;
	}
	pthread_mutex_unlock(&list_lock);
	return -err;
}

void fork_unwatch(struct engine *engine)
{
	struct engine **link = &engines;

	pthread_mutex_lock(&list_lock);
	while (*link && *link != engine)
		link = &(*link)->next;
	if (*link)
		*link = engine->next;
	pthread_mutex_unlock(&list_lock);
}
