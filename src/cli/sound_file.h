/* SPDX-License-Identifier: MIT */
/*
 * The sound file: frames in the engine's formats, out of any file that
 * libsndfile reads and into a WAV file. Every function that fails has
 * complained already. A build without libsndfile has no sound files: both
 * open and create say so.
 */
#ifndef CLI_SOUND_FILE_H
#define CLI_SOUND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sound_file;

/* Says, if it is so, that this build cannot do command. */
bool sound_file_supported(const char *command);

struct sound_file_info {
	uint32_t rate;
	uint32_t channels;
	uint64_t frames; /* create: as many as are known to come, 0: unknown */
	uint32_t format; /* enum engine_format; open: the narrowest that loses nothing */
};

/* Open path for reading; info is filled in. NULL when it failed. */
struct sound_file *sound_file_open(const char *path, struct sound_file_info *info);

/* Create or overwrite path: RF64 when its name ends so, WAV otherwise. NULL when it failed. */
struct sound_file *sound_file_create(const char *path, const struct sound_file_info *info);

/*
 * The next frames, in the given format. Returns how many; fewer than count
 * at the end of the file; -EIO. count: at most SOUND_FILE_BLOCK_FRAMES.
 */
#define SOUND_FILE_BLOCK_FRAMES 4096
int sound_file_read(struct sound_file *file, void *frames, size_t count, uint32_t format);

/* Append frames in the format that the file was created with. Returns 0, or -EIO. */
int sound_file_write(struct sound_file *file, const void *frames, size_t count);

/* Append silence. Returns 0, or -EIO. */
int sound_file_write_silence(struct sound_file *file, uint64_t count);

/* Complete the file and close it. NULL is allowed. Returns 0, or -EIO. */
int sound_file_close(struct sound_file *file);

#endif
