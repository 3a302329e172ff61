/* SPDX-License-Identifier: MIT */
/*
 * The sound file. Used by the main thread only, the sole place that knows
 * libsndfile. Invariant while recording: the file on disk can be played
 * whatever happens, since its header is brought up to date with the first
 * block, every second of sound and at the end, and lies in blocks that the
 * disk has given already.
 * It converts sample formats, never the rate or the channels.
 */
#include "cli/sound_file.h"

#ifdef HAVE_SNDFILE

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sndfile.h>

#include <peal.h>

#include "cli/samples.h"
#include "cli/terminal.h"

/* RIFF counts the bytes of a file in 32 bits; the header's share is far below this. */
#define WAV_BYTES_MAX (UINT32_MAX - 4096u)

struct sound_file {
	SNDFILE *sndfile;
	SF_INFO info;
	const char *path;         /* the caller's */
	int fd;
	bool writes;
	bool failed;              /* and has complained about it */
	uint32_t format;          /* enum engine_format, of what is in the file */
	uint64_t frames;          /* written so far */
	uint64_t frames_max;      /* that this file can hold */
	uint64_t header_due;      /* the header is renewed when frames gets there */
	void *scratch;            /* a block of 4-byte samples */
};

bool sound_file_supported(const char *command)
{
	(void)command;
	return true;
}

static int sound_file_fail(struct sound_file *file, const char *why)
{
	if (!file->failed)
		terminal_complain("%s: %s", file->path, why);
	file->failed = true;
	return -EIO;
}

/* A pipe could block for ever, and its header could not be completed. */
static int sound_file_open_fd(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
	struct stat status;
	int err = errno;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	if (fd < 0) {
		terminal_complain("%s: %s", path, strerror(err));
	} else {
		terminal_complain("%s: not a regular file", path);
		close(fd);
	}
	return -1;
}

/* The narrowest format that holds every sample of a file that libsndfile reads. */
static uint32_t sound_file_format(int subtype)
{
	switch (subtype) {
	case SF_FORMAT_PCM_24:
	case SF_FORMAT_DWVW_24:
	case SF_FORMAT_ALAC_20:
	case SF_FORMAT_ALAC_24:
		return ENGINE_FORMAT_S24_LE;
	case SF_FORMAT_PCM_32:
	case SF_FORMAT_DWVW_N:
	case SF_FORMAT_ALAC_32:
		return ENGINE_FORMAT_S32_LE;
	case SF_FORMAT_FLOAT:
	case SF_FORMAT_DOUBLE:
	case SF_FORMAT_VORBIS:
	case SF_FORMAT_OPUS:
	case SF_FORMAT_MPEG_LAYER_I:
	case SF_FORMAT_MPEG_LAYER_II:
	case SF_FORMAT_MPEG_LAYER_III:
		return ENGINE_FORMAT_FLOAT_LE;
	}
	return ENGINE_FORMAT_S16_LE;
}

/* Takes fd over, and mode SFM_READ or SFM_WRITE. */
static struct sound_file *sound_file_start(const char *path, int fd, int mode, SF_INFO info)
{
	struct sound_file *file = calloc(1, sizeof(*file));

	if (file) {
		*file = (struct sound_file){ .info = info, .path = path, .fd = fd,
					     .writes = mode == SFM_WRITE };
		file->sndfile = sf_open_fd(fd, mode, &file->info, SF_FALSE);
	}
	if (file && file->sndfile)
		file->scratch = calloc((size_t)file->info.channels, SOUND_FILE_BLOCK_FRAMES * 4);
	if (file && file->scratch)
		return file;
	terminal_complain("%s: %s", path, file && !file->sndfile ? sf_strerror(NULL)
								 : "out of memory");
	if (file && file->sndfile)
		sf_close(file->sndfile);
	free(file);
	close(fd);
	return NULL;
}

struct sound_file *sound_file_open(const char *path, struct sound_file_info *info)
{
	int fd = sound_file_open_fd(path, O_RDONLY);
	struct sound_file *file;

	file = fd < 0 ? NULL : sound_file_start(path, fd, SFM_READ, (SF_INFO){ 0 });
	if (!file)
		return NULL;
	file->format = sound_file_format(file->info.format & SF_FORMAT_SUBMASK);
	info->rate = (uint32_t)file->info.samplerate;
	info->channels = (uint32_t)file->info.channels;
	info->frames = (uint64_t)file->info.frames;
	info->format = file->format;
	return file;
}

struct sound_file *sound_file_create(const char *path, const struct sound_file_info *info)
{
	static const struct { int subtype; uint32_t bytes; } samples[] = {
		[ENGINE_FORMAT_S16_LE] = { SF_FORMAT_PCM_16, 2 },
		[ENGINE_FORMAT_S24_LE] = { SF_FORMAT_PCM_24, 3 },
		[ENGINE_FORMAT_S24_3LE] = { SF_FORMAT_PCM_24, 3 },
		[ENGINE_FORMAT_S32_LE] = { SF_FORMAT_PCM_32, 4 },
		[ENGINE_FORMAT_FLOAT_LE] = { SF_FORMAT_FLOAT, 4 },
	};
	const uint32_t frame_bytes = samples[info->format].bytes * info->channels;
	const char *suffix = strrchr(path, '.');
	bool rf64 = suffix && !strcasecmp(suffix, ".rf64");
	uint64_t frames_max = rf64 ? UINT64_MAX : WAV_BYTES_MAX / frame_bytes;
	SF_INFO wanted = {
		.samplerate = (int)info->rate,
		.channels = (int)info->channels,
		.format = (rf64 ? SF_FORMAT_RF64 : SF_FORMAT_WAV) | samples[info->format].subtype,
	};
	struct sound_file *file;
	int fd;

	if (info->frames > frames_max) {
		terminal_complain("%s: too long for a WAV file, which ends at 4 GiB; "
				  "name it *.rf64", path);
		return NULL;
	}
	fd = sound_file_open_fd(path, O_RDWR | O_CREAT | O_TRUNC);
	file = fd < 0 ? NULL : sound_file_start(path, fd, SFM_WRITE, wanted);
	if (!file)
		return NULL;
	file->format = info->format;
	file->frames_max = frames_max;
	return file;
}

int sound_file_read(struct sound_file *file, void *frames, size_t count, uint32_t format)
{
	size_t channels = (size_t)file->info.channels;
	sf_count_t got;

	if (format == ENGINE_FORMAT_FLOAT_LE)
		got = sf_readf_float(file->sndfile, frames, (sf_count_t)count);
	else if (file->format == ENGINE_FORMAT_FLOAT_LE)
		got = sf_readf_float(file->sndfile, file->scratch, (sf_count_t)count);
	else
		got = sf_readf_int(file->sndfile, file->scratch, (sf_count_t)count);
	if (sf_error(file->sndfile))
		return sound_file_fail(file, sf_strerror(file->sndfile));
	if (format == ENGINE_FORMAT_FLOAT_LE)
		return (int)got;
	/* not libsndfile's own scaling: that of floats follows the file's peak */
	if (file->format == ENGINE_FORMAT_FLOAT_LE)
		samples_quantise(file->scratch, file->scratch, (size_t)got * channels);
	samples_pack(frames, file->scratch, (size_t)got * channels, format);
	return (int)got;
}

static int sound_file_update_header(struct sound_file *file)
{
	file->header_due = file->frames + (uint64_t)file->info.samplerate;
	sf_command(file->sndfile, SFC_UPDATE_HEADER_NOW, NULL, 0);
	return sf_error(file->sndfile) ? sound_file_fail(file, sf_strerror(file->sndfile)) : 0;
}

static int sound_file_write_block(struct sound_file *file, const void *frames, size_t count)
{
	size_t channels = (size_t)file->info.channels;
	sf_count_t put;

	if (file->frames_max - file->frames < count)
		return sound_file_fail(file, "a WAV file ends at 4 GiB; name it *.rf64");
	if (file->format == ENGINE_FORMAT_FLOAT_LE) {
		put = sf_writef_float(file->sndfile, frames, (sf_count_t)count);
	} else {
		samples_unpack(file->scratch, frames, count * channels, file->format);
		put = sf_writef_int(file->sndfile, file->scratch, (sf_count_t)count);
	}
	if (put != (sf_count_t)count)
		return sound_file_fail(file, sf_strerror(file->sndfile));
	file->frames += count;
	if (file->frames >= file->header_due)
		return sound_file_update_header(file);
	return 0;
}

int sound_file_write(struct sound_file *file, const void *frames, size_t count)
{
	size_t sample_bytes = (size_t)engine_format_bytes(file->format);
	const uint8_t *bytes = frames;
	int err = 0;

	while (count > 0 && err == 0) {
		size_t block = count < SOUND_FILE_BLOCK_FRAMES ? count : SOUND_FILE_BLOCK_FRAMES;

		err = sound_file_write_block(file, bytes, block);
		bytes += block * (size_t)file->info.channels * sample_bytes;
		count -= block;
	}
	return err;
}

int sound_file_write_silence(struct sound_file *file, uint64_t count)
{
	void *silence = calloc((size_t)file->info.channels, SOUND_FILE_BLOCK_FRAMES * 4);
	int err = silence ? 0 : sound_file_fail(file, "out of memory");

	while (count > 0 && err == 0) {
		size_t block = count < SOUND_FILE_BLOCK_FRAMES ? (size_t)count
							       : SOUND_FILE_BLOCK_FRAMES;

		err = sound_file_write_block(file, silence, block);
		count -= block;
	}
	free(silence);
	return err;
}

int sound_file_close(struct sound_file *file)
{
	int err;

	if (!file)
		return 0;
	err = sf_close(file->sndfile);
	if (err)
		sound_file_fail(file, sf_error_number(err));
	/* the disk may say only now that it had no room for what it took */
	if (close(file->fd) < 0 && file->writes)
		sound_file_fail(file, strerror(errno));
	err = file->failed ? -EIO : 0;
	free(file->scratch);
	free(file);
	return err;
}

#endif
