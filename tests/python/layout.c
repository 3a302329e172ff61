/* SPDX-License-Identifier: MIT */
/*
 * Prints what the C compiler makes of the public structures and constants, a
 * line each, for test_layout.py: "struct.field size offset", "struct size",
 * "constant value".
 */
#include <peal.h>
#include <stdio.h>

#define STRUCT(name) printf("%s %zu\n", #name, sizeof(struct name))
#define FIELD(name, field)                                                                         \
	printf("%s.%s %zu %zu\n", #name, #field, sizeof(((struct name *)0)->field),                \
	       offsetof(struct name, field))
#define CONSTANT(name) printf("%s %lld\n", #name, (long long)(name))

int main(void)
{
#include "layout.inc"
	return 0;
}
