/* SPDX-License-Identifier: MIT */
/*
 * The refusal. Control threads. What a PCM offers is not guessed from a range
 * but tried, value by value, in the space that the parameters set before it
 * have left: a card often does more channels at one rate than at another.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <peal/error.h>

#include "card/card.h"
#include "control/cards.h"
#include "control/device_limits.h"
#include "control/holder.h"
#include "control/last_error.h"
#include "control/refusal.h"

/* A list of what is offered, cut off where it is full. */
struct offer {
	char text[200];
};

__attribute__((format(printf, 2, 3))) static void offer_add(struct offer *offer, const char *what,
							    ...)
{
	size_t length = strlen(offer->text);
	va_list args;

	if (length > 0 && length + 2 < sizeof(offer->text)) {
		strcpy(offer->text + length, ", ");
		length += 2;
	}
	va_start(args, what);
	vsnprintf(offer->text + length, sizeof(offer->text) - length, what, args);
	va_end(args);
}

static void offer_accesses(struct offer *offer, snd_pcm_t *pcm, snd_pcm_hw_params_t *space)
{
	for (int i = 0; i <= SND_PCM_ACCESS_LAST; i++)
		if (snd_pcm_hw_params_test_access(pcm, space, (snd_pcm_access_t)i) == 0)
			offer_add(offer, "%s", snd_pcm_access_name((snd_pcm_access_t)i));
}

/* Those that can be asked for; all of the PCM's only when there is none. */
static void offer_formats(struct offer *offer, snd_pcm_t *pcm, snd_pcm_hw_params_t *space)
{
	for (int ours = 1; ours >= 0 && !offer->text[0]; ours--)
		for (int i = 0; i <= SND_PCM_FORMAT_LAST; i++) {
			const char *name = snd_pcm_format_name((snd_pcm_format_t)i);

			if (!name || (ours && engine_format_from_name(name) < 0))
				continue;
			if (snd_pcm_hw_params_test_format(pcm, space, (snd_pcm_format_t)i) == 0)
				offer_add(offer, "%s", name);
		}
}

/* As runs: "1..2, 8". */
static void offer_channels(struct offer *offer, snd_pcm_t *pcm, snd_pcm_hw_params_t *space)
{
	struct engine_pcm_limits limits = { 0 };
	unsigned int first = 0;

	device_limits_channels(&limits, pcm, space);
	for (unsigned int n = 1; n <= ENGINE_CHANNELS_MAX + 1; n++) {
		bool taken = n <= ENGINE_CHANNELS_MAX &&
			     limits.channels[(n - 1) / 64] >> (n - 1) % 64 & 1;

		if (taken && !first)
			first = n;
		if (taken || !first)
			continue;
		if (n - 1 > first)
			offer_add(offer, "%u..%u", first, n - 1);
		else
			offer_add(offer, "%u", first);
		first = 0;
	}
}

static void offer_rates(struct offer *offer, snd_pcm_t *pcm, snd_pcm_hw_params_t *space)
{
	struct engine_pcm_limits limits = { 0 };

	device_limits_rates(&limits, pcm, space);
	if (limits.rate_any)
		offer_add(offer, "%u..%u", limits.rate_min, limits.rate_max);
	for (const uint32_t *rate = limits.rates; !limits.rate_any && *rate; rate++)
		offer_add(offer, "%u", *rate);
	if (offer->text[0] == '\0' && limits.rate_min < limits.rate_max)
		offer_add(offer, "some of %u..%u", limits.rate_min, limits.rate_max);
	else if (offer->text[0] == '\0' && limits.rate_min > 0)
		offer_add(offer, "%u", limits.rate_min);
}

static const char *access_name(uint32_t access)
{
	switch (access) {
	case ENGINE_ACCESS_MMAP_INTERLEAVED:
		return snd_pcm_access_name(SND_PCM_ACCESS_MMAP_INTERLEAVED);
	case ENGINE_ACCESS_MMAP_NONINTERLEAVED:
		return snd_pcm_access_name(SND_PCM_ACCESS_MMAP_NONINTERLEAVED);
	default:
		return "by mmap";
	}
}

/* alsa-lib converts for a PCM that is asked for under another name. */
static void advice(char *text, size_t size, snd_pcm_t *pcm, const char *name)
{
	text[0] = '\0';
	if (strncmp(name, "hw:", 3) == 0)
		snprintf(text, size, "; plug%s would convert", name);
	else if (snd_pcm_type(pcm) != SND_PCM_TYPE_PLUG && !strpbrk(name, ":,'\"") &&
		 !card_is_name(name))
		snprintf(text, size, "; plug:%s would convert", name);
}

int refusal_of_part(int err, enum refusal_part part, snd_pcm_t *pcm, const char *name,
		    snd_pcm_hw_params_t *space, const struct engine_config *wish)
{
	snd_pcm_format_t format = SND_PCM_FORMAT_UNKNOWN;
	struct offer offer = { "" };
	char other[160];

	if (err != -EINVAL)
		return last_error_set(err, "%s failed while it was set up: %s", name,
				      engine_strerror(err));
	advice(other, sizeof(other), pcm, name);
	snd_pcm_hw_params_get_format(space, &format);
	switch (part) {
	case REFUSAL_ACCESS:
		offer_accesses(&offer, pcm, space);
		return last_error_set(err, "access %s refused by %s, which offers %s%s",
				      access_name(wish->access), name, offer.text, other);
	case REFUSAL_FORMAT:
		offer_formats(&offer, pcm, space);
		return last_error_set(err, "format %s refused by %s, which offers %s%s",
				      wish->format ? engine_format_name(wish->format)
						   : "S16_LE, S32_LE, S24_LE, S24_3LE or FLOAT_LE",
				      name, offer.text, other);
	case REFUSAL_CHANNELS:
		offer_channels(&offer, pcm, space);
		return last_error_set(err,
				      "%u channels refused by %s, which offers %s channels of %s%s",
				      wish->channels, name, offer.text, snd_pcm_format_name(format),
				      other);
	case REFUSAL_RATE:
		offer_rates(&offer, pcm, space);
		return last_error_set(err,
				      "rate %u Hz refused by %s, which offers %s Hz for %u "
				      "channels of %s%s",
				      wish->rate, name, offer.text, wish->channels,
				      snd_pcm_format_name(format), other);
	}
	return err;
}

static int refusal_busy(const char *name, snd_pcm_stream_t stream)
{
	struct holder holder;

	if (!holder_find(&holder, HOLDER_PROC, name, stream))
		return last_error_set(-EBUSY,
				      "%s is busy: another program holds it, and which one is not "
				      "to be seen in /proc/asound",
				      name);
	if (holder.pid == getpid())
		return last_error_set(-EBUSY, "%s is busy: this program (pid %d) holds it already",
				      name, (int)holder.pid);
	if (holder.pid == 0)
		return last_error_set(-EBUSY, "%s is busy: a program in another container holds it",
				      name);
	return last_error_set(-EBUSY, "%s is busy: %s (pid %d) holds it; end that program%s", name,
			      holder.program[0] ? holder.program : "a program", (int)holder.pid,
			      holder_is_hardware(name) ? ", or open a PCM that shares the card "
							 "(\"default\")"
						       : "");
}

static int refusal_permission(const char *name)
{
	return last_error_set(-EACCES,
			      "no permission to open %s: add the user to the group audio (usermod "
			      "-aG audio NAME) and log in again",
			      name);
}

static int refusal_missing(int err, const char *name, const char *direction, const char *alsa_text)
{
	struct cards cards = cards_look(CARDS_DIRECTORY);
	const char *no_card = cards.present
				      ? ""
				      : "; this machine has no sound card (no " CARDS_DIRECTORY
					"/controlC*): \"virtual\" needs none";

	/* alsa-lib does not see, and reports as missing, what it may not open */
	if (cards.present && !cards.allowed)
		return refusal_permission(name);
	if (strncmp(alsa_text, "Unknown PCM", strlen("Unknown PCM")) == 0)
		return last_error_set(err, "no PCM is called %s; peal devices lists them%s", name,
				      no_card);
	if (holder_is_hardware(name) && !alsa_text[0])
		return last_error_set(err, "%s has no %s; peal devices lists what has%s", name,
				      direction, no_card);
	return last_error_set(err, "%s cannot be opened for %s: %s; peal devices lists what can%s",
			      name, direction, alsa_text[0] ? alsa_text : engine_strerror(err),
			      no_card);
}

int refusal_of_open(int err, const char *name, snd_pcm_stream_t stream, const char *alsa_text)
{
	const char *direction = stream == SND_PCM_STREAM_PLAYBACK ? "playback" : "capture";

	switch (err) {
	case -EBUSY:
		return refusal_busy(name, stream);
	case -EACCES:
		return refusal_permission(name);
	case -EPERM:
		/* the file's own permissions give EACCES; this is the devices control group */
		return last_error_set(err,
				      "%s is kept from this container or control group: give it "
				      "/dev/snd (docker run --device /dev/snd)",
				      name);
	case -ENOENT:
	case -ENODEV:
		return refusal_missing(err, name, direction, alsa_text);
	default:
		return last_error_set(err, "%s cannot be opened for %s: %s%s%s", name, direction,
				      engine_strerror(err), alsa_text[0] ? "; ALSA says: " : "",
				      alsa_text);
	}
}
