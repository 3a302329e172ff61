/* SPDX-License-Identifier: MIT */
/*
 * The streams, both at once: what a program writes comes back from the
 * virtual card bit for bit, at the frame where a model of the timeline says
 * so, in every format, access, channel count and period.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "virtual_engine.h"

#define STEPS 30
#define CHANNELS_MAX 5
#define TIMELINE_FRAMES 40000
#define BYTES (TIMELINE_FRAMES * CHANNELS_MAX * 4)

static const uint32_t channel_counts[] = { 1, 2, CHANNELS_MAX }, periods[] = { 32, 64, 256 };

#define COMBINATIONS (5 * 2 * 3 * 3)

static unsigned char written[BYTES]; /* all that the program writes, in order */
static unsigned char timeline[BYTES]; /* all that is played, by frame */
static unsigned char captured[BYTES];

/* What the engine has to do, counted in frames. */
struct model {
	uint32_t frame_bytes;
	uint64_t written, played; /* of `written` */
	uint64_t frame;           /* of the timeline: first not yet rendered */
	uint64_t captured;
	uint64_t silence; /* where the program was late: after the first of its frames */
};

static void model_render(struct model *model, uint64_t frames)
{
	uint64_t ready = model->written - model->played;
	uint64_t played = ready < frames ? ready : frames;
	unsigned char *at = timeline + model->frame * model->frame_bytes;

	memcpy(at, written + model->played * model->frame_bytes,
	       (size_t)played * model->frame_bytes);
	memset(at + played * model->frame_bytes, 0,
	       (size_t)(frames - played) * model->frame_bytes);
	model->played += played;
	model->frame += frames;
	if (model->played > 0)
		model->silence += frames - played;
	ck_assert_uint_le(model->frame, TIMELINE_FRAMES);
}

static void write_frames(struct engine *engine, struct model *model, uint64_t count)
{
	virtual_write(engine, written + model->written * model->frame_bytes, (size_t)count);
	model->written += count;
}

/* Let frames pass and compare what was captured meanwhile. */
static void pass_frames(struct engine *engine, struct model *model, uint64_t frames, size_t room)
{
	size_t count;

	virtual_advance(engine, frames);
	model_render(model, frames);
	ck_assert_uint_eq(virtual_frame(engine), model->frame);
	while ((count = virtual_read(engine, model->captured, captured, room)) > 0) {
		ck_assert_mem_eq(captured, timeline + model->captured * model->frame_bytes,
				 count * model->frame_bytes);
		model->captured += count;
	}
}

START_TEST(playback_is_captured_bit_exact_at_its_frame)
{
	uint32_t period = periods[_i % 3];
	struct engine *engine = virtual_create(
		MANUAL, .directions = DUPLEX, .period_frames = period,
		.channels = channel_counts[_i / 3 % 3], .access = 1 + (uint32_t)_i / 9 % 2,
		.format = 1 + (uint32_t)_i / 18, .periods = 2 + (uint32_t)_i % 4);
	struct engine_info info = virtual_info(engine);
	struct model model = { .frame_bytes = info.frame_bytes };
	struct engine_stats stats;
	uint64_t random = (uint64_t)_i, passed = 0;

	support_random_bytes(&random, written, sizeof(written));
	/* some begin with silence, some with frames that were there before the start */
	if (_i % 2)
		write_frames(engine, &model, support_random(&random) % (6 * period));
	ck_assert_int_eq(engine_start(engine), 0);
	model_render(&model, info.playback.buffer_frames);
	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t frames = (1 + support_random(&random) % 3) * period;

		/* a little less than what passes, in pieces that are no periods */
		for (unsigned i = 0; i < 3; i++)
			write_frames(engine, &model, support_random(&random) % period);
		pass_frames(engine, &model, frames,
			    1 + (size_t)(support_random(&random) % (2 * period)));
		passed += frames;
		ck_assert_uint_eq(model.captured, passed);
	}
	stats = virtual_stats(engine);
	ck_assert_uint_eq(stats.underrun_frames, model.silence);
	ck_assert_uint_eq(stats.played_frames, model.played);
	ck_assert_uint_eq(stats.captured_frames, passed);
	ck_assert_uint_eq(stats.overrun_frames, 0);
	ck_assert_uint_eq(stats.xruns, 0);
	ck_assert_uint_eq(stats.lost_frames, 0);
	virtual_destroy(engine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tests = tcase_create("stream");

	suite_add_tcase(suite, tests);
	tcase_add_loop_test(tests, playback_is_captured_bit_exact_at_its_frame, 0, COMBINATIONS);
	return support_run(suite);
}
