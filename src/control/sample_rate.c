/* SPDX-License-Identifier: MIT */
/*
 * The conversion of a sample's rate. Control side; the sole place that knows
 * libsamplerate. Channel by channel: its converter takes no more than 128, and
 * a channel alone goes straight to where it stays.
 */
#ifdef HAVE_SAMPLERATE

#include <errno.h>
#include <inttypes.h>

#include <samplerate.h>

#include "control/last_error.h"
#include "control/sample.h"

#define BLOCK_FRAMES 4096

struct source {
	struct sample_reader *reader;
	float block[BLOCK_FRAMES];
};

/* libsamplerate asks for more; 0 is the end. */
static long read_block(void *arg, float **block)
{
	struct source *source = arg;

	*block = source->block;
	return (long)sample_reader_read(source->reader, source->block, BLOCK_FRAMES);
}

int sample_rate_check(uint32_t from, uint32_t to)
{
	if (src_is_valid_ratio((double)to / from))
		return 0;
	return last_error_set(-EINVAL,
			      "rate %" PRIu32 " Hz to %" PRIu32 " Hz refused: "
			      "libsamplerate converts by a factor of up to 256",
			      from, to);
}

int sample_rate_convert(struct sample_reader *reader, double ratio, float *to, size_t count)
{
	struct source source = { .reader = reader };
	SRC_STATE *converter;
	int err;

	converter = src_callback_new(read_block, SRC_SINC_BEST_QUALITY, 1, &err, &source);
	if (!converter)
		return -ENOMEM;
	src_callback_read(converter, ratio, (long)count, to);
	src_delete(converter);
	return 0;
}

#endif
