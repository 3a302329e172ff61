/* SPDX-License-Identifier: MIT */
/*
 * The real clock; see real_clock.h. Driving thread.
 *
 * A frame counts once all of it has passed, so that frames are rounded down
 * and the time of a deadline up: when a timer expires its frame is there.
 * Seconds and nanoseconds are converted apart, which is exact and fits in 64
 * bits up to 768000 Hz.
 *
 * Setting a timer is by far the dearest call here, and a timer that has
 * expired stays readable: it is set only when what poll sees must change.
 */
#include "card/real_clock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND_NS 1000000000

/* armed: set to some frame of an earlier run */
#define ARMED_BEFORE (CARD_CLOCK_NEVER - 1)

static void real_start(struct card_clock *base, unsigned rate)
{
	struct real_clock *clock = (struct real_clock *)base;

	clock_gettime(CLOCK_MONOTONIC, &clock->origin);
	clock->rate = rate;
	clock->now = 0;
	for (int i = 0; i < CARD_CLOCK_FDS; i++)
		clock->armed[i] = ARMED_BEFORE;
}

uint64_t real_clock_frame_at(const struct real_clock *clock, struct timespec time)
{
	uint64_t s, ns;

	if (time.tv_nsec < clock->origin.tv_nsec) {
		time.tv_sec--;
		time.tv_nsec += SECOND_NS;
	}
	s = (uint64_t)(time.tv_sec - clock->origin.tv_sec);
	ns = (uint64_t)(time.tv_nsec - clock->origin.tv_nsec);
	return s * clock->rate + ns * clock->rate / SECOND_NS;
}

struct timespec real_clock_time_of(const struct real_clock *clock, uint64_t frame)
{
	uint64_t s = frame / clock->rate;
	uint64_t ns = (frame % clock->rate * SECOND_NS + clock->rate - 1) / clock->rate;
	struct timespec time = clock->origin;

	ns += (uint64_t)time.tv_nsec;
	time.tv_sec += (time_t)(s + ns / SECOND_NS);
	time.tv_nsec = (long)(ns % SECOND_NS);
	return time;
}

static uint64_t real_now(struct card_clock *base)
{
	struct real_clock *clock = (struct real_clock *)base;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	clock->now = real_clock_frame_at(clock, now);
	return clock->now;
}

static void real_wake_at(struct card_clock *base, unsigned direction, uint64_t frame)
{
	struct real_clock *clock = (struct real_clock *)base;
	uint64_t *armed = &clock->armed[direction];
	struct itimerspec timer = { 0 }; /* as it is: disarmed */

	if (frame == *armed || (frame <= clock->now && *armed <= clock->now))
		return;
	if (frame != CARD_CLOCK_NEVER)
		timer.it_value = real_clock_time_of(clock, frame);
	/* cannot fail: the descriptor and the time are good */
	timerfd_settime(base->fds[direction], TFD_TIMER_ABSTIME, &timer, NULL);
	*armed = frame;
}

static const struct card_clock_ops real_ops = {
	.start = real_start,
	.now = real_now,
	.wake_at = real_wake_at,
};

int real_clock_open(struct real_clock *clock)
{
	/* not started: any rate and time will do for a frame 0 that has passed */
	*clock = (struct real_clock){ .base.ops = &real_ops, .rate = 1 };
	clock_gettime(CLOCK_MONOTONIC, &clock->origin);
	for (int i = 0; i < CARD_CLOCK_FDS; i++) {
		int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

		if (fd < 0) {
			int err = -errno;

			while (i-- > 0)
				close(clock->base.fds[i]);
			return err;
		}
		clock->base.fds[i] = fd;
		clock->armed[i] = CARD_CLOCK_NEVER;
	}
	return 0;
}

void real_clock_close(struct real_clock *clock)
{
	for (int i = 0; i < CARD_CLOCK_FDS; i++)
		close(clock->base.fds[i]);
}
