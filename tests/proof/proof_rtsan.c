/* SPDX-License-Identifier: MIT */
/*
 * The proof once more, by RealtimeSanitizer: what of its list the audio thread
 * would call ends the run. Of alsa-lib it forgives the mutex of a plugin's PCM,
 * and no more. Then the counter-proof, of what is on its list. Prints a table;
 * exits with 1 when a run did not go through.
 *
 *	PROOF_QUICK=1
 */
#include <dlfcn.h>
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plant.h"
#include "run.h"
#include "watch.h"

#define PLANT_PERIODS 200

/* ---- the sanitizer's own are weak, and called for everybody but alsa-lib */

int __interceptor_pthread_mutex_lock(pthread_mutex_t *mutex);
int __interceptor_pthread_mutex_unlock(pthread_mutex_t *mutex);

static int (*real_lock)(pthread_mutex_t *mutex);
static int (*real_unlock)(pthread_mutex_t *mutex);

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	if (real_lock && watch_alsa_lock(__builtin_return_address(0)))
		return real_lock(mutex);
	return __interceptor_pthread_mutex_lock(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	if (real_unlock && watch_alsa_lock(__builtin_return_address(0)))
		return real_unlock(mutex);
	return __interceptor_pthread_mutex_unlock(mutex);
}

/* ---- */

static bool prove(const char *name, const struct run *run_this)
{
	struct outcome *outcome = run_outcome();

	run(run_this, outcome);
	printf("  %-42s %12" PRIu64 " periods, %" PRIu64 " cycles, %" PRIu64
	       " calls for a plugin's mutex  %s\n",
	       name, outcome->stats.periods, outcome->findings.cycles,
	       outcome->findings.alsa_locks, outcome->done ? "nothing else" : "WRONG: see above");
	fflush(stdout);
	return outcome->done;
}

/* Whether the run ended by the sanitizer's complaint of this function. */
static bool told(int errors_fd, const char *function)
{
	char text[4096] = "", quoted[64];
	ssize_t length = pread(errors_fd, text, sizeof(text) - 1, 0);

	if (length < 0)
		err(1, "memory");
	snprintf(quoted, sizeof(quoted), "unsafe function `%s`", function);
	return strstr(text, quoted);
}

static bool overlooks(const struct plant *plant)
{
	struct run planted = { .device = "virtual:clock=manual", .periods = PLANT_PERIODS,
			       .plant = plant->plant,
			       .errors_fd = memfd_create("errors", MFD_CLOEXEC) };
	struct outcome *outcome = run_outcome();
	bool seen;

	if (planted.errors_fd < 0)
		err(1, "memory");
	run(&planted, outcome);
	seen = !outcome->done && told(planted.errors_fd, plant->function);
	close(planted.errors_fd);
	printf("  %-42s %25s\n", plant->name, seen ? "seen" : "WRONG: OVERLOOKED");
	return !seen;
}

int main(void)
{
	const char *run_by = getenv("RUN"), *quick = getenv("PROOF_QUICK");
	bool short_one = quick && *quick, good = true;
	const struct run real = { .device = RUN_REAL_TIME, .loaded = true,
				  .seconds = short_one ? 2 : 20 };
	const struct run manual = { .device = RUN_FAILING, .loaded = true,
				    .periods = short_one ? 20000 : 1000000 };

	if (run_by && *run_by) {
		printf("skipped: no sanitizer runs in an emulator\n");
		return 77;
	}
	real_lock = (typeof(real_lock))dlsym(RTLD_NEXT, "pthread_mutex_lock");
	real_unlock = (typeof(real_unlock))dlsym(RTLD_NEXT, "pthread_mutex_unlock");
	printf("\n  by RealtimeSanitizer\n");
	good &= prove("real time", &real);
	good &= prove("manual clock", &manual);
	for (size_t i = 0; i < plant_count; i++)
		if (plants[i].function)
			good &= !overlooks(&plants[i]);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
