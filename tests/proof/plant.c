/* SPDX-License-Identifier: MIT */
/* The plants; see plant.h. Audio thread. */
#include "plant.h"

#include <alsa/asoundlib.h>
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "filter.h"

/* More often than it waits for its device in so short a run, and each long
 * enough to sleep at all. */
#define SLEEPS 2000
#define SLEEP_NS 50000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile char *untouched;
static void *volatile memory; /* so that no compiler leaves it out */

void plant_init(void)
{
	untouched = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (untouched == MAP_FAILED)
		err(1, "memory");
	memory = malloc(1);
}

static void call_the_system(void)
{
	getppid();
}

static void ask_a_terminal(void)
{
	int waiting;

	ioctl(-1, FIONREAD, &waiting);
}

static void read_4_bytes(void)
{
	char bytes[4];

	if (read(-1, bytes, sizeof(bytes)) >= 0)
		abort();
}

static void allocate(void)
{
	memory = malloc(1);
}

static void allocate_by_alsa(void)
{
	snd_pcm_info_t *info;

	snd_pcm_info_malloc(&info);
	memory = info;
}

static void release(void)
{
	free(memory);
}

static void lock(void)
{
	pthread_mutex_lock(&mutex);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1 }, NULL);
}

static void print(void)
{
	char text[16];

	snprintf(text, sizeof(text), "%p", memory);
}

static void touch(void)
{
	*untouched = 1;
}

/* Past the filter and the calls, so that nothing but the kernel's count tells. */
static void doze(void)
{
	struct timespec time = { .tv_nsec = SLEEP_NS };
	const long arguments[6] = { (long)&time };

	for (int i = 0; i < SLEEPS; i++)
		filter_pass(SYS_nanosleep, arguments);
}

/* One, and none of the others. */
static bool only(const struct findings *findings, enum offence offence)
{
	uint64_t all = 0;

	for (int i = 0; i < OFFENCES; i++)
		all += findings->offences[i];
	return findings->offences[offence] == 1 && all == 1;
}

static bool called(const struct findings *findings)
{
	return only(findings, OFFENCE_SYSTEM_CALL);
}

/* A thread's first allocation makes system calls, too. */
static bool allocated(const struct findings *findings)
{
	return findings->offences[OFFENCE_MEMORY] == 1;
}

static bool locked(const struct findings *findings)
{
	return only(findings, OFFENCE_LOCK);
}

static bool napped(const struct findings *findings)
{
	return findings->offences[OFFENCE_LOCK] == 1 &&
	       findings->offences[OFFENCE_SYSTEM_CALL] == 1;
}

static bool printed(const struct findings *findings)
{
	return only(findings, OFFENCE_PRINT);
}

static bool faulted(const struct findings *findings)
{
	return findings->usage.minor_faults > 0;
}

static bool switched(const struct findings *findings)
{
	return findings->usage.voluntary_switches > (int64_t)findings->usage.waits;
}

const struct plant plants[] = {
	{ "a system call of another number", call_the_system, called, NULL },
	{ "an ioctl that is not a PCM's", ask_a_terminal, called, NULL },
	{ "4 bytes read", read_4_bytes, called, NULL },
	{ "memory allocated", allocate, allocated, "malloc" },
	{ "memory allocated by alsa-lib", allocate_by_alsa, allocated, "calloc" },
	{ "memory freed", release, allocated, "free" },
	{ "a mutex locked", lock, locked, "pthread_mutex_lock" },
	{ "a nap", nap, napped, "nanosleep" },
	{ "a number printed to a string", print, printed, NULL },
	{ "a page touched for the first time", touch, faulted, NULL },
	{ "sleep, where nobody looks", doze, switched, NULL },
};

const size_t plant_count = sizeof(plants) / sizeof(plants[0]);
