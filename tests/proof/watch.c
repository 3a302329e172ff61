/* SPDX-License-Identifier: MIT */
/* The watch; see watch.h. */
#include "watch.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "filter.h"
#include "rt/rt.h"

/* So many cycles after the warm-up the planted violation is done. */
#define PLANT_AFTER 50

void __real_cycle(struct rt *rt);
void __wrap_cycle(struct rt *rt);

/* RealtimeSanitizer's, where it is */
void __rtsan_realtime_enter(void) __attribute__((weak));
void __rtsan_realtime_exit(void) __attribute__((weak));

static struct findings *found;
static void (*planted)(void);
static atomic_of(bool) measure; /* to the audio thread */
static uint32_t since_measure;
static struct usage before;
static uintptr_t alsa_from, alsa_to; /* its code */

/* this thread is the audio thread, between its first cycle and its last */
static _Thread_local bool inside;
static _Thread_local bool writing; /* and what it does now is not its own doing */

/* ---- offences */

bool watch_alsa_lock(const void *caller)
{
	bool alsas = (uintptr_t)caller >= alsa_from && (uintptr_t)caller < alsa_to;

	if (alsas && inside)
		found->alsa_locks++;
	return alsas;
}

/* The same call from the same place is witnessed once. */
static void bear_witness(enum offence offence, const char *what)
{
	struct witness *witness = &found->witnesses[found->witness_count];

	found->offences[offence]++;
	if (found->witness_count == WITNESSES)
		return;
	*witness = (struct witness){ .depth = 0 };
	snprintf(witness->what, sizeof(witness->what), "%s", what);
	witness->depth = backtrace(witness->frames, WITNESS_FRAMES);
	for (uint32_t i = 0; i < found->witness_count; i++)
		if (memcmp(found->witnesses[i].frames, witness->frames,
			   sizeof(witness->frames)) == 0)
			return;
	found->witness_count++;
}

void watch_offence(enum offence offence, const char *what, const void *caller)
{
	if (!inside || writing)
		return;
	/* whether the PCM is one of those, the judge knows */
	if (strcmp(what, "pthread_mutex_lock") == 0 && watch_alsa_lock(caller))
		return;
	writing = true;
	bear_witness(offence, what);
	writing = false;
}

void watch_call(enum call call)
{
	if (inside && !writing)
		found->calls[call]++;
}

static void trapped(int number, const long *arguments)
{
	char what[sizeof(found->witnesses[0].what)];

	if (!inside || writing)
		return;
	writing = true;
	snprintf(what, sizeof(what), "system call %d(%#lx, %#lx, %#lx)", number,
		 (unsigned long)arguments[0], (unsigned long)arguments[1],
		 (unsigned long)arguments[2]);
	bear_witness(OFFENCE_SYSTEM_CALL, what);
	writing = false;
}

/* ---- the thread */

static struct usage usage_now(void)
{
	struct rusage kernels;
	const long arguments[6] = { RUSAGE_THREAD, (long)&kernels };

	filter_pass(SYS_getrusage, arguments);
	return (struct usage){
		.minor_faults = kernels.ru_minflt, .major_faults = kernels.ru_majflt,
		.voluntary_switches = kernels.ru_nvcsw, .involuntary_switches = kernels.ru_nivcsw,
		.waits = found->calls[CALL_PPOLL],
	};
}

static void settle_accounts(void)
{
	struct usage now = usage_now();

	found->measured = since_measure > 0;
	found->usage = (struct usage){
		.minor_faults = now.minor_faults - before.minor_faults,
		.major_faults = now.major_faults - before.major_faults,
		.voluntary_switches = now.voluntary_switches - before.voluntary_switches,
		.involuntary_switches = now.involuntary_switches - before.involuntary_switches,
		.waits = now.waits - before.waits,
	};
}

void __wrap_cycle(struct rt *rt)
{
	if (!inside) {
		/* the sanitizer makes calls of its own, the first time and to report */
		if (__rtsan_realtime_enter)
			__rtsan_realtime_enter();
		else
			found->filtered = filter_enter();
		usage_now();
		inside = true;
	}
	if (load_relaxed(&measure) && since_measure++ == 0)
		before = usage_now();
	if (planted && since_measure == PLANT_AFTER)
		planted();
	found->cycles++;
	__real_cycle(rt);
	if (rt->quit) {
		settle_accounts();
		inside = false;
		if (__rtsan_realtime_exit)
			__rtsan_realtime_exit();
	}
}

/* ---- the program */

static int find_alsa(struct dl_phdr_info *object, size_t size, void *arg)
{
	(void)size, (void)arg;
	if (!strstr(object->dlpi_name, "/libasound.so"))
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
			alsa_from = object->dlpi_addr + part->p_vaddr;
			alsa_to = alsa_from + part->p_memsz;
		}
	}
	return 1;
}

void watch_init(struct findings *findings, void (*plant)(void))
{
	void *frames[WITNESS_FRAMES];

	found = findings;
	memset(found, 0, sizeof(*found));
	planted = plant;
	dl_iterate_phdr(find_alsa, NULL);
	/* the first call loads a library */
	backtrace(frames, WITNESS_FRAMES);
	filter_init(trapped);
}

void watch_measure(void)
{
	store_relaxed(&measure, true);
}
