/* SPDX-License-Identifier: MIT */
/*
 * Failing: what the library asks of libc, ALSA and the like on the control
 * side, made to fail at the n-th call, once or from then on for ever; and what
 * it has of memory and mappings, counted. Replaces those functions in the
 * program that includes it; for its one file.
 *
 * Meant is a call out of libpeal.so on the thread that began, or on those of a
 * name: all others are passed on, so that what other libraries do inside is never
 * touched.
 */
#ifndef PEAL_TESTS_FAILING_H
#define PEAL_TESTS_FAILING_H

#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shared/atomic.h"

static struct {
	atomic_of(bool) on; /* pairs with itself: all but what is counted is constant then */
	pthread_t begun_by;
	const char *thread; /* of this name; NULL: the one that began */
	const char *only;   /* this function; NULL: every one */
	bool for_ever;
	unsigned nth; /* this call fails, counted from 1 */
	/* written by that thread, and read when it is off */
	atomic_of(unsigned) calls;
	atomic_of(unsigned) failed;
	const char *first; /* what failed first */
	int error;         /* how: negative */
} failing;

/* Where libpeal.so's code lies. */
static struct {
	uintptr_t begin, end;
} failing_code;

/* What the library has now: every thread's. */
static atomic_of(long) failing_blocks;
static atomic_of(long) failing_mapped; /* bytes */

static inline void failing_begin_on(const char *thread, unsigned nth, bool for_ever)
{
	failing.begun_by = pthread_self();
	failing.thread = thread;
	failing.only = NULL;
	failing.nth = nth;
	failing.for_ever = for_ever;
	store_relaxed(&failing.calls, 0);
	store_relaxed(&failing.failed, 0);
	failing.first = NULL;
	failing.error = 0;
	store_release(&failing.on, true);
}

static inline void failing_begin(unsigned nth, bool for_ever)
{
	failing_begin_on(NULL, nth, for_ever);
}

/* Whether so many calls were made that one failed. */
static inline bool failing_end(void)
{
	store_release(&failing.on, false);
	return load_acquire(&failing.failed) > 0;
}

/* A sanitizer allocates before it can watch anything. */
#define FAILING_EARLY __attribute__((no_sanitize("address")))

static int failing_look_at(struct dl_phdr_info *file, size_t size, void *arg)
{
	uintptr_t within = (uintptr_t)arg;

	(void)size;
	for (int i = 0; i < file->dlpi_phnum; i++) {
		uintptr_t begin = file->dlpi_addr + file->dlpi_phdr[i].p_vaddr;
		uintptr_t end = begin + file->dlpi_phdr[i].p_memsz;

		if (file->dlpi_phdr[i].p_type != PT_LOAD || within < begin || within >= end)
			continue;
		failing_code.begin = begin;
		failing_code.end = end;
		return 1;
	}
	return 0;
}

__attribute__((constructor)) static void failing_find_code(void)
{
	if (!dl_iterate_phdr(failing_look_at, dlsym(RTLD_DEFAULT, "engine_create")))
		abort();
}

FAILING_EARLY static inline bool failing_is_ours(const void *caller)
{
	return (uintptr_t)caller >= failing_code.begin && (uintptr_t)caller < failing_code.end;
}

static inline bool failing_meant(const char *function)
{
	char name[16] = "";

	if (failing.only && strcmp(failing.only, function) != 0)
		return false;
	if (!failing.thread)
		return pthread_equal(pthread_self(), failing.begun_by);
	pthread_getname_np(pthread_self(), name, sizeof(name));
	return strcmp(name, failing.thread) == 0;
}

FAILING_EARLY static inline bool failing_now(const void *caller, const char *function, int error)
{
	unsigned call;

	if (!load_acquire(&failing.on) || !failing_is_ours(caller) || !failing_meant(function))
		return false;
	call = add_relaxed(&failing.calls, 1) + 1;
	if (call != failing.nth && !(failing.for_ever && call > failing.nth))
		return false;
	if (load_relaxed(&failing.failed) == 0) {
		failing.first = function;
		failing.error = -error;
	}
	/* pairs with the acquire in failing_end */
	store_release(&failing.failed, load_relaxed(&failing.failed) + 1);
	errno = error;
	return true;
}

#define FAILING_CALLER __builtin_return_address(0)

/* ---- memory */

#ifdef __SANITIZE_ADDRESS__
#define FAILING_REAL(name) __interceptor_##name
#else
#define FAILING_REAL(name) __libc_##name
#endif

#ifdef __SANITIZE_ADDRESS__
/* The loader's own, which are known by their caller; that is us here. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:dl_open_worker_begin";
}
#endif

void *FAILING_REAL(malloc)(size_t size);
void *FAILING_REAL(calloc)(size_t count, size_t size);
void *FAILING_REAL(realloc)(void *old, size_t size);
void *FAILING_REAL(memalign)(size_t alignment, size_t size);
void FAILING_REAL(free)(void *block);

FAILING_EARLY static inline void *failing_counted(const void *caller, void *block)
{
	if (block && failing_is_ours(caller))
		add_relaxed(&failing_blocks, 1);
	return block;
}

void *malloc(size_t size)
{
	if (failing_now(FAILING_CALLER, "malloc", ENOMEM))
		return NULL;
	return failing_counted(FAILING_CALLER, FAILING_REAL(malloc)(size));
}

void *calloc(size_t count, size_t size)
{
	if (failing_now(FAILING_CALLER, "calloc", ENOMEM))
		return NULL;
	return failing_counted(FAILING_CALLER, FAILING_REAL(calloc)(count, size));
}

void *realloc(void *old, size_t size)
{
	if (failing_now(FAILING_CALLER, "realloc", ENOMEM))
		return NULL;
	if (old)
		return FAILING_REAL(realloc)(old, size);
	return failing_counted(FAILING_CALLER, FAILING_REAL(realloc)(old, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (failing_now(FAILING_CALLER, "aligned_alloc", ENOMEM))
		return NULL;
	return failing_counted(FAILING_CALLER, FAILING_REAL(memalign)(alignment, size));
}

void free(void *block)
{
	if (block && failing_is_ours(FAILING_CALLER))
		add_relaxed(&failing_blocks, -1);
	FAILING_REAL(free)(block);
}

/* ---- what is next in line for a function of this name */

#define FAILING_NEXT(name) ((__typeof__(&(name)))failing_next(#name))

static inline void *failing_next(const char *name)
{
	void *next = dlsym(RTLD_NEXT, name);

	if (!next)
		abort();
	return next;
}

/* A function of which the next does the work; `error` is what it fails with. */
#define FAILING(type, name, parameters, arguments, error, result)                                  \
	type name parameters                                                                       \
	{                                                                                          \
		if (failing_now(FAILING_CALLER, #name, error))                                     \
			return result;                                                             \
		return FAILING_NEXT(name) arguments;                                               \
	}

/* ---- libc */

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	void *map;

	if (failing_now(FAILING_CALLER, "mmap", ENOMEM))
		return MAP_FAILED;
	map = FAILING_NEXT(mmap)(at, bytes, protection, flags, fd, offset);
	if (map != MAP_FAILED && failing_is_ours(FAILING_CALLER))
		add_relaxed(&failing_mapped, (long)bytes);
	return map;
}

int munmap(void *at, size_t bytes)
{
	if (failing_is_ours(FAILING_CALLER))
		add_relaxed(&failing_mapped, -(long)bytes);
	return FAILING_NEXT(munmap)(at, bytes);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list rest;

	va_start(rest, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(rest, mode_t);
	va_end(rest);
	if (failing_now(FAILING_CALLER, "open", EMFILE))
		return -1;
	return FAILING_NEXT(open)(path, flags, mode);
}

FAILING(int, madvise, (void *at, size_t bytes, int advice), (at, bytes, advice), ENOMEM, -1)
FAILING(int, mprotect, (void *at, size_t bytes, int may), (at, bytes, may), ENOMEM, -1)
FAILING(int, mlock, (const void *at, size_t bytes), (at, bytes), ENOMEM, -1)
FAILING(int, eventfd, (unsigned first, int flags), (first, flags), EMFILE, -1)
FAILING(int, timerfd_create, (clockid_t clock, int flags), (clock, flags), EMFILE, -1)
FAILING(FILE *, fopen, (const char *path, const char *mode), (path, mode), EMFILE, NULL)
FAILING(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), EIO, -1)
FAILING(int, pthread_create,
	(pthread_t * thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg),
	(thread, attr, run, arg), EAGAIN, EAGAIN)
FAILING(int, pthread_attr_init, (pthread_attr_t * attr), (attr), ENOMEM, ENOMEM)
FAILING(int, pthread_setschedparam, (pthread_t thread, int policy, const struct sched_param *param),
	(thread, policy, param), EPERM, EPERM)

/* What pthread_atfork, which libc puts into the library itself, calls. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *file);
FAILING(int, __register_atfork,
	(void (*prepare)(void), void (*parent)(void), void (*child)(void), void *file),
	(prepare, parent, child, file), ENOMEM, ENOMEM)

/* ---- ALSA */

#define FAILING_PCM(name, parameters, arguments)                                                   \
	FAILING(int, snd_pcm_##name, parameters, arguments, EIO, -EIO)
#define FAILING_FRAMES(name, parameters, arguments)                                                \
	FAILING(snd_pcm_sframes_t, snd_pcm_##name, parameters, arguments, EIO, -EIO)

FAILING_PCM(open, (snd_pcm_t * *out, const char *name, snd_pcm_stream_t stream, int mode),
	    (out, name, stream, mode))
FAILING_PCM(info, (snd_pcm_t * pcm, snd_pcm_info_t *info), (pcm, info))
FAILING_PCM(prepare, (snd_pcm_t * pcm), (pcm))
FAILING_PCM(start, (snd_pcm_t * pcm), (pcm))
FAILING_PCM(resume, (snd_pcm_t * pcm), (pcm))
FAILING_FRAMES(avail, (snd_pcm_t * pcm), (pcm))
FAILING_FRAMES(avail_update, (snd_pcm_t * pcm), (pcm))
FAILING_PCM(mmap_begin,
	    (snd_pcm_t * pcm, const snd_pcm_channel_area_t **areas, snd_pcm_uframes_t *offset,
	     snd_pcm_uframes_t *frames),
	    (pcm, areas, offset, frames))
FAILING_FRAMES(mmap_commit, (snd_pcm_t * pcm, snd_pcm_uframes_t at, snd_pcm_uframes_t frames),
	       (pcm, at, frames))
FAILING_PCM(poll_descriptors, (snd_pcm_t * pcm, struct pollfd *fds, unsigned space),
	    (pcm, fds, space))
FAILING_PCM(poll_descriptors_revents,
	    (snd_pcm_t * pcm, struct pollfd *fds, unsigned count, unsigned short *revents),
	    (pcm, fds, count, revents))
FAILING_PCM(link, (snd_pcm_t * pcm, snd_pcm_t *other), (pcm, other))
FAILING_PCM(hw_params, (snd_pcm_t * pcm, snd_pcm_hw_params_t *params), (pcm, params))
FAILING_PCM(hw_params_any, (snd_pcm_t * pcm, snd_pcm_hw_params_t *params), (pcm, params))
FAILING_PCM(hw_params_current, (snd_pcm_t * pcm, snd_pcm_hw_params_t *params), (pcm, params))
FAILING_PCM(hw_params_set_access,
	    (snd_pcm_t * pcm, snd_pcm_hw_params_t *params, snd_pcm_access_t access),
	    (pcm, params, access))
FAILING_PCM(hw_params_set_format,
	    (snd_pcm_t * pcm, snd_pcm_hw_params_t *params, snd_pcm_format_t format),
	    (pcm, params, format))
FAILING_PCM(hw_params_set_channels,
	    (snd_pcm_t * pcm, snd_pcm_hw_params_t *params, unsigned channels),
	    (pcm, params, channels))
FAILING_PCM(hw_params_set_rate,
	    (snd_pcm_t * pcm, snd_pcm_hw_params_t *params, unsigned rate, int dir),
	    (pcm, params, rate, dir))
FAILING_PCM(hw_params_set_periods_integer, (snd_pcm_t * pcm, snd_pcm_hw_params_t *params),
	    (pcm, params))
FAILING_PCM(hw_params_set_periods_min,
	    (snd_pcm_t * pcm, snd_pcm_hw_params_t *params, unsigned *least, int *dir),
	    (pcm, params, least, dir))
FAILING_PCM(hw_params_set_period_size_near,
	    (snd_pcm_t * pcm, snd_pcm_hw_params_t *params, snd_pcm_uframes_t *frames, int *dir),
	    (pcm, params, frames, dir))
FAILING_PCM(hw_params_set_periods_near,
	    (snd_pcm_t * pcm, snd_pcm_hw_params_t *params, unsigned *periods, int *dir),
	    (pcm, params, periods, dir))
FAILING_PCM(sw_params, (snd_pcm_t * pcm, snd_pcm_sw_params_t *params), (pcm, params))
FAILING_PCM(sw_params_current, (snd_pcm_t * pcm, snd_pcm_sw_params_t *params), (pcm, params))
FAILING_PCM(ioplug_create,
	    (snd_pcm_ioplug_t * io, const char *name, snd_pcm_stream_t stream, int mode),
	    (io, name, stream, mode))
FAILING_PCM(ioplug_set_param_list,
	    (snd_pcm_ioplug_t * io, int type, unsigned count, const unsigned *list),
	    (io, type, count, list))
FAILING_PCM(ioplug_set_param_minmax,
	    (snd_pcm_ioplug_t * io, int type, unsigned least, unsigned most),
	    (io, type, least, most))
FAILING(const snd_pcm_channel_area_t *, snd_pcm_ioplug_mmap_areas, (snd_pcm_ioplug_t * io), (io),
	ENOMEM, NULL)

#endif
