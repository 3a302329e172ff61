/* SPDX-License-Identifier: MIT */
/*
 * peal doctor: what this machine grants a real-time program, in words, and
 * the line to add where it refuses. It opens the device, never starts it,
 * and reports what was read back. It changes nothing.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <sys/utsname.h>

#include <peal.h>

#include "cli/command.h"
#include "cli/device.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/terminal.h"

static const struct option doctor_options[] = {
	OPTIONS_DEVICE, OPTIONS_RATE, OPTIONS_CHANNELS, OPTIONS_FORMAT, OPTIONS_PERIOD, OPTIONS_END
};

static const char doctor_help[] =
	"Usage: peal doctor [OPTION]...\n"
	"\n"
	"Open a device and report what it gave, what the kernel granted the audio\n"
	"thread, what it refused and why, and the line to add to mend it.\n"
	"\n"
	HELP_DEVICE HELP_RATE
	"  -c, --channels N     (2)\n"
	"  -f, --format NAME    S16_LE, S24_LE, S24_3LE, S32_LE or FLOAT_LE\n"
	HELP_PERIOD("256", "3") HELP_END
	"\n"
	"Exit status: 0 nothing was refused; 1 something was, or the device was; 2 usage.\n"
	"\n"
	"Examples:\n"
	"  peal doctor -D hw:0\n"
	"  peal doctor -D virtual     on a machine without a sound card\n";

static void doctor_say_system(void)
{
	uint32_t version = engine_abi_version();
	struct utsname system;

	terminal_say("library    peal, interface %" PRIu32 ".%" PRIu32 "\n",
		     version >> 16, version & 0xffff);
	if (uname(&system) == 0)
		terminal_say("kernel     %s %s %s\n", system.sysname, system.release,
			     system.version);
}

static void doctor_say_pcm(const char *direction, const struct engine_pcm_info *pcm,
			   const struct engine_info *info)
{
	static const char *const timestamps[] = { "none", "monotonic", "monotonic raw" };

	terminal_say("%-10s %s (%s), %s\n", direction, pcm->name, pcm->type,
		     *pcm->card_name ? pcm->card_name : "no name");
	if (*pcm->card_id)
		terminal_say("           card %" PRId32 " (%s), device %" PRIu32 ", subdevice %"
			     PRIu32 "\n", pcm->card, pcm->card_id, pcm->device, pcm->subdevice);
	terminal_say("           %s, %" PRIu32 " channels, %s, %.3f Hz\n",
		     engine_format_name(info->format), info->channels,
		     pcm->access == ENGINE_ACCESS_MMAP_NONINTERLEAVED ? "non-interleaved"
								      : "interleaved",
		     (double)pcm->rate_num / pcm->rate_den);
	terminal_say("           %" PRIu32 " periods of %" PRIu32 " frames (%.2f ms), a buffer of "
		     "%" PRIu32 " (%.2f ms)\n", pcm->periods, pcm->period_frames,
		     1000.0 * pcm->period_frames / info->rate, pcm->buffer_frames,
		     1000.0 * pcm->buffer_frames / info->rate);
	terminal_say("           time stamps %s%s\n",
		     pcm->timestamps <= ENGINE_TIMESTAMPS_MONOTONIC_RAW
			? timestamps[pcm->timestamps] : "unknown",
		     pcm->batch ? ", position in steps (batch)" : "");
}

static void doctor_say_device(const struct engine_info *info)
{
	if (info->directions & ENGINE_PLAYBACK)
		doctor_say_pcm("playback", &info->playback, info);
	if (info->directions & ENGINE_CAPTURE)
		doctor_say_pcm("capture", &info->capture, info);
	if (info->directions == (ENGINE_PLAYBACK | ENGINE_CAPTURE))
		terminal_say("clock      %s\n", info->linked ? "one for both directions"
							  : "playback and capture are not linked");
}

static void doctor_say_refusal(const char *reason, const char *remedy)
{
	if (*reason)
		terminal_say("           why:  %s\n", reason);
	if (*remedy)
		terminal_say("           mend: %s\n", remedy);
}

/* Returns whether nothing was refused. */
static bool doctor_say_grants(const struct engine_rt_report *report)
{
	bool scheduled = report->sched_error == 0 && report->priority == report->wanted_priority;
	bool locked = report->lock_error == 0;

	if (report->policy)
		terminal_say("scheduling SCHED_FIFO, priority %" PRId32 "%s\n", report->priority,
			     scheduled ? "" : ", not what was asked for");
	else
		terminal_say("scheduling %s\n", report->wanted_priority
				? "REFUSED: the audio thread runs at normal priority"
				: "normal priority, as nothing else was asked for");
	doctor_say_refusal(report->sched_reason, report->sched_remedy);
	terminal_say("memory     %s%" PRIu64 " of %" PRIu64 " KiB locked, a stack of %" PRIu32
		     " KiB prefaulted\n", locked ? "" : "REFUSED: ", report->locked_bytes / 1024,
		     report->arena_bytes / 1024, report->stack_bytes / 1024);
	doctor_say_refusal(report->lock_reason, report->lock_remedy);
	terminal_say("signals    %s in the audio thread\n",
		     report->signals_blocked ? "blocked" : "NOT BLOCKED");
	terminal_say("denormals  %s\n",
		     report->flush_to_zero ? "flushed to zero" : "computed, which can be slow");
	return scheduled && locked && report->signals_blocked;
}

static int doctor_run(const struct command *self, int argc, char **argv)
{
	struct engine_rt_report report = { .size = sizeof(report) };
	struct engine_info info = { .size = sizeof(info) };
	struct engine_config config = { 0 };
	struct engine *engine;
	bool healthy;
	int err;

	options_next(self, argc, argv, &config);
	options_no_operand(self, argc, argv);
	doctor_say_system();
	err = device_create_any(&engine, &config);
	if (err == 0)
		err = engine_get_info(engine, &info);
	if (err == 0)
		err = engine_get_rt_report(engine, &report);
	if (err < 0) {
		device_complain(self->name, err);
		return device_destroy(self->name, engine, EXIT_FAILED);
	}
	doctor_say_device(&info);
	healthy = doctor_say_grants(&report);
	return device_destroy(self->name, engine, healthy ? EXIT_OK : EXIT_FAILED);
}

const struct command doctor_command = {
	.name = "doctor",
	.summary = "say what this machine grants a real-time program",
	.help = doctor_help,
	.shorts = ":D:r:c:f:h",
	.longs = doctor_options,
	.run = doctor_run,
};
