/* SPDX-License-Identifier: MIT */
/*
 * The machine's sound cards, counted by their device files. alsa-lib's own
 * enumeration leaves out a card that this user may not open, and "there is no
 * card" would then be said of a missing permission. Control threads.
 */
#ifndef PEAL_CONTROL_CARDS_H
#define PEAL_CONTROL_CARDS_H

#define CARDS_DIRECTORY "/dev/snd"

struct cards {
	unsigned int present; /* control devices there are */
	unsigned int allowed; /* of these, those that this process may open */
};

/* directory: CARDS_DIRECTORY, but in tests. */
struct cards cards_look(const char *directory);

#endif
