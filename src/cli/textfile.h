/* SPDX-License-Identifier: MIT */
/*
 * The text file: one that is replaced as a whole, again and again, while
 * others read it (node_exporter's textfile collector). They see the old one
 * or the new one, never a part.
 */
#ifndef CLI_TEXTFILE_H
#define CLI_TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>

struct textfile {
	const char *path;
	char *beside;   /* what is written to, in the same folder, and then renamed */
	bool told;      /* that it could not be replaced, the last time */
	bool failed;    /* ... at some time */
};

/* Returns 0 when path can be replaced; else a negative errno, and has complained. */
int textfile_init(struct textfile *file, const char *path);
void textfile_done(struct textfile *file);

/* Replace it. A failure is complained about once, until it works again. */
void textfile_replace(struct textfile *file, const char *text, size_t length);

#endif
