/* SPDX-License-Identifier: MIT */
/*
 * The lay-out of the arena: the audio thread's stack, its world, the lanes
 * and the streams' chunks, sized by what was negotiated. Control side, before
 * the audio thread exists.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "control/backpressure.h"
#include "control/bank.h"
#include "control/engine.h"
#include "control/health.h"
#include "control/last_error.h"

/* Static thread-local storage of the host program and glibc's own thread data
 * lie in here too; sanitizers keep theirs there and more. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define STACK_BYTES (2u << 20)
#else
#define STACK_BYTES (256u << 10)
#endif

struct chunk_plan {
	uint32_t chunks;
	size_t chunk_bytes; /* header and samples */
};

/* As many whole chunks of a period as hold stream_frames. */
static struct chunk_plan plan_chunks(const struct engine_info *info, uint32_t stream_frames)
{
	uint32_t period = info->period_frames;
	struct chunk_plan plan = { .chunks = (stream_frames + period - 1) / period };
	size_t samples;

	if (__builtin_mul_overflow((size_t)period, (size_t)info->frame_bytes, &samples))
		samples = SIZE_MAX / 4;
	plan.chunk_bytes = arena_need(sizeof(struct engine_chunk)) + arena_need(samples);
	return plan;
}

static size_t stream_need(const struct chunk_plan *plan)
{
	size_t chunks;

	if (__builtin_mul_overflow(plan->chunk_bytes, (size_t)plan->chunks, &chunks))
		return SIZE_MAX / 4;
	return arena_need(sizeof(struct stream)) +
	       2 * arena_need(plan->chunks * sizeof(struct engine_chunk *)) + chunks;
}

static struct engine_chunk *take_chunk(struct arena *arena, const struct engine_info *info,
				       uint32_t index)
{
	struct engine_chunk *chunk = arena_take(arena, sizeof(*chunk));

	*chunk = (struct engine_chunk){
		.capacity = info->period_frames,
		.samples = arena_take(arena, (size_t)info->period_frames * info->frame_bytes),
		.index = index,
		.channels = info->channels,
		.format = info->format,
		.rate = info->rate,
	};
	return chunk;
}

static struct stream *take_stream(struct arena *arena, const struct engine_info *info,
				  const struct chunk_plan *plan)
{
	struct stream *stream = arena_take(arena, sizeof(*stream));
	size_t slots = plan->chunks * sizeof(struct engine_chunk *);

	chunk_ring_init(&stream->filled, arena_take(arena, slots), plan->chunks);
	chunk_ring_init(&stream->emptied, arena_take(arena, slots), plan->chunks);
	stream->frame_bytes = info->frame_bytes;
	stream->chunk_frames = info->period_frames;
	for (uint32_t i = 0; i < plan->chunks; i++)
		chunk_ring_push(&stream->emptied, take_chunk(arena, info, i));
	return stream;
}

static void init_pcm(struct pcm *pcm, enum engine_direction direction,
		     const struct engine_info *info, const struct engine_pcm_info *pcm_info,
		     snd_pcm_t *handle)
{
	pcm->direction = direction;
	pcm->channels = info->channels;
	pcm->sample_bytes = info->sample_bytes;
	pcm->interleaved = pcm_info->access == ENGINE_ACCESS_MMAP_INTERLEAVED;
	pcm->exact_avail = strcmp(pcm_info->type, "HW") != 0 &&
			   strcmp(pcm_info->type, "IOPLUG") != 0;
	pcm->period_frames = pcm_info->period_frames;
	pcm->buffer_frames = pcm_info->buffer_frames;
	pcm_alsa_init(pcm, handle);
}

static bool on_hardware(const struct engine_info *info)
{
	return strcmp(info->playback.type, "HW") == 0 || strcmp(info->capture.type, "HW") == 0;
}

static void init_transport(struct engine *engine)
{
	struct rt *rt = engine->rt;
	struct device *device = &engine->device;
	const struct engine_info *info = &device->info;
	struct transport *t = &rt->transport;

	if (device->playback) {
		init_pcm(&rt->playback_pcm, ENGINE_PLAYBACK, info, &info->playback,
			 device->playback);
		t->playback = &rt->playback_pcm;
	}
	if (device->capture) {
		init_pcm(&rt->capture_pcm, ENGINE_CAPTURE, info, &info->capture, device->capture);
		t->capture = &rt->capture_pcm;
	}
	t->grouped = device->grouped;
	t->free_running = device->card && card_is_manual(device->card);
	t->rate = info->rate;
	t->period_frames = info->period_frames;
	t->period_ns = (uint64_t)info->period_frames * 1000000000u / info->rate;
	rt->turn_ns = t->period_ns < RT_TURN_MAX_NS ? t->period_ns : RT_TURN_MAX_NS;
	t->patience_ns = on_hardware(info) ? 1000000000u : 5000000000u;
	t->state = ENGINE_STATE_PREPARED;
	store_relaxed(&rt->vitals.state, ENGINE_STATE_PREPARED);
}

static void init_pressure(struct rt *rt, const struct engine_config *config)
{
	double on = config->backpressure_on, off = config->backpressure_off;

	if (rt->playback)
		backpressure_init(&rt->playback->backpressure, on, off);
	if (rt->capture)
		backpressure_init(&rt->capture->backpressure, on, off);
	for (uint32_t i = 0; i < rt->lane_count; i++) {
		backpressure_init(&rt->lanes[i].in_pressure, on, off);
		backpressure_init(&rt->lanes[i].out_pressure, on, off);
	}
}

static int init_bells(struct rt *rt)
{
	int err = doorbell_init(&rt->wake);

	if (err == 0)
		err = doorbell_init(&rt->lost);
	if (err == 0)
		err = doorbell_init(&rt->order.answered);
	if (err == 0 && rt->playback)
		err = doorbell_init(&rt->playback->bell);
	if (err == 0 && rt->capture)
		err = doorbell_init(&rt->capture->bell);
	for (uint32_t i = 0; err == 0 && i < rt->lane_count; i++)
		err = doorbell_init(&rt->lanes[i].bell);
	return err;
}

static void mark_bells_closed(struct rt *rt)
{
	rt->wake.fd = -1;
	rt->lost.fd = -1;
	rt->order.answered.fd = -1;
	if (rt->playback)
		rt->playback->bell.fd = -1;
	if (rt->capture)
		rt->capture->bell.fd = -1;
	for (uint32_t i = 0; i < rt->lane_count; i++)
		rt->lanes[i].bell.fd = -1;
}

void engine_clear_away(struct engine *engine)
{
	struct rt *rt = engine->rt;

	if (!rt)
		return;
	doorbell_done(&rt->wake);
	doorbell_done(&rt->lost);
	doorbell_done(&rt->order.answered);
	if (rt->playback)
		doorbell_done(&rt->playback->bell);
	if (rt->capture)
		doorbell_done(&rt->capture->bell);
	for (uint32_t i = 0; i < rt->lane_count; i++)
		doorbell_done(&rt->lanes[i].bell);
	engine->rt = NULL;
	bank_keeper_destroy(engine->keeper);
	engine->keeper = NULL;
	if (engine->lender)
		lender_leave(engine->lender, &engine->arena);
	engine->lender = NULL;
	arena_destroy(&engine->arena);
}

/*
 * The arena, and the stack in it. libc keeps what it knows of a thread at the
 * end of that thread's stack, and in the child of a fork walks through all of
 * them: so this one part of the arena is inherited.
 */
static int map(struct engine *engine, size_t bytes)
{
	int err = arena_create(&engine->arena, bytes);

	if (err < 0)
		return err;
	engine->report.stack_bytes = STACK_BYTES;
	engine->stack = arena_take(&engine->arena, STACK_BYTES);
	if (madvise(engine->stack, STACK_BYTES, MADV_DOFORK) < 0) {
		err = -errno;
		arena_destroy(&engine->arena);
	}
	return err;
}

static size_t mixer_need(const struct engine_info *info, const struct engine_config *config)
{
	uint32_t places = config->voices + MIXER_TAILS;

	return arena_need(config->samples * sizeof(struct engine_sample *)) +
	       arena_need(places * sizeof(struct voice)) + arena_need(places * sizeof(uint32_t)) +
	       arena_need(bus_floats(info->channels, info->period_frames) * sizeof(float));
}

static void init_mixer(struct engine *engine, const struct engine_config *config)
{
	struct rt *rt = engine->rt;
	struct arena *arena = &engine->arena;
	struct engine_info *info = &engine->device.info;
	uint32_t places = config->voices + MIXER_TAILS;

	info->voices = config->voices;
	info->samples = config->samples;
	rt->bank.count = config->samples;
	rt->bank.samples = arena_take(arena, config->samples * sizeof(struct engine_sample *));
	rt->mixer.place = arena_take(arena, places * sizeof(struct voice));
	rt->mixer.order = arena_take(arena, places * sizeof(uint32_t));
	bus_init(&rt->mixer.bus, info->channels, info->period_frames, info->format,
		 arena_take(arena, bus_floats(info->channels, info->period_frames) * sizeof(float)));
	mixer_init(&rt->mixer, info->rate, config->voices, config->steal);
	rt->ramp_frames = (uint32_t)((uint64_t)info->rate * ENGINE_RAMP_US / 1000000);
}

int engine_lay_out(struct engine *engine, const struct engine_config *config)
{
	struct engine_info *info = &engine->device.info;
	struct chunk_plan plan = plan_chunks(info, config->stream_frames);
	size_t stream = stream_need(&plan);
	uint32_t lanes = config->ports + 1;
	size_t bytes = arena_need(STACK_BYTES) + arena_need(sizeof(struct rt)) +
		       arena_need(sizeof(struct engine_health)) +
		       arena_need(lanes * sizeof(struct lane)) +
		       arena_need(sizeof(struct schedule)) +
		       (engine->device.playback ? stream + mixer_need(info, config) : 0) +
		       (engine->device.capture ? stream : 0);
	struct rt *rt;
	int err = map(engine, bytes);

	if (err < 0)
		return last_error_set(err,
				      "no memory for the rings: stream_frames %u of %u bytes and "
				      "ports %u take %zu bytes",
				      config->stream_frames, info->frame_bytes, config->ports,
				      bytes);
	rt = engine->rt = arena_take(&engine->arena, sizeof(*rt));
	rt->clock = &clock_real;
	rt->lanes = arena_take(&engine->arena, lanes * sizeof(struct lane));
	rt->lane_count = lanes;
	rt->schedule = arena_take(&engine->arena, sizeof(*rt->schedule));
	if (engine->device.playback) {
		rt->playback = take_stream(&engine->arena, info, &plan);
		init_mixer(engine, config);
	}
	if (engine->device.capture)
		rt->capture = take_stream(&engine->arena, info, &plan);
	info->stream_frames = plan.chunks * info->period_frames;
	info->ports = config->ports;
	rt->health = arena_take(&engine->arena, sizeof(*rt->health));
	health_reset(rt->health);
	init_transport(engine);
	init_pressure(rt, config);

	mark_bells_closed(rt);
	if (rt->capture) {
		engine->lender = lender_create(rt->capture, plan.chunks);
		if (!engine->lender) {
			engine_clear_away(engine);
			return last_error_set(-ENOMEM, "no memory for the capture stream");
		}
	}
	if (rt->playback) {
		engine->keeper = bank_keeper_create(&rt->bank);
		if (!engine->keeper) {
			engine_clear_away(engine);
			return last_error_set(-ENOMEM, "no memory for the bank of samples");
		}
	}
	err = init_bells(rt);
	if (err < 0) {
		engine_clear_away(engine);
		return last_error_set(err, "cannot make an event descriptor: %s "
					   "(ports %u take one each)",
				      engine_strerror(err), config->ports);
	}
	/* there is room from the start */
	if (rt->playback)
		doorbell_ring(&rt->playback->bell);
	return 0;
}
