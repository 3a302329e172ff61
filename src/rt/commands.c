/* SPDX-License-Identifier: MIT */
/*
 * Commands: what each of them does, at its frame, and the one reply that it
 * gets. Audio thread.
 *
 * Room for the reply, and for the report of a voice's end, is owed to the lane
 * from when a command is taken until they are posted.
 */
#include "rt/rt.h"

#include <errno.h>
#include <peal/error.h>
#include "shared/message_words.h"

/* The first frame that a command can still act at. */
static uint64_t next_frame(const struct rt *rt)
{
	return rt->playback ? rt->render.next : rt->transport.captured;
}

/* No frame comes any more, or none that is known. */
static bool gone(const struct rt *rt)
{
	return rt->transport.state == ENGINE_STATE_LOST ||
	       rt->transport.state == ENGINE_STATE_FAILED;
}

static uint32_t late_by(uint64_t wanted, uint64_t frame)
{
	uint64_t late = wanted && frame > wanted ? frame - wanted : 0;

	return late < UINT32_MAX ? (uint32_t)late : UINT32_MAX;
}

static uint32_t age_ns(struct rt *rt, uint64_t sent_ns)
{
	uint64_t age;

	/* sent since this cycle woke: nothing takes effect before it was sent */
	if (sent_ns > rt->now_ns)
		rt->now_ns = rt->clock->now_ns(rt->clock);
	age = rt->now_ns > sent_ns ? rt->now_ns - sent_ns : 0;
	return age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
}

static int32_t find_sample(struct rt *rt, uint32_t number)
{
	struct engine_sample *sample = bank_get(&rt->bank, number);

	if (!sample)
		return ENGINE_ENOSAMPLE;
	bank_put(&rt->bank, sample);
	return 0;
}

static int32_t play(struct rt *rt, struct lane *lane, const struct engine_message *message,
		    uint64_t frame)
{
	struct voice_order order = {
		.owner = lane,
		.id = message->id,
		.quiet = message->flags & ENGINE_FLAG_QUIET,
		.velocity = message->play.velocity,
		.rate_ratio = message->play.rate,
		.map = message->play.map,
		.loop = message->play.loop,
	};
	int32_t result;

	if (gone(rt))
		return ENGINE_ELOST;
	order.sample = bank_get(&rt->bank, message->play.sample);
	if (!order.sample)
		return ENGINE_ENOSAMPLE;
	/* those that are over hold their places until they are told of */
	commands_report_ended(rt);
	result = mixer_play(&rt->mixer, &order, frame);
	if (result < 0)
		bank_put(&rt->bank, order.sample);
	else if (!order.quiet)
		lane->owed++; /* its end */
	return result;
}

static int32_t set_volume(struct rt *rt, struct lane *lane, const struct engine_message *message)
{
	struct voice_match match = { .owner = lane, .id = message->volume.voice };
	uint32_t ramp = message->volume.ramp_frames;

	if (ramp == 0)
		ramp = rt->ramp_frames;
	if (message->volume.target == ENGINE_TARGET_ENGINE)
		mixer_set_volume(&rt->mixer, message->volume.gain, ramp);
	else if (mixer_set_gain(&rt->mixer, match, message->volume.gain, ramp) == 0)
		return ENGINE_EVOICE;
	return 0;
}

static int32_t stop_voice(struct rt *rt, struct lane *lane, const struct engine_message *message)
{
	struct voice_match match = { .owner = lane, .id = message->voice.id };
	uint32_t fade = message->voice.fade_frames ? message->voice.fade_frames : rt->ramp_frames;

	return mixer_stop(&rt->mixer, match, fade) ? 0 : ENGINE_EVOICE;
}

static int32_t stop_all(struct rt *rt, const struct engine_message *message)
{
	uint32_t fade = message->stop.fade_frames ? message->stop.fade_frames : rt->ramp_frames;

	mixer_stop(&rt->mixer, (struct voice_match){ 0 }, fade);
	if (message->stop.cancel)
		commands_cancel(rt);
	return 0;
}

static void execute(struct rt *rt, struct lane *lane, const struct message_words *command,
		    uint64_t frame)
{
	uint32_t detail = late_by(command->frame, frame);
	struct engine_message message;
	int32_t result = 0;

	message_unpack(&message, command);
	lane->owed -= message_answers(command->head);
	switch (message.type) {
	case ENGINE_PING:
		detail = age_ns(rt, command->b);
		/* one that waited for its frame was not in the ring meanwhile */
		if (command->frame == 0)
			histogram_record(&rt->health->latency[ENGINE_HEALTH_MESSAGE], detail);
		break;
	case ENGINE_STOP:
		result = stop_all(rt, &message);
		break;
	case ENGINE_SET_VOLUME:
		result = set_volume(rt, lane, &message);
		break;
	case ENGINE_LOAD_SAMPLE:
		result = find_sample(rt, message.sample.sample);
		break;
	case ENGINE_PLAY_SAMPLE:
		result = play(rt, lane, &message, frame);
		break;
	case ENGINE_STOP_VOICE:
		result = stop_voice(rt, lane, &message);
		break;
	default:
		/* the control side lets nothing else through */
		result = -EINVAL;
		break;
	}
	reply_post(rt, lane, command, result, detail, frame);
}

void commands_take(struct rt *rt, struct lane *lane, const struct message_words *command)
{
	uint64_t now = next_frame(rt);

	lane->owed += message_answers(command->head);
	if (command->frame <= now || gone(rt)) {
		execute(rt, lane, command, now);
	} else if (!schedule_push(rt->schedule, lane, command)) {
		lane->owed -= message_answers(command->head);
		reply_post(rt, lane, command, ENGINE_ESCHEDULE, 0, now);
	}
}

void commands_run(struct rt *rt, uint64_t from, uint64_t until)
{
	/* bounded: what runs schedules nothing */
	while (schedule_frame(rt->schedule) <= until) {
		struct scheduled due = schedule_pop(rt->schedule);
		uint64_t frame = due.command.frame > from ? due.command.frame : from;

		execute(rt, due.lane, &due.command, frame);
	}
}

void commands_cancel(struct rt *rt)
{
	while (rt->schedule->count > 0) {
		struct scheduled entry = schedule_pop(rt->schedule);

		entry.lane->owed -= message_answers(entry.command.head);
		reply_post(rt, entry.lane, &entry.command, -ECANCELED, 0, next_frame(rt));
	}
}

void commands_report_ended(struct rt *rt)
{
	struct voice_end end;

	while (mixer_take_ended(&rt->mixer, &end)) {
		bank_put(&rt->bank, end.sample);
		if (!end.owner || end.quiet)
			continue;
		end.owner->owed--;
		reply_ended(end.owner, &end);
	}
}

void commands_forget(struct rt *rt, struct lane *lane)
{
	schedule_forget(rt->schedule, lane);
	mixer_disown(&rt->mixer, lane);
	lane->owed = 0;
}
