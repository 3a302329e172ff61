/* SPDX-License-Identifier: MIT */
/* The rig; see card_rig.h. */
#include "card_rig.h"

#include <check.h>
#include <errno.h>
#include <poll.h>

#define PASS_FRAMES 48

const struct rig_setup rig_plain = {
	.access = SND_PCM_ACCESS_MMAP_INTERLEAVED,
	.format = SND_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 48000,
	.period = 64,
	.periods = RIG_BUFFER / 64,
};

const snd_pcm_format_t rig_formats[RIG_FORMATS] = {
	SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S24_LE,   SND_PCM_FORMAT_S24_3LE,
	SND_PCM_FORMAT_S32_LE, SND_PCM_FORMAT_FLOAT_LE,
};

struct card *rig_card(const char *name, bool duplex)
{
	struct card *card;
	char reason[256] = "";

	ck_assert_msg(card_create(&card, name, duplex, reason, sizeof(reason)) == 0, "%s", reason);
	return card;
}

int rig_set_hardware(snd_pcm_t *pcm, const struct rig_setup *setup)
{
	snd_pcm_hw_params_t *hw;
	int err;

	snd_pcm_hw_params_alloca(&hw);
	snd_pcm_hw_params_any(pcm, hw);
	err = snd_pcm_hw_params_set_access(pcm, hw, setup->access);
	if (err == 0)
		err = snd_pcm_hw_params_set_format(pcm, hw, setup->format);
	if (err == 0)
		err = snd_pcm_hw_params_set_channels(pcm, hw, setup->channels);
	if (err == 0)
		err = snd_pcm_hw_params_set_rate(pcm, hw, setup->rate, 0);
	if (err == 0)
		err = snd_pcm_hw_params_set_period_size(pcm, hw, setup->period, 0);
	if (err == 0)
		err = snd_pcm_hw_params_set_periods(pcm, hw, setup->periods, 0);
	return err < 0 ? err : snd_pcm_hw_params(pcm, hw);
}

/* alsa-lib has no call for it: find the one word that is the boundary. */
static void set_boundary(snd_pcm_sw_params_t *sw, snd_pcm_uframes_t to)
{
	snd_pcm_uframes_t boundary, *words = (snd_pcm_uframes_t *)sw;
	int found = 0;

	snd_pcm_sw_params_get_boundary(sw, &boundary);
	for (size_t i = 0; i < snd_pcm_sw_params_sizeof() / sizeof(*words); i++)
		if (words[i] == boundary && ++found == 1)
			words[i] = to;
	ck_assert_int_eq(found, 1);
	snd_pcm_sw_params_get_boundary(sw, &boundary);
	ck_assert_uint_eq(boundary, to);
}

int rig_set_up(snd_pcm_t *pcm, const struct rig_setup *setup)
{
	snd_pcm_sw_params_t *sw;
	snd_pcm_uframes_t boundary;
	int err = rig_set_hardware(pcm, setup);

	if (err < 0)
		return err;
	snd_pcm_sw_params_alloca(&sw);
	ck_assert_int_eq(snd_pcm_sw_params_current(pcm, sw), 0);
	if (setup->boundary_buffers)
		set_boundary(sw, setup->boundary_buffers * setup->periods * setup->period);
	snd_pcm_sw_params_get_boundary(sw, &boundary);
	snd_pcm_sw_params_set_avail_min(pcm, sw, setup->avail_min ? setup->avail_min : boundary);
	snd_pcm_sw_params_set_start_threshold(pcm, sw, boundary);
	return snd_pcm_sw_params(pcm, sw);
}

static snd_pcm_t *open_pcm(struct card *card, snd_pcm_stream_t stream,
			   const struct rig_setup *setup)
{
	snd_pcm_t *pcm;

	ck_assert_int_eq(card_open(card, &pcm, stream, SND_PCM_NONBLOCK), 0);
	ck_assert_int_eq(rig_set_up(pcm, setup), 0);
	return pcm;
}

struct rig rig_open(const char *name, const struct rig_setup *playback,
		    const struct rig_setup *capture)
{
	struct rig rig = { .card = rig_card(name, playback && capture) };

	if (playback)
		rig.playback = open_pcm(rig.card, SND_PCM_STREAM_PLAYBACK, playback);
	if (capture)
		rig.capture = open_pcm(rig.card, SND_PCM_STREAM_CAPTURE, capture);
	return rig;
}

void rig_close(struct rig *rig)
{
	if (rig->playback)
		ck_assert_int_eq(snd_pcm_close(rig->playback), 0);
	if (rig->capture)
		ck_assert_int_eq(snd_pcm_close(rig->capture), 0);
	card_destroy(rig->card);
}

void rig_start(const struct rig *rig)
{
	if (rig->playback)
		ck_assert_int_eq(snd_pcm_start(rig->playback), 0);
	if (rig->capture)
		ck_assert_int_eq(snd_pcm_start(rig->capture), 0);
}

bool rig_ready(snd_pcm_t *pcm)
{
	struct pollfd fd;

	ck_assert_int_eq(snd_pcm_poll_descriptors(pcm, &fd, 1), 1);
	return poll(&fd, 1, 0) == 1;
}

unsigned short rig_events(snd_pcm_t *pcm)
{
	struct pollfd fd = { .fd = -1 };
	unsigned short events = 0xffff;

	ck_assert_int_eq(snd_pcm_poll_descriptors_revents(pcm, &fd, 1, &events), 0);
	return events;
}

void rig_pass(const struct rig *rig, uint64_t frames)
{
	while (frames > 0) {
		uint64_t step = frames < PASS_FRAMES ? frames : PASS_FRAMES;

		if (rig->playback)
			rig_ready(rig->playback);
		if (rig->capture)
			rig_ready(rig->capture);
		ck_assert_int_eq(card_advance(rig->card, step, 0), -ETIMEDOUT);
		frames -= step;
	}
}

static unsigned char sample_byte(uint64_t frame, unsigned channel, unsigned byte)
{
	uint64_t x = (frame * 256 + channel) * 4 + byte + 1;

	x *= 0x9e3779b97f4a7c15u;
	return (unsigned char)(x >> 56);
}

static bool move_sample(unsigned char *sample, unsigned bytes, enum rig_work work, uint64_t frame,
			unsigned channel)
{
	for (unsigned b = 0; b < bytes; b++) {
		unsigned char want = sample_byte(frame, channel, b);

		if (work == RIG_WRITE)
			sample[b] = want;
		else if (sample[b] != (work == RIG_READ ? want : 0))
			return false;
	}
	return true;
}

long rig_transfer(snd_pcm_t *pcm, const struct rig_setup *setup, enum rig_work work, uint64_t frame,
		  long count)
{
	unsigned bytes = (unsigned)snd_pcm_format_physical_width(setup->format) / 8;
	long avail = snd_pcm_avail_update(pcm);
	long moved = 0;

	if (avail < 0)
		return avail;
	while (moved < count) {
		const snd_pcm_channel_area_t *areas;
		snd_pcm_uframes_t offset, part = (snd_pcm_uframes_t)(count - moved);
		int err = snd_pcm_mmap_begin(pcm, &areas, &offset, &part);

		if (err < 0)
			return err;
		if (part == 0)
			break;
		for (snd_pcm_uframes_t f = 0; f < part; f++, moved++)
			for (unsigned c = 0; c < setup->channels; c++) {
				const snd_pcm_channel_area_t *a = &areas[c];
				unsigned char *sample = (unsigned char *)a->addr +
							(a->first + a->step * (offset + f)) / 8;

				if (!move_sample(sample, bytes, work, frame + (uint64_t)moved, c))
					return moved;
			}
		if (snd_pcm_mmap_commit(pcm, offset, part) != (long)part)
			return -EIO;
	}
	return moved;
}

long rig_play(const struct rig *rig, uint64_t frame, long count)
{
	return rig_transfer(rig->playback, &rig_plain, RIG_WRITE, frame, count);
}

long rig_record(const struct rig *rig, uint64_t frame, long count)
{
	return rig_transfer(rig->capture, &rig_plain, RIG_READ, frame, count);
}

long rig_record_silence(const struct rig *rig, long count)
{
	return rig_transfer(rig->capture, &rig_plain, RIG_READ_SILENCE, 0, count);
}
