/* SPDX-License-Identifier: MIT */
/*
 * The sample from a sound file. Control side; the library's sole place that
 * knows libsndfile. Files are hostile: memory grows with the frames that were
 * read, never by what a header claims, and what the header says of channels
 * and rates is checked before anything is read. Nothing is printed: what is for
 * decoders that do is refused before they see it.
 */
#ifdef HAVE_SNDFILE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sndfile.h>

#include <peal/error.h>
#include <peal/format.h>
#include <peal/sample.h>

#include "control/last_error.h"
#include "control/sample.h"

/* How much is read at once. */
#define BLOCK_BYTES 65536

/* Decoders hold this much back at most when their file is at its end. Some go
 * on for as long as the header says. */
#define DECODED_AHEAD_BYTES (64u << 20)

#define MPEG "MPEG audio (MP3)"

struct sample_file {
	const char *path;
	int fd;
	SNDFILE *sndfile;
	SF_INFO info;

	float *frames; /* interleaved: what was read */
	size_t bytes;
	size_t capacity;     /* bytes */
	size_t bytes_at_end; /* `bytes` when the end of the file was reached; 0: it was not */
};

/* For a refusal when no file is open libsndfile has one place in the process. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* Refused by the system. */
static int refuse_errno(const struct sample_file *file, int err)
{
	return last_error_set(-err, "%s: %s", file->path, engine_strerror(err));
}

static int open_descriptor(struct sample_file *file)
{
	struct stat status;

	/* a pipe without a writer would block */
	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0 || fstat(file->fd, &status) < 0)
		return refuse_errno(file, errno);
	if (S_ISDIR(status.st_mode))
		return refuse_errno(file, EISDIR);
	if (!S_ISREG(status.st_mode))
		return last_error_set(-EINVAL, "%s: not a regular file", file->path);
	return 0;
}

/* Refused by libsndfile, whose numbers say no more than that. */
static int refuse(const struct sample_file *file, int error, const char *why)
{
	return last_error_set(error == SF_ERR_SYSTEM ? -EIO : -EILSEQ, "%s: %s", file->path, why);
}

/* By its first bytes, what libsndfile has decoded by code that writes to stdout
 * or stderr when it dislikes something. NULL: none of these. */
static const char *noisy(const unsigned char *head)
{
	bool riff = memcmp(head, "RIFF", 4) == 0 && memcmp(head + 12, "fmt ", 4) == 0;

	if (memcmp(head, "ID3", 3) == 0 || (head[0] == 0xff && head[1] >= 0xe0) ||
	    (riff && (head[20] == 0x50 || head[20] == 0x55) && head[21] == 0))
		return MPEG;
	if (memcmp(head, "caff", 4) == 0 && memcmp(head + 28, "alac", 4) == 0)
		return "Apple Lossless";
	if (head[0] == 0xf0 && head[1] == 0x7e)
		return "a MIDI sample dump";
	return NULL;
}

/* what: NULL is no refusal. */
static int refuse_noisy(const struct sample_file *file, const char *what)
{
	if (!what)
		return 0;
	return last_error_set(-ENOTSUP,
			      "%s: %s is not read, since its decoder prints; convert it to WAV, "
			      "FLAC or Ogg", file->path, what);
}

static int check_head(const struct sample_file *file)
{
	unsigned char head[32] = { 0 };

	if (pread(file->fd, head, sizeof(head), 0) < 0)
		return refuse_errno(file, errno);
	return refuse_noisy(file, noisy(head));
}

static int open_sound(struct sample_file *file)
{
	int err = 0;

	pthread_mutex_lock(&opening);
	file->sndfile = sf_open_fd(file->fd, SFM_READ, &file->info, SF_FALSE);
	if (!file->sndfile)
		err = refuse(file, sf_error(NULL), sf_strerror(NULL));
	pthread_mutex_unlock(&opening);
	if (err < 0)
		return err;
	/* in a container, where its first bytes do not tell */
	switch (file->info.format & SF_FORMAT_SUBMASK) {
	case SF_FORMAT_MPEG_LAYER_I:
	case SF_FORMAT_MPEG_LAYER_II:
	case SF_FORMAT_MPEG_LAYER_III:
		return refuse_noisy(file, MPEG);
	}
	return 0;
}

/* Room for a block more. */
static int reserve(struct sample_file *file, size_t block_bytes)
{
	size_t capacity = file->capacity ? 2 * file->capacity : 4 * block_bytes;
	float *frames;

	if (file->capacity - file->bytes >= block_bytes)
		return 0;
	if (file->bytes > ENGINE_SAMPLE_BYTES_MAX - block_bytes)
		return last_error_set(-EOVERFLOW, "%s: more than %" PRIu64 " bytes of samples",
				      file->path, (uint64_t)ENGINE_SAMPLE_BYTES_MAX);
	frames = capacity > file->capacity ? realloc(file->frames, capacity) : NULL;
	if (!frames)
		return last_error_set(-ENOMEM, "%s: no memory for %zu bytes of samples",
				      file->path, capacity);
	file->frames = frames;
	file->capacity = capacity;
	return 0;
}

/* Whether more comes than the file can hold. */
static bool runs_on(struct sample_file *file)
{
	struct stat status;

	if (file->bytes_at_end == 0 && fstat(file->fd, &status) == 0 &&
	    lseek(file->fd, 0, SEEK_CUR) >= status.st_size)
		file->bytes_at_end = file->bytes;
	return file->bytes_at_end > 0 && file->bytes - file->bytes_at_end > DECODED_AHEAD_BYTES;
}

static int read_all(struct sample_file *file)
{
	size_t frame_bytes = (size_t)file->info.channels * sizeof(float);
	size_t block = BLOCK_BYTES / frame_bytes;
	sf_count_t got;

	do {
		int err = reserve(file, block * frame_bytes);

		if (err < 0)
			return err;
		got = sf_readf_float(file->sndfile, file->frames + file->bytes / sizeof(float),
				     (sf_count_t)block);
		if (sf_error(file->sndfile))
			return refuse(file, sf_error(file->sndfile), sf_strerror(file->sndfile));
		file->bytes += (size_t)got * frame_bytes;
		if (runs_on(file))
			return refuse(file, 0, "it claims more frames than it holds");
	} while (got > 0);
	if (file->bytes == 0)
		return last_error_set(-ENODATA, "%s: there are no frames in it", file->path);
	return 0;
}

static int make(struct engine_sample **out, struct sample_file *file, uint32_t to_rate)
{
	uint32_t channels = (uint32_t)file->info.channels;
	uint32_t rate = (uint32_t)file->info.samplerate;
	int err = sample_check(channels, rate, to_rate);

	if (err == 0)
		err = read_all(file);
	if (err < 0)
		return err;
	return engine_sample_create(out, file->frames, file->bytes / sizeof(float) / channels,
				    ENGINE_FORMAT_FLOAT_LE, channels, rate, to_rate);
}

int engine_sample_open(struct engine_sample **out, const char *path, uint32_t to_rate)
{
	struct sample_file file = { .path = path, .fd = -1 };
	int err;

	if (!out)
		return last_error_set(-EINVAL, "out is NULL");
	*out = NULL;
	if (!path)
		return last_error_set(-EINVAL, "path is NULL");
	err = open_descriptor(&file);
	if (err == 0)
		err = check_head(&file);
	if (err == 0)
		err = open_sound(&file);
	if (err == 0)
		err = make(out, &file, to_rate);
	free(file.frames);
	if (file.sndfile)
		sf_close(file.sndfile);
	if (file.fd >= 0)
		close(file.fd);
	return err;
}

#endif
