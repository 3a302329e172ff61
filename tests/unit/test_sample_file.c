/* SPDX-License-Identifier: MIT */
/*
 * The sample made of a sound file: of good ones what is in them, of hostile
 * ones an error or what can be read; nothing printed, and nothing left open.
 * Files are made in a folder of each test's own. In a build without
 * libsndfile: refused.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <peal/error.h>
#include <peal/sample.h>

#include "shared/sample.h"
#include "support.h"

#ifdef HAVE_SNDFILE
#include <sndfile.h>

/* libsndfile 1.2 forgets what libvorbis has of a file that ends within its headers. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:vorbis_info_init";
}

/* ---- a folder, and what is printed meanwhile */

static char folder[64], path[128], printed[128];
static unsigned fds;

static void setup(void)
{
	const char *base = getenv("TMPDIR");
	int fd;

	snprintf(folder, sizeof(folder), "%.40s/peal-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(printed, sizeof(printed), "%s/printed", folder);
	fd = open(printed, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	fflush(NULL);
	ck_assert(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	close(fd);
	fds = support_count_fds();
}

static void teardown(void)
{
	struct stat status;

	fflush(NULL);
	ck_assert_int_eq(stat(printed, &status), 0);
	ck_assert_int_eq(status.st_size, 0);
	ck_assert_uint_eq(support_count_fds(), fds);
	unlink(printed);
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct engine_sample *open_sample(uint32_t to_rate)
{
	struct engine_sample *sample = NULL;

	ck_assert_msg(engine_sample_open(&sample, path, to_rate) == 0, "%s", engine_last_error());
	ck_assert_ptr_nonnull(sample);
	return sample;
}

static void refused(int error, const char *words)
{
	struct engine_sample *sample = (struct engine_sample *)&sample;
	int err = engine_sample_open(&sample, path, 0);

	ck_assert_msg(err == error, "%d and not %d: %s", err, error, engine_last_error());
	ck_assert_ptr_null(sample);
	ck_assert_msg(strstr(engine_last_error(), words), "%s", engine_last_error());
}

static void write_bytes(const void *bytes, size_t count)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
	ck_assert_int_eq(fclose(file), 0);
}

/* ---- good files */

static float tone(uint32_t channel, uint32_t frame)
{
	return 0.5f * sinf(0.05f * (float)frame + (float)channel);
}

static void write_tone(int format, uint32_t channels, uint32_t frames)
{
	SF_INFO info = { .samplerate = 44100, .channels = (int)channels, .format = format };
	SNDFILE *file = sf_open(path, SFM_WRITE, &info);
	float *floats = malloc((size_t)frames * channels * sizeof(*floats));

	ck_assert_msg(file, "%s", sf_strerror(NULL));
	ck_assert_ptr_nonnull(floats);
	for (uint32_t i = 0; i < frames * channels; i++)
		floats[i] = tone(i % channels, i / channels);
	ck_assert_int_eq(sf_writef_float(file, floats, (sf_count_t)frames), frames);
	free(floats);
	ck_assert_int_eq(sf_close(file), 0);
}

START_TEST(each_format_gives_what_was_written)
{
	static const struct {
		int format;
		float error; /* libsndfile writes full scale a step lower than it reads it */
	} formats[] = {
		{ SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1.5f * 0x1p-15f },
		{ SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1.5f * 0x1p-23f },
		{ SF_FORMAT_WAV | SF_FORMAT_PCM_32, 0x1p-24f },
		{ SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0.0f },
		{ SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1.5f * 0x1p-15f },
		{ SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1.5f * 0x1p-23f },
		{ SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 1.5f * 0x1p-15f },
		{ SF_FORMAT_AIFF | SF_FORMAT_FLOAT, 0.0f },
		{ SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.05f },
	};
	/* more than is read at once, and than there is room for at first */
	const uint32_t frames = 40001;
	struct engine_sample_info info = { .size = sizeof(info) };
	struct engine_sample *sample;

	write_tone(formats[_i].format, 2, frames);
	sample = open_sample(0);
	ck_assert_int_eq(engine_sample_get_info(sample, &info), 0);
	ck_assert_uint_eq(info.frames, frames);
	ck_assert_uint_eq(info.source_frames, frames);
	ck_assert_uint_eq(info.channels, 2);
	ck_assert_uint_eq(info.rate, 44100);
	ck_assert_uint_eq(info.source_rate, 44100);
	ck_assert_uint_eq(info.silenced, 0);
	for (uint32_t c = 0; c < 2; c++)
		for (uint32_t i = 0; i < frames; i++)
			if (fabsf(sample_channel(sample, c)[i] - tone(c, i)) > formats[_i].error)
				ck_abort_msg("frame %u of channel %u is %g", i, c,
					     (double)sample_channel(sample, c)[i]);
	engine_sample_put(sample);
}
END_TEST

START_TEST(a_file_is_converted_to_the_rate_asked_for)
{
	struct engine_sample *sample = NULL;

	write_tone(SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1, 4410);
#ifdef HAVE_SAMPLERATE
	sample = open_sample(48000);
	ck_assert_uint_eq(sample->frames, 4800);
	ck_assert_uint_eq(sample->rate, 48000);
	ck_assert_uint_eq(sample->source_rate, 44100);
	ck_assert_float_eq_tol(sample->samples[2400], tone(0, 2205), 1e-5f);
#else
	ck_assert_int_eq(engine_sample_open(&sample, path, 48000), -ENOSYS);
	ck_assert_ptr_null(sample);
#endif
	engine_sample_put(sample);
}
END_TEST

/* ---- hostile files */

struct wav {
	uint16_t tag, channels;
	uint32_t rate;
	uint16_t bits;
	uint32_t format_bytes; /* what its fmt chunk claims and has */
	uint32_t claim;        /* the data's bytes */
};

static const struct wav plain = {
	.tag = 1, .channels = 1, .rate = 48000, .bits = 16, .format_bytes = 16, .claim = 20,
};

static unsigned char file_bytes[4096];
static size_t file_length;

static void put(uint32_t value, unsigned bytes)
{
	for (; bytes > 0; bytes--, value >>= 8)
		file_bytes[file_length++] = (unsigned char)value;
}

static void put_name(const char *name)
{
	memcpy(file_bytes + file_length, name, strlen(name));
	file_length += strlen(name);
}

/* A header that may lie, and 20 bytes of data. */
static void write_wav(const struct wav *wav)
{
	uint32_t frame_bytes = (uint32_t)wav->channels * wav->bits / 8;

	file_length = 0;
	put_name("RIFF");
	put(40 + wav->format_bytes, 4);
	put_name("WAVEfmt ");
	put(wav->format_bytes, 4);
	if (wav->format_bytes) {
		put(wav->tag, 2);
		put(wav->channels, 2);
		put(wav->rate, 4);
		put(wav->rate * frame_bytes, 4);
		put(frame_bytes, 2);
		put(wav->bits, 2);
	}
	put_name("data");
	put(wav->claim, 4);
	for (unsigned i = 0; i < 5; i++)
		put(0x7f800000, 4);
	write_bytes(file_bytes, file_length);
}

#define write_wav_with(...)                                                                        \
	do {                                                                                       \
		struct wav wav = plain;                                                            \
                                                                                                   \
		__VA_ARGS__;                                                                       \
		write_wav(&wav);                                                                   \
	} while (0)

static void has_frames(uint32_t frames)
{
	struct engine_sample *sample = open_sample(0);

	ck_assert_uint_eq(sample->frames, frames);
	engine_sample_put(sample);
}

START_TEST(a_length_is_believed_as_far_as_frames_can_be_read)
{
	write_wav(&plain);
	has_frames(10);
	write_wav_with(wav.claim = UINT32_MAX);
	has_frames(10);
	write_wav_with(wav.claim = UINT32_MAX - 1, wav.bits = 32);
	has_frames(5);
	write_wav_with(wav.claim = 6);
	has_frames(3);
	write_wav_with(wav.claim = 0);
	refused(-ENODATA, "/file: there are no frames in it");
}
END_TEST

START_TEST(a_format_that_cannot_be_is_refused)
{
	write_wav_with(wav.format_bytes = 0);
	refused(-EILSEQ, "/file: ");
	write_wav_with(wav.channels = 0);
	refused(-EILSEQ, "/file: ");
	write_wav_with(wav.channels = 257, wav.bits = 8, wav.claim = 257);
	refused(-EINVAL, "channels 257 refused: 1..256");
	write_wav_with(wav.channels = UINT16_MAX);
	refused(-EILSEQ, "/file: ");
	write_wav_with(wav.rate = 999);
	refused(-EINVAL, "rate 999 refused");
	write_wav_with(wav.rate = 768001);
	refused(-EINVAL, "rate 768001 refused");
	write_wav_with(wav.tag = 0x7777);
	refused(-EILSEQ, "/file: ");
}
END_TEST

/* Sun's header has 32 bits for them. */
START_TEST(a_million_channels_are_refused)
{
	static const unsigned char au[64] = ".snd\0\0\0\30\377\377\377\377\0\0\0\3\0\0\273\200"
					    "\0\17\102\100";

	write_bytes(au, sizeof(au));
	refused(-EILSEQ, "/file: ");
}
END_TEST

/* The file as it is. */
static void put_file(void)
{
	FILE *file = fopen(path, "rb");

	ck_assert_ptr_nonnull(file);
	file_length += fread(file_bytes + file_length, 1, sizeof(file_bytes) - file_length, file);
	fclose(file);
}

/* libsndfile goes on decoding GSM for as long as its chunk claims to be. */
START_TEST(a_file_that_never_ends_is_refused)
{
	write_tone(SF_FORMAT_W64 | SF_FORMAT_GSM610, 1, 320);
	put_file();
	/* the last byte of the data chunk's 64-bit size */
	for (size_t i = 0; i + 24 < file_length; i++)
		if (memcmp(file_bytes + i, "data\xf3\xac\xd3\x11", 8) == 0)
			file_bytes[i + 23] = 0x8b;
	write_bytes(file_bytes, file_length);
	refused(-EILSEQ, "claims more frames than it holds");
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused_or_read_to_there)
{
	static const int formats[] = {
		SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
		SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS,
	};
	struct engine_sample *sample;
	struct stat status;
	off_t step;

	write_tone(formats[_i], 2, 100);
	ck_assert_int_eq(stat(path, &status), 0);
	step = status.st_size / 300 + 1;
	for (off_t length = status.st_size - 1; length >= 0; length -= step) {
		int err;

		ck_assert_int_eq(truncate(path, length), 0);
		err = engine_sample_open(&sample, path, 0);
		if (err == 0) {
			ck_assert_uint_le(sample->frames, 100);
			ck_assert_int_eq(engine_sample_put(sample), 0);
			continue;
		}
		ck_assert_ptr_null(sample);
		ck_assert(err == -EILSEQ || err == -ENODATA);
		ck_assert_ptr_nonnull(strstr(engine_last_error(), path));
	}
}
END_TEST

START_TEST(what_is_no_sound_file_is_refused)
{
	static const char text[] = "Not a sound, but a sentence about one.\n";

	write_bytes("", 0);
	refused(-EILSEQ, "/file: ");
	write_bytes(text, strlen(text));
	refused(-EILSEQ, "/file: ");
}
END_TEST

/* Their decoders print, which teardown would see. */
START_TEST(what_cannot_be_read_silently_is_refused)
{
	static const struct {
		char bytes[33];
		const char *what;
	} files[] = {
		{ "\xff\xfb\x90\x64 and a broken frame", "MPEG" },
		{ "ID3\3\0\0\0\0\0\0\xff\xfb\x90\x64", "MPEG" },
		{ "\xf0\x7e\0\1\0\0\20", "MIDI" },
		{ "caff\0\1\0\0desc\0\0\0\0\0\0\0\40\100\345\210\200\0\0\0\0alac", "Apple" },
	};
	char bytes[512] = "";

	memcpy(bytes, files[_i].bytes, sizeof(files[_i].bytes));
	write_bytes(bytes, sizeof(bytes));
	refused(-ENOTSUP, files[_i].what);
}
END_TEST

START_TEST(mpeg_within_wav_is_refused)
{
	write_wav_with(wav.tag = 0x55);
	refused(-ENOTSUP, "MPEG");
}
END_TEST

START_TEST(mpeg_deep_within_wav_is_refused)
{
	SF_INFO mpeg = { .samplerate = 44100, .channels = 1,
			 .format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III };

	/* a libsndfile that cannot write it cannot read it either */
	if (!sf_format_check(&mpeg))
		return;
	write_tone(mpeg.format, 1, 40);
	put_name("RIFF\377\377\1");
	put(0, 1);
	put_name("WAVEJUNK");
	put(4, 4);
	put_name("junkfmt ");
	put(30, 4);
	put(0x55, 2);
	put(1, 2);
	put(44100, 4);
	put(16000, 4);
	put(1, 4);
	put(12, 2);
	put(1, 2);
	put(2, 4);
	put(417, 2);
	put(1, 2);
	put(1393, 2);
	put_name("data");
	put(1147, 4);
	put_file();
	write_bytes(file_bytes, file_length);
	refused(-ENOTSUP, "MPEG");
}
END_TEST

START_TEST(what_is_not_finite_is_counted)
{
	struct engine_sample *sample;

	write_wav_with(wav.tag = 3, wav.bits = 32);
	sample = open_sample(0);
	ck_assert_uint_eq(sample->silenced, 5);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_float_eq(sample->samples[i], 0.0f);
	engine_sample_put(sample);
}
END_TEST

/* ---- what cannot be opened */

START_TEST(what_is_not_there_is_refused)
{
	refused(-ENOENT, "/file: No such file or directory");
}
END_TEST

START_TEST(a_folder_is_refused)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refused(-EISDIR, "/file: Is a directory");
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* One without a writer would block. */
START_TEST(a_pipe_is_refused)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	refused(-EINVAL, "/file: not a regular file");
}
END_TEST

START_TEST(a_file_that_may_not_be_read_is_refused)
{
	bool root = geteuid() == 0;

	write_wav(&plain);
	ck_assert_int_eq(chmod(path, 0), 0);
	/* as somebody else, whom the folder is open to */
	ck_assert_int_eq(chmod(folder, 0755), 0);
	if (root)
		ck_assert_int_eq(seteuid(65534), 0);
	refused(-EACCES, "/file: Permission denied");
	if (root)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(null_is_refused)
{
	struct engine_sample *sample = (struct engine_sample *)&sample;

	ck_assert_int_eq(engine_sample_open(NULL, path, 0), -EINVAL);
	ck_assert_int_eq(engine_sample_open(&sample, NULL, 0), -EINVAL);
	ck_assert_ptr_null(sample);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "path is NULL"));
}
END_TEST

static void add_tests(Suite *suite)
{
	TCase *good = tcase_create("good");
	TCase *hostile = tcase_create("hostile");
	TCase *absent = tcase_create("absent");

	tcase_add_checked_fixture(good, setup, teardown);
	tcase_add_loop_test(good, each_format_gives_what_was_written, 0, 9);
	tcase_add_test(good, a_file_is_converted_to_the_rate_asked_for);
	suite_add_tcase(suite, good);

	tcase_add_checked_fixture(hostile, setup, teardown);
	tcase_add_test(hostile, a_length_is_believed_as_far_as_frames_can_be_read);
	tcase_add_test(hostile, a_format_that_cannot_be_is_refused);
	tcase_add_test(hostile, a_million_channels_are_refused);
	tcase_add_test(hostile, a_file_that_never_ends_is_refused);
	tcase_add_loop_test(hostile, a_file_cut_anywhere_is_refused_or_read_to_there, 0, 4);
	tcase_add_test(hostile, what_is_no_sound_file_is_refused);
	tcase_add_loop_test(hostile, what_cannot_be_read_silently_is_refused, 0, 4);
	tcase_add_test(hostile, mpeg_within_wav_is_refused);
	tcase_add_test(hostile, mpeg_deep_within_wav_is_refused);
	tcase_add_test(hostile, what_is_not_finite_is_counted);
	suite_add_tcase(suite, hostile);

	tcase_add_checked_fixture(absent, setup, teardown);
	tcase_add_test(absent, what_is_not_there_is_refused);
	tcase_add_test(absent, a_folder_is_refused);
	tcase_add_test(absent, a_pipe_is_refused);
	tcase_add_test(absent, a_file_that_may_not_be_read_is_refused);
	tcase_add_test(absent, null_is_refused);
	suite_add_tcase(suite, absent);
}

#else

START_TEST(without_libsndfile_a_file_is_refused)
{
	struct engine_sample *sample = (struct engine_sample *)&sample;

	ck_assert_int_eq(engine_sample_open(&sample, "/dev/null", 0), -ENOSYS);
	ck_assert_ptr_null(sample);
	ck_assert_ptr_nonnull(strstr(engine_last_error(), "built without libsndfile"));
}
END_TEST

static void add_tests(Suite *suite)
{
	TCase *none = tcase_create("none");

	tcase_add_test(none, without_libsndfile_a_file_is_refused);
	suite_add_tcase(suite, none);
}

#endif

int main(void)
{
	Suite *suite = suite_create("sample_file");

	add_tests(suite);
	return support_run(suite);
}
