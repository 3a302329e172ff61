/* SPDX-License-Identifier: MIT */
/*
 * The sample's making and freeing. Control side. A sample is one mapping of
 * its own, locked if that is allowed: the structure, then its channels one
 * after the other, each beginning at a multiple of 64 bytes. The zeros that
 * follow a channel are also those before the next. Nothing is allocated before
 * every size is known to be possible, and nothing is changed once it is made.
 */
#include "control/sample.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include <peal/config.h>
#include <peal/error.h>
#include <peal/format.h>
#include <peal/sample.h>

#include "control/last_error.h"

/* Floats in 64 bytes. */
#define ALIGNED 16

/* From the mapping's begin to channel 0's frame 0: SAMPLE_PAD floats are free
 * before it. */
#define HEADER_BYTES ((sizeof(struct engine_sample) + SAMPLE_PAD * sizeof(float) + 63) / 64 * 64)

static int check(const char *what, uint32_t value, uint32_t min, uint32_t max, const char *unit)
{
	if (value >= min && value <= max)
		return 0;
	return last_error_set(-EINVAL,
			      "%s %" PRIu32 " refused: %" PRIu32 "..%" PRIu32 "%s are possible",
			      what, value, min, max, unit);
}

int sample_check(uint32_t channels, uint32_t rate, uint32_t to_rate)
{
	int err = check("channels", channels, 1, ENGINE_CHANNELS_MAX, "");

	if (err == 0)
		err = check("rate", rate, ENGINE_RATE_MIN, ENGINE_RATE_MAX, " Hz");
	if (err < 0 || to_rate == 0 || to_rate == rate)
		return err;
	err = check("to_rate", to_rate, ENGINE_RATE_MIN, ENGINE_RATE_MAX, " Hz");
	return err < 0 ? err : sample_rate_check(rate, to_rate);
}

/* Rounded; but what has a frame keeps one. */
static uint64_t frames_at(uint64_t count, uint32_t rate, uint32_t to_rate)
{
	uint64_t frames = (count * to_rate + rate / 2) / rate;

	return frames ? frames : 1;
}

static uint64_t stride_of(uint64_t frames)
{
	return (frames + SAMPLE_PAD + ALIGNED - 1) / ALIGNED * ALIGNED;
}

/* All zeros but for the structure. */
static int allocate(struct engine_sample **out, uint64_t frames, uint32_t channels)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t bytes = HEADER_BYTES + channels * stride_of(frames) * sizeof(float);
	struct engine_sample *sample = MAP_FAILED;

	bytes = (bytes + page - 1) / page * page;
	if (frames > ENGINE_SAMPLE_FRAMES_MAX || bytes > ENGINE_SAMPLE_BYTES_MAX)
		return last_error_set(-EOVERFLOW,
				      "%" PRIu64 " frames of %" PRIu32 " channels are too much: "
				      "%" PRIu32 " frames and %" PRIu64 " bytes are possible",
				      frames, channels, (uint32_t)ENGINE_SAMPLE_FRAMES_MAX,
				      (uint64_t)ENGINE_SAMPLE_BYTES_MAX);
	if (bytes <= SIZE_MAX / 2)
		sample = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (sample == MAP_FAILED)
		return last_error_set(-ENOMEM,
				      "no memory for %" PRIu64 " frames of %" PRIu32 " channels",
				      frames, channels);
	*sample = (struct engine_sample){
		.samples = (float *)((unsigned char *)sample + HEADER_BYTES),
		.stride = (size_t)stride_of(frames),
		.channels = channels,
		.frames = (uint32_t)frames,
		.references = 1,
		.memory = sample,
		.bytes = (size_t)bytes,
		.locked = mlock(sample, (size_t)bytes) == 0,
	};
	*out = sample;
	return 0;
}

void sample_free(struct engine_sample *sample)
{
	munmap(sample->memory, sample->bytes);
}

/* One channel, from frames to floats. */
static int fill(struct engine_sample *sample, float *to, struct sample_reader *reader)
{
	int err = 0;

	if (sample->rate == sample->source_rate) {
		sample_reader_read(reader, to, sample->frames);
	} else {
		err = sample_rate_convert(reader, (double)sample->rate / sample->source_rate, to,
					  sample->frames);
		/* finite samples may add up to one that is not */
		sample->silenced += sample_silence(to, sample->frames);
	}
	sample->silenced += reader->silenced;
	return err;
}

static int fill_all(struct engine_sample *sample, const unsigned char *frames, uint32_t format)
{
	size_t sample_bytes = (size_t)engine_format_bytes(format);
	/* not const until we are done */
	float *to = (float *)((unsigned char *)sample->memory + HEADER_BYTES);
	int err = 0;

	for (uint32_t c = 0; c < sample->channels && err == 0; c++) {
		struct sample_reader reader = {
			.next = frames + c * sample_bytes,
			.left = (size_t)sample->source_frames,
			.step = sample_bytes * sample->channels,
			.format = format,
		};

		err = fill(sample, to + c * sample->stride, &reader);
	}
	return err;
}

int engine_sample_create(struct engine_sample **out, const void *frames, size_t count,
			 uint32_t format, uint32_t channels, uint32_t rate, uint32_t to_rate)
{
	struct engine_sample *sample = NULL;
	int err;

	if (!out)
		return last_error_set(-EINVAL, "out is NULL");
	*out = NULL;
	if (!frames)
		return last_error_set(-EINVAL, "frames is NULL");
	if (count < 1 || count > ENGINE_SAMPLE_FRAMES_MAX)
		return last_error_set(-EINVAL, "count %zu refused: 1..%" PRIu32 " are possible",
				      count, (uint32_t)ENGINE_SAMPLE_FRAMES_MAX);
	err = check("format", format, ENGINE_FORMAT_S16_LE, ENGINE_FORMAT_FLOAT_LE,
		    " (enum engine_format)");
	if (err == 0)
		err = sample_check(channels, rate, to_rate);
	if (to_rate == 0)
		to_rate = rate;
	if (err == 0)
		err = allocate(&sample, frames_at(count, rate, to_rate), channels);
	if (!sample)
		return err;
	sample->rate = to_rate;
	sample->source_rate = rate;
	sample->source_frames = count;
	err = fill_all(sample, frames, format);
	if (err < 0) {
		sample_free(sample);
		return last_error_set(err, "no memory to convert the rate");
	}
	*out = sample;
	return 0;
}

int engine_sample_put(struct engine_sample *sample)
{
	if (sample && sample_put(sample))
		sample_free(sample);
	return 0;
}

int engine_sample_get_info(const struct engine_sample *sample, struct engine_sample_info *info)
{
	if (!sample || !info)
		return -EINVAL;
	if (info->size != sizeof(*info))
		return ENGINE_EABI;
	*info = (struct engine_sample_info){
		.size = sizeof(*info),
		.frames = sample->frames,
		.source_frames = sample->source_frames,
		.silenced = sample->silenced,
		.bytes = sample->bytes,
		.channels = sample->channels,
		.rate = sample->rate,
		.source_rate = sample->source_rate,
		.locked = sample->locked,
	};
	return 0;
}
