/* SPDX-License-Identifier: MIT */
/*
 * A pool's configuration: each field within its range, and all of them
 * together. Control threads. After this what is computed from it fits 32 bits
 * for a chunk and 64 for a pool; whether there is memory is not asked here.
 */
#ifndef PEAL_CONTROL_POOL_CONFIG_H
#define PEAL_CONTROL_POOL_CONFIG_H

#include <peal/pool.h>

/* 0 or a negative error with the last error set. */
int pool_config_check(const struct engine_pool_config *config);

/* The limit that was asked for, or what stands in for it. */
uint32_t pool_config_limit(const struct engine_pool_config *config);

#endif
