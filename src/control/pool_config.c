/* SPDX-License-Identifier: MIT */
/* A pool's configuration; see pool_config.h. Control threads. */
#include "control/pool_config.h"

#include <errno.h>
#include <inttypes.h>

#include <peal/config.h>
#include <peal/error.h>

#include "control/last_error.h"

static int check(const char *field, uint32_t value, uint32_t min, uint32_t max, const char *unit)
{
	if (value >= min && value <= max)
		return 0;
	return last_error_set(-EINVAL,
			      "config.%s %" PRIu32 " refused: %" PRIu32 "..%" PRIu32
			      "%s are possible",
			      field, value, min, max, unit);
}

uint32_t pool_config_limit(const struct engine_pool_config *config)
{
	return config->limit ? config->limit : config->chunks;
}

static int check_ranges(const struct engine_pool_config *config)
{
	uint32_t limit = pool_config_limit(config);
	const struct {
		const char *name;
		uint32_t value, min, max;
		const char *unit;
	} fields[] = {
		{ "frames", config->frames, 1, ENGINE_POOL_FRAMES_MAX, "" },
		{ "channels", config->channels, 1, ENGINE_CHANNELS_MAX, "" },
		{ "format", config->format, ENGINE_FORMAT_S16_LE, ENGINE_FORMAT_FLOAT_LE,
		  " (enum engine_format)" },
		{ "rate", config->rate, ENGINE_RATE_MIN, ENGINE_RATE_MAX, " Hz" },
		{ "limit", limit, 1, ENGINE_POOL_CHUNKS_MAX, "" },
		{ "chunks", config->chunks, 0, limit, " (the limit)" },
		{ "flags", config->flags, 0, ENGINE_POOL_RECYCLE | ENGINE_POOL_ZERO,
		  " (ENGINE_POOL_*)" },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(fields) / sizeof(fields[0]); i++)
		err = check(fields[i].name, fields[i].value, fields[i].min, fields[i].max,
			    fields[i].unit);
	return err;
}

int pool_config_check(const struct engine_pool_config *config)
{
	int err;

	if (config->size != sizeof(*config))
		return last_error_set(ENGINE_EABI,
				      "config.size is %zu: set it to sizeof(struct "
				      "engine_pool_config), which is %zu here",
				      config->size, sizeof(*config));
	err = check_ranges(config);
	if (err < 0)
		return err;
	if (config->flags & ENGINE_POOL_RECYCLE && pool_config_limit(config) != config->chunks)
		return last_error_set(-EINVAL,
				      "config.limit %" PRIu32 " refused: a recycling pool never "
				      "grows beyond its chunks, which are %" PRIu32,
				      config->limit, config->chunks);
	return 0;
}
