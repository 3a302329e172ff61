/* SPDX-License-Identifier: MIT */
/* Faults; see fault.h. */
#include "card/fault.h"

#include <errno.h>

#define MILLION 1000000u

/* How many faults a wait looks through before it wakes for nothing: each of
 * them may be one that no wait need end for. */
#define LOOK_AHEAD 64

static void find_due(struct faults *faults)
{
	faults->due = FAULT_NEVER;
	for (unsigned i = 0; i < faults->script->count; i++)
		if (faults->next[i] < faults->due)
			faults->due = faults->next[i];
}

void faults_init(struct faults *faults, const struct fault_script *script)
{
	*faults = (struct faults){
		.script = script,
		.rate = 1,
		.per_million = MILLION,
		.burst = 1,
	};
	for (unsigned i = 0; i < script->count; i++)
		faults->next[i] = script->faults[i].frame;
	find_due(faults);
}

void faults_set_rate(struct faults *faults, unsigned rate)
{
	faults->rate = rate;
}

static uint64_t frames_of(const struct faults *faults, int32_t ms)
{
	return (uint64_t)ms * faults->rate / 1000;
}

/* Where the converter is at a time that is not before from_frame. */
static uint64_t position_at(const struct faults *faults, uint64_t frame)
{
	uint64_t passed = frame - faults->from_frame;

	if (faults->stuck)
		return faults->from_position;
	passed = passed / MILLION * faults->per_million +
		 passed % MILLION * faults->per_million / MILLION;
	return faults->from_position + passed - passed % faults->burst;
}

/* The first time at which it is there; the inverse of position_at. */
static uint64_t time_of(const struct faults *faults, uint64_t position)
{
	uint64_t way = position - faults->from_position;

	if (position <= faults->from_position)
		return faults->from_frame;
	if (faults->stuck)
		return FAULT_NEVER;
	way += (faults->burst - way % faults->burst) % faults->burst;
	return faults->from_frame + way / faults->per_million * MILLION +
	       (way % faults->per_million * MILLION + faults->per_million - 1) /
		       faults->per_million;
}

uint64_t faults_pass(struct faults *faults, uint64_t frame)
{
	uint64_t before = position_at(faults, faults->frame);

	faults->frame = frame;
	return position_at(faults, frame) - before;
}

/* The converter goes on from here, in a new way. */
static void turn(struct faults *faults)
{
	faults->from_position = position_at(faults, faults->frame);
	faults->from_frame = faults->frame;
}

static void go(struct faults *faults)
{
	turn(faults);
	faults->stuck = false;
	faults->spin = false;
	faults->burst = 1;
	faults->per_million = MILLION;
	faults->jitter_ms = 0;
}

static uint64_t next_of(const struct faults *faults, enum fault_kind kind)
{
	uint64_t next = FAULT_NEVER;

	for (unsigned i = 0; i < faults->script->count; i++)
		if (faults->script->faults[i].kind == kind && faults->next[i] < next)
			next = faults->next[i];
	return next;
}

static uint64_t wake_up(const struct faults *faults, int32_t ms)
{
	uint64_t resume = next_of(faults, FAULT_RESUME);

	if (ms == FAULT_SLEEP_OPEN && resume != FAULT_NEVER)
		return resume;
	return faults->frame + frames_of(faults, ms == FAULT_SLEEP_OPEN ? FAULT_SLEEP_MS : ms);
}

static void take_effect(struct faults *faults, const struct fault *fault)
{
	switch (fault->kind) {
	case FAULT_XRUN:
		break;
	case FAULT_SUSPEND:
		faults->asleep_until = wake_up(faults, fault->value);
		break;
	case FAULT_RESUME:
		faults->asleep_until = 0;
		break;
	case FAULT_UNPLUG:
	case FAULT_RETURN:
		faults->unplugged = fault->kind == FAULT_UNPLUG;
		break;
	case FAULT_STUCK:
		turn(faults);
		faults->stuck = true;
		break;
	case FAULT_SPIN:
		faults->spin = true;
		break;
	case FAULT_BURST:
		turn(faults);
		faults->burst = (uint32_t)fault->value;
		break;
	case FAULT_DRIFT:
		turn(faults);
		faults->per_million = (uint32_t)((int32_t)MILLION + fault->value);
		break;
	case FAULT_JITTER:
		faults->jitter_ms = fault->value;
		break;
	case FAULT_GO:
		go(faults);
		break;
	case FAULT_LATE:
		faults->late_ms = fault->value;
		faults->late_frame = faults->frame;
		break;
	case FAULT_HUGEAVAIL:
		faults->lie = fault->value;
		break;
	case FAULT_BACKWARDS:
		faults->lie = -fault->value;
		break;
	default:
		faults->refusals[fault->kind - FAULT_OPEN] = (uint32_t)fault->value;
		break;
	}
}

/* When a fault that was due comes again; what it missed is left out. */
static uint64_t next_time(const struct fault *fault, uint64_t due, uint64_t after)
{
	if (fault->every == 0)
		return FAULT_NEVER;
	if (after < due)
		after = due;
	return due + ((after - due) / fault->every + 1) * fault->every;
}

const struct fault *faults_take(struct faults *faults, uint64_t after)
{
	const struct fault *fault;
	unsigned i = 0;

	while (faults->next[i] != faults->due)
		i++;
	fault = &faults->script->faults[i];
	faults->next[i] = next_time(fault, faults->due, after);
	take_effect(faults, fault);
	find_due(faults);
	return fault;
}

uint64_t faults_back(const struct faults *faults)
{
	if (faults->unplugged)
		return next_of(faults, FAULT_RETURN);
	return faults_asleep(faults) ? faults->asleep_until : faults->frame;
}

/* Whether poll must tell of it at once. */
static bool wakes(enum fault_kind kind)
{
	return kind == FAULT_XRUN || kind == FAULT_SUSPEND || kind == FAULT_UNPLUG ||
	       kind == FAULT_SPIN;
}

/* When a wake-up comes that is meant for a time: by chance, but each time the
 * same for the same one. */
static uint64_t delayed(const struct faults *faults, uint64_t frame)
{
	uint64_t chance = (frame + 1) * 0x9e3779b97f4a7c15u >> 32;
	uint64_t late_until = faults->late_frame + frames_of(faults, faults->late_ms);

	if (frame == FAULT_NEVER)
		return frame;
	frame += chance * (frames_of(faults, faults->jitter_ms) + 1) >> 32;
	return frame < late_until ? late_until : frame;
}

uint64_t faults_wake(const struct faults *faults, uint64_t frames)
{
	uint64_t position = FAULT_NEVER, frame = FAULT_NEVER;
	struct faults ahead;

	if (faults->spin)
		return faults->frame;
	if (frames != FAULT_NEVER) {
		position = position_at(faults, faults->frame) + frames;
		frame = time_of(faults, position);
	}
	if (delayed(faults, frame) <= faults->due)
		return delayed(faults, frame);
	ahead = *faults;
	for (int i = 0; i < LOOK_AHEAD && delayed(&ahead, frame) > ahead.due; i++) {
		const struct fault *fault;

		ahead.frame = ahead.due;
		fault = faults_take(&ahead, 0);
		if (wakes(fault->kind))
			return ahead.frame;
		if (frames != FAULT_NEVER)
			frame = time_of(&ahead, position);
	}
	frame = delayed(&ahead, frame);
	return frame < ahead.due ? frame : ahead.due;
}

int faults_refuse(struct faults *faults, enum fault_kind call)
{
	uint32_t *refusals = faults->refusals;

	if (call == FAULT_OPEN && refusals[FAULT_BUSY - FAULT_OPEN] > 0) {
		refusals[FAULT_BUSY - FAULT_OPEN]--;
		return -EBUSY;
	}
	if (refusals[call - FAULT_OPEN] == 0)
		return 0;
	refusals[call - FAULT_OPEN]--;
	return call == FAULT_PARAMS ? -EINVAL : -EIO;
}
