/* SPDX-License-Identifier: MIT */
/*
 * Faults on the bare card, driven through alsa-lib: what each does to the
 * PCM's state, position, poll and calls, at its very frame, and that whatever
 * comes after it is as it should be. Of real time only lower bounds.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "card_rig.h"
#include "support.h"

/* ---- the rig with a script */

static struct rig rig_with(const char *script, bool capture)
{
	char name[256];

	snprintf(name, sizeof(name), "virtual:clock=manual,fault=%s", script);
	return rig_open(name, &rig_plain, capture ? &rig_plain : NULL);
}

/* ... that plays its numbered frames from 0 on. */
static struct rig rig_playing(const char *script, bool capture)
{
	struct rig rig = rig_with(script, capture);

	ck_assert_int_eq(rig_play(&rig, 0, RIG_BUFFER), RIG_BUFFER);
	rig_start(&rig);
	return rig;
}

/* Let frames pass that nobody is waited for. */
static void pass_loose(const struct rig *rig, uint64_t frames)
{
	ck_assert_int_eq(card_advance(rig->card, frames, 0), 0);
}

/* Where a PCM stands, whatever its state is. */
static snd_pcm_uframes_t status_avail(snd_pcm_t *pcm)
{
	snd_pcm_status_t *status;

	snd_pcm_status_alloca(&status);
	ck_assert_int_eq(snd_pcm_status(pcm, status), 0);
	return snd_pcm_status_get_avail(status);
}

static void states_are(const struct rig *rig, snd_pcm_state_t state)
{
	/* a state is found out by looking */
	snd_pcm_avail_update(rig->playback);
	ck_assert_int_eq(snd_pcm_state(rig->playback), state);
	ck_assert_int_eq(snd_pcm_state(rig->capture), state);
}

/* Stop, prepare, fill with frames from `from` on, start; and they come back. */
static void start_anew(const struct rig *rig, uint64_t from)
{
	ck_assert_int_eq(snd_pcm_drop(rig->playback), 0);
	ck_assert_int_eq(snd_pcm_drop(rig->capture), 0);
	ck_assert_int_eq(snd_pcm_prepare(rig->playback), 0);
	ck_assert_int_eq(snd_pcm_prepare(rig->capture), 0);
	ck_assert_int_eq(rig_play(rig, from, RIG_BUFFER), RIG_BUFFER);
	rig_start(rig);
	rig_pass(rig, 96);
	ck_assert_int_eq(rig_record(rig, from, 96), 96);
	ck_assert_int_eq(snd_pcm_avail_update(rig->capture), 0);
	ck_assert_int_eq(snd_pcm_avail_update(rig->playback), 96);
}

/* Keep both sides going, every frame checked, from where they are. */
static void loop_back(const struct rig *rig, uint64_t *frame, uint64_t frames)
{
	for (uint64_t i = 0; i < frames; i += 48, *frame += 48) {
		rig_pass(rig, 48);
		ck_assert_int_eq(rig_record(rig, *frame, 48), 48);
		ck_assert_int_eq(rig_play(rig, *frame + RIG_BUFFER, 48), 48);
	}
}

/* ---- xruns */

START_TEST(an_xrun_comes_at_its_frame_to_both_sides)
{
	struct rig rig = rig_playing("xrun@70", true);

	rig_pass(&rig, 69);
	states_are(&rig, SND_PCM_STATE_RUNNING);
	rig_pass(&rig, 20);
	states_are(&rig, SND_PCM_STATE_XRUN);
	ck_assert_uint_eq(status_avail(rig.playback), 70);
	ck_assert_uint_eq(status_avail(rig.capture), 70);
	ck_assert(rig_ready(rig.playback));
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT | POLLERR);
	ck_assert_int_eq(rig_events(rig.capture), POLLIN | POLLERR);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), -EPIPE);
	start_anew(&rig, 5000);
	rig_close(&rig);
}
END_TEST

START_TEST(an_xrun_comes_again_whatever_was_started_in_between)
{
	struct rig rig = rig_playing("xrun@100/100", true);

	/* each restart is 96 frames later: 100, 200, ... fall where they fall */
	rig_pass(&rig, 100);
	for (unsigned i = 1; i < 20; i++) {
		states_are(&rig, SND_PCM_STATE_XRUN);
		start_anew(&rig, i * 1000);
		rig_pass(&rig, 3);
		states_are(&rig, SND_PCM_STATE_RUNNING);
		rig_pass(&rig, 1);
	}
	rig_close(&rig);
}
END_TEST

/* ---- suspends */

static void is_asleep(const struct rig *rig)
{
	const snd_pcm_channel_area_t *areas;
	snd_pcm_uframes_t offset, frames = 1;
	snd_pcm_sframes_t delay;

	states_are(rig, SND_PCM_STATE_SUSPENDED);
	ck_assert(rig_ready(rig->playback));
	ck_assert(rig_ready(rig->capture));
	ck_assert_int_eq(rig_events(rig->playback), POLLOUT | POLLERR);
	ck_assert_int_eq(rig_events(rig->capture), POLLIN | POLLERR);
	ck_assert_int_eq(snd_pcm_delay(rig->playback, &delay), -ESTRPIPE);
	ck_assert_int_eq(snd_pcm_mmap_begin(rig->playback, &areas, &offset, &frames), -ESTRPIPE);
	ck_assert_int_eq(snd_pcm_start(rig->playback), -ESTRPIPE);
	/* as a driver does, but that the answer should be -EAGAIN */
	ck_assert_int_eq(snd_pcm_resume(rig->playback), 0);
	ck_assert_int_eq(snd_pcm_resume(rig->capture), 0);
	states_are(rig, SND_PCM_STATE_SUSPENDED);
}

START_TEST(a_suspended_card_resumes_with_the_frame_it_had_reached)
{
	/* 10 ms are 480 frames */
	struct rig rig = rig_playing("suspend@70:10", true);

	rig_pass(&rig, 80);
	is_asleep(&rig);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 70);
	pass_loose(&rig, 469);
	is_asleep(&rig);
	/* and not one frame more before it was started again */
	ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
	ck_assert_int_eq(snd_pcm_resume(rig.playback), 0);
	ck_assert_int_eq(snd_pcm_resume(rig.capture), 0);
	states_are(&rig, SND_PCM_STATE_RUNNING);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 70);
	rig_pass(&rig, 96);
	ck_assert_int_eq(rig_record(&rig, 0, 166), 166);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_suspend_is_nothing_to_who_does_not_run)
{
	struct rig rig = rig_playing("suspend@70", true);

	ck_assert_int_eq(snd_pcm_drop(rig.capture), 0);
	ck_assert_int_eq(snd_pcm_prepare(rig.capture), 0);
	ck_assert(!rig_ready(rig.playback));
	ck_assert_int_eq(card_advance(rig.card, 64, 0), -ETIMEDOUT);
	ck_assert(!rig_ready(rig.playback));
	ck_assert_int_eq(card_advance(rig.card, 64, 0), -ETIMEDOUT);
	snd_pcm_avail_update(rig.playback);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_SUSPENDED);
	ck_assert_int_eq(snd_pcm_state(rig.capture), SND_PCM_STATE_PREPARED);
	/* but it cannot be started while the card sleeps */
	ck_assert_int_eq(snd_pcm_start(rig.capture), -ESTRPIPE);
	ck_assert_int_eq(snd_pcm_state(rig.capture), SND_PCM_STATE_SUSPENDED);
	rig_close(&rig);
}
END_TEST

START_TEST(one_that_is_stopped_as_it_resumes_is_waited_for)
{
	struct rig rig = rig_playing("suspend@70:1", true);

	rig_pass(&rig, 48);
	ck_assert(!rig_ready(rig.playback));
	ck_assert_int_eq(card_advance(rig.card, 30, 0), -ETIMEDOUT);
	states_are(&rig, SND_PCM_STATE_SUSPENDED);
	ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
	ck_assert_int_eq(snd_pcm_resume(rig.playback), 0);
	ck_assert_int_eq(snd_pcm_resume(rig.capture), 0);
	ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
	ck_assert_int_eq(snd_pcm_drop(rig.capture), 0);
	ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
	start_anew(&rig, 5);
	rig_close(&rig);
}
END_TEST

START_TEST(a_suspended_card_can_be_prepared_once_it_is_awake)
{
	struct rig rig = rig_playing("suspend@70,resume@1000", true);

	rig_pass(&rig, 80);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
		ck_assert_int_eq(snd_pcm_prepare(rig.playback), -ESTRPIPE);
		ck_assert_int_eq(snd_pcm_drop(rig.capture), 0);
		ck_assert_int_eq(snd_pcm_prepare(rig.capture), -ESTRPIPE);
		is_asleep(&rig);
		ck_assert_int_eq(snd_pcm_avail_update(rig.playback), RIG_BUFFER);
		ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 0);
		pass_loose(&rig, 300);
	}
	/* 980: what was stopped meanwhile has nothing to resume */
	is_asleep(&rig);
	ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
	ck_assert_int_eq(snd_pcm_resume(rig.playback), 0);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_SETUP);
	start_anew(&rig, 777);
	rig_close(&rig);
}
END_TEST

/* ---- unplugging */

static void is_gone(const struct rig *rig)
{
	const snd_pcm_channel_area_t *areas;
	snd_pcm_uframes_t offset, frames = 1;
	snd_pcm_sframes_t delay;

	states_are(rig, SND_PCM_STATE_DISCONNECTED);
	ck_assert(rig_ready(rig->playback));
	ck_assert(rig_ready(rig->capture));
	ck_assert_int_eq(rig_events(rig->playback), POLLOUT | POLLERR);
	ck_assert_int_eq(rig_events(rig->capture), POLLIN | POLLERR);
	ck_assert_int_eq(snd_pcm_delay(rig->playback, &delay), -ENODEV);
	ck_assert_int_eq(snd_pcm_mmap_begin(rig->playback, &areas, &offset, &frames), -ENODEV);
	ck_assert_int_eq(snd_pcm_prepare(rig->playback), -ENODEV);
	ck_assert_int_eq(snd_pcm_start(rig->capture), -ENODEV);
	ck_assert_int_eq(snd_pcm_drop(rig->capture), -ENODEV);
	ck_assert_int_eq(rig_set_hardware(rig->playback, &rig_plain), -ENODEV);
}

static int reopen(struct rig *rig)
{
	int err = card_open(rig->card, &rig->playback, SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK);

	if (err == 0)
		err = card_open(rig->card, &rig->capture, SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK);
	return err;
}

static void close_both(struct rig *rig)
{
	ck_assert_int_eq(snd_pcm_close(rig->playback), 0);
	ck_assert_int_eq(snd_pcm_close(rig->capture), 0);
	rig->playback = rig->capture = NULL;
}

START_TEST(an_unplugged_card_is_gone_until_it_returns)
{
	unsigned before = support_count_fds();
	struct rig rig = rig_playing("unplug@70/1000,return@500/1000", true);
	uint64_t frame = 0;

	for (unsigned i = 0; i < 3; i++) {
		rig_pass(&rig, i ? 48 : 80); /* 80, 1076, 2076 */
		is_gone(&rig);
		pass_loose(&rig, 300);
		close_both(&rig);
		ck_assert_int_eq(reopen(&rig), -ENODEV);
		ck_assert_ptr_null(rig.playback);
		pass_loose(&rig, i ? 123 : 119);
		ck_assert_int_eq(reopen(&rig), -ENODEV);
		ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
		/* 500, ... */
		ck_assert_int_eq(reopen(&rig), 0);
		ck_assert_int_eq(rig_set_up(rig.playback, &rig_plain), 0);
		ck_assert_int_eq(rig_set_up(rig.capture, &rig_plain), 0);
		ck_assert_int_eq(card_advance(rig.card, 1, 0), -ETIMEDOUT);
		start_anew(&rig, 10000 * (i + 1));
		frame = 10000 * (i + 1) + 96;
		ck_assert_int_eq(rig_play(&rig, frame + 160, 96), 96);
		loop_back(&rig, &frame, 9 * 48);
	}
	rig_close(&rig);
	ck_assert_uint_eq(support_count_fds(), before);
}
END_TEST

static void close_capture(struct rig *rig)
{
	ck_assert_int_eq(snd_pcm_close(rig->capture), 0);
	rig->capture = NULL;
}

START_TEST(a_pcm_that_was_unplugged_stays_so)
{
	struct rig rig = rig_playing("unplug@70,return@75", true);
	snd_pcm_t *second;

	rig_pass(&rig, 80);
	is_gone(&rig);
	/* the card is back, but it is another one */
	ck_assert_int_eq(card_open(rig.card, &second, SND_PCM_STREAM_PLAYBACK, 0), -EBUSY);
	snd_pcm_close(rig.capture);
	ck_assert_int_eq(card_open(rig.card, &rig.capture, SND_PCM_STREAM_CAPTURE, 0), 0);
	ck_assert_int_eq(snd_pcm_state(rig.capture), SND_PCM_STATE_OPEN);
	/* who gives up as it opens it will try again, and is waited for */
	ck_assert_int_eq(rig_set_up(rig.capture, &rig_plain), 0);
	close_capture(&rig);
	ck_assert_int_eq(card_advance(rig.card, 1000, 0), -ETIMEDOUT);
	rig_close(&rig);
}
END_TEST

START_TEST(an_unplugged_card_lets_frames_pass_for_ever)
{
	struct rig rig = rig_playing("unplug@70", true);

	rig_pass(&rig, 80);
	is_gone(&rig);
	pass_loose(&rig, 10000000);
	close_both(&rig);
	pass_loose(&rig, 10000000);
	ck_assert_int_eq(reopen(&rig), -ENODEV);
	card_destroy(rig.card);
}
END_TEST

/* alsa-lib takes a PCM for stopped after a drop, whatever that found. */
START_TEST(a_card_that_is_found_to_be_gone_while_it_is_stopped_is_gone)
{
	for (int asleep = 0; asleep < 2; asleep++) {
		struct rig rig = rig_playing(asleep ? "suspend@70,unplug@200" : "unplug@70", true);

		rig_pass(&rig, 48);
		ck_assert(!rig_ready(rig.playback));
		ck_assert_int_eq(card_advance(rig.card, 30, 0), -ETIMEDOUT);
		if (asleep) {
			states_are(&rig, SND_PCM_STATE_SUSPENDED);
			pass_loose(&rig, 200);
		}
		ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
		ck_assert_int_eq(snd_pcm_prepare(rig.playback), -ENODEV);
		is_gone(&rig);
		rig_close(&rig);
	}
}
END_TEST

START_TEST(a_suspended_card_can_be_unplugged)
{
	struct rig rig = rig_playing("suspend@70,unplug@200", true);

	rig_pass(&rig, 80);
	is_asleep(&rig);
	pass_loose(&rig, 119);
	is_asleep(&rig);
	pass_loose(&rig, 1);
	is_gone(&rig);
	pass_loose(&rig, 100000);
	rig_close(&rig);
}
END_TEST

/* ---- the position */

START_TEST(a_stuck_card_stands_and_then_goes_on)
{
	struct rig rig = rig_playing("stuck@70,go@400", true);
	uint64_t frame = 96;

	rig_pass(&rig, 300);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 70);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 70);
	states_are(&rig, SND_PCM_STATE_RUNNING);
	ck_assert(!rig_ready(rig.playback));
	ck_assert_int_eq(rig_events(rig.capture), 0);
	rig_pass(&rig, 100);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 70);
	rig_pass(&rig, 26);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 96);
	ck_assert_int_eq(rig_record(&rig, 0, 96), 96);
	ck_assert_int_eq(rig_play(&rig, RIG_BUFFER, 96), 96);
	loop_back(&rig, &frame, 1000);
	rig_close(&rig);
}
END_TEST

START_TEST(a_bursty_card_moves_in_steps)
{
	struct rig rig = rig_playing("burst@48:100,go@400", true);
	static const long avail[] = { 48, 48, 48, 148, 148 };

	for (int i = 0; i < 5; i++) {
		rig_pass(&rig, 48);
		ck_assert_int_eq(snd_pcm_avail_update(rig.playback), avail[i]);
		ck_assert_int_eq(snd_pcm_avail_update(rig.capture), avail[i]);
	}
	ck_assert_int_eq(rig_record(&rig, 0, 148), 148);
	rig_pass(&rig, 48); /* 288 */
	ck_assert_int_eq(rig_record(&rig, 148, 100), 100);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(a_drifting_card_has_more_frames_than_time)
{
	struct rig rig = rig_playing("drift@0:250000,go@480", true);
	uint64_t captured = 0, played = RIG_BUFFER;

	for (int i = 0; i < 20; i++) {
		long frames;

		rig_pass(&rig, 48);
		frames = snd_pcm_avail_update(rig.capture);
		ck_assert_int_eq(frames, i < 10 ? 60 : 48);
		ck_assert_int_eq(rig_record(&rig, captured, frames), frames);
		ck_assert_int_eq(rig_play(&rig, played, frames), frames);
		captured += (uint64_t)frames;
		played += (uint64_t)frames;
	}
	rig_close(&rig);
}
END_TEST

/* _i: 0 the pointer runs ahead, 1 it goes back */
START_TEST(a_pointer_lies_once_and_only_to_who_looks_first)
{
	struct rig rig = rig_playing(_i ? "backwards@70" : "hugeavail@70:5", true);
	uint64_t frame = 144;
	long avail;

	rig_pass(&rig, 96);
	avail = snd_pcm_avail_update(rig.capture);
	if (_i)
		ck_assert_int_gt(avail, 1000000 * RIG_BUFFER);
	else
		ck_assert_int_eq(avail, 96 + 5 * RIG_BUFFER);
	/* for as long as the frames stand, so that who makes sure hears it again */
	ck_assert_int_eq(snd_pcm_avail(rig.capture), avail);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 96);
	states_are(&rig, SND_PCM_STATE_RUNNING);
	rig_pass(&rig, 48);
	ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 144);
	ck_assert_int_eq(rig_record(&rig, 0, 144), 144);
	ck_assert_int_eq(rig_play(&rig, RIG_BUFFER, 144), 144);
	loop_back(&rig, &frame, 1000);
	rig_close(&rig);
}
END_TEST

START_TEST(a_lie_does_not_outlast_a_restart)
{
	struct rig rig = rig_playing("hugeavail@70", true);

	rig_pass(&rig, 96);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 96 + 32 * RIG_BUFFER);
	start_anew(&rig, 300);
	rig_close(&rig);
}
END_TEST

START_TEST(a_spinning_card_is_always_ready)
{
	struct rig rig = rig_playing("spin@48,go@480", true);

	ck_assert(!rig_ready(rig.playback));
	rig_pass(&rig, 48);
	for (int i = 0; i < 3; i++) {
		ck_assert(rig_ready(rig.playback));
		ck_assert(rig_ready(rig.capture));
		ck_assert_int_eq(rig_events(rig.playback), POLLOUT);
		ck_assert_int_eq(rig_events(rig.capture), POLLIN);
		ck_assert_int_eq(snd_pcm_avail_update(rig.capture), 48 * (i + 1));
		rig_pass(&rig, 48);
	}
	ck_assert_int_eq(rig_record(&rig, 0, 192), 192);
	ck_assert_int_eq(rig_play(&rig, RIG_BUFFER, 192), 192);
	rig_pass(&rig, 240);
	ck_assert_int_eq(rig_record(&rig, 192, 240), 240);
	ck_assert_int_eq(rig_play(&rig, RIG_BUFFER + 192, 240), 240);
	rig_pass(&rig, 48);
	ck_assert(!rig_ready(rig.playback));
	ck_assert_int_eq(rig_events(rig.playback), 0);
	rig_close(&rig);
}
END_TEST

/* ---- calls that fail */

START_TEST(calls_fail_so_many_times)
{
	struct rig rig = rig_with("start@0:2", true);
	snd_pcm_t *pcm;

	ck_assert_int_eq(rig_play(&rig, 0, RIG_BUFFER), RIG_BUFFER);
	ck_assert_int_eq(snd_pcm_start(rig.playback), -EIO);
	ck_assert_int_eq(snd_pcm_start(rig.playback), -EIO);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_PREPARED);
	rig_start(&rig);
	rig_pass(&rig, 48);
	ck_assert_int_eq(rig_record(&rig, 0, 48), 48);
	rig_close(&rig);

	rig.card = rig_card("virtual:fault=busy@0:2,open@0,params@0,prepare@0:2", false);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(card_open(rig.card, &pcm, SND_PCM_STREAM_PLAYBACK, 0),
				 i < 2 ? -EBUSY : -EIO);
		ck_assert_ptr_null(pcm);
	}
	ck_assert_int_eq(card_open(rig.card, &pcm, SND_PCM_STREAM_PLAYBACK, 0), 0);
	ck_assert_int_eq(rig_set_hardware(pcm, &rig_plain), -EINVAL);
	ck_assert_int_eq(rig_set_hardware(pcm, &rig_plain), -EIO);
	ck_assert_int_eq(snd_pcm_prepare(pcm), -EIO);
	ck_assert_int_eq(snd_pcm_prepare(pcm), 0);
	snd_pcm_close(pcm);
	card_destroy(rig.card);
}
END_TEST

START_TEST(a_card_may_be_unplugged_from_the_first)
{
	struct card *card = rig_card("virtual:fault=unplug@0", false);
	snd_pcm_t *pcm;

	ck_assert_int_eq(card_open(card, &pcm, SND_PCM_STREAM_CAPTURE, 0), -ENODEV);
	card_destroy(card);
}
END_TEST

/* ---- real time */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* 32 s of buffer, of which a test uses a tenth of a second; 64 frames are 8 ms */
static const struct rig_setup real = {
	.access = SND_PCM_ACCESS_MMAP_INTERLEAVED,
	.format = SND_PCM_FORMAT_S16_LE,
	.channels = 2,
	.rate = 8000,
	.period = 256,
	.periods = 1024,
	.avail_min = 64,
};
#define REAL_BUFFER (256 * 1024)

/* Play, and wait until poll tells something; after how many ns at least one
 * looks at the PCM. */
static uint64_t wait_once(const struct rig *rig)
{
	struct pollfd fd;
	uint64_t began;

	ck_assert_int_eq(rig_play(rig, 0, REAL_BUFFER), REAL_BUFFER);
	began = now_ns();
	ck_assert_int_eq(snd_pcm_start(rig->playback), 0);
	ck_assert_int_eq(snd_pcm_poll_descriptors(rig->playback, &fd, 1), 1);
	support_await_readable(fd.fd);
	return now_ns() - began;
}

START_TEST(a_late_wake_up_is_late_and_the_position_is_not)
{
	struct rig rig = rig_open("virtual:fault=late@1:50", &real, NULL);

	ck_assert_uint_ge(wait_once(&rig), 50000000);
	ck_assert_int_ge(snd_pcm_avail_update(rig.playback), 400);
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT);
	rig_close(&rig);
}
END_TEST

/* What wakes who waits for frames that never come. */
START_TEST(a_change_of_state_wakes_who_sleeps)
{
	static const struct {
		const char *name;
		snd_pcm_state_t state;
	} cards[] = {
		{ "virtual:fault=xrun@80", SND_PCM_STATE_XRUN },
		{ "virtual:fault=suspend@80", SND_PCM_STATE_SUSPENDED },
		{ "virtual:fault=unplug@80", SND_PCM_STATE_DISCONNECTED },
		{ "virtual:fault=stuck@10,unplug@80", SND_PCM_STATE_DISCONNECTED },
	};
	struct rig_setup s = real;
	struct rig rig;

	s.avail_min = 0;
	rig = rig_open(cards[_i].name, &s, NULL);
	ck_assert_uint_ge(wait_once(&rig), 10000000);
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT | POLLERR);
	ck_assert_int_eq(snd_pcm_state(rig.playback), cards[_i].state);
	rig_close(&rig);
}
END_TEST

START_TEST(a_suspended_card_wakes_up_by_itself_in_real_time)
{
	struct rig rig = rig_open("virtual:fault=suspend@80:40", &real, NULL);
	struct pollfd none = { .fd = -1 };
	uint64_t began;

	/* woken for the first 64 frames, and for the suspend */
	began = now_ns() - wait_once(&rig);
	while (snd_pcm_avail_update(rig.playback),
	       snd_pcm_state(rig.playback) == SND_PCM_STATE_RUNNING)
		poll(&none, 1, 1);
	while (snd_pcm_resume(rig.playback) == 0 &&
	       snd_pcm_state(rig.playback) == SND_PCM_STATE_SUSPENDED)
		poll(&none, 1, 1);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_RUNNING);
	ck_assert_uint_ge(now_ns() - began, 50000000);
	rig_close(&rig);
}
END_TEST

START_TEST(an_unplugged_card_returns_in_real_time)
{
	struct rig rig = rig_open("virtual:fault=unplug@80,return@400", &real, NULL);
	struct pollfd none = { .fd = -1 };
	uint64_t began = now_ns();
	int err;

	wait_once(&rig);
	while (snd_pcm_avail_update(rig.playback),
	       snd_pcm_state(rig.playback) == SND_PCM_STATE_RUNNING)
		poll(&none, 1, 1);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_DISCONNECTED);
	snd_pcm_close(rig.playback);
	while ((err = card_open(rig.card, &rig.playback, SND_PCM_STREAM_PLAYBACK, 0)) == -ENODEV)
		poll(&none, 1, 1);
	ck_assert_int_eq(err, 0);
	ck_assert_uint_ge(now_ns() - began, 50000000);
	ck_assert_int_eq(rig_set_up(rig.playback, &real), 0);
	ck_assert_uint_ge(wait_once(&rig), 8000000);
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("card_faults");
	TCase *states = tcase_create("states");
	TCase *positions = tcase_create("positions");
	TCase *calls = tcase_create("calls");
	TCase *real_time = tcase_create("real time");

	tcase_add_test(states, an_xrun_comes_at_its_frame_to_both_sides);
	tcase_add_test(states, an_xrun_comes_again_whatever_was_started_in_between);
	tcase_add_test(states, a_suspended_card_resumes_with_the_frame_it_had_reached);
	tcase_add_test(states, a_suspend_is_nothing_to_who_does_not_run);
	tcase_add_test(states, one_that_is_stopped_as_it_resumes_is_waited_for);
	tcase_add_test(states, a_suspended_card_can_be_prepared_once_it_is_awake);
	tcase_add_test(states, an_unplugged_card_is_gone_until_it_returns);
	tcase_add_test(states, a_pcm_that_was_unplugged_stays_so);
	tcase_add_test(states, an_unplugged_card_lets_frames_pass_for_ever);
	tcase_add_test(states, a_card_that_is_found_to_be_gone_while_it_is_stopped_is_gone);
	tcase_add_test(states, a_suspended_card_can_be_unplugged);
	suite_add_tcase(suite, states);

	tcase_add_test(positions, a_stuck_card_stands_and_then_goes_on);
	tcase_add_test(positions, a_bursty_card_moves_in_steps);
	tcase_add_test(positions, a_drifting_card_has_more_frames_than_time);
	tcase_add_loop_test(positions, a_pointer_lies_once_and_only_to_who_looks_first, 0, 2);
	tcase_add_test(positions, a_lie_does_not_outlast_a_restart);
	tcase_add_test(positions, a_spinning_card_is_always_ready);
	suite_add_tcase(suite, positions);

	tcase_add_test(calls, calls_fail_so_many_times);
	tcase_add_test(calls, a_card_may_be_unplugged_from_the_first);
	suite_add_tcase(suite, calls);

	tcase_set_timeout(real_time, 2 * SUPPORT_PATIENCE_MS / 1000);
	tcase_add_test(real_time, a_late_wake_up_is_late_and_the_position_is_not);
	tcase_add_loop_test(real_time, a_change_of_state_wakes_who_sleeps, 0, 4);
	tcase_add_test(real_time, a_suspended_card_wakes_up_by_itself_in_real_time);
	tcase_add_test(real_time, an_unplugged_card_returns_in_real_time);
	suite_add_tcase(suite, real_time);
	return support_run(suite);
}
