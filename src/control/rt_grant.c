/* SPDX-License-Identifier: MIT */
/*
 * The real-time grant. Control threads, on behalf of the audio thread. The
 * kernel refuses with a bare EPERM or ENOMEM; the cause is found here, by
 * looking at what each of the possible ones leaves to be seen. Nothing is
 * ever raised or changed but what was asked for: limits are the host's.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <peal/error.h>

#include "control/rt_grant.h"

/* <linux/capability.h> */
#define CAPABILITY_IPC_LOCK 14
#define CAPABILITY_SYS_NICE 23
/* the value of Seccomp: in /proc/self/status when filters are installed */
#define SECCOMP_FILTERED 2

#define REMEDY_LIMITS(limits, unit)                                                                \
	"add '@audio - " limits "' to /etc/security/limits.d/audio.conf, be in the group audio "   \
	"and log in again; for a systemd unit: " unit

/* A number of the calling thread, as the kernel shows it; 0 if it does not. */
static unsigned long long thread_status(const char *key, int base)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	size_t length = strlen(key);
	unsigned long long value = 0;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			value = strtoull(line + length + 1, NULL, base);
	fclose(file);
	return value;
}

static bool has_capability(int capability)
{
	return thread_status("CapEff", 16) >> capability & 1;
}

static bool reads_zero(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (!file)
		return false;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value == 0;
}

/*
 * The cpu.rt_runtime_us of the process's control group (version 1) in path,
 * if it is 0: then the group may run no real-time thread at all.
 */
static bool group_has_no_bandwidth(char *path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	bool none = false;
	char line[512];

	if (!file)
		return false;
	/* lines such as "4:cpu,cpuacct:/user.slice" */
	while (!none && fgets(line, sizeof(line), file)) {
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!group)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		if (strcmp(controllers, ":cpu") != 0 && strncmp(controllers, ":cpu,", 5) != 0)
			continue;
		snprintf(path, size, "/sys/fs/cgroup/cpu%s/cpu.rt_runtime_us", group);
		none = reads_zero(path);
	}
	fclose(file);
	return none;
}

static void explain_limit(struct engine_rt_report *report, unsigned long long limit)
{
	int length = snprintf(report->sched_reason, sizeof(report->sched_reason),
			      "RLIMIT_RTPRIO is %llu and CAP_SYS_NICE is not there", limit);

	if (limit > 0)
		snprintf(report->sched_reason + length,
			 sizeof(report->sched_reason) - (size_t)length,
			 ": priority %llu instead of %d", limit, report->wanted_priority);
	snprintf(report->sched_remedy, sizeof(report->sched_remedy),
		 REMEDY_LIMITS("rtprio 95", "LimitRTPRIO=95"));
}

/* EPERM although limit or capability allow the priority that was tried. */
static void explain_filter(struct engine_rt_report *report)
{
	char path[160];

	if (group_has_no_bandwidth(path, sizeof(path))) {
		snprintf(report->sched_reason, sizeof(report->sched_reason),
			 "the control group has no real-time bandwidth: %s is 0", path);
		snprintf(report->sched_remedy, sizeof(report->sched_remedy),
			 "as root: echo 100000 >%s, or start the program outside that group", path);
	} else if (thread_status("Seccomp", 10) == SECCOMP_FILTERED) {
		snprintf(report->sched_reason, sizeof(report->sched_reason),
			 "a seccomp filter forbids real-time scheduling");
		snprintf(report->sched_remedy, sizeof(report->sched_remedy),
			 "for a systemd unit: RestrictRealtime=false; for a container: a seccomp "
			 "profile that allows sched_setscheduler");
	} else {
		snprintf(report->sched_reason, sizeof(report->sched_reason),
			 "the kernel forbids real-time scheduling although the limits allow it: a "
			 "user namespace, a security module or a control group without real-time "
			 "bandwidth");
		snprintf(report->sched_remedy, sizeof(report->sched_remedy),
			 "start the program outside the container or control group that it is in");
	}
}

static int set_fifo(pthread_t thread, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	/* it returns its error and leaves errno alone */
	return pthread_setschedparam(thread, SCHED_FIFO, &param);
}

static int take_grant(struct engine_rt_report *report, pthread_t thread, int wanted)
{
	struct rlimit limit = { 0, 0 };
	int err = set_fifo(thread, wanted);
	bool limited;

	if (err != EPERM) {
		if (err)
			snprintf(report->sched_reason, sizeof(report->sched_reason),
				 "SCHED_FIFO at priority %d: %s", wanted, engine_strerror(err));
		return -err;
	}
	getrlimit(RLIMIT_RTPRIO, &limit);
	limited = limit.rlim_cur < (rlim_t)wanted && !has_capability(CAPABILITY_SYS_NICE);
	if (limited && (limit.rlim_cur == 0 || set_fifo(thread, (int)limit.rlim_cur) == 0))
		explain_limit(report, limit.rlim_cur);
	else
		explain_filter(report);
	return -err;
}

void rt_grant_sched(struct engine_rt_report *report, pthread_t thread, int wanted,
		    const char *reason)
{
	struct sched_param param = { 0 };
	int policy = SCHED_OTHER;

	report->wanted_priority = wanted > 0 ? wanted : 0;
	report->sched_error = 0;
	report->sched_reason[0] = '\0';
	report->sched_remedy[0] = '\0';
	if (wanted > 0)
		report->sched_error = take_grant(report, thread, wanted);
	else
		snprintf(report->sched_reason, sizeof(report->sched_reason), "%s", reason);
	pthread_getschedparam(thread, &policy, &param);
	report->policy = policy & ~SCHED_RESET_ON_FORK;
	report->priority = param.sched_priority;
}

void rt_grant_memory(struct engine_rt_report *report, void *base, size_t bytes)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	int err = mlock(base, bytes) == 0 ? 0 : errno;

	report->arena_bytes = bytes;
	report->locked_bytes = err ? 0 : bytes;
	report->lock_error = -err;
	report->lock_reason[0] = '\0';
	report->lock_remedy[0] = '\0';
	if (!err)
		return;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY || has_capability(CAPABILITY_IPC_LOCK)) {
		snprintf(report->lock_reason, sizeof(report->lock_reason), "mlock of %zu KiB: %s",
			 bytes / 1024, engine_strerror(err));
		return;
	}
	snprintf(report->lock_reason, sizeof(report->lock_reason),
		 "RLIMIT_MEMLOCK allows the program %llu KiB in all; the engine's memory takes %zu "
		 "KiB",
		 (unsigned long long)limit.rlim_cur / 1024, bytes / 1024);
	snprintf(report->lock_remedy, sizeof(report->lock_remedy),
		 REMEDY_LIMITS("memlock unlimited", "LimitMEMLOCK=infinity"));
}
