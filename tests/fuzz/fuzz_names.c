/* SPDX-License-Identifier: MIT */
/*
 * The names of virtual cards, and the scripts of faults in them (libFuzzer):
 * any text makes a card that keeps the limits, or is refused with a sentence;
 * and a text that need not be terminated is not read beyond its end.
 */
#include "input.h"

#include <errno.h>

#include "card/card.h"
#include "card/fault_script.h"
#include "card/name.h"

static void refused(int err, const char *reason, size_t size)
{
	require(err == -EINVAL);
	require(memchr(reason, '\0', size));
	require(size < 2 || reason[0]);
}

/* As it is, in memory of its own. */
static void parse_script(const unsigned char *bytes, size_t count)
{
	char *text = malloc(count ? count : 1), reason[256] = "";
	struct fault_script script;
	int err;

	require(text);
	if (count > 0)
		memcpy(text, bytes, count);
	err = fault_script_parse(&script, text, count, reason, sizeof(reason));
	free(text);
	if (err < 0) {
		refused(err, reason, sizeof(reason));
		return;
	}
	require(script.count >= 1 && script.count <= FAULTS_MAX);
	for (unsigned i = 0; i < script.count; i++) {
		const struct fault *fault = &script.faults[i];

		require((unsigned)fault->kind < FAULT_KINDS);
		require(fault->frame <= FAULT_FRAME_MAX && fault->every <= FAULT_FRAME_MAX);
	}
}

static void open_sides(struct card *card)
{
	snd_pcm_t *pcm[2];

	for (int i = 0; i < 2; i++) {
		int err = card_open(card, &pcm[i], (snd_pcm_stream_t)i, SND_PCM_NONBLOCK);

		require((err == 0) == (pcm[i] != NULL));
	}
	for (int i = 0; i < 2; i++)
		if (pcm[i])
			snd_pcm_close(pcm[i]);
}

static void make_card(const unsigned char *bytes, size_t count, const char *prefix)
{
	size_t length = strlen(prefix);
	char *name = malloc(length + count + 1), reason[256] = "", little[7];
	struct card_options options;
	struct card *card;
	int err;

	require(name);
	memcpy(name, prefix, length);
	if (count > 0)
		memcpy(name + length, bytes, count);
	name[length + count] = '\0';
	err = card_create(&card, name, true, reason, sizeof(reason));
	require((err == 0) == (card != NULL));
	if (err < 0) {
		refused(err, reason, sizeof(reason));
		refused(card_name_parse(&options, name, little, sizeof(little)), little,
			sizeof(little));
	} else {
		require(card_is_name(name));
		open_sides(card);
	}
	card_destroy(card);
	free(name);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count)
{
	parse_script(bytes, count);
	make_card(bytes, count, "");
	make_card(bytes, count, "virtual:");
	make_card(bytes, count, "virtual:fault=");
	return 0;
}
