/* SPDX-License-Identifier: MIT */
/*
 * The conversion of a sample's rate in a build without libsamplerate: there is
 * none. sample_rate_check refuses, so nothing else here is ever reached.
 */
#ifndef HAVE_SAMPLERATE

#include <errno.h>
#include <inttypes.h>

#include "control/last_error.h"
#include "control/sample.h"

int sample_rate_check(uint32_t from, uint32_t to)
{
	return last_error_set(-ENOSYS,
			      "rate %" PRIu32 " Hz to %" PRIu32 " Hz: this peal was built "
			      "without libsamplerate; install libsamplerate0-dev and build "
			      "it again",
			      from, to);
}

int sample_rate_convert(struct sample_reader *reader, double ratio, float *to, size_t count)
{
	(void)reader, (void)ratio, (void)to, (void)count;
	return -ENOSYS;
}

#endif
