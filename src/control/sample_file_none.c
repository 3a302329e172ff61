/* SPDX-License-Identifier: MIT */
/*
 * The sample from a sound file in a build without libsndfile: there is none.
 */
#ifndef HAVE_SNDFILE

#include <errno.h>

#include <peal/sample.h>

#include "control/last_error.h"

int engine_sample_open(struct engine_sample **out, const char *path, uint32_t to_rate)
{
	(void)to_rate;
	if (!out)
		return last_error_set(-EINVAL, "out is NULL");
	*out = NULL;
	if (!path)
		return last_error_set(-EINVAL, "path is NULL");
	return last_error_set(-ENOSYS,
			      "%s: this peal was built without libsndfile; install "
			      "libsndfile1-dev and build it again", path);
}

#endif
