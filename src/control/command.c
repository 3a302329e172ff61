/* SPDX-License-Identifier: MIT */
/* The command; see command.h. Any thread. */
#include <errno.h>

#include "control/command.h"
#include "shared/message_words.h"

/* Written so that NaN fails. */
static bool within(float value, float min, float max)
{
	return value >= min && value <= max;
}

static bool volume_good(const struct engine_message *m)
{
	return within(m->volume.gain, 0.0f, ENGINE_VOLUME_MAX) &&
	       (m->volume.target == ENGINE_TARGET_VOICE ||
		(m->volume.target == ENGINE_TARGET_ENGINE && m->volume.voice == 0));
}

static bool sample_good(const struct engine_port *port, const struct engine_message *m)
{
	return m->sample.sample < port->samples && m->sample.reserved[0] == 0 &&
	       m->sample.reserved[1] == 0 && m->sample.reserved[2] == 0;
}

static bool play_good(const struct engine_port *port, const struct engine_message *m)
{
	return m->play.sample < port->samples && m->play.loop <= 1 && m->play.reserved == 0 &&
	       within(m->play.velocity, 0.0f, ENGINE_VOLUME_MAX) &&
	       (m->play.rate == 0.0f ||
		within(m->play.rate, ENGINE_RATE_RATIO_MIN, ENGINE_RATE_RATIO_MAX));
}

static bool good(const struct engine_port *port, const struct engine_message *m)
{
	switch (m->type) {
	case ENGINE_STOP:
		return m->stop.cancel <= 1 && m->stop.reserved == 0;
	case ENGINE_SET_VOLUME:
		return volume_good(m);
	case ENGINE_LOAD_SAMPLE:
		return sample_good(port, m);
	case ENGINE_PLAY_SAMPLE:
		return play_good(port, m);
	case ENGINE_STOP_VOICE:
		return m->voice.reserved == 0;
	default:
		return false;
	}
}

int command_check(const struct engine_port *port, const struct message_words *words)
{
	struct engine_message message;

	if (message_flags(words->head) & ~(unsigned)(ENGINE_FLAG_WAKE | ENGINE_FLAG_QUIET))
		return -EINVAL;
	if (message_type(words->head) == ENGINE_PING)
		return words->a == 0 ? 0 : -EINVAL;
	if (message_type(words->head) > ENGINE_STOP_VOICE || message_type(words->head) == 0)
		return -EINVAL;
	if (port->samples == 0)
		return -ENOTSUP;
	message_unpack(&message, words);
	return good(port, &message) ? 0 : -EINVAL;
}
