/* SPDX-License-Identifier: MIT */
/*
 * The PCM on alsa-lib. Audio thread (but pcm_alsa_init: control side, before
 * the thread has the PCM).
 *
 * Nothing here recovers: snd_pcm_recover sleeps and prints, so what a state
 * asks for is decided in recover.c. snd_pcm_wait is not used either: it takes
 * a mutex even on hardware.
 */
#include <alsa/asoundlib.h>
#include <errno.h>

#include "rt/pcm.h"

static int alsa_descriptors(struct pcm *pcm, struct pollfd *fds, unsigned space)
{
	return snd_pcm_poll_descriptors(pcm->handle, fds, space);
}

static int alsa_revents(struct pcm *pcm, struct pollfd *fds, unsigned count,
			unsigned short *revents)
{
	return snd_pcm_poll_descriptors_revents(pcm->handle, fds, count, revents);
}

static enum engine_state alsa_state(struct pcm *pcm)
{
	switch (snd_pcm_state(pcm->handle)) {
	case SND_PCM_STATE_PREPARED:
		return ENGINE_STATE_PREPARED;
	case SND_PCM_STATE_RUNNING:
		return ENGINE_STATE_RUNNING;
	case SND_PCM_STATE_XRUN:
		return ENGINE_STATE_XRUN;
	case SND_PCM_STATE_SUSPENDED:
		return ENGINE_STATE_SUSPENDED;
	case SND_PCM_STATE_DISCONNECTED:
		return ENGINE_STATE_LOST;
	default:
		return ENGINE_STATE_CLOSED;
	}
}

static int64_t alsa_avail(struct pcm *pcm, bool exact)
{
	return exact ? snd_pcm_avail(pcm->handle) : snd_pcm_avail_update(pcm->handle);
}

static int alsa_begin(struct pcm *pcm, uint32_t *frames)
{
	const snd_pcm_channel_area_t *areas;
	snd_pcm_uframes_t offset, count = *frames;
	int err = snd_pcm_mmap_begin(pcm->handle, &areas, &offset, &count);

	if (err < 0)
		return err;
	/* a device may say anything: never more than was asked for */
	*frames = count < *frames ? (uint32_t)count : *frames;
	pcm->offset = offset;
	for (uint32_t c = 0; c < pcm->channels; c++) {
		uint32_t step = areas[c].step / 8;

		pcm->areas[c].step = step;
		pcm->areas[c].first =
			(unsigned char *)areas[c].addr + areas[c].first / 8 + offset * step;
	}
	return *frames > 0 ? 0 : -EPIPE;
}

static int64_t alsa_commit(struct pcm *pcm, uint32_t frames)
{
	return snd_pcm_mmap_commit(pcm->handle, (snd_pcm_uframes_t)pcm->offset, frames);
}

static int alsa_prepare(struct pcm *pcm)
{
	return snd_pcm_prepare(pcm->handle);
}

static int alsa_start(struct pcm *pcm)
{
	return snd_pcm_start(pcm->handle);
}

static int alsa_stop(struct pcm *pcm)
{
	return snd_pcm_drop(pcm->handle);
}

static int alsa_resume(struct pcm *pcm)
{
	return snd_pcm_resume(pcm->handle);
}

static const struct pcm_ops alsa_ops = {
	.descriptors = alsa_descriptors,
	.revents = alsa_revents,
	.state = alsa_state,
	.avail = alsa_avail,
	.begin = alsa_begin,
	.commit = alsa_commit,
	.prepare = alsa_prepare,
	.start = alsa_start,
	.stop = alsa_stop,
	.resume = alsa_resume,
};

void pcm_alsa_init(struct pcm *pcm, void *snd_pcm)
{
	pcm->ops = &alsa_ops;
	pcm->handle = snd_pcm;
}

static void say_nothing(const char *file, int line, const char *function, int err,
			const char *format, va_list args)
{
	(void)file, (void)line, (void)function, (void)err, (void)format, (void)args;
}

void pcm_alsa_enter_thread(void)
{
	snd_lib_error_set_local(say_nothing);
}
