/* SPDX-License-Identifier: MIT */
/*
 * The virtual engine: an engine on the virtual card, and what the tests often
 * ask of one. Every function fails the test when it is refused.
 */
#ifndef PEAL_TESTS_VIRTUAL_ENGINE_H
#define PEAL_TESTS_VIRTUAL_ENGINE_H

#include <peal.h>

#define MANUAL "virtual:clock=manual"
#define DUPLEX (ENGINE_PLAYBACK | ENGINE_CAPTURE)

/* An engine with these fields of its configuration set: .rate = 44100, ... */
#define virtual_create(name, ...)                                                                  \
	virtual_engine_create(&(struct engine_config){                                             \
		.size = sizeof(struct engine_config), .device = (name), __VA_ARGS__ })
struct engine *virtual_engine_create(const struct engine_config *config);
void virtual_destroy(struct engine *engine);

/* On a manual clock: let frames pass. */
void virtual_advance(struct engine *engine, uint64_t frames);

uint64_t virtual_frame(struct engine *engine);
struct engine_info virtual_info(struct engine *engine);
struct engine_stats virtual_stats(struct engine *engine);
struct engine_port_stats virtual_port_stats(struct engine_port *port);

/* Write frames, all of which must be accepted. */
void virtual_write(struct engine *engine, const void *frames, size_t count);

/*
 * Read every captured frame that waits, at most room of them; they must follow
 * each other from frame `from` on, with none missing. Returns how many.
 */
size_t virtual_read(struct engine *engine, uint64_t from, void *frames, size_t room);

/* Wait until the audio thread took so many commands of the port, over all. */
void virtual_await_handled(struct engine_port *port, uint64_t commands);

/* Wake the audio thread and wait until it has gone once around. */
void virtual_await_cycle(struct engine *engine);

/* Send a ping and wait for its pong. */
struct engine_message virtual_ping(struct engine_port *port, uint32_t id, uint16_t flags);

#endif
