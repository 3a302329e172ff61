/* SPDX-License-Identifier: MIT */
/*
 * The cycle: one turn of the audio thread. It waits on its own wake bell and
 * on the directions that lack a period; every wait ends within two periods, so
 * that messages are answered and suspicious devices looked at even when no
 * device wakes us.
 */
#include "rt/rt.h"

#include <errno.h>
#include <stddef.h>

/* alsa-lib refuses PCMs with 16 descriptors or more */
#define PCM_FDS_MAX 16

/* What ended a wait. */
struct wake {
	bool rung;       /* the control side */
	bool fired;      /* a PCM's descriptor */
	bool suspicious; /* a PCM's descriptor told of an error, or could not be asked */
};

/* A running device gets half a period more to come before we look without it:
 * one that never wakes us has less than two and a half periods ready then. */
static uint64_t tick_deadline(const struct rt *rt)
{
	const struct transport *t = &rt->transport;
	bool waited_for = transport_runs(t) && !t->hold_until_ns;

	return rt->tick_ns + rt->turn_ns + (waited_for ? rt->turn_ns / 2 : 0);
}

static uint64_t timeout_ns(const struct rt *rt)
{
	uint64_t until = tick_deadline(rt);

	if (rt->transport.hold_until_ns && rt->transport.hold_until_ns < until)
		until = rt->transport.hold_until_ns;
	return until > rt->now_ns ? until - rt->now_ns : 0;
}

static unsigned pcm_descriptors(struct pcm *pcm, struct pollfd *fds, struct wake *wake)
{
	int count = pcm->ops->descriptors(pcm, fds, PCM_FDS_MAX);

	if (count > 0 && count <= PCM_FDS_MAX)
		return (unsigned)count;
	wake->suspicious = true;
	return 0;
}

static void pcm_revents(struct pcm *pcm, struct pollfd *fds, unsigned count, struct wake *wake)
{
	unsigned short revents = 0;

	if (count == 0)
		return;
	if (pcm->ops->revents(pcm, fds, count, &revents) < 0)
		wake->suspicious = true;
	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		wake->suspicious = true;
	if (revents & (POLLIN | POLLOUT))
		wake->fired = true;
	/* a plugin that answers "nothing" to a ready descriptor must not make
	 * us spin any more than one that lies */
	for (unsigned i = 0; i < count; i++)
		if (fds[i].revents)
			wake->fired = true;
}

static struct wake wait_for_work(struct rt *rt)
{
	struct transport *t = &rt->transport;
	struct pollfd fds[1 + 2 * PCM_FDS_MAX];
	bool device = transport_runs(t) && !t->hold_until_ns;
	unsigned playback = 0, capture = 0;
	struct wake wake = { false, false, false };
	int ready;

	/* a spent budget waits for the next period: the bell stays rung meanwhile */
	fds[0] = (struct pollfd){ .fd = rt->budget ? rt->wake.fd : -1, .events = POLLIN };
	if (device && t->playback && t->playback_lacks)
		playback = pcm_descriptors(t->playback, fds + 1, &wake);
	if (device && t->capture && t->capture_lacks)
		capture = pcm_descriptors(t->capture, fds + 1 + playback, &wake);

	ready = rt->clock->poll(rt->clock, fds, 1 + playback + capture, timeout_ns(rt));
	if (ready < 0 && ready != -EINTR) {
		/* poll itself is refused (RLIMIT_NOFILE below our handful, say):
		 * at least never spin */
		wake.suspicious = true;
		rt->clock->poll(rt->clock, NULL, 0, rt->turn_ns);
	}
	rt->woke_ns = rt->now_ns = rt->clock->now_ns(rt->clock);
	if (ready <= 0)
		return wake;
	wake.rung = fds[0].revents != 0;
	pcm_revents(t->playback, fds + 1, playback, &wake);
	pcm_revents(t->capture, fds + 1 + playback, capture, &wake);
	return wake;
}

/* A period is over, by the device or by time: a new budget. */
static void tick(struct rt *rt)
{
	rt->tick_ns = rt->now_ns;
	rt->budget = RT_BUDGET;
	rt->untouched = true;
	if (rt->transport.state == ENGINE_STATE_SUSPENDED)
		recover_resume(rt);
}

/* How many periods the device has for us, if it is worth asking. */
static uint32_t periods_ready(struct rt *rt, const struct wake *wake, bool late)
{
	struct transport *t = &rt->transport;

	if (t->hold_until_ns) {
		if (rt->now_ns < t->hold_until_ns)
			return 0;
		t->hold_until_ns = 0;
		late = true;
	}
	if (!wake->fired && !wake->suspicious && !late)
		return 0;
	return transport_ready(rt, wake->fired, wake->suspicious);
}

static void ring_bells(struct rt *rt)
{
	/* pairs with the release in control/port.c: the lane is set up */
	uint32_t used = load_acquire(&rt->lanes_used);

	for (uint32_t i = 0; i < used; i++) {
		struct lane *lane = &rt->lanes[i];

		if (lane->posted) {
			lane->posted = false;
			doorbell_ring(&lane->bell);
		}
	}
	if (rt->playback && rt->playback->posted) {
		rt->playback->posted = false;
		doorbell_ring(&rt->playback->bell);
	}
	if (rt->capture && rt->capture->posted) {
		rt->capture->posted = false;
		doorbell_ring(&rt->capture->bell);
	}
}

/* What the periods of this cycle cost, once their work is done. */
static void record_work(struct rt *rt, uint32_t periods)
{
	uint64_t work_ns = rt->clock->now_ns(rt->clock) - rt->woke_ns;

	rt->transport.worked_ns = work_ns;
	histogram_record(&rt->health->latency[ENGINE_HEALTH_CYCLE], work_ns);
	health_load(rt->health, work_ns, periods * rt->transport.period_ns);
}

void cycle(struct rt *rt)
{
	struct wake wake = wait_for_work(rt);
	bool late = rt->now_ns >= tick_deadline(rt);
	uint32_t periods = 0;

	count_add(&rt->vitals.cycles, 1);
	store_relaxed(&rt->vitals.beat_ns, rt->woke_ns);
	if (wake.rung && doorbell_answer(&rt->wake)) {
		/* a wake costs as much as a message: no sender can flood us */
		count_add(&rt->vitals.wakes, 1);
		rt->budget -= rt->budget > 0;
	}
	orders_take(rt);
	if (transport_runs(&rt->transport))
		periods = periods_ready(rt, &wake, late);
	if (periods > 0 || late)
		tick(rt);
	/* before the period is rendered, so that a command can act in it */
	dispatch(rt);
	commands_report_ended(rt);
	transport_move(rt, periods);
	if (periods > 0 || late)
		pressure_update(rt);
	ring_bells(rt);
	if (periods > 0)
		record_work(rt, periods);
	orders_answer(rt);
}
