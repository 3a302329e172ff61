/* SPDX-License-Identifier: MIT */
/* The run; see run.h. All but the first function and the last in the child. */
#include "run.h"

#include <err.h>
#include <link.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plant.h"
#include "watch.h"

#define PERIOD 64u
#define PERIODS 3u
/* Far more than anything takes. */
#define PATIENCE_MS 60000
/* Each of the scripted faults strikes once in it. */
#define WARM_PERIODS 1000u
#define WARM_SECONDS 1.0

struct outcome *run_outcome(void)
{
	void *memory = mmap(NULL, sizeof(struct outcome), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "memory");
	return memory;
}

static void must(int result, const char *what)
{
	if (result < 0)
		errx(1, "%s: %s, %s", what, engine_strerror(result), engine_last_error());
}

static struct engine *create(const struct run *run)
{
	const struct engine_config config = {
		.size = sizeof(config), .device = run->device, .reopen = 1, .rate = 48000,
		.directions = ENGINE_PLAYBACK | ENGINE_CAPTURE, .format = ENGINE_FORMAT_S16_LE,
		.period_frames = PERIOD, .periods = PERIODS, .voices = 32,
		.steal = ENGINE_STEAL_OLDEST,
	};
	struct engine *engine;

	must(engine_create(&engine, &config), "creating the engine");
	must(engine_start(engine), "starting it");
	return engine;
}

/* Nobody is woken by this: it is how long the run is, and the only wait for time. */
static void pass(struct engine *engine, uint64_t periods, double seconds)
{
	const struct timespec time = { .tv_sec = (time_t)seconds,
				       .tv_nsec = (long)(fmod(seconds, 1) * 1e9) };

	if (periods > 0)
		must(engine_virtual_advance(engine, periods * PERIOD, PATIENCE_MS), "advancing");
	else
		nanosleep(&time, NULL);
}

/* The first touch of a page of code. */
static int populate(struct dl_phdr_info *object, size_t size, void *arg)
{
	long page = sysconf(_SC_PAGESIZE);

	(void)size, (void)arg;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		const volatile char *code = (const char *)(object->dlpi_addr + part->p_vaddr);

		if (part->p_type == PT_LOAD && part->p_flags & PF_R && !(part->p_flags & PF_W))
			for (size_t at = 0; at < part->p_filesz; at += (size_t)page)
				(void)code[at];
	}
	return 0;
}

/* Every path once: the script's faults, a stop and a start. */
static void warm_up(const struct run *run, struct engine *engine)
{
	dl_iterate_phdr(populate, NULL);
	pass(engine, run->periods ? WARM_PERIODS : 0, WARM_SECONDS / 2);
	must(engine_stop(engine), "stopping it");
	must(engine_start(engine), "starting it again");
	pass(engine, run->periods ? WARM_PERIODS : 0, WARM_SECONDS / 2);
}

static void run_child(const struct run *run, struct outcome *outcome)
{
	struct load *load = NULL;
	struct engine *engine;

	if (run->errors_fd)
		dup2(run->errors_fd, STDERR_FILENO);
	plant_init();
	watch_init(&outcome->findings, run->plant);
	outcome->stats.size = sizeof(outcome->stats);
	outcome->report.size = sizeof(outcome->report);
	engine = create(run);
	if (run->loaded)
		load = load_begin(engine);
	warm_up(run, engine);
	watch_measure();
	pass(engine, run->periods, run->seconds);
	if (load)
		outcome->load = load_end(load);
	must(engine_get_stats(engine, &outcome->stats), "statistics");
	must(engine_get_rt_report(engine, &outcome->report), "report");
	must(engine_stop(engine), "stopping it");
	must(engine_destroy(engine), "destroying it");
	outcome->done = true;
}

void run(const struct run *run, struct outcome *outcome)
{
	int status;
	pid_t child;

	memset(outcome, 0, sizeof(*outcome));
	fflush(NULL);
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		run_child(run, outcome);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		warnx("the run on %s ended by signal %d", run->device, WTERMSIG(status));
}
