/* SPDX-License-Identifier: MIT */
/* Areas; see areas.h. Audio thread. */
#include "rt/areas.h"

#include <string.h>

/* One channel's samples of a constant width from one stride to another; with
 * a constant width the compiler makes each memcpy one move. */
static inline void copy_stride(unsigned char *to, size_t to_step, const unsigned char *from,
			       size_t from_step, uint32_t count, size_t width)
{
	for (uint32_t i = 0; i < count; i++)
		memcpy(to + i * to_step, from + i * from_step, width);
}

static void copy_channel(unsigned char *to, size_t to_step, const unsigned char *from,
			 size_t from_step, uint32_t count, uint32_t width)
{
	switch (width) {
	case 2:
		copy_stride(to, to_step, from, from_step, count, 2);
		break;
	case 3:
		copy_stride(to, to_step, from, from_step, count, 3);
		break;
	default:
		copy_stride(to, to_step, from, from_step, count, 4);
		break;
	}
}

void areas_write(const struct pcm *pcm, uint32_t at, const unsigned char *frames, uint32_t count)
{
	uint32_t width = pcm->sample_bytes;
	size_t frame_bytes = (size_t)width * pcm->channels;

	if (pcm->interleaved) {
		memcpy(pcm->areas[0].first + at * frame_bytes, frames, count * frame_bytes);
		return;
	}
	for (uint32_t c = 0; c < pcm->channels; c++)
		copy_channel(pcm->areas[c].first + (size_t)at * pcm->areas[c].step,
			     pcm->areas[c].step, frames + c * width, frame_bytes, count, width);
}

void areas_read(const struct pcm *pcm, uint32_t at, unsigned char *frames, uint32_t count)
{
	uint32_t width = pcm->sample_bytes;
	size_t frame_bytes = (size_t)width * pcm->channels;

	if (pcm->interleaved) {
		memcpy(frames, pcm->areas[0].first + at * frame_bytes, count * frame_bytes);
		return;
	}
	for (uint32_t c = 0; c < pcm->channels; c++)
		copy_channel(frames + c * width, frame_bytes,
			     pcm->areas[c].first + (size_t)at * pcm->areas[c].step,
			     pcm->areas[c].step, count, width);
}

void areas_silence(const struct pcm *pcm, uint32_t at, uint32_t count)
{
	uint32_t width = pcm->sample_bytes;

	if (pcm->interleaved) {
		size_t frame_bytes = (size_t)width * pcm->channels;

		memset(pcm->areas[0].first + at * frame_bytes, 0, count * frame_bytes);
		return;
	}
	/* step is the width where channels lie one after another, but need not be */
	for (uint32_t c = 0; c < pcm->channels; c++) {
		unsigned char *sample = pcm->areas[c].first + (size_t)at * pcm->areas[c].step;

		for (uint32_t i = 0; i < count; i++, sample += pcm->areas[c].step)
			memset(sample, 0, width);
	}
}
