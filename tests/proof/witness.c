/* SPDX-License-Identifier: MIT */
/* The witnesses; see witness.h. */
#include "witness.h"

#include <dlfcn.h>
#include <stdio.h>

/* What is ours is looked up in our debug information, by binutils; a library's
 * function is as its symbols name it. frame: a return address. */
static void print_frame(void *frame)
{
	const char *at = (const char *)frame - 1;
	char command[160], line[256];
	Dl_info place, ours;
	FILE *names;

	if (!dladdr(at, &place)) {
		printf("      %p\n", frame);
		return;
	}
	dladdr((void *)print_frame, &ours);
	if (place.dli_fbase != ours.dli_fbase) {
		printf("      %s+%#tx in %s\n", place.dli_sname ? place.dli_sname : "?",
		       at - (const char *)(place.dli_sname ? place.dli_saddr : place.dli_fbase),
		       place.dli_fname);
		return;
	}
	/* the shell's own exe would be the shell */
	snprintf(command, sizeof(command), "addr2line -pfise '%s' %#tx", ours.dli_fname,
		 at - (const char *)place.dli_fbase);
	names = popen(command, "r");
	while (names && fgets(line, sizeof(line), names))
		printf("      %s", line);
	if (names)
		pclose(names);
}

void witness_print(const struct findings *findings)
{
	for (uint32_t i = 0; i < findings->witness_count; i++) {
		const struct witness *witness = &findings->witnesses[i];

		printf("    WRONG: %s, from\n", witness->what);
		fflush(stdout);
		for (int n = 0; n < witness->depth; n++)
			print_frame(witness->frames[n]);
	}
}
