/* SPDX-License-Identifier: MIT */
/*
 * The engine's life on the virtual card: created and destroyed without a
 * trace, started and stopped, asked for reports, and given nonsense.
 */
#include <check.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "support.h"
#include "virtual_engine.h"

#define CYCLES 200
#define ENGINES 5

static struct engine *engine;

static void setup(void)
{
	engine = virtual_create(MANUAL, .directions = DUPLEX, .period_frames = 64);
}

static void teardown(void)
{
	virtual_destroy(engine);
}

static void assert_error_names(const char *what)
{
	ck_assert_msg(strstr(engine_last_error(), what), "\"%s\" lacks \"%s\"",
		      engine_last_error(), what);
}

/* ---- without an engine */

static void live_and_die(const char *device, bool start)
{
	struct engine_port *port;

	engine = virtual_create(device, .directions = DUPLEX, .period_frames = 64);
	ck_assert_int_eq(engine_port_open(engine, &port, 0), 0);
	if (start)
		ck_assert_int_eq(engine_start(engine), 0);
	ck_assert_int_eq(engine_send_ping(engine, 1), 0);
	virtual_destroy(engine);
}

START_TEST(create_and_destroy_200_times_leaves_no_fd_and_no_thread)
{
	unsigned fds, threads;

	/* what alsa-lib keeps for ever is there after the first */
	live_and_die("virtual", true);
	fds = support_count_fds();
	threads = support_count_threads();
	for (unsigned i = 0; i < CYCLES; i++)
		live_and_die(i % 4 < 2 ? "virtual" : MANUAL, i % 2);
	support_await_threads(threads);
	ck_assert_uint_eq(support_count_fds(), fds);
}
END_TEST

static void refused(struct engine_config config, int error, const char *what)
{
	config.size = config.size ? config.size : sizeof(config);
	config.device = config.device ? config.device : MANUAL;
	engine = (struct engine *)&config;
	ck_assert_int_eq(engine_create(&engine, &config), error);
	ck_assert_ptr_null(engine);
	assert_error_names(what);
}

START_TEST(a_refusal_names_the_parameter_and_what_is_possible)
{
	refused((struct engine_config){ .rate = 999 }, -EINVAL, "rate 999");
	refused((struct engine_config){ .rate = 999 }, -EINVAL, "768000");
	refused((struct engine_config){ .channels = 257 }, -EINVAL, "channels 257");
	refused((struct engine_config){ .format = 6 }, -EINVAL, "format 6");
	refused((struct engine_config){ .access = 3 }, -EINVAL, "access 3");
	refused((struct engine_config){ .directions = 4 }, -EINVAL, "directions 4");
	refused((struct engine_config){ .period_frames = 15 }, -EINVAL, "period_frames 15");
	refused((struct engine_config){ .periods = 1025 }, -EINVAL, "periods 1025");
	refused((struct engine_config){ .priority = 100 }, -EINVAL, "priority 100");
	refused((struct engine_config){ .ports = 256 }, -EINVAL, "ports 256");
	refused((struct engine_config){ .stream_frames = (1u << 24) + 1 }, -EINVAL,
		"stream_frames 16777217");
	refused((struct engine_config){ .capture_device = "hw:0" }, -EINVAL, "capture_device");
	refused((struct engine_config){ .device = "virtual:clock=grandfather" }, -EINVAL, "clock");
	refused((struct engine_config){ .device = "virtual:colour=red" }, -EINVAL, "colour");
	refused((struct engine_config){ .device = "no-such-pcm" }, -ENOENT, "no-such-pcm");
	refused((struct engine_config){ .size = 8 }, ENGINE_EABI, "size");
}
END_TEST

START_TEST(a_refusal_leaves_nothing_open)
{
	unsigned fds, threads;

	refused((struct engine_config){ .device = "virtual:a=b" }, -EINVAL, "virtual");
	fds = support_count_fds();
	threads = support_count_threads();
	for (unsigned i = 0; i < 20; i++) {
		refused((struct engine_config){ .rate = 1 }, -EINVAL, "rate");
		refused((struct engine_config){ .device = "virtual:a=b" }, -EINVAL, "virtual");
		refused((struct engine_config){ .device = "no-such-pcm" }, -ENOENT, "no-such");
	}
	support_await_threads(threads);
	ck_assert_uint_eq(support_count_fds(), fds);
}
END_TEST

START_TEST(running_out_of_descriptors_anywhere_leaves_nothing_open)
{
	struct engine_config config = { .size = sizeof(config), .device = _i ? MANUAL : "virtual",
					.directions = DUPLEX, .ports = 5 };
	unsigned fds, threads;
	struct rlimit all, few;
	int err;

	/* what alsa-lib keeps for ever is there after the first */
	live_and_die(config.device, false);
	fds = support_count_fds();
	threads = support_count_threads();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = all;
	few.rlim_cur = 3;
	do {
		few.rlim_cur++;
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		err = engine_create(&engine, &config);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
		ck_assert_msg(err == 0 || err == -EMFILE, "%d, %s", err, engine_last_error());
		ck_assert((err == 0) == (engine != NULL));
		virtual_destroy(engine);
		support_await_threads(threads);
		ck_assert_uint_eq(support_count_fds(), fds);
	} while (err < 0);
}
END_TEST

START_TEST(a_structure_of_another_size_is_eabi)
{
	struct engine_info info = { 0 };
	struct engine_stats stats = { .size = sizeof(stats) - 1 };
	struct engine_port_stats port_stats = { .size = sizeof(port_stats) + 8 };
	struct engine_rt_report report = { .size = 1 };
	struct engine_capture_chunk chunk = { 0 };
	unsigned char frames[4];

	ck_assert_int_eq(engine_get_info(engine, &info), ENGINE_EABI);
	ck_assert_int_eq(engine_get_stats(engine, &stats), ENGINE_EABI);
	ck_assert_int_eq(engine_port_get_stats(engine_own_port(engine), &port_stats), ENGINE_EABI);
	ck_assert_int_eq(engine_get_rt_report(engine, &report), ENGINE_EABI);
	ck_assert_int_eq(engine_capture_read(engine, frames, 1, &chunk), ENGINE_EABI);
	ck_assert_uint_eq(info.rate, 0);
}
END_TEST

static void assert_null_engine_is_einval(void)
{
	struct engine_info info = { .size = sizeof(info) };
	struct engine_stats stats = { .size = sizeof(stats) };
	struct engine_rt_report report = { .size = sizeof(report) };
	struct engine_port *port = (struct engine_port *)&info;
	uint64_t frame;

	ck_assert_int_eq(engine_start(NULL), -EINVAL);
	ck_assert_int_eq(engine_stop(NULL), -EINVAL);
	ck_assert_int_eq(engine_state(NULL), -EINVAL);
	ck_assert_int_eq(engine_frame(NULL, &frame), -EINVAL);
	ck_assert_int_eq(engine_get_info(NULL, &info), -EINVAL);
	ck_assert_int_eq(engine_get_stats(NULL, &stats), -EINVAL);
	ck_assert_int_eq(engine_get_rt_report(NULL, &report), -EINVAL);
	ck_assert_int_eq(engine_virtual_advance(NULL, 1, 1), -EINVAL);
	ck_assert_int_eq(engine_port_open(NULL, &port, 0), -EINVAL);
	ck_assert_ptr_null(port);
	ck_assert_ptr_null(engine_own_port(NULL));
}

START_TEST(null_everywhere_is_einval)
{
	struct engine_port_stats port_stats = { .size = sizeof(port_stats) };

	assert_null_engine_is_einval();
	ck_assert_int_eq(engine_create(NULL, NULL), -EINVAL);
	assert_error_names("out");
	ck_assert_int_eq(engine_frame(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_get_info(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_get_stats(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_get_rt_report(engine, NULL), -EINVAL);
	ck_assert_int_eq(engine_port_open(engine, NULL, 0), -EINVAL);
	ck_assert_int_eq(engine_port_get_stats(NULL, &port_stats), -EINVAL);
	ck_assert_int_eq(engine_port_get_stats(engine_own_port(engine), NULL), -EINVAL);
	/* what there is nothing of is gone already */
	ck_assert_int_eq(engine_destroy(NULL), 0);
	ck_assert_int_eq(engine_port_close(NULL), 0);
}
END_TEST

/* ---- start and stop */

START_TEST(start_and_stop_are_idempotent)
{
	uint64_t frame;

	for (unsigned round = 0; round < 3; round++) {
		ck_assert_int_eq(engine_stop(engine), 0);
		ck_assert_int_eq(engine_stop(engine), 0);
		ck_assert_int_eq(engine_state(engine), ENGINE_STATE_PREPARED);
		ck_assert_int_eq(engine_start(engine), 0);
		ck_assert_int_eq(engine_state(engine), ENGINE_STATE_RUNNING);
		virtual_advance(engine, 640);
		frame = virtual_frame(engine);
		ck_assert_int_eq(engine_start(engine), 0);
		ck_assert_int_eq(engine_state(engine), ENGINE_STATE_RUNNING);
		ck_assert_uint_eq(virtual_frame(engine), frame);
	}
}
END_TEST

START_TEST(frames_count_from_each_start)
{
	uint64_t buffer = virtual_info(engine).playback.buffer_frames;

	ck_assert_uint_eq(virtual_frame(engine), 0);
	for (unsigned round = 0; round < 3; round++) {
		ck_assert_int_eq(engine_start(engine), 0);
		/* the buffer is rendered before the first frame passes */
		ck_assert_uint_eq(virtual_frame(engine), buffer);
		for (uint64_t passed = 64; passed <= 6400; passed += 64) {
			virtual_advance(engine, 64);
			ck_assert_uint_eq(virtual_frame(engine), buffer + passed);
		}
		ck_assert_int_eq(engine_stop(engine), 0);
	}
	ck_assert_uint_eq(virtual_stats(engine).periods, 300);
	ck_assert_uint_eq(virtual_stats(engine).xruns, 0);
	ck_assert_uint_eq(virtual_stats(engine).lost_frames, 0);
}
END_TEST

START_TEST(capture_alone_counts_captured_frames)
{
	struct engine *capturing =
		virtual_create(MANUAL, .directions = ENGINE_CAPTURE, .period_frames = 64);

	ck_assert_int_eq(engine_start(capturing), 0);
	ck_assert_uint_eq(virtual_frame(capturing), 0);
	virtual_advance(capturing, 128);
	ck_assert_uint_eq(virtual_frame(capturing), 128);
	virtual_destroy(capturing);
}
END_TEST

START_TEST(no_time_passes_while_stopped)
{
	virtual_advance(engine, 1000000);
	ck_assert_int_eq(engine_start(engine), 0);
	virtual_advance(engine, 64);
	ck_assert_int_eq(engine_stop(engine), 0);
	virtual_advance(engine, 1000000);
	ck_assert_uint_eq(virtual_stats(engine).periods, 1);
}
END_TEST

START_TEST(only_a_manual_clock_can_be_advanced)
{
	struct engine *real = virtual_create("virtual");

	ck_assert_int_eq(engine_virtual_advance(real, 1, 1), -ENOTSUP);
	assert_error_names(MANUAL);
	ck_assert_int_eq(engine_virtual_advance(engine, 1, -1), -EINVAL);
	assert_error_names("timeout_ms");
	virtual_destroy(real);
}
END_TEST

START_TEST(the_real_clock_moves_by_itself)
{
	struct engine *real = virtual_create("virtual", .directions = DUPLEX, .period_frames = 64);
	unsigned char frames[64 * 4];

	ck_assert_int_eq(engine_start(real), 0);
	while (virtual_stats(real).captured_frames < 20 * 64) {
		support_await_readable(engine_capture_fd(real));
		while (engine_capture_read(real, frames, 64, NULL) > 0)
			;
	}
	ck_assert_int_eq(engine_stop(real), 0);
	virtual_destroy(real);
}
END_TEST

/* ---- reports */

START_TEST(info_is_what_was_asked_for)
{
	static const uint32_t periods[] = { 2, 3, 16 };
	uint32_t period_frames = 16u << _i, access = 1 + (uint32_t)_i % 2;
	struct engine *other = virtual_create(
		MANUAL, .directions = DUPLEX, .rate = 44100 + (uint32_t)_i,
		.channels = 1 + (uint32_t)_i, .format = 1 + (uint32_t)_i % 5, .access = access,
		.period_frames = period_frames, .periods = periods[_i % 3],
		.ports = (uint32_t)_i + 1, .stream_frames = 1000);
	struct engine_info info = virtual_info(other);
	const struct engine_pcm_info *pcms[] = { &info.playback, &info.capture };

	ck_assert_uint_eq(info.size, sizeof(info));
	ck_assert_uint_eq(info.directions, DUPLEX);
	ck_assert_uint_eq(info.rate, 44100 + (uint32_t)_i);
	ck_assert_uint_eq(info.channels, 1 + (uint32_t)_i);
	ck_assert_uint_eq(info.format, 1 + (uint32_t)_i % 5);
	ck_assert_int_eq((int)info.sample_bytes, engine_format_bytes(info.format));
	ck_assert_uint_eq(info.frame_bytes, info.sample_bytes * info.channels);
	ck_assert_uint_eq(info.period_frames, period_frames);
	ck_assert_uint_eq(info.linked, 1);
	ck_assert_uint_eq(info.fallback, 0);
	ck_assert_uint_eq(info.ports, (uint32_t)_i + 1);
	/* in whole periods */
	ck_assert_uint_eq(info.stream_frames,
			  (1000 + period_frames - 1) / period_frames * period_frames);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_str_eq(pcms[i]->name, MANUAL);
		ck_assert_str_eq(pcms[i]->type, "IOPLUG");
		ck_assert_str_eq(pcms[i]->card_id, "");
		ck_assert_int_eq(pcms[i]->card, -1);
		ck_assert_uint_eq(pcms[i]->access, access);
		ck_assert_uint_eq(pcms[i]->period_frames, period_frames);
		ck_assert_uint_eq(pcms[i]->periods, periods[_i % 3]);
		ck_assert_uint_eq(pcms[i]->buffer_frames, period_frames * periods[_i % 3]);
		ck_assert_uint_eq(pcms[i]->rate_num, info.rate * (uint64_t)pcms[i]->rate_den);
	}
	virtual_destroy(other);
}
END_TEST

START_TEST(info_of_an_unused_direction_is_empty)
{
	struct engine_pcm_info none;
	struct engine_info info;
	struct engine *other = virtual_create(MANUAL, .directions = ENGINE_CAPTURE);

	memset(&none, 0, sizeof(none));
	info = virtual_info(other);
	ck_assert_mem_eq(&info.playback, &none, sizeof(none));
	ck_assert_uint_eq(info.capture.period_frames, 256);
	ck_assert_uint_eq(info.linked, 0);
	virtual_destroy(other);

	other = virtual_create(MANUAL);
	info = virtual_info(other);
	ck_assert_mem_eq(&info.capture, &none, sizeof(none));
	ck_assert_uint_eq(info.directions, ENGINE_PLAYBACK);
	virtual_destroy(other);
}
END_TEST

START_TEST(several_engines_live_side_by_side)
{
	struct engine *engines[ENGINES];

	for (uint32_t i = 0; i < ENGINES; i++) {
		engines[i] = virtual_create(i % 2 ? MANUAL : "virtual", .directions = DUPLEX,
					    .period_frames = 64);
		ck_assert_int_eq(engine_start(engines[i]), 0);
	}
	for (uint32_t i = 0; i < ENGINES; i++)
		ck_assert_int_eq(engine_send_ping(engines[i], 1000 + i), 0);
	for (uint32_t i = 0; i < ENGINES; i++) {
		struct engine_message message;

		ck_assert_int_eq(engine_recv(engines[i], &message, SUPPORT_PATIENCE_MS), 1);
		while (message.type != ENGINE_PONG) /* a busy machine's xrun */
			ck_assert_int_eq(engine_recv(engines[i], &message, SUPPORT_PATIENCE_MS), 1);
		ck_assert_uint_eq(message.id, 1000 + i);
	}
	/* each has a card and a clock of its own */
	virtual_advance(engines[1], 64);
	ck_assert_uint_eq(virtual_stats(engines[1]).periods, 1);
	ck_assert_uint_eq(virtual_stats(engines[3]).periods, 0);
	virtual_destroy(engines[1]);
	virtual_advance(engines[3], 128);
	ck_assert_uint_eq(virtual_stats(engines[3]).periods, 2);
	for (uint32_t i = 0; i < ENGINES; i++)
		if (i != 1)
			virtual_destroy(engines[i]);
}
END_TEST

/* ---- the fall-back */

static struct {
	int level;
	char text[512];
	unsigned lines;
} logged;

static void keep(int level, const char *text, void *arg)
{
	ck_assert_ptr_eq(arg, &logged);
	if (logged.lines++ > 0)
		return;
	logged.level = level;
	strncpy(logged.text, text, sizeof(logged.text) - 1);
}

START_TEST(only_a_machine_without_a_card_falls_back_and_says_so)
{
	struct engine_config config = { .size = sizeof(config), .log = keep, .log_arg = &logged };
	unsigned lines;
	bool has_card;
	glob_t cards;

	has_card = glob("/dev/snd/controlC*", GLOB_NOSORT, NULL, &cards) == 0;
	globfree(&cards);

	/* no configuration, so no "default" either; alsa-lib reads it once, now */
	ck_assert_int_eq(setenv("ALSA_CONFIG_PATH", "/dev/null", 1), 0);
	ck_assert_int_lt(engine_create(&engine, &config), 0);
	assert_error_names("default");
	ck_assert_uint_eq(logged.lines, 0);
	config.fallback_virtual = 1;
	if (has_card) {
		ck_assert_int_lt(engine_create(&engine, &config), 0);
		ck_assert_uint_eq(logged.lines, 0);
		return;
	}
	ck_assert_int_eq(engine_create(&engine, &config), 0);
	ck_assert_uint_eq(virtual_info(engine).fallback, 1);
	ck_assert_str_eq(virtual_info(engine).playback.name, "virtual");
	ck_assert_int_eq(logged.level, ENGINE_LOG_WARNING);
	ck_assert_ptr_nonnull(strstr(logged.text, "virtual card"));
	virtual_destroy(engine);

	/* a device that is named is never replaced */
	lines = logged.lines;
	config.device = "default";
	ck_assert_int_lt(engine_create(&engine, &config), 0);
	config.device = NULL;
	config.capture_device = "default";
	config.directions = DUPLEX;
	ck_assert_int_lt(engine_create(&engine, &config), 0);
	ck_assert_uint_eq(logged.lines, lines);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *without = tcase_create("no engine");
	TCase *with = tcase_create("an engine");

	suite_add_tcase(suite, without);
	tcase_add_test(without, create_and_destroy_200_times_leaves_no_fd_and_no_thread);
	tcase_add_test(without, a_refusal_names_the_parameter_and_what_is_possible);
	tcase_add_test(without, a_refusal_leaves_nothing_open);
	tcase_add_loop_test(without, running_out_of_descriptors_anywhere_leaves_nothing_open, 0, 2);
	tcase_add_loop_test(without, info_is_what_was_asked_for, 0, 10);
	tcase_add_test(without, info_of_an_unused_direction_is_empty);
	tcase_add_test(without, several_engines_live_side_by_side);
	tcase_add_test(without, only_a_machine_without_a_card_falls_back_and_says_so);
	suite_add_tcase(suite, with);
	tcase_add_checked_fixture(with, setup, teardown);
	tcase_add_test(with, a_structure_of_another_size_is_eabi);
	tcase_add_test(with, null_everywhere_is_einval);
	tcase_add_test(with, start_and_stop_are_idempotent);
	tcase_add_test(with, frames_count_from_each_start);
	tcase_add_test(with, capture_alone_counts_captured_frames);
	tcase_add_test(with, no_time_passes_while_stopped);
	tcase_add_test(with, only_a_manual_clock_can_be_advanced);
	tcase_add_test(with, the_real_clock_moves_by_itself);
	return support_run(suite);
}
