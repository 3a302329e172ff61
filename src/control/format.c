/* SPDX-License-Identifier: MIT */
/*
 * Sample formats: their sizes and ALSA's names for them. Any thread; one
 * constant table, indexed by enum engine_format. Nothing here knows alsa-lib:
 * its files go through the names, which are the same there.
 */
#include <errno.h>
#include <stddef.h>
#include <strings.h>

#include <peal/format.h>

static const struct {
	const char *name;
	int bytes;
} formats[] = {
	[ENGINE_FORMAT_S16_LE] = { "S16_LE", 2 },
	[ENGINE_FORMAT_S24_LE] = { "S24_LE", 4 },
	[ENGINE_FORMAT_S24_3LE] = { "S24_3LE", 3 },
	[ENGINE_FORMAT_S32_LE] = { "S32_LE", 4 },
	[ENGINE_FORMAT_FLOAT_LE] = { "FLOAT_LE", 4 },
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

int engine_format_bytes(uint32_t format)
{
	return format < FORMATS && formats[format].name ? formats[format].bytes : -EINVAL;
}

const char *engine_format_name(uint32_t format)
{
	return format < FORMATS && formats[format].name ? formats[format].name : "unknown";
}

int engine_format_from_name(const char *name)
{
	for (size_t format = 0; name && format < FORMATS; format++)
		if (formats[format].name && strcasecmp(name, formats[format].name) == 0)
			return (int)format;
	return -EINVAL;
}
