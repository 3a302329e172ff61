/* SPDX-License-Identifier: MIT */
/*
 * The command: what a message must be to be sent. What the sender can know is
 * refused here; the audio thread judges only what may have changed meanwhile.
 * Any thread; no call but these.
 */
#ifndef PEAL_CONTROL_COMMAND_H
#define PEAL_CONTROL_COMMAND_H

#include "control/port.h"

/* 0; -EINVAL; -ENOTSUP for what only an engine that plays can do. */
int command_check(const struct engine_port *port, const struct message_words *words);

#endif
