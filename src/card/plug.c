/* SPDX-License-Identifier: MIT */
/*
 * The plug: a side of the card as an ALSA PCM, by way of alsa-lib's ioplug.
 * The callbacks run on the driving thread (those that set up, on whichever
 * thread does) and neither allocate nor lock nor log.
 *
 * ioplug keeps an hw_ptr of its own, moved by how far `pointer` has come since
 * it was last asked. An xrun is its state alone, never a negative pointer, so
 * that snd_pcm_status still tells where each side ended.
 */
#include <errno.h>
#include <poll.h>

#include <peal/config.h>

#include "card/card.h"
#include "card/inner.h"

static int plug_start(snd_pcm_ioplug_t *io)
{
	struct side *side = io->private_data;
	int err = card_ask(side, FAULT_START);

	if (err == 0)
		card_start(side);
	return err;
}

static int plug_stop(snd_pcm_ioplug_t *io)
{
	struct side *side = io->private_data;

	card_sync(side->card);
	card_stop(side);
	return 0;
}

static snd_pcm_sframes_t plug_pointer(snd_pcm_ioplug_t *io)
{
	struct side *side = io->private_data;

	card_sync(side->card);
	return (snd_pcm_sframes_t)card_pointer(side);
}

static int plug_close(snd_pcm_ioplug_t *io)
{
	struct side *side = io->private_data;

	side->opened = false;
	if (side->card->owned)
		card_destroy(side->card);
	return 0;
}

static int plug_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
	struct side *side = io->private_data;
	struct side *other = &side->card->sides[!io->stream];
	int err = card_ask(side, FAULT_PARAMS);

	(void)params;
	if (err < 0)
		return err;
	if (io->period_size < ENGINE_PERIOD_FRAMES_MIN ||
	    io->period_size > ENGINE_PERIOD_FRAMES_MAX)
		return -EINVAL;
	/* What is played is captured: it must be the same on both sides. */
	if (other->configured && (io->format != other->io.format ||
				  io->channels != other->io.channels || io->rate != other->io.rate))
		return -EINVAL;
	side->configured = true;
	return 0;
}

static int plug_hw_free(snd_pcm_ioplug_t *io)
{
	struct side *side = io->private_data;

	/* alsa-lib has freed the ring already: nothing may be converted any more */
	side->areas = NULL;
	side->configured = false;
	/* nor will it be mended; but one that was unplugged will be opened again */
	if (!side->card->gone)
		side->card->owing = false;
	card_stop(side);
	return 0;
}

static int plug_sw_params(snd_pcm_ioplug_t *io, snd_pcm_sw_params_t *params)
{
	struct side *side = io->private_data;

	snd_pcm_sw_params_get_avail_min(params, &side->avail_min);
	snd_pcm_sw_params_get_boundary(params, &side->boundary);
	return 0;
}

static int plug_prepare(snd_pcm_ioplug_t *io)
{
	struct side *side = io->private_data;

	/* ioplug has zeroed its pointers already: too late for a last sync */
	card_stop(side);
	side->hw = 0;
	side->lie = 0;
	if (!side->areas) {
		side->areas = snd_pcm_ioplug_mmap_areas(io);
		if (!side->areas)
			return -ENOMEM;
		/* The first touch of the ring's pages is not for the audio thread. */
		snd_pcm_areas_silence(side->areas, 0, io->channels, io->buffer_size, io->format);
	}
	return card_ask(side, FAULT_PREPARE);
}

/* alsa-lib drops what this returns and answers 0. */
static int plug_resume(snd_pcm_ioplug_t *io)
{
	card_resume(io->private_data);
	return 0;
}

static int plug_poll_descriptors(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned space)
{
	struct side *side = io->private_data;

	if (space == 0)
		return 0;
	card_sync(side->card);
	card_wait(side);
	*fds = (struct pollfd){ .fd = card_fd(side), .events = POLLIN };
	return 1;
}

/* A program may fetch its descriptors once and poll them forever: what it
 * waits for next is then only known here. */
static int plug_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned count,
			     unsigned short *revents)
{
	struct side *side = io->private_data;

	(void)fds, (void)count;
	card_sync(side->card);
	*revents = card_events(side);
	if (side_events(side) == 0)
		card_wait(side);
	return 0;
}

static int plug_delay(snd_pcm_ioplug_t *io, snd_pcm_sframes_t *delay)
{
	struct side *side = io->private_data;

	card_sync(side->card);
	*delay = (snd_pcm_sframes_t)(side_is_playback(side) ? side_left(side) : side_avail(side));
	switch (io->state) {
	case SND_PCM_STATE_XRUN:
		return -EPIPE;
	case SND_PCM_STATE_SUSPENDED:
		return -ESTRPIPE;
	case SND_PCM_STATE_DISCONNECTED:
		return -ENODEV;
	default:
		return 0;
	}
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = plug_start,
	.stop = plug_stop,
	.pointer = plug_pointer,
	.close = plug_close,
	.hw_params = plug_hw_params,
	.hw_free = plug_hw_free,
	.sw_params = plug_sw_params,
	.prepare = plug_prepare,
	.resume = plug_resume,
	.poll_descriptors = plug_poll_descriptors,
	.poll_revents = plug_poll_revents,
	.delay = plug_delay,
};

/*
 * ioplug negotiates periods and buffers in bytes, whatever a frame takes. So a
 * period is bounded by the shortest one of the narrowest frames and the longest
 * one of the widest, and hw_params refuses the rest. With a buffer of two of
 * the longest, both the longest period and 1024 of the shortest fit for every
 * kind of frame, and a program that leaves everything open gets legal periods.
 */
#define FRAME_BYTES_MIN 2u
#define FRAME_BYTES_MAX (4u * ENGINE_CHANNELS_MAX)
#define PERIOD_BYTES_MIN (ENGINE_PERIOD_FRAMES_MIN * FRAME_BYTES_MIN)
#define PERIOD_BYTES_MAX (ENGINE_PERIOD_FRAMES_MAX * FRAME_BYTES_MAX)

static int constrain(snd_pcm_ioplug_t *io)
{
	static const unsigned accesses[] = {
		SND_PCM_ACCESS_MMAP_INTERLEAVED,
		SND_PCM_ACCESS_MMAP_NONINTERLEAVED,
		SND_PCM_ACCESS_RW_INTERLEAVED,
		SND_PCM_ACCESS_RW_NONINTERLEAVED,
	};
	static const unsigned formats[] = {
		SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S24_LE,   SND_PCM_FORMAT_S24_3LE,
		SND_PCM_FORMAT_S32_LE, SND_PCM_FORMAT_FLOAT_LE,
	};
	static const struct {
		int param;
		unsigned min, max;
	} ranges[] = {
		{ SND_PCM_IOPLUG_HW_CHANNELS, 1, ENGINE_CHANNELS_MAX },
		{ SND_PCM_IOPLUG_HW_RATE, ENGINE_RATE_MIN, ENGINE_RATE_MAX },
		{ SND_PCM_IOPLUG_HW_PERIOD_BYTES, PERIOD_BYTES_MIN, PERIOD_BYTES_MAX },
		{ SND_PCM_IOPLUG_HW_BUFFER_BYTES, 2 * PERIOD_BYTES_MIN, 2 * PERIOD_BYTES_MAX },
		{ SND_PCM_IOPLUG_HW_PERIODS, ENGINE_PERIODS_MIN, ENGINE_PERIODS_MAX },
	};
	int err;

	err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS,
					    sizeof(accesses) / sizeof(accesses[0]), accesses);
	if (err == 0)
		err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT,
						    sizeof(formats) / sizeof(formats[0]), formats);
	for (size_t i = 0; err == 0 && i < sizeof(ranges) / sizeof(ranges[0]); i++)
		err = snd_pcm_ioplug_set_param_minmax(io, ranges[i].param, ranges[i].min,
						      ranges[i].max);
	return err;
}

int plug_open(struct side *side, snd_pcm_stream_t stream, int mode)
{
	snd_pcm_ioplug_t *io = &side->io;
	int err;

	*side = (struct side){ .card = side->card };
	io->version = SND_PCM_IOPLUG_VERSION;
	io->name = "virtual";
	io->flags = SND_PCM_IOPLUG_FLAG_MONOTONIC | SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
	io->mmap_rw = 1;
	io->callback = &callbacks;
	io->private_data = side;
	io->stream = stream;
	io->poll_fd = card_fd(side);
	io->poll_events = POLLIN;
	io->nonblock = (mode & SND_PCM_NONBLOCK) != 0;
	err = snd_pcm_ioplug_create(io, "virtual", stream, mode);
	if (err < 0)
		return err;
	side->opened = true;
	err = constrain(io);
	if (err < 0)
		snd_pcm_ioplug_delete(io); /* which calls plug_close */
	return err;
}
