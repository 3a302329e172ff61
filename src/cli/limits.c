/* SPDX-License-Identifier: MIT */
/*
 * The limits, printed. Used by the main thread only. What the engine cannot
 * use is told as well: it is why a device is refused. A direction that says
 * the same as the one before is one line.
 */
#include "cli/limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/terminal.h"

/* A list that is built up, and cut off where it is full. */
struct list {
	char text[512];
};

__attribute__((format(printf, 2, 3))) static void list_add(struct list *list, const char *format,
							   ...)
{
	size_t length = strlen(list->text);
	va_list args;

	if (length > 0 && length + 2 < sizeof(list->text)) {
		strcpy(list->text + length, ", ");
		length += 2;
	}
	va_start(args, format);
	vsnprintf(list->text + length, sizeof(list->text) - length, format, args);
	va_end(args);
}

static void limits_say_accesses(const struct engine_pcm_limits *limits)
{
	static const struct {
		uint32_t access;
		const char *name;
	} names[] = {
		{ ENGINE_DEVICE_MMAP_INTERLEAVED, "mmap interleaved" },
		{ ENGINE_DEVICE_MMAP_NONINTERLEAVED, "mmap non-interleaved" },
		{ ENGINE_DEVICE_RW_INTERLEAVED, "read/write interleaved" },
		{ ENGINE_DEVICE_RW_NONINTERLEAVED, "read/write non-interleaved" },
	};
	const uint32_t usable = ENGINE_DEVICE_MMAP_INTERLEAVED | ENGINE_DEVICE_MMAP_NONINTERLEAVED;
	struct list list = { "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (limits->accesses & names[i].access)
			list_add(&list, "%s", names[i].name);
	terminal_say("              access   %s%s\n", list.text,
		     limits->accesses & usable ? "" : " (no mmap, which peal needs)");
}

static void limits_say_formats(const struct engine_pcm_limits *limits)
{
	struct list list = { "" };

	for (uint32_t format = 0; limits->formats >> format; format++)
		if (limits->formats >> format & 1)
			list_add(&list, "%s", engine_format_name(format));
	terminal_say("              formats  %s\n", *list.text ? list.text : "none of peal's");
	if (*limits->other_formats)
		terminal_say("              others   %s\n", limits->other_formats);
}

/* As runs: "1..2, 8". */
static void limits_say_channels(const struct engine_pcm_limits *limits)
{
	struct list list = { "" };
	unsigned int first = 0;

	for (unsigned int n = 1; n <= ENGINE_CHANNELS_MAX + 1; n++) {
		unsigned int bit = n - 1;

		if (n <= ENGINE_CHANNELS_MAX && limits->channels[bit / 64] >> bit % 64 & 1) {
			first = first ? first : n;
			continue;
		}
		if (first && first < n - 1)
			list_add(&list, "%u..%u", first, n - 1);
		else if (first)
			list_add(&list, "%u", first);
		first = 0;
	}
	terminal_say("              channels %s\n", list.text);
}

static const char *limits_word(char word[16], uint32_t number)
{
	snprintf(word, 16, number < UINT32_MAX ? "%" PRIu32 : "any", number);
	return word;
}

static void limits_say_rates(const struct engine_pcm_limits *limits)
{
	struct list list = { "" };
	char max[16];

	for (const uint32_t *rate = limits->rates; *rate && !limits->rate_any; rate++)
		list_add(&list, "%" PRIu32, *rate);
	if (!*list.text && limits->rate_min == limits->rate_max)
		list_add(&list, "%" PRIu32, limits->rate_min);
	else if (!*list.text)
		list_add(&list, "%s%" PRIu32 "..%s", limits->rate_any ? "" : "some of ",
			 limits->rate_min, limits_word(max, limits->rate_max));
	terminal_say("              rates    %s Hz\n", list.text);
}

static void limits_say_sizes(const struct engine_pcm_limits *limits)
{
	char period[16], buffer[16];

	terminal_say("              sizes    periods of %" PRIu32
		     "..%s frames, a buffer of %" PRIu32 "..%s\n",
		     limits->period_min, limits_word(period, limits->period_max),
		     limits->buffer_min, limits_word(buffer, limits->buffer_max));
	terminal_say("                       for %" PRIu32 " channels of %s at %" PRIu32 " Hz\n",
		     limits->default_channels, engine_format_name(limits->default_format),
		     limits->default_rate);
	terminal_say("              position %s\n",
		     limits->batch ? "in steps (batch)" : "to the frame");
}

static void limits_say_pcm(const char *direction, const struct engine_pcm_limits *limits)
{
	if (limits->error) {
		terminal_say("    %-9s %s\n", direction, limits->reason);
		return;
	}
	if (*limits->card_id)
		terminal_say("    %-9s %s, card %" PRId32 " (%s), %s\n", direction, limits->type,
			     limits->card, limits->card_id, limits->card_name);
	else
		terminal_say("    %-9s %s, no card\n", direction, limits->type);
	limits_say_accesses(limits);
	limits_say_formats(limits);
	limits_say_channels(limits);
	limits_say_rates(limits);
	limits_say_sizes(limits);
}

void limits_say(const struct engine_device_limits *limits, uint32_t directions)
{
	bool both = directions == (ENGINE_PLAYBACK | ENGINE_CAPTURE);

	if (directions & ENGINE_PLAYBACK)
		limits_say_pcm("playback", &limits->playback);
	if (both && memcmp(&limits->playback, &limits->capture, sizeof(limits->capture)) == 0)
		terminal_say("    capture   the same\n");
	else if (directions & ENGINE_CAPTURE)
		limits_say_pcm("capture", &limits->capture);
	if (both && limits->directions == directions)
		terminal_say("    clock     %s\n",
			     limits->linkable ? "one for both: they start together"
					      : "playback and capture cannot be linked");
}
