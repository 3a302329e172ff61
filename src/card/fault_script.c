/* SPDX-License-Identifier: MIT */
/*
 * Fault scripts; see fault_script.h. Control side. A kind is a row of `kinds`;
 * nothing else here knows which there are.
 */
#include "card/fault_script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct kind {
	const char *name;
	const char *unit;  /* of its value; NULL: it has none */
	int32_t min, max;  /* of its value */
	int32_t otherwise; /* its value when none is given; 0: one must be */
};

/* As long as a script may put anything off: an hour. */
#define MS_MAX 3600000

static const struct kind kinds[FAULT_KINDS] = {
	[FAULT_XRUN] = { "xrun", NULL, 0, 0, 0 },
	[FAULT_SUSPEND] = { "suspend", "ms", 1, MS_MAX, FAULT_SLEEP_OPEN },
	[FAULT_RESUME] = { "resume", NULL, 0, 0, 0 },
	[FAULT_UNPLUG] = { "unplug", NULL, 0, 0, 0 },
	[FAULT_RETURN] = { "return", NULL, 0, 0, 0 },
	[FAULT_STUCK] = { "stuck", NULL, 0, 0, 0 },
	[FAULT_SPIN] = { "spin", NULL, 0, 0, 0 },
	[FAULT_BURST] = { "burst", "frames", 1, 1 << 24, 0 },
	[FAULT_DRIFT] = { "drift", "ppm", -500000, 500000, 0 },
	[FAULT_JITTER] = { "jitter", "ms", 1, MS_MAX, 0 },
	[FAULT_GO] = { "go", NULL, 0, 0, 0 },
	[FAULT_LATE] = { "late", "ms", 1, MS_MAX, 0 },
	[FAULT_HUGEAVAIL] = { "hugeavail", "buffers", 1, 1000, 32 },
	[FAULT_BACKWARDS] = { "backwards", "buffers", 1, 1000, 2 },
	[FAULT_OPEN] = { "open", "times", 1, INT32_MAX, 1 },
	[FAULT_BUSY] = { "busy", "times", 1, INT32_MAX, 1 },
	[FAULT_PARAMS] = { "params", "times", 1, INT32_MAX, 1 },
	[FAULT_PREPARE] = { "prepare", "times", 1, INT32_MAX, 1 },
	[FAULT_START] = { "start", "times", 1, INT32_MAX, 1 },
};

/* What is left of a piece, or of the script. */
struct rest {
	const char *at, *end;
};

static bool skip(struct rest *rest, char c)
{
	if (rest->at == rest->end || *rest->at != c)
		return false;
	rest->at++;
	return true;
}

/* Digits, and at least one, that say no more than max. */
static bool take_number(struct rest *rest, uint64_t max, uint64_t *number)
{
	const char *first = rest->at;

	for (*number = 0; rest->at < rest->end; rest->at++) {
		unsigned digit = (unsigned)(*rest->at - '0');

		if (digit > 9)
			break;
		if (*number > (max - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return rest->at > first;
}

static const struct kind *take_kind(struct rest *rest)
{
	const char *end = rest->at;

	while (end < rest->end && *end != '@')
		end++;
	for (size_t i = 0; i < FAULT_KINDS; i++) {
		size_t length = strlen(kinds[i].name);

		if ((size_t)(end - rest->at) != length || memcmp(rest->at, kinds[i].name, length))
			continue;
		rest->at = end;
		return &kinds[i];
	}
	return NULL;
}

static bool take_value(struct rest *rest, const struct kind *kind, int32_t *value)
{
	uint64_t size;
	bool negative;

	*value = kind->otherwise;
	if (!skip(rest, ':'))
		return !kind->unit || kind->otherwise;
	negative = skip(rest, '-');
	if (!kind->unit || !take_number(rest, INT32_MAX, &size))
		return false;
	*value = negative ? -(int32_t)size : (int32_t)size;
	return *value >= kind->min && *value <= kind->max;
}

static int refuse(char *reason, size_t size, struct rest piece, const struct kind *kind)
{
	long length = piece.end - piece.at;
	int at = snprintf(reason, size,
			  "virtual card: fault \"%.*s\": ", length < 40 ? (int)length : 40,
			  piece.at);

	if (at < 0 || (size_t)at >= size)
		return -EINVAL;
	reason += at, size -= (size_t)at;
	if (!kind) {
		at = snprintf(reason, size, "possible is");
		for (size_t i = 0; i < FAULT_KINDS && at >= 0 && (size_t)at < size; i++)
			at += snprintf(reason + at, size - (size_t)at, " %s", kinds[i].name);
	} else if (kind->unit) {
		snprintf(reason, size,
			 "possible is %s@frame%s:%s%s, or %s@frame/every..., "
			 "with %d to %d %s",
			 kind->name, kind->otherwise ? "[" : "", kind->unit,
			 kind->otherwise ? "]" : "", kind->name, kind->min, kind->max, kind->unit);
	} else {
		snprintf(reason, size, "possible is %s@frame or %s@frame/every", kind->name,
			 kind->name);
	}
	return -EINVAL;
}

static int parse_piece(struct fault *fault, struct rest piece, char *reason, size_t reason_size)
{
	struct rest rest = piece;
	const struct kind *kind = take_kind(&rest);
	bool good;

	*fault = (struct fault){ .every = 0 };
	if (!kind)
		return refuse(reason, reason_size, piece, NULL);
	fault->kind = (enum fault_kind)(kind - kinds);
	good = skip(&rest, '@') && take_number(&rest, FAULT_FRAME_MAX, &fault->frame);
	if (good && skip(&rest, '/'))
		good = take_number(&rest, FAULT_FRAME_MAX, &fault->every) && fault->every > 0;
	if (!good || !take_value(&rest, kind, &fault->value) || rest.at != rest.end)
		return refuse(reason, reason_size, piece, kind);
	return 0;
}

int fault_script_parse(struct fault_script *script, const char *text, size_t length, char *reason,
		       size_t reason_size)
{
	struct rest rest = { text, text + length };

	script->count = 0;
	do {
		const char *comma = memchr(rest.at, ',', (size_t)(rest.end - rest.at));
		struct rest piece = { rest.at, comma ? comma : rest.end };
		int err;

		if (script->count == FAULTS_MAX) {
			snprintf(reason, reason_size, "virtual card: more than %d faults",
				 FAULTS_MAX);
			return -EINVAL;
		}
		err = parse_piece(&script->faults[script->count++], piece, reason, reason_size);
		if (err < 0)
			return err;
		rest.at = piece.end;
	} while (skip(&rest, ','));
	return 0;
}
