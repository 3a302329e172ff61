/* SPDX-License-Identifier: MIT */
/*
 * The virtual card's clocks: the manual one with a driving and an advancing
 * thread, and the real one. Of real time only lower bounds are checked, with a
 * buffer that outlasts any stall of the machine.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "card/manual_clock.h"
#include "card/real_clock.h"
#include "card_rig.h"
#include "support.h"

/* ---- the manual clock, with a driving thread */

struct driver {
	/* set by the test */
	bool refetch; /* descriptors, for each wait */
	bool restart; /* after an xrun */

	/* the driving thread's; the test's own while advance has returned */
	struct rig rig;
	struct pollfd fds[3]; /* playback, capture, quit */
	uint64_t played, captured;
	long most;           /* frames that were ever available at once */
	unsigned due, empty; /* waits that ended with something to do and without */
	unsigned restarts;
	int result;

	pthread_t thread;
};

static void fetch(struct driver *d)
{
	if (d->rig.playback)
		snd_pcm_poll_descriptors(d->rig.playback, &d->fds[0], 1);
	if (d->rig.capture)
		snd_pcm_poll_descriptors(d->rig.capture, &d->fds[1], 1);
}

static unsigned short wait_for_events(struct driver *d)
{
	unsigned short playback = 0, capture = 0;

	if (poll(d->fds, 3, -1) < 0)
		return POLLNVAL;
	if (d->rig.playback)
		snd_pcm_poll_descriptors_revents(d->rig.playback, &d->fds[0], 1, &playback);
	if (d->rig.capture)
		snd_pcm_poll_descriptors_revents(d->rig.capture, &d->fds[1], 1, &capture);
	return playback | capture;
}

/* Read and write all that there is. */
static int move(struct driver *d)
{
	long avail, moved;

	if (d->rig.capture) {
		avail = snd_pcm_avail_update(d->rig.capture);
		moved = avail < 0 ? avail : rig_record(&d->rig, d->captured, avail);
		if (moved < avail || moved < 0)
			return -EIO;
		d->captured += (uint64_t)moved;
		d->most = avail > d->most ? avail : d->most;
	}
	if (d->rig.playback) {
		avail = snd_pcm_avail_update(d->rig.playback);
		moved = avail < 0 ? avail : rig_play(&d->rig, d->played, avail);
		if (moved < avail || moved < 0)
			return -EIO;
		d->played += (uint64_t)moved;
		d->most = avail > d->most ? avail : d->most;
	}
	return 0;
}

static int restart(struct driver *d)
{
	d->restarts++;
	if (snd_pcm_drop(d->rig.playback) < 0 || snd_pcm_drop(d->rig.capture) < 0 ||
	    snd_pcm_prepare(d->rig.playback) < 0 || snd_pcm_prepare(d->rig.capture) < 0 ||
	    rig_play(&d->rig, 0, RIG_BUFFER) != RIG_BUFFER || snd_pcm_start(d->rig.playback) < 0 ||
	    snd_pcm_start(d->rig.capture) < 0)
		return -EIO;
	return 0;
}

static void *drive(void *arg)
{
	struct driver *d = arg;

	fetch(d);
	while (d->result == 0) {
		unsigned short events = wait_for_events(d);

		if (d->fds[2].revents)
			break;
		if (events)
			d->due++;
		else
			d->empty++;
		if (events & (POLLERR | POLLNVAL))
			d->result = d->restart ? restart(d) : -EPIPE;
		else if (events)
			d->result = move(d);
		if (d->refetch)
			fetch(d);
	}
	return NULL;
}

/* Fill, start and drive. */
static void driver_start(struct driver *d, struct rig rig)
{
	d->rig = rig;
	d->fds[0].fd = d->fds[1].fd = -1;
	d->fds[2] = (struct pollfd){ .fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN };
	ck_assert_int_ge(d->fds[2].fd, 0);
	d->played = RIG_BUFFER;
	ck_assert_int_eq(rig_play(&rig, 0, RIG_BUFFER), RIG_BUFFER);
	rig_start(&rig);
	d->thread = support_start(drive, d);
}

static void driver_stop(struct driver *d)
{
	uint64_t one = 1;

	ck_assert_int_eq(write(d->fds[2].fd, &one, sizeof(one)), sizeof(one));
	support_join(d->thread);
	ck_assert_int_eq(d->result, 0);
	close(d->fds[2].fd);
}

/* _i & 1: descriptors are fetched for each wait; _i & 2: both directions */
START_TEST(advance_returns_when_the_frames_were_handled)
{
	struct driver d = { .refetch = _i & 1 };
	struct rig_setup s = rig_plain;
	struct rig rig;
	uint64_t total = 0;

	s.avail_min = 64;
	rig = rig_open("virtual:clock=manual", &s, _i & 2 ? &s : NULL);
	driver_start(&d, rig);
	for (uint64_t frames = 1; frames < 20000; frames = frames * 3 + 1) {
		ck_assert_int_eq(card_advance(rig.card, frames, SUPPORT_PATIENCE_MS), 0);
		total += frames;
		/* all but what is less than avail_min */
		ck_assert_uint_gt(d.played + 64, total + RIG_BUFFER);
		ck_assert_uint_le(d.played, total + RIG_BUFFER);
		if (rig.capture)
			ck_assert_uint_gt(d.captured + 64, total);
	}
	driver_stop(&d);
	/* never two periods at once */
	ck_assert_int_lt(d.most, 2 * 64);
	/* A bell may ring while its frames are being handled, or for a part of a
	 * period; beyond that no wait ends for nothing. */
	ck_assert_uint_le(d.empty, 2 * d.due + 40);
	rig_close(&rig);
}
END_TEST

static void manual_clock_up(struct manual_clock *clock)
{
	ck_assert_int_eq(manual_clock_open(clock), 0);
	clock->base.ops->start(&clock->base, 48000);
	manual_clock_run(clock, 64);
	manual_clock_settle(clock);
}

START_TEST(frames_between_the_look_and_the_wait_wake_it)
{
	struct manual_clock clock;
	struct card_clock *base = &clock.base;

	manual_clock_up(&clock);
	ck_assert_uint_eq(base->ops->now(base), 0);
	ck_assert_int_eq(manual_clock_advance(&clock, 100, 0), -ETIMEDOUT);
	/* but not who waits for none */
	base->ops->wake_at(base, 0, CARD_CLOCK_NEVER);
	ck_assert(!support_readable(base->fds[0]));
	base->ops->wake_at(base, 0, 64);
	ck_assert(support_readable(base->fds[0]));
	ck_assert_uint_eq(base->ops->now(base), 64);
	base->ops->wake_at(base, 0, 65);
	ck_assert(!support_readable(base->fds[0]));
	base->ops->wake_at(base, 0, 64);
	ck_assert(support_readable(base->fds[0]));
	base->ops->wake_at(base, 0, CARD_CLOCK_NEVER);
	ck_assert(!support_readable(base->fds[0]));
	manual_clock_close(&clock);
}
END_TEST

START_TEST(frames_from_before_the_start_have_passed)
{
	struct manual_clock clock;
	struct card_clock *base = &clock.base;

	manual_clock_up(&clock);
	ck_assert_int_eq(manual_clock_advance(&clock, 100, 0), -ETIMEDOUT);
	base->ops->start(base, 48000);
	ck_assert_uint_eq(base->ops->now(base), 0);
	manual_clock_close(&clock);
}
END_TEST

START_TEST(advance_waits_for_an_xrun_to_be_dealt_with)
{
	struct driver d = { .refetch = true, .restart = true };
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, &rig_plain);

	/* poll tells nothing until playback has run out */
	driver_start(&d, rig);
	for (unsigned i = 1; i <= 50; i++) {
		ck_assert_int_eq(card_advance(rig.card, RIG_BUFFER, SUPPORT_PATIENCE_MS), 0);
		ck_assert_uint_eq(d.restarts, i);
	}
	ck_assert_int_eq(card_advance(rig.card, RIG_BUFFER * 50 + 100, SUPPORT_PATIENCE_MS), 0);
	ck_assert_uint_eq(d.restarts, 100);
	driver_stop(&d);
	ck_assert_int_eq(snd_pcm_avail_update(rig.playback), 100);
	ck_assert_int_eq(rig_record(&rig, 0, 100), 100);
	rig_close(&rig);
}
END_TEST

struct advance {
	struct card *card;
	int result;
};

static void *advance_without_end(void *arg)
{
	struct advance *advance = arg;

	advance->result = card_advance(advance->card, UINT64_MAX, SUPPORT_PATIENCE_MS);
	return NULL;
}

START_TEST(advance_returns_when_the_card_is_stopped)
{
	struct rig_setup s = rig_plain;
	uint64_t played = RIG_BUFFER;
	struct advance advance;
	pthread_t thread;
	struct rig rig;

	s.avail_min = 64;
	rig = rig_open("virtual:clock=manual", &s, NULL);
	rig_play(&rig, 0, RIG_BUFFER);
	rig_start(&rig);
	advance = (struct advance){ rig.card, 1 };
	thread = support_start(advance_without_end, &advance);
	while (played < 5000) {
		struct pollfd fd;

		ck_assert_int_eq(snd_pcm_poll_descriptors(rig.playback, &fd, 1), 1);
		support_await_readable(fd.fd);
		played += (uint64_t)rig_play(&rig, played, 64);
	}
	ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
	support_join(thread);
	ck_assert_int_eq(advance.result, 0);
	rig_close(&rig);
}
END_TEST

START_TEST(playback_drains_and_then_no_time_passes)
{
	struct rig rig = rig_open("virtual:clock=manual", &rig_plain, NULL);
	struct advance advance = { rig.card, 1 };
	pthread_t thread;

	rig_play(&rig, 0, 200);
	rig_start(&rig);
	ck_assert_int_eq(snd_pcm_drain(rig.playback), -EAGAIN);
	ck_assert_int_eq(snd_pcm_nonblock(rig.playback, 0), 0);
	thread = support_start(advance_without_end, &advance);
	ck_assert_int_eq(snd_pcm_drain(rig.playback), 0);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_SETUP);
	support_join(thread);
	ck_assert_int_eq(advance.result, 0);
	rig_close(&rig);
}
END_TEST

/* ---- the real clock */

START_TEST(a_frame_is_there_at_its_nanosecond_and_not_before)
{
	static const unsigned rates[] = { 1000, 8000, 11025, 44100, 44101, 48000, 767999, 768000 };
	uint64_t seed = 1;

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		uint64_t years = (uint64_t)rates[r] * 3600 * 24 * 365 * 50;

		for (int i = 0; i < 20000; i++) {
			struct real_clock clock = {
				.origin = { 1, (long)(support_random(&seed) % 1000000000) },
				.rate = rates[r],
			};
			uint64_t frame =
				1 + (i < 10000 ? (uint64_t)i : support_random(&seed) % years);
			struct timespec time = real_clock_time_of(&clock, frame);

			ck_assert_int_lt(time.tv_nsec, 1000000000);
			ck_assert_uint_eq(real_clock_frame_at(&clock, time), frame);
			time.tv_sec -= time.tv_nsec == 0;
			time.tv_nsec = time.tv_nsec ? time.tv_nsec - 1 : 999999999;
			ck_assert_uint_eq(real_clock_frame_at(&clock, time), frame - 1);
		}
	}
}
END_TEST

/* 32 s of buffer, of which the tests use a tenth of a second */
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
#define REAL_FRAMES 800

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Write all there is room for; how many frames. */
static uint64_t refill(const struct rig *rig, uint64_t frame)
{
	long avail = snd_pcm_avail_update(rig->playback);

	ck_assert_int_ge(avail, 0);
	ck_assert_int_eq(rig_play(rig, frame, avail), avail);
	return (uint64_t)avail;
}

START_TEST(frames_take_their_time_and_poll_is_never_early)
{
	struct rig rig = rig_open("virtual", &real, NULL);
	uint64_t began, took, frames, passed = 0, waits = 0;

	ck_assert(rig_ready(rig.playback));
	ck_assert_int_eq(rig_play(&rig, 0, REAL_BUFFER), REAL_BUFFER);
	ck_assert(!rig_ready(rig.playback));
	began = now_ns();
	rig_start(&rig);
	while (passed < REAL_FRAMES) {
		struct pollfd fd;

		ck_assert_int_eq(snd_pcm_poll_descriptors(rig.playback, &fd, 1), 1);
		support_await_readable(fd.fd);
		waits++;
		/* it wakes when enough is due, and for nothing else */
		ck_assert_int_eq(rig_events(rig.playback), POLLOUT);
		frames = refill(&rig, REAL_BUFFER + passed);
		ck_assert_uint_ge(frames, 64);
		passed += frames;
	}
	took = now_ns() - began;
	ck_assert_uint_ge(took, passed * 1000000000 / 8000);
	ck_assert_uint_le(waits, passed / 64);
	rig_close(&rig);
}
END_TEST

START_TEST(each_start_waits_anew)
{
	struct rig rig = rig_open("virtual", &real, NULL);
	struct pollfd fd;

	for (int i = 0; i < 3; i++) {
		rig_play(&rig, 0, REAL_BUFFER);
		rig_start(&rig);
		ck_assert_int_eq(snd_pcm_poll_descriptors(rig.playback, &fd, 1), 1);
		support_await_readable(fd.fd);
		ck_assert_int_eq(rig_events(rig.playback), POLLOUT);
		ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
		ck_assert_int_eq(snd_pcm_prepare(rig.playback), 0);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(descriptors_fetched_once_do_not_make_it_spin)
{
	struct rig rig = rig_open("virtual", &real, NULL);
	unsigned due = 0, empty = 0;
	uint64_t passed = 0;
	struct pollfd fd;

	rig_play(&rig, 0, REAL_BUFFER);
	rig_start(&rig);
	ck_assert_int_eq(snd_pcm_poll_descriptors(rig.playback, &fd, 1), 1);
	while (passed < REAL_FRAMES) {
		support_await_readable(fd.fd);
		if (rig_events(rig.playback)) {
			due++;
			passed += refill(&rig, REAL_BUFFER + passed);
		} else {
			empty++;
		}
	}
	/* each time only to learn that what it handled is no longer due */
	ck_assert_uint_le(empty, due);
	rig_close(&rig);
}
END_TEST

START_TEST(both_directions_are_aligned_in_real_time_too)
{
	struct rig rig = rig_open("virtual", &real, &real);

	for (int round = 0; round < 3; round++) {
		uint64_t captured = 0, played = REAL_BUFFER;

		rig_play(&rig, 0, REAL_BUFFER);
		rig_start(&rig);
		while (captured < REAL_FRAMES / 3) {
			struct pollfd fd;
			long avail;

			ck_assert_int_eq(snd_pcm_poll_descriptors(rig.capture, &fd, 1), 1);
			support_await_readable(fd.fd);
			avail = snd_pcm_avail_update(rig.capture);
			ck_assert_int_ge(avail, 64);
			ck_assert_int_eq(rig_record(&rig, captured, avail), avail);
			captured += (uint64_t)avail;
			played += refill(&rig, played);
		}
		ck_assert_int_eq(snd_pcm_drop(rig.playback), 0);
		ck_assert_int_eq(snd_pcm_drop(rig.capture), 0);
		ck_assert_int_eq(snd_pcm_prepare(rig.playback), 0);
		ck_assert_int_eq(snd_pcm_prepare(rig.capture), 0);
	}
	rig_close(&rig);
}
END_TEST

START_TEST(playback_drains_in_its_time)
{
	struct rig rig = rig_open("virtual", &real, NULL);
	uint64_t began;

	ck_assert_int_eq(snd_pcm_nonblock(rig.playback, 0), 0);
	rig_play(&rig, 0, 240);
	began = now_ns();
	rig_start(&rig);
	ck_assert_int_eq(snd_pcm_drain(rig.playback), 0);
	ck_assert_uint_ge(now_ns() - began, 240 * 1000000000u / 8000);
	ck_assert_int_eq(snd_pcm_state(rig.playback), SND_PCM_STATE_SETUP);
	rig_close(&rig);
}
END_TEST

START_TEST(an_xrun_wakes_who_waits_for_more_than_the_buffer)
{
	struct rig rig = rig_open("virtual", &rig_plain, &rig_plain);
	struct pollfd fd;

	rig_play(&rig, 0, 48);
	rig_start(&rig);
	ck_assert_int_eq(snd_pcm_poll_descriptors(rig.playback, &fd, 1), 1);
	support_await_readable(fd.fd);
	ck_assert_int_eq(rig_events(rig.playback), POLLOUT | POLLERR);
	ck_assert_int_eq(snd_pcm_poll_descriptors(rig.capture, &fd, 1), 1);
	support_await_readable(fd.fd);
	ck_assert_int_eq(rig_events(rig.capture), POLLIN | POLLERR);
	rig_close(&rig);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("card_clock");
	TCase *manual_clock = tcase_create("manual clock");
	TCase *real_clock = tcase_create("real clock");

	tcase_set_timeout(manual_clock, 2 * SUPPORT_PATIENCE_MS / 1000);
	tcase_add_test(manual_clock, frames_between_the_look_and_the_wait_wake_it);
	tcase_add_test(manual_clock, frames_from_before_the_start_have_passed);
	tcase_add_loop_test(manual_clock, advance_returns_when_the_frames_were_handled, 0, 4);
	tcase_add_test(manual_clock, advance_waits_for_an_xrun_to_be_dealt_with);
	tcase_add_test(manual_clock, advance_returns_when_the_card_is_stopped);
	tcase_add_test(manual_clock, playback_drains_and_then_no_time_passes);
	suite_add_tcase(suite, manual_clock);

	tcase_set_timeout(real_clock, 2 * SUPPORT_PATIENCE_MS / 1000);
	tcase_add_test(real_clock, a_frame_is_there_at_its_nanosecond_and_not_before);
	tcase_add_test(real_clock, frames_take_their_time_and_poll_is_never_early);
	tcase_add_test(real_clock, each_start_waits_anew);
	tcase_add_test(real_clock, descriptors_fetched_once_do_not_make_it_spin);
	tcase_add_test(real_clock, both_directions_are_aligned_in_real_time_too);
	tcase_add_test(real_clock, playback_drains_in_its_time);
	tcase_add_test(real_clock, an_xrun_wakes_who_waits_for_more_than_the_buffer);
	suite_add_tcase(suite, real_clock);
	return support_run(suite);
}
