/* SPDX-License-Identifier: MIT */
/*
 * The negotiation of one PCM: against ALSA's "null", which takes anything;
 * against a fake device with a card's limits; against configured plugins; and
 * against the virtual card.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <peal/error.h>

#include "card/card.h"
#include "control/alsa_text.h"
#include "control/negotiate.h"
#include "control/refusal.h"

static struct alsa_text quiet;
static struct engine_config wish;
static struct engine_pcm_info info;
static snd_pcm_t *pcm;

/* What the fake device takes. */
static struct {
	unsigned int accesses[2], access_count;
	unsigned int formats[4], format_count;
	unsigned int rates[4], rate_count; /* 0: rate_min..rate_max */
	unsigned int rate_min, rate_max;
	unsigned int channels[4], channel_count;
	unsigned int period_bytes_min, period_bytes_max;
	unsigned int periods_min, periods_max;
	unsigned int no_clocks; /* bits 1 << snd_pcm_tstamp_type_t */
	int failure;            /* of the hardware, when all else is agreed */
} limits;

static const unsigned int interleaved = SND_PCM_ACCESS_MMAP_INTERLEAVED;

static void setup(void)
{
	alsa_text_begin(&quiet);
	memset(&info, 0, sizeof(info));
	wish = (struct engine_config){ .size = sizeof(wish),
				       .rate = 48000,
				       .channels = 2,
				       .format = ENGINE_FORMAT_S16_LE,
				       .period_frames = 256,
				       .periods = 3 };
	memset(&limits, 0, sizeof(limits));
	limits.accesses[0] = interleaved;
	limits.access_count = 1;
	limits.formats[0] = SND_PCM_FORMAT_S16_LE;
	limits.format_count = 1;
	limits.rates[0] = 44100;
	limits.rates[1] = 48000;
	limits.rate_count = 2;
	limits.channels[0] = 2;
	limits.channel_count = 1;
	limits.period_bytes_min = 256;
	limits.period_bytes_max = 65536;
	limits.periods_min = 2;
	limits.periods_max = 32;
}

static void teardown(void)
{
	if (pcm)
		snd_pcm_close(pcm);
	alsa_text_end(&quiet);
}

static int fake_start(snd_pcm_ioplug_t *io)
{
	(void)io;
	return 0;
}

static snd_pcm_sframes_t fake_pointer(snd_pcm_ioplug_t *io)
{
	(void)io;
	return 0;
}

static int fake_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
	(void)io, (void)params;
	return limits.failure;
}

static int fake_sw_params(snd_pcm_ioplug_t *io, snd_pcm_sw_params_t *params)
{
	snd_pcm_tstamp_type_t clock;
	snd_pcm_tstamp_t stamps;

	(void)io;
	snd_pcm_sw_params_get_tstamp_mode(params, &stamps);
	snd_pcm_sw_params_get_tstamp_type(params, &clock);
	return stamps == SND_PCM_TSTAMP_ENABLE && (limits.no_clocks & 1u << clock) ? -EINVAL : 0;
}

static const snd_pcm_ioplug_callback_t fake_callbacks = {
	.start = fake_start,
	.stop = fake_start,
	.pointer = fake_pointer,
	.hw_params = fake_hw_params,
	.sw_params = fake_sw_params,
};

static void open_fake(const char *name)
{
	static snd_pcm_ioplug_t io;

	memset(&io, 0, sizeof(io));
	io.version = SND_PCM_IOPLUG_VERSION;
	io.name = "fake";
	io.poll_fd = -1;
	io.mmap_rw = 1;
	io.callback = &fake_callbacks;
	ck_assert_int_eq(
		snd_pcm_ioplug_create(&io, name, SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK), 0);
	pcm = io.pcm;
	snd_pcm_ioplug_set_param_list(&io, SND_PCM_IOPLUG_HW_ACCESS, limits.access_count,
				      limits.accesses);
	snd_pcm_ioplug_set_param_list(&io, SND_PCM_IOPLUG_HW_FORMAT, limits.format_count,
				      limits.formats);
	snd_pcm_ioplug_set_param_list(&io, SND_PCM_IOPLUG_HW_CHANNELS, limits.channel_count,
				      limits.channels);
	if (limits.rate_count)
		snd_pcm_ioplug_set_param_list(&io, SND_PCM_IOPLUG_HW_RATE, limits.rate_count,
					      limits.rates);
	else
		snd_pcm_ioplug_set_param_minmax(&io, SND_PCM_IOPLUG_HW_RATE, limits.rate_min,
						limits.rate_max);
	snd_pcm_ioplug_set_param_minmax(&io, SND_PCM_IOPLUG_HW_PERIOD_BYTES,
					limits.period_bytes_min, limits.period_bytes_max);
	snd_pcm_ioplug_set_param_minmax(&io, SND_PCM_IOPLUG_HW_PERIODS, limits.periods_min,
					limits.periods_max);
	strcpy(info.name, name);
}

static void open_null(void)
{
	ck_assert_int_eq(snd_pcm_open(&pcm, "null", SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK), 0);
	strcpy(info.name, "null");
}

/* A PCM out of a configuration of our own. */
static void open_configured(const char *name, const char *text)
{
	snd_config_t *config;
	snd_input_t *input;

	ck_assert_int_eq(snd_config_top(&config), 0);
	ck_assert_int_eq(snd_input_buffer_open(&input, text, (ssize_t)strlen(text)), 0);
	ck_assert_int_eq(snd_config_load(config, input), 0);
	snd_input_close(input);
	ck_assert_int_eq(snd_pcm_open_lconf(&pcm, name, SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK,
					    config),
			 0);
	snd_config_delete(config);
	strcpy(info.name, name);
}

static void accepted(void)
{
	ck_assert_msg(negotiate(pcm, &wish, &info) == 0, "%s", engine_last_error());
	ck_assert_int_eq(snd_pcm_state(pcm), SND_PCM_STATE_PREPARED);
}

/* Both ways in say the same. */
static void refused(const char *sentence)
{
	uint32_t formats;

	ck_assert_int_eq(negotiate_formats(pcm, info.name, &wish, &formats), -EINVAL);
	ck_assert_uint_eq(formats, 0);
	ck_assert_str_eq(engine_last_error(), sentence);
	ck_assert_int_eq(negotiate(pcm, &wish, &info), -EINVAL);
	ck_assert_str_eq(engine_last_error(), sentence);
	ck_assert_int_eq(snd_pcm_state(pcm), SND_PCM_STATE_OPEN);
}

START_TEST(what_was_got_is_read_back)
{
	open_null();
	accepted();
	ck_assert_str_eq(info.name, "null");
	ck_assert_uint_eq(info.access, ENGINE_ACCESS_MMAP_INTERLEAVED);
	ck_assert_uint_eq(info.period_frames, 256);
	ck_assert_uint_eq(info.periods, 3);
	ck_assert_uint_eq(info.buffer_frames, 768);
	ck_assert_uint_eq(info.rate_num, 48000);
	ck_assert_uint_eq(info.rate_den, 1);
	ck_assert_uint_eq(info.batch, 0);
	ck_assert_uint_eq(info.timestamps, ENGINE_TIMESTAMPS_MONOTONIC_RAW);
}
END_TEST

START_TEST(it_starts_when_told_and_stops_when_full)
{
	snd_pcm_uframes_t start, stop, avail, boundary, silence;
	snd_pcm_tstamp_type_t clock;
	snd_pcm_sw_params_t *params;
	snd_pcm_tstamp_t stamps;

	open_fake("fake");
	accepted();
	snd_pcm_sw_params_alloca(&params);
	ck_assert_int_eq(snd_pcm_sw_params_current(pcm, params), 0);
	snd_pcm_sw_params_get_start_threshold(params, &start);
	snd_pcm_sw_params_get_stop_threshold(params, &stop);
	snd_pcm_sw_params_get_avail_min(params, &avail);
	snd_pcm_sw_params_get_boundary(params, &boundary);
	snd_pcm_sw_params_get_silence_size(params, &silence);
	snd_pcm_sw_params_get_tstamp_mode(params, &stamps);
	snd_pcm_sw_params_get_tstamp_type(params, &clock);
	ck_assert_uint_eq(start, boundary);
	ck_assert_uint_eq(stop, 768);
	ck_assert_uint_eq(avail, 256);
	ck_assert_uint_eq(silence, 0);
	ck_assert_int_eq(stamps, SND_PCM_TSTAMP_ENABLE);
	ck_assert_int_eq(clock, SND_PCM_TSTAMP_TYPE_MONOTONIC_RAW);
}
END_TEST

START_TEST(the_clock_of_the_stamps_is_the_best_there_is)
{
	limits.no_clocks = 1u << SND_PCM_TSTAMP_TYPE_MONOTONIC_RAW;
	open_fake("fake");
	accepted();
	ck_assert_uint_eq(info.timestamps, ENGINE_TIMESTAMPS_MONOTONIC);
	snd_pcm_close(pcm);
	limits.no_clocks |= 1u << SND_PCM_TSTAMP_TYPE_MONOTONIC;
	open_fake("fake");
	accepted();
	ck_assert_uint_eq(info.timestamps, ENGINE_TIMESTAMPS_NONE);
}
END_TEST

START_TEST(a_failure_is_not_told_as_a_refusal)
{
	limits.failure = -ENODEV;
	open_fake("fake");
	ck_assert_int_eq(negotiate(pcm, &wish, &info), -ENODEV);
	ck_assert_str_eq(engine_last_error(),
			 "fake failed to take 3 periods of 256 frames, 2 channels of S16_LE at "
			 "48000 Hz: No such device");
	ck_assert_int_eq(refusal_of_part(-ENODEV, REFUSAL_RATE, pcm, "fake", NULL, &wish), -ENODEV);
	ck_assert_str_eq(engine_last_error(), "fake failed while it was set up: No such device");
}
END_TEST

START_TEST(sizes_are_the_nearest_there_are)
{
	limits.period_bytes_min = limits.period_bytes_max = 1024 * 4;
	limits.periods_min = 4;
	open_fake("fake");
	accepted();
	ck_assert_uint_eq(info.period_frames, 1024);
	ck_assert_uint_eq(info.periods, 4);
	ck_assert_uint_eq(info.buffer_frames, 4096);
}
END_TEST

START_TEST(sizes_beyond_the_device_become_its_largest)
{
	wish.period_frames = 65536;
	wish.periods = 1024;
	open_fake("fake");
	accepted();
	ck_assert_uint_eq(info.period_frames, 65536 / 4);
	ck_assert_uint_eq(info.periods, 32);
	ck_assert_uint_eq(info.buffer_frames, 32 * 65536 / 4);
}
END_TEST

START_TEST(a_buffer_of_one_period_is_refused)
{
	limits.periods_min = limits.periods_max = 1;
	open_fake("fake");
	ck_assert_int_lt(negotiate(pcm, &wish, &info), 0);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "two or more whole periods"));
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "fake"));
}
END_TEST

START_TEST(a_rate_is_got_exactly_or_refused)
{
	open_fake("hw:9");
	wish.rate = 44100;
	accepted();
	ck_assert_uint_eq(info.rate_num / info.rate_den, 44100);
	snd_pcm_close(pcm);
	open_fake("hw:9");
	wish.rate = 12345;
	refused("rate 12345 Hz refused by hw:9, which offers 44100, 48000 Hz for 2 channels of "
		"S16_LE; plughw:9 would convert");
	wish.rate = 44101;
	refused("rate 44101 Hz refused by hw:9, which offers 44100, 48000 Hz for 2 channels of "
		"S16_LE; plughw:9 would convert");
}
END_TEST

START_TEST(rates_without_gaps_are_told_as_a_range)
{
	limits.rate_count = 0;
	limits.rate_min = 44100;
	limits.rate_max = 48000;
	open_fake("hw:9");
	wish.rate = 12345;
	refused("rate 12345 Hz refused by hw:9, which offers 44100..48000 Hz for 2 channels of "
		"S16_LE; plughw:9 would convert");
}
END_TEST

START_TEST(unusual_rates_are_told_too)
{
	limits.rate_count = 1;
	limits.rates[0] = 31250;
	open_fake("hw:9");
	refused("rate 48000 Hz refused by hw:9, which offers 31250 Hz for 2 channels of S16_LE; "
		"plughw:9 would convert");
	snd_pcm_close(pcm);
	limits.rate_count = 3;
	limits.rates[1] = 40000;
	limits.rates[2] = 52100;
	open_fake("hw:9");
	refused("rate 48000 Hz refused by hw:9, which offers some of 31250..52100 Hz for 2 channels "
		"of S16_LE; plughw:9 would convert");
}
END_TEST

START_TEST(channels_are_got_exactly_or_refused)
{
	limits.channels[0] = 2;
	limits.channels[1] = 3;
	limits.channels[2] = 4;
	limits.channels[3] = 8;
	limits.channel_count = 4;
	open_fake("hw:9");
	wish.channels = 5;
	refused("5 channels refused by hw:9, which offers 2..4, 8 channels of S16_LE; plughw:9 would "
		"convert");
	wish.channels = 8;
	accepted();
}
END_TEST

START_TEST(channels_are_told_up_to_the_last)
{
	limits.channels[0] = 255;
	limits.channels[1] = 256;
	limits.channel_count = 2;
	open_fake("hw:9");
	refused("2 channels refused by hw:9, which offers 255..256 channels of S16_LE; plughw:9 "
		"would convert");
}
END_TEST

START_TEST(a_format_is_got_exactly_or_refused)
{
	limits.formats[1] = SND_PCM_FORMAT_S32_LE;
	limits.formats[2] = SND_PCM_FORMAT_U8;
	limits.format_count = 3;
	open_fake("hw:9");
	wish.format = ENGINE_FORMAT_FLOAT_LE;
	refused("format FLOAT_LE refused by hw:9, which offers S16_LE, S32_LE; plughw:9 would "
		"convert");
}
END_TEST

START_TEST(a_device_without_any_of_our_formats_says_which_it_has)
{
	limits.formats[0] = SND_PCM_FORMAT_U8;
	limits.formats[1] = SND_PCM_FORMAT_S16_BE;
	limits.format_count = 2;
	open_fake("hw:9");
	wish.format = ENGINE_FORMAT_ANY;
	refused("format S16_LE, S32_LE, S24_LE, S24_3LE or FLOAT_LE refused by hw:9, which offers "
		"U8, S16_BE; plughw:9 would convert");
}
END_TEST

START_TEST(formats_are_preferred_in_order)
{
	uint32_t formats;

	limits.formats[0] = SND_PCM_FORMAT_FLOAT_LE;
	limits.formats[1] = SND_PCM_FORMAT_S24_3LE;
	limits.formats[2] = SND_PCM_FORMAT_U8;
	limits.format_count = 3;
	open_fake("fake");
	wish.format = ENGINE_FORMAT_ANY;
	ck_assert_int_eq(negotiate_formats(pcm, "fake", &wish, &formats), 0);
	ck_assert_uint_eq(formats, 1u << ENGINE_FORMAT_FLOAT_LE | 1u << ENGINE_FORMAT_S24_3LE);
	ck_assert_uint_eq(negotiate_prefer(formats), ENGINE_FORMAT_S24_3LE);
	wish.format = ENGINE_FORMAT_FLOAT_LE;
	ck_assert_int_eq(negotiate_formats(pcm, "fake", &wish, &formats), 0);
	ck_assert_uint_eq(formats, 1u << ENGINE_FORMAT_FLOAT_LE);
}
END_TEST

START_TEST(s16_comes_before_s32_s24_and_float)
{
	uint32_t formats = 0x3e;
	const uint32_t order[] = { ENGINE_FORMAT_S16_LE, ENGINE_FORMAT_S32_LE, ENGINE_FORMAT_S24_LE,
				   ENGINE_FORMAT_S24_3LE, ENGINE_FORMAT_FLOAT_LE };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		ck_assert_uint_eq(negotiate_prefer(formats), order[i]);
		formats &= ~(1u << order[i]);
	}
	ck_assert_uint_eq(negotiate_prefer(formats), ENGINE_FORMAT_ANY);
}
END_TEST

START_TEST(interleaved_is_preferred_but_not_needed)
{
	limits.accesses[0] = SND_PCM_ACCESS_MMAP_NONINTERLEAVED;
	open_fake("hw:9");
	accepted();
	ck_assert_uint_eq(info.access, ENGINE_ACCESS_MMAP_NONINTERLEAVED);
	snd_pcm_close(pcm);
	open_fake("hw:9");
	wish.access = ENGINE_ACCESS_MMAP_INTERLEAVED;
	refused("access MMAP_INTERLEAVED refused by hw:9, which offers MMAP_NONINTERLEAVED; "
		"plughw:9 would convert");
}
END_TEST

START_TEST(a_device_without_mmap_is_refused)
{
	limits.accesses[0] = SND_PCM_ACCESS_RW_INTERLEAVED;
	open_fake("pulse");
	refused("access by mmap refused by pulse, which offers RW_INTERLEAVED; plug:pulse would "
		"convert");
	wish.access = ENGINE_ACCESS_MMAP_NONINTERLEAVED;
	refused("access MMAP_NONINTERLEAVED refused by pulse, which offers RW_INTERLEAVED; "
		"plug:pulse would convert");
}
END_TEST

#define AT_44100 "pcm.converting { type plug slave { pcm { type null } rate 44100 } }"

START_TEST(who_names_a_converter_gets_conversion)
{
	open_configured("converting", AT_44100);
	ck_assert_int_eq(snd_pcm_type(pcm), SND_PCM_TYPE_PLUG);
	accepted();
	ck_assert_uint_eq(info.rate_num / info.rate_den, 48000);
	ck_assert_uint_eq(info.buffer_frames, info.periods * info.period_frames);
}
END_TEST

START_TEST(no_one_else_gets_it_unasked)
{
	open_configured("hidden", AT_44100 "pcm.hidden { type copy slave.pcm converting }");
	ck_assert_int_eq(snd_pcm_type(pcm), SND_PCM_TYPE_COPY);
	refused("rate 48000 Hz refused by hidden, which offers 44100 Hz for 2 channels of S16_LE; "
		"plug:hidden would convert");
}
END_TEST

/* The card's frames are what was asked for: it takes all that config allows. */
START_TEST(the_virtual_card_takes_every_format_and_access)
{
	char reason[256];

	for (uint32_t format = ENGINE_FORMAT_S16_LE; format <= ENGINE_FORMAT_FLOAT_LE; format++)
		for (uint32_t access = 1; access <= 2; access++) {
			struct card *card;

			ck_assert_int_eq(
				card_create(&card, "virtual", false, reason, sizeof(reason)), 0);
			ck_assert_int_eq(
				card_open(card, &pcm, SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK), 0);
			strcpy(info.name, "virtual");
			wish.format = format;
			wish.access = access;
			wish.rate = 44100;
			wish.channels = 7;
			wish.period_frames = 64;
			wish.periods = 5;
			accepted();
			ck_assert_uint_eq(info.access, access);
			ck_assert_uint_eq(info.period_frames, 64);
			ck_assert_uint_eq(info.periods, 5);
			ck_assert_uint_eq(info.buffer_frames, 320);
			ck_assert_uint_eq(info.rate_num / info.rate_den, 44100);
			ck_assert_int_eq(snd_pcm_close(pcm), 0);
			pcm = NULL;
			card_destroy(card);
		}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("negotiate");
	TCase *tests = tcase_create("negotiate");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_was_got_is_read_back);
	tcase_add_test(tests, it_starts_when_told_and_stops_when_full);
	tcase_add_test(tests, the_clock_of_the_stamps_is_the_best_there_is);
	tcase_add_test(tests, a_failure_is_not_told_as_a_refusal);
	tcase_add_test(tests, sizes_are_the_nearest_there_are);
	tcase_add_test(tests, sizes_beyond_the_device_become_its_largest);
	tcase_add_test(tests, a_buffer_of_one_period_is_refused);
	tcase_add_test(tests, a_rate_is_got_exactly_or_refused);
	tcase_add_test(tests, rates_without_gaps_are_told_as_a_range);
	tcase_add_test(tests, unusual_rates_are_told_too);
	tcase_add_test(tests, channels_are_got_exactly_or_refused);
	tcase_add_test(tests, channels_are_told_up_to_the_last);
	tcase_add_test(tests, a_format_is_got_exactly_or_refused);
	tcase_add_test(tests, a_device_without_any_of_our_formats_says_which_it_has);
	tcase_add_test(tests, formats_are_preferred_in_order);
	tcase_add_test(tests, s16_comes_before_s32_s24_and_float);
	tcase_add_test(tests, interleaved_is_preferred_but_not_needed);
	tcase_add_test(tests, a_device_without_mmap_is_refused);
	tcase_add_test(tests, who_names_a_converter_gets_conversion);
	tcase_add_test(tests, no_one_else_gets_it_unasked);
	tcase_add_test(tests, the_virtual_card_takes_every_format_and_access);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
