/* SPDX-License-Identifier: MIT */
/*
 * The calls: what can allocate, block or print, and what the audio thread may
 * call of the system, defined here in place of the C library's, for the whole
 * process and the libraries in it. Each is reported to the watch, which cares
 * for the audio thread alone, and then made. Any thread.
 */
/* no checked variants in here: those of the program's are in the lists */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "watch.h"

#define CALLER __builtin_return_address(0)

/* ---- memory, under the names that the C library has beside the usual ones */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

void *malloc(size_t size)
{
	watch_offence(OFFENCE_MEMORY, "malloc", CALLER);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	watch_offence(OFFENCE_MEMORY, "calloc", CALLER);
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	watch_offence(OFFENCE_MEMORY, "realloc", CALLER);
	return __libc_realloc(memory, size);
}

void free(void *memory)
{
	watch_offence(OFFENCE_MEMORY, "free", CALLER);
	__libc_free(memory);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	watch_offence(OFFENCE_MEMORY, "aligned_alloc", CALLER);
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	watch_offence(OFFENCE_MEMORY, "posix_memalign", CALLER);
	*memory = __libc_memalign(alignment, size);
	return *memory ? 0 : ENOMEM;
}

/* ---- the others, found behind these: before main, or when it is called earlier */

#define NEXT(name)                                                                                 \
	static typeof(&name) next_##name;                                                          \
	__attribute__((constructor)) static void find_##name(void)                                 \
	{                                                                                          \
		next_##name = (typeof(&name))dlsym(RTLD_NEXT, #name);                              \
	}
#define FOUND(name) (next_##name ? (void)0 : find_##name())

#define OFFENDS(offence, name, parameters, arguments)                                              \
	NEXT(name)                                                                                 \
	int name parameters                                                                        \
	{                                                                                          \
		FOUND(name);                                                                       \
		watch_offence(offence, #name, CALLER);                                             \
		return next_##name arguments;                                                      \
	}
#define BLOCKS(name, parameters, arguments) OFFENDS(OFFENCE_LOCK, name, parameters, arguments)
#define PRINTS(name, parameters, arguments) OFFENDS(OFFENCE_PRINT, name, parameters, arguments)

BLOCKS(pthread_mutex_lock, (pthread_mutex_t *mutex), (mutex))
BLOCKS(pthread_mutex_trylock, (pthread_mutex_t *mutex), (mutex))
BLOCKS(pthread_mutex_timedlock, (pthread_mutex_t *mutex, const struct timespec *until),
       (mutex, until))
BLOCKS(pthread_rwlock_rdlock, (pthread_rwlock_t *lock), (lock))
BLOCKS(pthread_rwlock_wrlock, (pthread_rwlock_t *lock), (lock))
BLOCKS(pthread_spin_lock, (pthread_spinlock_t *lock), (lock))
BLOCKS(pthread_cond_wait, (pthread_cond_t *condition, pthread_mutex_t *mutex), (condition, mutex))
BLOCKS(pthread_cond_timedwait,
       (pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until),
       (condition, mutex, until))
BLOCKS(pthread_cond_signal, (pthread_cond_t *condition), (condition))
BLOCKS(pthread_cond_broadcast, (pthread_cond_t *condition), (condition))
BLOCKS(pthread_join, (pthread_t thread, void **result), (thread, result))
BLOCKS(sem_wait, (sem_t *semaphore), (semaphore))
BLOCKS(sem_timedwait, (sem_t *semaphore, const struct timespec *until), (semaphore, until))
BLOCKS(nanosleep, (const struct timespec *time, struct timespec *left), (time, left))
BLOCKS(clock_nanosleep,
       (clockid_t clock, int flags, const struct timespec *time, struct timespec *left),
       (clock, flags, time, left))
BLOCKS(usleep, (useconds_t us), (us))
BLOCKS(poll, (struct pollfd *fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))

/* What the headers name only where they check the program's own calls. */
int __vfprintf_chk(FILE *file, int flag, const char *format, va_list values);
int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format,
		    va_list values);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __printf_chk(int flag, const char *format, ...);
int __snprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, ...);

PRINTS(vfprintf, (FILE *file, const char *format, va_list values), (file, format, values))
PRINTS(vsnprintf, (char *to, size_t size, const char *format, va_list values),
       (to, size, format, values))
PRINTS(__vfprintf_chk, (FILE *file, int flag, const char *format, va_list values),
       (file, flag, format, values))
PRINTS(__vsnprintf_chk,
       (char *to, size_t size, int flag, size_t room, const char *format, va_list values),
       (to, size, flag, room, format, values))
PRINTS(puts, (const char *line), (line))
PRINTS(fputs, (const char *text, FILE *file), (text, file))

#define PRINTS_VALUES(name, list_name, parameters, last, arguments)                                \
	int name parameters                                                                        \
	{                                                                                          \
		va_list values;                                                                    \
		int result;                                                                        \
												   \
		FOUND(list_name);                                                                  \
		watch_offence(OFFENCE_PRINT, #name, CALLER);                                       \
		va_start(values, last);                                                            \
		result = next_##list_name arguments;                                               \
		va_end(values);                                                                    \
		return result;                                                                     \
	}

PRINTS_VALUES(printf, vfprintf, (const char *format, ...), format, (stdout, format, values))
PRINTS_VALUES(fprintf, vfprintf, (FILE *file, const char *format, ...), format,
	      (file, format, values))
PRINTS_VALUES(snprintf, vsnprintf, (char *to, size_t size, const char *format, ...), format,
	      (to, size, format, values))
PRINTS_VALUES(__printf_chk, __vfprintf_chk, (int flag, const char *format, ...), format,
	      (stdout, flag, format, values))
PRINTS_VALUES(__fprintf_chk, __vfprintf_chk, (FILE *file, int flag, const char *format, ...),
	      format, (file, flag, format, values))
PRINTS_VALUES(__snprintf_chk, __vsnprintf_chk,
	      (char *to, size_t size, int flag, size_t room, const char *format, ...), format,
	      (to, size, flag, room, format, values))

/* ---- what it may call: counted, for the filter judges the numbers */

#define COUNTED(call, result, name, parameters, arguments)                                         \
	NEXT(name)                                                                                 \
	result name parameters                                                                     \
	{                                                                                          \
		FOUND(name);                                                                       \
		watch_call(call);                                                                  \
		return next_##name arguments;                                                      \
	}

COUNTED(CALL_PPOLL, int, ppoll,
	(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),
	(fds, count, timeout, mask))
COUNTED(CALL_READ, ssize_t, read, (int fd, void *to, size_t bytes), (fd, to, bytes))
COUNTED(CALL_WRITE, ssize_t, write, (int fd, const void *from, size_t bytes), (fd, from, bytes))
COUNTED(CALL_TIMERFD_SETTIME, int, timerfd_settime,
	(int fd, int flags, const struct itimerspec *time, struct itimerspec *old),
	(fd, flags, time, old))

/* Its one argument is a pointer or a number, for all requests that there are. */
NEXT(ioctl)
int ioctl(int fd, unsigned long request, ...)
{
	va_list values;
	void *argument;

	va_start(values, request);
	argument = va_arg(values, void *);
	va_end(values);
	FOUND(ioctl);
	watch_call(CALL_IOCTL);
	return next_ioctl(fd, request, argument);
}
