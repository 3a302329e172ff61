/* SPDX-License-Identifier: MIT */
/* The chunk: what can be worked out of it. Any thread that holds it. */
#include <stddef.h>

#include <peal/chunk.h>

double engine_chunk_duration(const struct engine_chunk *chunk)
{
	return chunk && chunk->rate ? (double)chunk->frames / (double)chunk->rate : 0.0;
}
