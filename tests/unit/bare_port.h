/* SPDX-License-Identifier: MIT */
/*
 * The bare port: an engine's own port without a device and without an audio
 * thread. The test stands in for that thread, so nothing happens in the rings
 * but what it does itself.
 */
#ifndef PEAL_TESTS_BARE_PORT_H
#define PEAL_TESTS_BARE_PORT_H

#include "control/engine.h"

/* An engine that only the functions that send and receive may be given. */
struct engine *bare_port_open(void);
void bare_port_close(struct engine *engine);

/* As the audio thread: take a command; false when there is none. */
bool bare_port_take(struct engine *engine, struct engine_message *command);

/* As the audio thread: post a reply with this id, and ring if told to. */
bool bare_port_post(struct engine *engine, uint32_t id, bool ring);

#endif
