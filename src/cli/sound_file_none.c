/* SPDX-License-Identifier: MIT */
/*
 * The sound file in a build without libsndfile: there is none. Commands ask
 * sound_file_supported first, so nothing else here is ever reached.
 */
#ifndef HAVE_SNDFILE

#include "cli/sound_file.h"

#include <errno.h>

#include "cli/terminal.h"

bool sound_file_supported(const char *command)
{
	terminal_complain("%s: this peal was built without libsndfile; install libsndfile1-dev "
			  "and build it again", command);
	return false;
}

struct sound_file *sound_file_open(const char *path, struct sound_file_info *info)
{
	(void)path, (void)info;
	return NULL;
}

struct sound_file *sound_file_create(const char *path, const struct sound_file_info *info)
{
	(void)path, (void)info;
	return NULL;
}

int sound_file_read(struct sound_file *file, void *frames, size_t count, uint32_t format)
{
	(void)file, (void)frames, (void)count, (void)format;
	return -ENOSYS;
}

int sound_file_write(struct sound_file *file, const void *frames, size_t count)
{
	(void)file, (void)frames, (void)count;
	return -ENOSYS;
}

int sound_file_write_silence(struct sound_file *file, uint64_t count)
{
	(void)file, (void)count;
	return -ENOSYS;
}

int sound_file_close(struct sound_file *file)
{
	(void)file;
	return -ENOSYS;
}

#endif
