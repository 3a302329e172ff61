/* SPDX-License-Identifier: MIT */
/*
 * The holder of a busy card, read from the kernel's own account of its
 * substreams (asound/card0/pcm0p/sub0/status). Control threads. What it finds
 * may be out of date when it is read: it is good for a sentence, not for a
 * decision.
 */
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "control/holder.h"

/* The number in a line "key   : 123" of a file of lines. */
static bool read_number(const char *path, const char *key, int *number)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(key);
	bool found = false;
	char line[256];

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		found = colon && strncmp(line, key, length) == 0 &&
			sscanf(colon, ": %d", number) == 1;
	}
	fclose(file);
	return found;
}

bool holder_is_hardware(const char *pcm_name)
{
	return strncmp(pcm_name, "hw:", 3) == 0 || strncmp(pcm_name, "plughw:", 7) == 0;
}

/*
 * A card or device as a piece of a path: what stands in a PCM name after its
 * colon, by key ("CARD=PCH") or by place ("PCH,0"), as far as it is made of an
 * id's letters. "*", any, when there is none.
 */
static void name_piece(const char *pcm_name, const char *key, int place, char *piece, size_t size)
{
	const char *at = strchr(pcm_name, ':');
	size_t length = 0, key_length = strlen(key);

	for (int i = 0; at; i++, at = strchr(at, ',')) {
		at++;
		if (strncmp(at, key, key_length) == 0 && at[key_length] == '=')
			at += key_length + 1;
		else if (i != place || at[strcspn(at, "=,")] == '=')
			continue;
		while (isalnum((unsigned char)at[length]) || at[length] == '_' || at[length] == '-')
			length++;
		break;
	}
	if (length > 0 && length < size)
		snprintf(piece, size, "%.*s", (int)length, at);
	else
		snprintf(piece, size, "*");
}

/* The card and the device of a name, for a path. */
struct place {
	char card[32], device[32];
};

static void find_place(struct place *place, const char *pcm_name)
{
	name_piece(pcm_name, "CARD", 0, place->card, sizeof(place->card));
	name_piece(pcm_name, "DEV", 1, place->device, sizeof(place->device));
	/* "hw:PCH" is its device 0 */
	if (strcmp(place->device, "*") == 0 && holder_is_hardware(pcm_name))
		strcpy(place->device, "0");
}

/* How many of the place's substreams are held, the first of them by holder;
 * free: how many are not. */
static size_t find(struct holder *holder, const char *proc, const struct place *place,
		   char direction, size_t *free)
{
	/* cards stand there as "card0", with a link by id */
	bool by_index = place->card[strspn(place->card, "0123456789*")] == '\0';
	char pattern[256];
	size_t held = 0;
	glob_t paths;

	*free = 0;
	snprintf(pattern, sizeof(pattern), "%s/asound/%s%s/pcm%s%c/sub*/status", proc,
		 by_index ? "card" : "", place->card, place->device, direction);
	if (glob(pattern, 0, NULL, &paths) != 0)
		return 0;
	for (size_t i = 0; i < paths.gl_pathc; i++) {
		pid_t pid;

		if (!read_number(paths.gl_pathv[i], "owner_pid", &pid))
			(*free)++;
		else if (held++ == 0)
			holder->pid = pid;
	}
	globfree(&paths);
	return held;
}

static void read_program(struct holder *holder, const char *proc)
{
	char path[256];
	FILE *file;

	/* the kernel names the thread that opened the PCM; people know the process */
	snprintf(path, sizeof(path), "%s/%d/status", proc, holder->pid);
	read_number(path, "Tgid", &holder->pid);
	snprintf(path, sizeof(path), "%s/%d/comm", proc, holder->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(holder->program, sizeof(holder->program), file))
		holder->program[strcspn(holder->program, "\n")] = '\0';
	fclose(file);
}

bool holder_find(struct holder *holder, const char *proc, const char *pcm_name,
		 snd_pcm_stream_t stream)
{
	const char *directions = stream == SND_PCM_STREAM_PLAYBACK ? "pc" : "cp";
	struct place place;
	size_t free;

	memset(holder, 0, sizeof(*holder));
	find_place(&place, pcm_name);
	/* on a half-duplex card the holder is found in the other direction */
	if (!find(holder, proc, &place, directions[0], &free) &&
	    !find(holder, proc, &place, directions[1], &free))
		return false;
	if (holder->pid > 0)
		read_program(holder, proc);
	return true;
}

bool holder_of_full(struct holder *holder, const char *proc, const char *pcm_name,
		    snd_pcm_stream_t stream)
{
	struct place place;
	size_t free;

	memset(holder, 0, sizeof(*holder));
	find_place(&place, pcm_name);
	if (!holder_is_hardware(pcm_name) || strcmp(place.card, "*") == 0)
		return false;
	if (!find(holder, proc, &place, stream == SND_PCM_STREAM_PLAYBACK ? 'p' : 'c', &free) ||
	    free > 0)
		return false;
	if (holder->pid > 0)
		read_program(holder, proc);
	return true;
}
