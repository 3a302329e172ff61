/* SPDX-License-Identifier: MIT */
/*
 * The configuration, made complete: from what a caller of any age gave to
 * what the engine works with. Control threads.
 */
#ifndef PEAL_CONTROL_CONFIG_H
#define PEAL_CONTROL_CONFIG_H

#include <peal/config.h>

/*
 * Copy given (NULL: the defaults) to resolved, with defaults filled in and
 * every field in its range. 0 or NULL stay where they mean a choice that the
 * device decides: format, access, priority and the device names.
 * Returns 0; -EINVAL or ENGINE_EABI with the field and its range in the last
 * error.
 */
int config_resolve(struct engine_config *resolved, const struct engine_config *given);

#endif
