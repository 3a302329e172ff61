/* SPDX-License-Identifier: MIT */
/*
 * peal - an ALSA-native real-time audio engine. This header includes the
 * whole specification, one header per noun.
 *
 * The shape of a program:
 *
 *	struct engine *engine;
 *	int err = engine_create(&engine, NULL);
 *	if (err < 0)
 *		errx(1, "%s", engine_last_error());
 *	engine_start(engine);
 *	engine_send_ping(engine, 1);
 *	struct engine_message message;
 *	while (engine_recv(engine, &message, 1000) == 1)
 *		if (message.type == ENGINE_PONG)
 *			printf("pong %u at frame %llu\n", message.id,
 *			       (unsigned long long)message.frame);
 *	engine_destroy(engine);
 *
 * Every int result is 0 or a count on success, or a negative error
 * (peal/error.h). Nothing here prints, aborts or installs a signal handler.
 */
#ifndef PEAL_H
#define PEAL_H

#include <peal/error.h>
#include <peal/format.h>
#include <peal/message.h>
#include <peal/config.h>
#include <peal/engine.h>
#include <peal/port.h>
#include <peal/chunk.h>
#include <peal/chunk_ring.h>
#include <peal/pool.h>
#include <peal/stream.h>
#include <peal/sample.h>
#include <peal/backpressure.h>
#include <peal/health.h>
#include <peal/info.h>
#include <peal/stats.h>
#include <peal/rt_report.h>
#include <peal/device.h>
#include <peal/virtual.h>

#endif
