/* SPDX-License-Identifier: MIT */
/*
 * The negotiation of one PCM. Control threads, before the audio thread has
 * the PCM. The order of the parameters is ALSA's: each one narrows what is
 * left for the next. Nothing that was asked for is reported; all of info is
 * read back.
 */
#include <errno.h>

#include <peal/error.h>

#include "control/last_error.h"
#include "control/negotiate.h"
#include "control/refusal.h"

/* In this order: what most cards do natively first, float (servers) last. */
static const uint32_t preference[] = {
	ENGINE_FORMAT_S16_LE,  ENGINE_FORMAT_S32_LE,   ENGINE_FORMAT_S24_LE,
	ENGINE_FORMAT_S24_3LE, ENGINE_FORMAT_FLOAT_LE,
};

#define PREFERENCES (sizeof(preference) / sizeof(preference[0]))

uint32_t negotiate_prefer(uint32_t formats)
{
	for (size_t i = 0; i < PREFERENCES; i++)
		if (formats & 1u << preference[i])
			return preference[i];
	return ENGINE_FORMAT_ANY;
}

int negotiate_space(snd_pcm_t *pcm, const char *name, snd_pcm_hw_params_t *space)
{
	int err = snd_pcm_hw_params_any(pcm, space);

	/*
	 * Who names a converting PCM ("plughw:0", most "default"s) wants its
	 * conversions. No other PCM is to bring in a resampler unasked.
	 */
	if (err >= 0 && snd_pcm_type(pcm) != SND_PCM_TYPE_PLUG)
		err = snd_pcm_hw_params_set_rate_resample(pcm, space, 0);
	if (err < 0)
		return last_error_set(err, "%s offers no configuration at all: %s", name,
				      engine_strerror(err));
	return 0;
}

static int set_access(snd_pcm_t *pcm, snd_pcm_hw_params_t *space, uint32_t access)
{
	int err = -EINVAL;

	if (access != ENGINE_ACCESS_MMAP_NONINTERLEAVED)
		err = snd_pcm_hw_params_set_access(pcm, space, SND_PCM_ACCESS_MMAP_INTERLEAVED);
	if (err < 0 && access != ENGINE_ACCESS_MMAP_INTERLEAVED)
		err = snd_pcm_hw_params_set_access(pcm, space, SND_PCM_ACCESS_MMAP_NONINTERLEAVED);
	return err;
}

/* ANY: the first that is taken by itself. */
static int set_format(snd_pcm_t *pcm, snd_pcm_hw_params_t *space, uint32_t format)
{
	int err = -EINVAL;

	for (size_t i = 0; err < 0 && i < PREFERENCES; i++)
		if (format == ENGINE_FORMAT_ANY || format == preference[i])
			err = snd_pcm_hw_params_set_format(
				pcm, space,
				snd_pcm_format_value(engine_format_name(preference[i])));
	return err;
}

/* Set what is got exactly or refused. A refused part leaves space as it was
 * before it. */
static int set_exact(snd_pcm_t *pcm, snd_pcm_hw_params_t *space, const struct engine_config *wish,
		     uint32_t format, enum refusal_part *part)
{
	int err;

	*part = REFUSAL_ACCESS;
	err = set_access(pcm, space, wish->access);
	if (err < 0)
		return err;
	*part = REFUSAL_FORMAT;
	err = set_format(pcm, space, format);
	if (err < 0)
		return err;
	*part = REFUSAL_CHANNELS;
	err = snd_pcm_hw_params_set_channels(pcm, space, wish->channels);
	if (err < 0)
		return err;
	*part = REFUSAL_RATE;
	return snd_pcm_hw_params_set_rate(pcm, space, wish->rate, 0);
}

int negotiate_formats(snd_pcm_t *pcm, const char *name, const struct engine_config *wish,
		      uint32_t *formats)
{
	snd_pcm_hw_params_t *all, *space;
	enum refusal_part part;
	int err, again;

	*formats = 0;
	snd_pcm_hw_params_alloca(&all);
	snd_pcm_hw_params_alloca(&space);
	err = negotiate_space(pcm, name, all);
	if (err < 0)
		return err;
	for (size_t i = 0; i < PREFERENCES; i++) {
		if (wish->format != ENGINE_FORMAT_ANY && wish->format != preference[i])
			continue;
		snd_pcm_hw_params_copy(space, all);
		err = set_exact(pcm, space, wish, preference[i], &part);
		if (err >= 0)
			*formats |= 1u << preference[i];
	}
	if (*formats)
		return 0;
	snd_pcm_hw_params_copy(space, all);
	/* to see which part it is; and if there is none now, there was */
	again = set_exact(pcm, space, wish, wish->format, &part);
	return refusal_of_part(again < 0 ? again : err, part, pcm, name, space, wish);
}

/* Whole periods, at least two: the cycle fills one while another sounds. */
static int set_sizes(snd_pcm_t *pcm, snd_pcm_hw_params_t *space, const struct engine_config *wish)
{
	unsigned int fewest = ENGINE_PERIODS_MIN, periods = wish->periods;
	snd_pcm_uframes_t period = wish->period_frames;
	int err = snd_pcm_hw_params_set_periods_integer(pcm, space);

	if (err >= 0)
		err = snd_pcm_hw_params_set_periods_min(pcm, space, &fewest, NULL);
	if (err >= 0)
		err = snd_pcm_hw_params_set_period_size_near(pcm, space, &period, NULL);
	if (err >= 0)
		err = snd_pcm_hw_params_set_periods_near(pcm, space, &periods, NULL);
	return err;
}

static int install(snd_pcm_t *pcm, const struct engine_config *wish, const char *name)
{
	snd_pcm_hw_params_t *space;
	enum refusal_part part;
	int err;

	snd_pcm_hw_params_alloca(&space);
	err = negotiate_space(pcm, name, space);
	if (err < 0)
		return err;
	err = set_exact(pcm, space, wish, wish->format, &part);
	if (err < 0)
		return refusal_of_part(err, part, pcm, name, space, wish);
	err = set_sizes(pcm, space, wish);
	if (err < 0)
		return last_error_set(err,
				      "a buffer of two or more whole periods of about %u frames "
				      "refused by %s: %s",
				      wish->period_frames, name, engine_strerror(err));
	err = snd_pcm_hw_params(pcm, space);
	if (err < 0)
		return last_error_set(err,
				      "%s failed to take %u periods of %u frames, %u channels of "
				      "%s at %u Hz: %s",
				      name, wish->periods, wish->period_frames, wish->channels,
				      engine_format_name(wish->format), wish->rate,
				      engine_strerror(err));
	return 0;
}

static int read_back(snd_pcm_t *pcm, struct engine_pcm_info *info)
{
	snd_pcm_uframes_t period = 0, buffer = 0, periods;
	snd_pcm_hw_params_t *got;
	snd_pcm_access_t access = SND_PCM_ACCESS_LAST;
	unsigned int rate = 0;
	int err;

	snd_pcm_hw_params_alloca(&got);
	err = snd_pcm_hw_params_current(pcm, got);
	if (err < 0)
		return last_error_set(err, "%s does not say how it is set up: %s", info->name,
				      engine_strerror(err));
	snd_pcm_hw_params_get_period_size(got, &period, NULL);
	snd_pcm_hw_params_get_buffer_size(got, &buffer);
	/* behind a resampler a period is whole frames there, not always here */
	periods = period ? (buffer + period / 2) / period : 0;
	if (periods < ENGINE_PERIODS_MIN || buffer > UINT32_MAX)
		return last_error_set(-EINVAL,
				      "%s is set up with a buffer of %lu frames in periods of "
				      "%lu: less than two",
				      info->name, buffer, period);
	info->period_frames = (uint32_t)period;
	info->buffer_frames = (uint32_t)buffer;
	info->periods = (uint32_t)periods;
	snd_pcm_hw_params_get_access(got, &access);
	info->access = ENGINE_ACCESS_MMAP_NONINTERLEAVED;
	if (access == SND_PCM_ACCESS_MMAP_INTERLEAVED)
		info->access = ENGINE_ACCESS_MMAP_INTERLEAVED;
	info->batch = snd_pcm_hw_params_is_batch(got) != 0;
	/* a plugin may know no fraction */
	if (snd_pcm_hw_params_get_rate_numden(got, &info->rate_num, &info->rate_den) < 0 ||
	    info->rate_den == 0) {
		snd_pcm_hw_params_get_rate(got, &rate, NULL);
		info->rate_num = rate;
		info->rate_den = 1;
	}
	return 0;
}

/* Start by snd_pcm_start alone; an xrun is when the buffer is full or empty,
 * so that none goes unseen; wake for a whole period; no silence of ALSA's. */
static int set_software(snd_pcm_t *pcm, const struct engine_pcm_info *info, snd_pcm_tstamp_t stamps,
			snd_pcm_tstamp_type_t clock)
{
	snd_pcm_sw_params_t *params;
	snd_pcm_uframes_t boundary = 0;
	int err;

	snd_pcm_sw_params_alloca(&params);
	err = snd_pcm_sw_params_current(pcm, params);
	if (err < 0)
		return err;
	snd_pcm_sw_params_get_boundary(params, &boundary);
	snd_pcm_sw_params_set_start_threshold(pcm, params, boundary);
	snd_pcm_sw_params_set_stop_threshold(pcm, params, info->buffer_frames);
	snd_pcm_sw_params_set_avail_min(pcm, params, info->period_frames);
	snd_pcm_sw_params_set_silence_threshold(pcm, params, 0);
	snd_pcm_sw_params_set_silence_size(pcm, params, 0);
	snd_pcm_sw_params_set_tstamp_mode(pcm, params, stamps);
	snd_pcm_sw_params_set_tstamp_type(pcm, params, clock);
	return snd_pcm_sw_params(pcm, params);
}

/* With the best time stamps that the device has. */
static int set_stamps(snd_pcm_t *pcm, struct engine_pcm_info *info)
{
	int err;

	info->timestamps = ENGINE_TIMESTAMPS_MONOTONIC_RAW;
	err = set_software(pcm, info, SND_PCM_TSTAMP_ENABLE, SND_PCM_TSTAMP_TYPE_MONOTONIC_RAW);
	if (err >= 0)
		return 0;
	info->timestamps = ENGINE_TIMESTAMPS_MONOTONIC;
	err = set_software(pcm, info, SND_PCM_TSTAMP_ENABLE, SND_PCM_TSTAMP_TYPE_MONOTONIC);
	if (err >= 0)
		return 0;
	info->timestamps = ENGINE_TIMESTAMPS_NONE;
	err = set_software(pcm, info, SND_PCM_TSTAMP_NONE, SND_PCM_TSTAMP_TYPE_GETTIMEOFDAY);
	if (err >= 0)
		return 0;
	return last_error_set(err, "%s failed to take its thresholds: %s", info->name,
			      engine_strerror(err));
}

int negotiate(snd_pcm_t *pcm, const struct engine_config *wish, struct engine_pcm_info *info)
{
	int err = install(pcm, wish, info->name);

	if (err >= 0)
		err = read_back(pcm, info);
	if (err >= 0)
		err = set_stamps(pcm, info);
	return err < 0 ? err : 0;
}
