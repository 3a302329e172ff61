/* SPDX-License-Identifier: MIT */
/*
 * The kinds of faults: how each strikes a device, and what must then be told,
 * in what time. The limits are promises, not measurements.
 */
#ifndef TESTS_FAULTS_KINDS_H
#define TESTS_FAULTS_KINDS_H

#include "trial.h"

struct kind {
	const char *name;
	void (*inject)(struct trial *trial);
	unsigned wishes; /* enum trial_wish */
};

extern const struct kind kinds[];
extern const unsigned kind_count;

/* kinds_restart.c */
void kind_xrun(struct trial *trial);
void kind_overslept(struct trial *trial);
void kind_huge_avail(struct trial *trial);
void kind_backwards(struct trial *trial);
void kind_far_backwards(struct trial *trial);
void kind_operation_fails(struct trial *trial);
void kind_stop_fails(struct trial *trial);
void kind_suspend_resumes(struct trial *trial);
void kind_suspend_without_resume(struct trial *trial);
void kind_suspend_for_long(struct trial *trial);
void kind_asleep(struct trial *trial);

/* kinds_wake.c */
void kind_stuck(struct trial *trial);
void kind_stuck_for_good(struct trial *trial);
void kind_spin(struct trial *trial);
void kind_error_without_cause(struct trial *trial);
void kind_bad_descriptors(struct trial *trial);
void kind_wrong_state(struct trial *trial);

/* kinds_lost.c */
void kind_unplug(struct trial *trial);
void kind_unplug_and_return(struct trial *trial);
void kind_no_device(struct trial *trial);
void kind_restart_refused(struct trial *trial);
void kind_operation_fails_for_ever(struct trial *trial);
void kind_nonsense_for_ever(struct trial *trial);
void kind_prepares_for_ever(struct trial *trial);
void kind_suspends_for_ever(struct trial *trial);
void kind_one_side_stuck_for_good(struct trial *trial);

/* kinds_mixed.c */
void kind_two_at_once(struct trial *trial);
void kind_one_after_the_other(struct trial *trial);

/* What several kinds share. */
static inline uint64_t periods_ns(const struct trial *trial, uint64_t periods)
{
	return periods * trial->period_ns;
}

int any_error(struct trial *trial);
/* More frames than any buffer holds. */
int64_t any_huge(struct trial *trial);
/* Less than any errno, and than an int holds. */
int64_t any_far_back(struct trial *trial);
/* It runs again within two periods. */
void await_xrun(struct trial *trial, enum engine_cause cause, uint64_t from_ns);

#endif
