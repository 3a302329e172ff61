/* SPDX-License-Identifier: MIT */
/*
 * Card names; see name.h. Control side. A key is a row of `keys` and its
 * function; nothing else knows which keys there are.
 */
#include "card/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "card/card.h"

#define PREFIX "virtual"

/* A part of the name, not terminated. */
struct span {
	const char *text;
	size_t length;
};

/* For "%.*s"; what is longer than a line is cut. */
#define SPAN(s) ((s).length < 80 ? (int)(s).length : 80), (s).text

struct key {
	const char *name;
	const char *values; /* as a refusal lists them */
	/* Put the value into options; 0, or -EINVAL when it is none, with a
	 * sentence in reason if it knows a better one than `refuse` does. */
	int (*take)(struct card_options *options, struct span value, char *reason, size_t size);
};

static bool span_is(struct span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static int take_clock(struct card_options *options, struct span value, char *reason, size_t size)
{
	(void)reason, (void)size;
	options->manual = span_is(value, "manual");
	return options->manual || span_is(value, "real") ? 0 : -EINVAL;
}

static int take_fault(struct card_options *options, struct span value, char *reason, size_t size)
{
	return fault_script_parse(&options->faults, value.text, value.length, reason, size);
}

static const struct key keys[] = {
	{ "clock", "real|manual", take_clock },
	{ "fault", "kind@frame,...", take_fault },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Cut the next "key=value" off the front of *rest. Without a '=' key is empty. */
static void next_setting(const char **rest, struct span *key, struct span *value)
{
	size_t end = strcspn(*rest, ",");
	const char *equals = memchr(*rest, '=', end);

	*key = (struct span){ *rest, equals ? (size_t)(equals - *rest) : 0 };
	while ((*rest)[end]) {
		size_t piece = strcspn(*rest + end + 1, ",");

		if (memchr(*rest + end + 1, '=', piece))
			break;
		end += 1 + piece;
	}
	*value = (struct span){ *rest, end };
	if (equals) {
		value->text = equals + 1;
		value->length -= key->length + 1;
	}
	*rest += end + ((*rest)[end] == ',');
}

static int refuse(char *reason, size_t size, const char *what, struct span span)
{
	int at = snprintf(reason, size, "virtual card: %s \"%.*s\"; possible is", what, SPAN(span));

	for (size_t i = 0; i < KEYS && at >= 0 && (size_t)at < size; i++)
		at += snprintf(reason + at, size - (size_t)at, "%s %s=%s", i ? "," : "",
			       keys[i].name, keys[i].values);
	return -EINVAL;
}

bool card_is_name(const char *name)
{
	size_t length = strlen(PREFIX);

	return name && strncmp(name, PREFIX, length) == 0 &&
	       (name[length] == '\0' || name[length] == ':');
}

int card_name_parse(struct card_options *options, const char *name, char *reason,
		    size_t reason_size)
{
	bool taken[KEYS] = { false };
	const char *rest;

	*reason = '\0';
	*options = (struct card_options){ .manual = false };
	if (!card_is_name(name)) {
		snprintf(reason, reason_size,
			 "\"%.80s\" is not a virtual card: that is \"" PREFIX "\" or \"" PREFIX
			 ":key=value,...\"",
			 name ? name : "");
		return -EINVAL;
	}
	rest = name + strlen(PREFIX);
	if (*rest == '\0')
		return 0;
	rest++;
	do {
		struct span key, value;
		size_t i = 0;

		next_setting(&rest, &key, &value);
		if (key.length == 0)
			return refuse(reason, reason_size, "no key in", value);
		while (i < KEYS && !span_is(key, keys[i].name))
			i++;
		if (i == KEYS)
			return refuse(reason, reason_size, "unknown key", key);
		if (taken[i])
			return refuse(reason, reason_size, "two values for", key);
		if (value.length == 0)
			return refuse(reason, reason_size, "no value for", key);
		if (keys[i].take(options, value, reason, reason_size) < 0)
			return *reason ? -EINVAL
				       : refuse(reason, reason_size, "unknown value", value);
		taken[i] = true;
	} while (*rest);
	return 0;
}
