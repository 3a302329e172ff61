/* SPDX-License-Identifier: MIT */
/*
 * Faults by the thousand: as many injections of each kind, on fake devices of
 * random shapes, in virtual time. Each must be recovered from, or declared, in
 * the time that is promised, with exactly the events that it deserves; no
 * message may get lost, and no frame come out other than it went in. Prints
 * what came of each kind; exits with 1 on anything else.
 *
 *	FAULTS=1000 ./faults           injections of each kind
 *	PEAL_FAULTS_SEED=...           as in the run that said so
 *	PEAL_FAULTS_KIND=... PEAL_FAULTS_FROM=...   only these, from the n-th on
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kinds.h"
#include "support.h"

/* An emulator or a sanitizer is slow. */
#define INJECTIONS 1000
#define INJECTIONS_SLOW 50
/* Far more than it takes. */
#define TIMEOUT_S 600

static struct figures *figures;
static uint32_t injections;
static uint64_t seed;

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	return is_set(name) ? strtoull(getenv(name), NULL, 0) : otherwise;
}

/* Each device has a seed of its own, so that a run can begin with any. */
static uint64_t device_seed(unsigned kind, uint32_t injection)
{
	uint64_t state = seed ^ (uint64_t)kind << 32 ^ injection;

	return support_random(&state);
}

/* One device, struck until it is lost, or has had enough. */
static void strike_device(const struct kind *kind, struct figures *row, uint32_t *injection)
{
	struct trial trial;

	row->first = *injection;
	trial_begin(&trial, row, device_seed((unsigned)(kind - kinds), *injection), kind->wishes);
	do {
		++*injection;
		trial_inject(&trial);
		kind->inject(&trial);
		trial_settle(&trial);
	} while (trial.state == ENGINE_STATE_RUNNING && *injection < injections &&
		 any(&trial, 6));
	trial_end(&trial);
}

START_TEST(every_fault_is_recovered_from_or_declared)
{
	const struct kind *kind = &kinds[_i];
	struct figures *row = &figures[_i];
	uint32_t injection = (uint32_t)number("PEAL_FAULTS_FROM", 0);

	if (is_set("PEAL_FAULTS_KIND") && strcmp(getenv("PEAL_FAULTS_KIND"), kind->name) != 0)
		return;
	while (injection < injections)
		strike_device(kind, row, &injection);
	row->done = true;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = tcase_create("faults");
	bool slow = is_set("RUN") || is_set("SANITIZE");
	struct timespec now;
	int result;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = number("PEAL_FAULTS_SEED", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	injections = (uint32_t)number("FAULTS", slow ? INJECTIONS_SLOW : INJECTIONS);
	printf("%u injections of each kind of fault, PEAL_FAULTS_SEED=%" PRIu64 "\n", injections,
	       seed);
	fflush(stdout);
	figures = figures_new(kind_count, injections);
	for (unsigned i = 0; i < kind_count; i++)
		figures[i].kind = kinds[i].name;
	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_loop_test(tcase, every_fault_is_recovered_from_or_declared, 0, (int)kind_count);
	suite_add_tcase(suite, tcase);
	result = support_run(suite);
	figures_print(figures, kind_count, seed);
	return result;
}
