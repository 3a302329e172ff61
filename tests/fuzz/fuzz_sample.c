/* SPDX-License-Identifier: MIT */
/*
 * The loader of samples on any bytes (libFuzzer): it makes a sample of which
 * every float can be used, or it refuses with a code that it is known for and
 * a sentence, and leaves nothing open.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <peal/error.h>
#include <peal/sample.h>

#include "shared/sample.h"

/* Converting more takes longer than looking for other input. */
#define CONVERTED_FRAMES_MAX 4096

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count);

/* libsndfile 1.2 forgets what libvorbis has of a file that ends within its headers. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:vorbis_info_init";
}

#define require(that)                                                                              \
	do {                                                                                       \
		if (!(that)) {                                                                     \
			fprintf(stderr, "%d: not so: %s\n", __LINE__, #that);                      \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void look_at(const struct engine_sample *sample)
{
	require(sample->frames >= 1 && sample->frames <= ENGINE_SAMPLE_FRAMES_MAX);
	require(sample->channels >= 1 && sample->channels <= 256);
	for (uint32_t c = 0; c < sample->channels; c++) {
		const float *samples = sample_channel(sample, c);

		for (uint32_t i = 0; i < SAMPLE_PAD; i++) {
			require(*(samples - 1 - i) == 0.0f);
			require(samples[sample->frames + i] == 0.0f);
		}
		for (uint32_t i = 0; i < sample->frames; i++)
			require(isfinite(samples[i]));
	}
}

static uint32_t open_sample(const char *path, uint32_t to_rate)
{
	struct engine_sample *sample;
	uint32_t frames = 0;
	int err = engine_sample_open(&sample, path, to_rate);

	if (err == 0) {
		require(to_rate == 0 || sample->rate == to_rate);
		look_at(sample);
		frames = sample->frames;
	} else {
		require(!sample);
		require(err == -EILSEQ || err == -EINVAL || err == -ENODATA || err == -EOVERFLOW ||
			err == -ENOTSUP || err == -ENOSYS);
		require(engine_last_error()[0] != '\0');
	}
	engine_sample_put(sample);
	return frames;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t count)
{
	static int first = -1;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	/* the lowest that is free: every descriptor was closed */
	require(first < 0 || fd == first);
	first = fd;
	require(write(fd, bytes, count) == (ssize_t)count);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (open_sample(path, 0) - 1u < CONVERTED_FRAMES_MAX)
		open_sample(path, 44101);
	close(fd);
	return 0;
}
