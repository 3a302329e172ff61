/* SPDX-License-Identifier: MIT */
/*
 * The fault script: what is to go wrong with a card and when, as its name says
 * it (peal/virtual.h has the grammar). Parsed once, on the control side, and
 * constant from then on.
 */
#ifndef PEAL_CARD_FAULT_SCRIPT_H
#define PEAL_CARD_FAULT_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

enum fault_kind {
	FAULT_XRUN,
	FAULT_SUSPEND,
	FAULT_RESUME,
	FAULT_UNPLUG,
	FAULT_RETURN,
	FAULT_STUCK,
	FAULT_SPIN,
	FAULT_BURST,
	FAULT_DRIFT,
	FAULT_JITTER,
	FAULT_GO,
	FAULT_LATE,
	FAULT_HUGEAVAIL,
	FAULT_BACKWARDS,
	FAULT_OPEN, /* the calls; see faults_refuse */
	FAULT_BUSY,
	FAULT_PARAMS,
	FAULT_PREPARE,
	FAULT_START,
};
#define FAULT_KINDS (FAULT_START + 1)

struct fault {
	enum fault_kind kind;
	int32_t value;  /* 0 where the kind has none */
	uint64_t frame; /* 0..FAULT_FRAME_MAX */
	uint64_t every; /* again after so many frames, 1..FAULT_FRAME_MAX; 0: once */
};

/* FAULT_SUSPEND's value: until the next FAULT_RESUME, and if there is none ... */
#define FAULT_SLEEP_OPEN (-1)
#define FAULT_SLEEP_MS 100

#define FAULTS_MAX 32
#define FAULT_FRAME_MAX ((uint64_t)1 << 48) /* eleven years of the fastest card */

struct fault_script {
	unsigned count;
	struct fault faults[FAULTS_MAX];
};

/*
 * text, length: "kind@frame,...", which need not be terminated.
 * Returns 0, or -EINVAL with a sentence in reason that names the piece.
 */
int fault_script_parse(struct fault_script *script, const char *text, size_t length, char *reason,
		       size_t reason_size);

#endif
