/* SPDX-License-Identifier: MIT */
/*
 * The configuration, made complete. Control threads. After this every size
 * that the engine computes from it fits: the device's buffer takes less than
 * 2^31 bytes whatever the format. What a device can do is not asked here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <peal/error.h>

#include "control/backpressure.h"
#include "control/config.h"
#include "control/last_error.h"

/* Through its last field: the structure of ABI 0.1, the first there was. */
#define CONFIG_SIZE_MIN (offsetof(struct engine_config, log_arg) + sizeof(void *))
/* No structure of options is larger; a size that was never set often is. */
#define CONFIG_SIZE_MAX 4096
#define CONFIG_BUFFER_BYTES_END (UINT64_C(1) << 31)

static bool is_zero(const struct engine_config *given, size_t from)
{
	const unsigned char *bytes = (const unsigned char *)given;

	while (from < given->size)
		if (bytes[from++] != 0)
			return false;
	return true;
}

/* A smaller structure comes from an older caller, a larger one from a newer:
 * that one is served as long as it asks for nothing that is not known here. */
static int copy(struct engine_config *resolved, const struct engine_config *given)
{
	size_t size = given->size;

	if (size < CONFIG_SIZE_MIN || size > CONFIG_SIZE_MAX)
		return last_error_set(ENGINE_EABI,
				      "config.size is %zu: set it to sizeof(struct engine_config), "
				      "which is %zu here",
				      size, sizeof(*resolved));
	if (size > sizeof(*resolved) && !is_zero(given, sizeof(*resolved)))
		return last_error_set(ENGINE_EABI,
				      "config.size is %zu and sets fields beyond the %zu bytes "
				      "that this library (ABI %d.%d) knows: use a newer library, "
				      "or leave them 0",
				      size, sizeof(*resolved), ENGINE_ABI_MAJOR, ENGINE_ABI_MINOR);
	memcpy(resolved, given, size < sizeof(*resolved) ? size : sizeof(*resolved));
	return 0;
}

static void set_default(uint32_t *field, uint32_t value)
{
	if (*field == 0)
		*field = value;
}

static void fill_in(struct engine_config *config)
{
	set_default(&config->directions, ENGINE_PLAYBACK);
	set_default(&config->rate, 48000);
	set_default(&config->channels, 2);
	set_default(&config->period_frames, 256);
	set_default(&config->periods, 3);
	set_default(&config->ports, 16);
	set_default(&config->voices, 256);
	set_default(&config->samples, 1024);
}

static int check(const char *field, int64_t value, int64_t min, int64_t max, const char *unit)
{
	if (value >= min && value <= max)
		return 0;
	return last_error_set(-EINVAL,
			      "config.%s %" PRId64 " refused: %" PRId64 "..%" PRId64
			      "%s are possible",
			      field, value, min, max, unit);
}

static int check_name(const char *field, const char *name)
{
	if (!name || name[0] != '\0')
		return 0;
	return last_error_set(-EINVAL,
			      "config.%s \"\" refused: name a PCM (\"default\", \"virtual\", ...), "
			      "or leave it NULL",
			      field);
}

static int check_ranges(const struct engine_config *config)
{
	const struct {
		const char *name;
		int64_t value, min, max;
		const char *unit;
	} fields[] = {
		{ "directions", config->directions, ENGINE_PLAYBACK,
		  ENGINE_PLAYBACK | ENGINE_CAPTURE, " (enum engine_direction)" },
		{ "rate", config->rate, ENGINE_RATE_MIN, ENGINE_RATE_MAX, " Hz" },
		{ "channels", config->channels, 1, ENGINE_CHANNELS_MAX, "" },
		{ "format", config->format, 0, ENGINE_FORMAT_FLOAT_LE, " (enum engine_format)" },
		{ "access", config->access, 0, ENGINE_ACCESS_MMAP_NONINTERLEAVED,
		  " (enum engine_access)" },
		{ "period_frames", config->period_frames, ENGINE_PERIOD_FRAMES_MIN,
		  ENGINE_PERIOD_FRAMES_MAX, " frames" },
		{ "periods", config->periods, ENGINE_PERIODS_MIN, ENGINE_PERIODS_MAX, "" },
		{ "priority", config->priority, ENGINE_PRIORITY_NORMAL, 99, "" },
		{ "ports", config->ports, 0, ENGINE_PORTS_MAX, "" },
		{ "voices", config->voices, 1, ENGINE_VOICES_MAX, "" },
		{ "samples", config->samples, 1, ENGINE_SAMPLES_MAX, "" },
		{ "steal", config->steal, 0, ENGINE_STEAL_QUIETEST, " (enum engine_steal)" },
		{ "stream_frames", config->stream_frames, 0, ENGINE_STREAM_FRAMES_MAX, " frames" },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(fields) / sizeof(fields[0]); i++)
		err = check(fields[i].name, fields[i].value, fields[i].min, fields[i].max,
			    fields[i].unit);
	return err;
}

static int check_buffer(const struct engine_config *config)
{
	const uint64_t sample_bytes_max = 4;
	uint64_t bytes = (uint64_t)config->period_frames * config->periods * config->channels *
			 sample_bytes_max;

	if (bytes < CONFIG_BUFFER_BYTES_END)
		return 0;
	return last_error_set(-EINVAL,
			      "config.period_frames %" PRIu32 " * periods %" PRIu32
			      " * channels %" PRIu32 " refused: a buffer of %" PRIu64
			      " bytes, where less than %" PRIu64 " are possible",
			      config->period_frames, config->periods, config->channels, bytes,
			      CONFIG_BUFFER_BYTES_END);
}

int config_resolve(struct engine_config *resolved, const struct engine_config *given)
{
	uint32_t fifth_second, eight_periods;
	int err = 0;

	memset(resolved, 0, sizeof(*resolved));
	if (given)
		err = copy(resolved, given);
	resolved->size = sizeof(*resolved);
	fill_in(resolved);
	if (!err)
		err = check_name("device", resolved->device);
	if (!err)
		err = check_name("capture_device", resolved->capture_device);
	if (!err)
		err = check_ranges(resolved);
	if (!err)
		err = check_buffer(resolved);
	if (err == 0)
		err = backpressure_thresholds(&resolved->backpressure_on,
					      &resolved->backpressure_off);
	if (err)
		return err;

	fifth_second = resolved->rate / 5;
	eight_periods = resolved->period_frames * 8;
	set_default(&resolved->stream_frames,
		    fifth_second > eight_periods ? fifth_second : eight_periods);
	return 0;
}
