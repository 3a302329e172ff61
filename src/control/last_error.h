/* SPDX-License-Identifier: MIT */
/*
 * The last error: the sentence of the calling thread's last failing control
 * call. Control threads only.
 */
#ifndef PEAL_CONTROL_LAST_ERROR_H
#define PEAL_CONTROL_LAST_ERROR_H

/* Keep the sentence and return code, so that a refusal is one statement:
 *	return last_error_set(-EINVAL, "rate %u Hz ...", rate); */
__attribute__((format(printf, 2, 3))) int last_error_set(int code, const char *format, ...);

#endif
