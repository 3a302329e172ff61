/* SPDX-License-Identifier: MIT */
/*
 * The virtual card, paced by hand on one thread: which frames pass, what poll
 * tells, that what is played is captured, and what an xrun and a restart do.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>

#include "card_rig.h"
#include "support.h"

static const unsigned widths[] = { 1, 2, 7 };

/* ---- the manual clock paces */

START_TEST(playback_moves_by_the_frames_handed_in)
{
	static const long steps[] = { 1, 0, 63, 64, 65, 17, 40 };
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, NULL);
	snd_pcm_sframes_t delay, avail = 0;

	ck_assert_int_eq(rig_play(&rig, 0, 256), 256);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 0);
	rig_start(&rig);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		rig_pass(&rig, (uint64_t)steps[i]);
		avail += steps[i];
		ck_assert_int_eq(snd_pcm_delay(rig.playback, &delay), 0);
		ck_assert_int_eq(delay, 256 - avail);
		ck_assert_int_eq(snd_pcm_avail_update(rig.playback), avail);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(capture_alone_hears_silence)
{
	struct rig rig = rig_open("virtual:clock=manual", NULL, &rig_plain);
	snd_pcm_sframes_t delay;

	rig_start(&rig);
	for (int i = 0; i < 10; i++) {
		rig_pass(&rig, 97);
		ck_assert_int_eq(snd_pcm_delay(rig.capture, &delay), 0);
		ck_assert_int_eq(delay, 97);
		ck_assert_int_eq(rig_record_silence(&rig, 97), 97);
		ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 0);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(no_time_passes_on_a_stopped_card)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);

	ck_assert_int_eq(card_advance(rig.card, 1000000, 1000000), 0);
	rig_play(&rig, 0, 256);
	ck_assert_int_eq(snd_pcm_start(rig.playback), 0);
	/* a duplex card waits for its other half */
	ck_assert_int_eq(card_advance(rig.card, 1000000, 1000000), 0);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 0);
	ck_assert_int_eq(snd_pcm_start(rig.capture), 0);
	rig_pass(&rig, 64);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 64);
	snd_pcm_drop(rig.playback);
	snd_pcm_drop(rig.capture);
	ck_assert_int_eq(card_advance(rig.card, 1000000, 1000000), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_real_clock_is_not_advanced_by_hand)
{
	struct rig rig = rig_open("virtual", &rig_plain, NULL);

	ck_assert(!card_is_manual(rig.card));
	ck_assert_int_eq(card_advance(rig.card, 1, 0), -ENOTSUP);
	rig_close(&rig);
}
END_TEST

START_TEST(advance_times_out_when_nobody_drives)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, NULL);

	rig_play(&rig, 0, 256);
	rig_start(&rig);
	/* not one frame passes before someone came to wait, and then one period */
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(card_advance(rig.card, 64, 1), -ETIMEDOUT);
		ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 0);
	}
	ck_assert(!rig_ready(rig.playback));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(card_advance(rig.card, 1000, 1), -ETIMEDOUT);
		ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 64);
	}
	rig_close(&rig);
}
END_TEST

/* ---- poll */

START_TEST(poll_tells_exactly_what_is_due)
{
	struct rig_setup s = rig_plain;
	struct rig rig;

	s.avail_min = 64;
	rig = rig_open("virtual:clock=manual", &s, &s);
	/* prepared: room to write, nothing to read */
	ck_assert(rig_ready(rig.playback));
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT);
	ck_assert(!rig_ready(rig.capture));
	ck_assert_int_eq(rig_events(rig.capture), 0);
	rig_play(&rig, 0, 256);
	ck_assert_int_eq(rig_events(rig.playback), 0);
	ck_assert(!rig_ready(rig.playback));
	rig_start(&rig);
	ck_assert(!rig_ready(rig.playback));
	ck_assert(!rig_ready(rig.capture));
	ck_assert_int_eq(card_advance(rig.card, 63, 0), -ETIMEDOUT);
	ck_assert_int_eq(rig_events(rig.playback), 0);
	ck_assert_int_eq(rig_events(rig.capture), 0);
	ck_assert(!rig_ready(rig.playback));
	ck_assert(!rig_ready(rig.capture));
	ck_assert_int_eq(card_advance(rig.card, 1, 0), -ETIMEDOUT);
	ck_assert(rig_ready(rig.playback));
	ck_assert(rig_ready(rig.capture));
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT);
	ck_assert_int_eq(rig_events(rig.capture), POLLIN);
	/* with something due nobody has come to wait: no more frames */
	ck_assert_int_eq(card_advance(rig.card, 1, 0), -ETIMEDOUT);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 64);
	snd_pcm_drop(rig.playback);
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT | POLLERR);
	ck_assert(rig_ready(rig.playback));
	rig_close(&rig);
}
END_TEST

START_TEST(frames_in_between_wake_the_wait)
{
	struct rig_setup s = rig_plain;
	struct pollfd fds[2];
	struct rig rig;

	s.avail_min = 64;
	rig = rig_open("virtual:clock=manual", &s, &s);
	rig_play(&rig, 0, 256);
	rig_start(&rig);
	ck_assert_int_eq(snd_pcm_poll_descriptors(rig.playback, &fds[0], 1), 1);
	/* they come after playback was asked and before capture is */
	ck_assert_int_eq(card_advance(rig.card, 64, 0), -ETIMEDOUT);
	ck_assert_int_eq(snd_pcm_poll_descriptors(rig.capture, &fds[1], 1), 1);
	ck_assert_int_eq(poll(fds, 2, 0), 2);
	rig_close(&rig);
}
END_TEST

/* ---- loopback */

/* Keep both sides going with odd chunks for `total` frames. */
static void loop_back(const struct rig *rig, const struct rig_setup *s, uint64_t total)
{
	static const long chunks[] = { 1, 61, 64, 7, 33, 50, 128, 3 };
	uint64_t played, captured = 0;

	ck_assert_int_eq(rig_transfer(rig->playback, s, RIG_WRITE, 0, 150), 150);
	played = 150;
	rig_start(rig);
	for (unsigned i = 0; captured < total; i++) {
		long chunk = chunks[i % 8];

		rig_pass(rig, (uint64_t)chunk);
		ck_assert_int_eq(rig_transfer(rig->capture, s, RIG_READ, captured, chunk), chunk);
		ck_assert_int_eq(rig_transfer(rig->playback, s, RIG_WRITE, played, chunk), chunk);
		captured += (uint64_t)chunk;
		played += (uint64_t)chunk;
	}
}

START_TEST(what_is_played_is_captured_bit_for_bit)
{
	for (int way = 0; way < 4; way++) {
		for (size_t w = 0; w < 3; w++) {
			struct rig_setup out = rig_plain, in;
			struct rig rig;

			out.format = rig_formats[_i];
			out.channels = widths[w];
			in = out;
			in.period = 48, in.periods = 5;
			if (way & 1)
				out.access = SND_PCM_ACCESS_MMAP_NONINTERLEAVED;
			if (way & 2)
				in.access = SND_PCM_ACCESS_MMAP_NONINTERLEAVED;
			rig = rig_open("virtual:clock=manual", &out, &in);
			loop_back(&rig, &out, 3000);
			rig_close(&rig);
		}
	}
}
END_TEST

START_TEST(pointers_wrap_at_the_boundary)
{
	struct rig_setup out = rig_plain, in = rig_plain;
	struct rig rig;

	out.boundary_buffers = 4;
	in.periods = 3, in.boundary_buffers = 2;
	rig = rig_open("virtual:clock=manual", &out, &in);
	loop_back(&rig, &out, 5000);
	/* and an xrun is still one: 150 frames are queued */
	rig_pass(&rig, 149);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 255);
	rig_pass(&rig, 1);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), -EPIPE);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 150);
	rig_close(&rig);
}
END_TEST

START_TEST(each_set_up_has_rings_of_its_own)
{
	struct rig_setup s = rig_plain;
	struct rig rig = rig_open("virtual:clock=manual", &s, &s);

	loop_back(&rig, &s, 1000);
	s.access = SND_PCM_ACCESS_MMAP_NONINTERLEAVED, s.periods = 40;
	ck_assert_int_eq(rig_set_up(rig.playback, &s), 0);
	ck_assert_int_eq(rig_set_up(rig.capture, &s), 0);
	loop_back(&rig, &s, 10000);
	rig_close(&rig);
}
END_TEST

START_TEST(read_and_write_calls_work_too)
{
	struct rig_setup s = rig_plain;
	struct rig rig;
	short out[100][2], in[100][2];

	for (int i = 0; i < 200; i++)
		out[i / 2][i % 2] = (short)(i * 163 + 1);
	s.access = SND_PCM_ACCESS_RW_INTERLEAVED;
	rig = rig_open("virtual:clock=manual", &s, &s);
	ck_assert_int_eq(snd_pcm_writei(rig.playback, out, 100), 100);
	rig_start(&rig);
	rig_pass(&rig, 99);
	ck_assert_int_eq(snd_pcm_readi(rig.capture, in, 100), 99);
	ck_assert_mem_eq(in, out, 99 * sizeof(out[0]));
	rig_close(&rig);
}
END_TEST

/* ---- xruns and restarts */

static void restart(const struct rig *rig)
{
	ck_assert_int_eq(snd_pcm_drop(rig->playback), 0);
	ck_assert_int_eq(snd_pcm_drop(rig->capture), 0);
	ck_assert_int_eq(snd_pcm_prepare(rig->playback), 0);
	ck_assert_int_eq(snd_pcm_prepare(rig->capture), 0);
	ck_assert_int_eq(rig_play(rig, 7000, 256), 256);
	rig_start(rig);
	rig_pass(rig, 200);
	ck_assert_int_eq(rig_record(rig, 7000, 200), 200);
	ck_assert_int_eq(snd_pcm_avail_update(rig->capture), 0);
	ck_assert_int_eq(snd_pcm_avail_update(rig->playback), 200);
}

START_TEST(playback_that_runs_out_has_an_xrun)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);
	snd_pcm_status_t *status;
	snd_pcm_sframes_t delay;

	snd_pcm_status_alloca(&status);
	rig_play(&rig, 0, 100);
	rig_start(&rig);
	rig_pass(&rig, 99);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 255);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_RUNNING);
	ck_assert(!rig_ready(rig.playback));
	rig_pass(&rig, 10);
	ck_assert(rig_ready(rig.playback));
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_XRUN);
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT | POLLERR);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), -EPIPE);
	ck_assert_int_eq(snd_pcm_delay(rig.playback, &delay), -EPIPE);
	ck_assert_int_eq(snd_pcm_status(rig.playback, status), 0);
	ck_assert_uint_eq(snd_pcm_status_get_avail(status), 256);
	/* capture has all that was played, and goes on */
	ck_assert_int_eq(rig_record(&rig, 0, 100), 100);
	ck_assert_int_eq(snd_pcm_state(rig.capture), SND_PCM_STATE_RUNNING);
	ck_assert_int_eq(rig_record_silence(&rig, 9), 9);
	/* but no more frames come before the xrun was dealt with */
	ck_assert(!rig_ready(rig.capture));
	ck_assert_int_eq(card_advance(rig.card, 10, 0), -ETIMEDOUT);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 0);
	restart(&rig);
	rig_close(&rig);
}
END_TEST

START_TEST(capture_that_finds_no_room_has_an_xrun)
{
	struct rig_setup small = rig_plain;
	struct rig rig;

	small.periods = 2;
	rig = rig_open("virtual:clock=manual", &rig_plain, &small);
	rig_play(&rig, 0, 256);
	rig_start(&rig);
	rig_pass(&rig, 128);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 128);
	ck_assert_int_eq(snd_pcm_state(rig.capture), SND_PCM_STATE_RUNNING);
	ck_assert(!rig_ready(rig.capture));
	rig_pass(&rig, 1);
	ck_assert(rig_ready(rig.capture));
	ck_assert_int_eq(rig_events(rig.capture), POLLIN | POLLERR);
	ck_assert_int_eq(snd_pcm_state(rig.capture), SND_PCM_STATE_XRUN);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), -EPIPE);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_RUNNING);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 129);
	rig_close(&rig);
}
END_TEST

/* Playback has played 256 frames and has an xrun. */
static struct rig rig_with_an_xrun(void)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);

	rig_play(&rig, 0, 256);
	rig_start(&rig);
	rig_pass(&rig, 256);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), -EPIPE);
	ck_assert_int_eq(rig_record(&rig, 0, 256), 256);
	ck_assert_int_eq(card_advance(rig.card, 1, 0), -ETIMEDOUT);
	return rig;
}

START_TEST(what_ends_an_xrun_and_what_does_not)
{
	struct rig rig = rig_with_an_xrun();

	restart(&rig);
	rig_close(&rig);

	rig = rig_with_an_xrun();
	snd_pcm_drop(rig.playback);
	snd_pcm_drop(rig.capture);
	snd_pcm_prepare(rig.playback);
	snd_pcm_prepare(rig.capture);
	rig_play(&rig, 0, 256);
	rig_start(&rig);
	snd_pcm_drop(rig.playback);
	snd_pcm_drop(rig.capture);
	ck_assert_int_eq(card_advance(rig.card, 1000, 1000000), 0);
	rig_close(&rig);

	rig = rig_with_an_xrun();
	snd_pcm_drop(rig.playback);
	rig_pass(&rig, 100);
	ck_assert_int_eq(rig_record_silence(&rig, 100), 100);
	snd_pcm_drop(rig.capture);
	ck_assert_int_eq(card_advance(rig.card, 1000, 1000000), 0);
	rig_close(&rig);

	/* looking at a card that does not run does not mend it */
	rig = rig_with_an_xrun();
	snd_pcm_drop(rig.playback);
	snd_pcm_drop(rig.capture);
	snd_pcm_prepare(rig.playback);
	rig_play(&rig, 0, 256);
	ck_assert(!rig_ready(rig.playback));
	snd_pcm_start(rig.playback);
	snd_pcm_drop(rig.playback);
	ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
	rig_close(&rig);

	/* giving up does */
	rig = rig_with_an_xrun();
	snd_pcm_drop(rig.capture);
	snd_pcm_drop(rig.playback);
	ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
	snd_pcm_hw_free(rig.capture);
	snd_pcm_hw_free(rig.playback);
	ck_assert_int_eq(card_advance(rig.card, 1000, 1000000), 0);
	rig_close(&rig);

	rig = rig_with_an_xrun();
	snd_pcm_hw_free(rig.capture);
	snd_pcm_hw_free(rig.playback);
	ck_assert_int_eq(card_advance(rig.card, 1000, 1000000), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(each_restart_is_aligned_anew)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);

	rig_play(&rig, 0, 256);
	rig_start(&rig);
	for (int i = 0; i < 5; i++) {
		rig_pass(&rig, (uint64_t)(17 * i));
		restart(&rig);
	}
	/* prepare alone stops as well */
	ck_assert_int_eq(snd_pcm_prepare(rig.playback), 0);
	ck_assert_int_eq(snd_pcm_prepare(rig.capture), 0);
	rig_play(&rig, 50, 200);
	/* in the other order */
	ck_assert_int_eq(snd_pcm_start(rig.capture), 0);
	ck_assert_int_eq(card_advance(rig.card, 64, 1000000), 0);
	ck_assert_int_eq(snd_pcm_start(rig.playback), 0);
	rig_pass(&rig, 64);
	ck_assert_int_eq(rig_record(&rig, 50, 64), 64);
	rig_close(&rig);
}
END_TEST

START_TEST(silence_covers_what_the_ring_held_before)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);

	rig_play(&rig, 0, 256);
	rig_start(&rig);
	rig_pass(&rig, 250);
	ck_assert_int_eq(rig_record(&rig, 0, 250), 250);
	ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
	for (int i = 0; i < 5; i++) {
		rig_pass(&rig, 97);
		ck_assert_int_eq(rig_record_silence(&rig, 97), 97);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(one_side_stops_and_the_other_goes_on)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);

	rig_play(&rig, 0, 256);
	rig_start(&rig);
	rig_pass(&rig, 30);
	ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
	rig_pass(&rig, 20);
	ck_assert_int_eq(rig_record(&rig, 0, 30), 30);
	ck_assert_int_eq(rig_record_silence(&rig, 20), 20);
	/* it joins where capture is */
	ck_assert_int_eq(snd_pcm_prepare(rig.playback), 0);
	rig_play(&rig, 900, 256);
	rig_pass(&rig, 11);
	ck_assert_int_eq(snd_pcm_start(rig.playback), 0);
	rig_pass(&rig, 12);
	ck_assert_int_eq(rig_record_silence(&rig, 11), 11);
	ck_assert_int_eq(rig_record(&rig, 900, 12), 12);
	/* freeing it in mid-run leaves capture alone */
	ck_assert_int_eq(snd_pcm_hw_free(rig.playback), 0);
	rig_pass((&(struct rig){ .card = rig.card, .capture = rig.capture }), 13);
	ck_assert_int_eq(rig_record_silence(&rig, 13), 13);
	rig_close(&rig);
}
END_TEST

/* ---- many, and none left */

START_TEST(many_cards_run_at_once_and_leave_nothing)
{
	enum { CARDS = 64 };
	struct rig rigs[CARDS];
	unsigned before = support_count_fds();

	for (int i = 0; i < CARDS; i++) {
		rigs[i] = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);
		rig_play(&rigs[i], (uint64_t)i * 1000, 256);
		rig_start(&rigs[i]);
	}
	for (int i = 0; i < CARDS; i++)
		rig_pass(&rigs[i], (uint64_t)i);
	for (int i = 0; i < CARDS; i++) {
		ck_assert_int_eq(snd_pcm_avail_update(rigs[i].capture), i);
		ck_assert_int_eq(rig_record(&rigs[i], (uint64_t)i * 1000, i), i);
		rig_close(&rigs[i]);
	}
	ck_assert_uint_eq(support_count_fds(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("card");
	TCase *time = tcase_create("time");
	TCase *loopback = tcase_create("loopback");
	TCase *xruns = tcase_create("xruns");

	tcase_add_test(time, playback_moves_by_the_frames_handed_in);
	tcase_add_test(time, capture_alone_hears_silence);
	tcase_add_test(time, no_time_passes_on_a_stopped_card);
	tcase_add_test(time, a_real_clock_is_not_advanced_by_hand);
	tcase_add_test(time, advance_times_out_when_nobody_drives);
	tcase_add_test(time, poll_tells_exactly_what_is_due);
	tcase_add_test(time, frames_in_between_wake_the_wait);
	suite_add_tcase(suite, time);

	tcase_set_timeout(loopback, SUPPORT_PATIENCE_MS / 1000);
	tcase_add_loop_test(loopback, what_is_played_is_captured_bit_for_bit, 0, RIG_FORMATS);
	tcase_add_test(loopback, pointers_wrap_at_the_boundary);
	tcase_add_test(loopback, each_set_up_has_rings_of_its_own);
	tcase_add_test(loopback, read_and_write_calls_work_too);
	tcase_add_test(loopback, many_cards_run_at_once_and_leave_nothing);
	suite_add_tcase(suite, loopback);

	tcase_add_test(xruns, playback_that_runs_out_has_an_xrun);
	tcase_add_test(xruns, capture_that_finds_no_room_has_an_xrun);
	tcase_add_test(xruns, what_ends_an_xrun_and_what_does_not);
	tcase_add_test(xruns, each_restart_is_aligned_anew);
	tcase_add_test(xruns, silence_covers_what_the_ring_held_before);
	tcase_add_test(xruns, one_side_stops_and_the_other_goes_on);
	suite_add_tcase(suite, xruns);
	return support_run(suite);
}
