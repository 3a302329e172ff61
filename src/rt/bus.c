/* SPDX-License-Identifier: MIT */
/* The bus; see bus.h. Audio thread. */
#include "rt/bus.h"

#include <string.h>

#include <peal/format.h>

size_t bus_floats(uint32_t channels, uint32_t frames)
{
	return ((size_t)channels + 1) * frames;
}

void bus_clear(struct bus *bus, uint32_t at, uint32_t count)
{
	for (uint32_t c = 0; c < bus->channels; c++)
		memset(bus_channel(bus, c) + at, 0, count * sizeof(float));
	for (uint32_t i = 0; i < count; i++)
		bus->gain[at + i] = 1.0f;
}

/* ---- one sample: as a number of its format's own scale, and back. Bytes are
 * in the machine's order, which is little-endian (shared/message_words.h). */

static inline int32_t load_s16(const unsigned char *from)
{
	int16_t sample;

	memcpy(&sample, from, sizeof(sample));
	return sample;
}

static inline void store_s16(unsigned char *to, int32_t sample)
{
	memcpy(to, &sample, 2);
}

static inline int32_t load_s32(const unsigned char *from)
{
	int32_t sample;

	memcpy(&sample, from, sizeof(sample));
	return sample;
}

static inline void store_s32(unsigned char *to, int32_t sample)
{
	memcpy(to, &sample, 4);
}

/* A number of 24 bits in the upper three bytes of 32 has its sign in their sign. */
static inline int32_t load_s24_3(const unsigned char *from)
{
	return (int32_t)((uint32_t)from[0] << 8 | (uint32_t)from[1] << 16 |
			 (uint32_t)from[2] << 24) >> 8;
}

static inline void store_s24_3(unsigned char *to, int32_t sample)
{
	memcpy(to, &sample, 3);
}

static inline int32_t load_s24(const unsigned char *from)
{
	return (int32_t)((uint32_t)load_s32(from) << 8) >> 8;
}

/* A program may stream anything; not-a-numbers are silence. */
static inline float load_float(const unsigned char *from)
{
	float sample;

	memcpy(&sample, from, sizeof(sample));
	return sample == sample ? sample : 0.0f;
}

static inline void store_float(unsigned char *to, float sample)
{
	memcpy(to, &sample, sizeof(sample));
}

/*
 * What write_channel does, for one format: `number` holds each of its samples
 * exactly, full is 1.0 in its scale, and low..high is what it can say. half
 * rounds, where the conversion to `sample` cuts fractions off. Voices whose
 * samples are near the largest float can add up to infinities, and those to
 * a not-a-number: silence.
 */
#define DEFINE_WRITE(format, number, sample, full, low, high, half, load, store)                   \
	static void write_##format(unsigned char *to, uint32_t to_step,                            \
				   const unsigned char *from, uint32_t from_step,                  \
				   const float *mixed, const float *gain, uint32_t count)          \
	{                                                                                          \
		for (uint32_t i = 0; i < count; i++, to += to_step, from += from_step) {           \
			number x = ((number)load(from) + (number)mixed[i] * (full)) *              \
				   (number)gain[i];                                                \
                                                                                                   \
			x = x == x ? x : 0;                                                        \
			x = x > (low) ? x : (low);                                                 \
			x = x < (high) ? x : (high);                                               \
			store(to, (sample)(x < 0 ? x - (half) : x + (half)));                      \
		}                                                                                  \
	}

DEFINE_WRITE(s16, float, int32_t, 0x1p15f, -0x1p15f, 0x1p15f - 1, 0.5f, load_s16, store_s16)
DEFINE_WRITE(s24, float, int32_t, 0x1p23f, -0x1p23f, 0x1p23f - 1, 0.5f, load_s24, store_s32)
DEFINE_WRITE(s24_3, float, int32_t, 0x1p23f, -0x1p23f, 0x1p23f - 1, 0.5f, load_s24_3, store_s24_3)
/* a float has too few bits for these */
DEFINE_WRITE(s32, double, int32_t, 0x1p31, -0x1p31, 0x1p31 - 1, 0.5, load_s32, store_s32)
DEFINE_WRITE(float, float, float, 1.0f, -1.0f, 1.0f, 0.0f, load_float, store_float)

void bus_init(struct bus *bus, uint32_t channels, uint32_t frames, uint32_t format, float *memory)
{
	static const bus_write_channel writers[] = {
		[ENGINE_FORMAT_S16_LE] = write_s16,
		[ENGINE_FORMAT_S24_LE] = write_s24,
		[ENGINE_FORMAT_S24_3LE] = write_s24_3,
		[ENGINE_FORMAT_S32_LE] = write_s32,
		[ENGINE_FORMAT_FLOAT_LE] = write_float,
	};

	*bus = (struct bus){
		.channels = channels,
		.frames = frames,
		.write_channel = writers[format],
		.samples = memory,
		.gain = memory + (size_t)channels * frames,
	};
}

void bus_write(const struct bus *bus, uint32_t at, const struct pcm *pcm,
	       const unsigned char *stream, uint32_t count)
{
	/* zeros are silence in every format */
	static const unsigned char silence[sizeof(float)];
	uint32_t width = stream ? pcm->sample_bytes : 0;

	for (uint32_t c = 0; c < bus->channels; c++)
		bus->write_channel(pcm->areas[c].first, pcm->areas[c].step,
				   stream ? stream + c * width : silence, width * bus->channels,
				   bus->samples + (size_t)c * bus->frames + at, bus->gain + at,
				   count);
}
