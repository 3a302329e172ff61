/* SPDX-License-Identifier: MIT */
/*
 * The talk: the messages between a trial's program and its engine. Pings go
 * out all the time; each must be answered once, in order and in time, and the
 * events must be a chain.
 */
#ifndef TESTS_FAULTS_TALK_H
#define TESTS_FAULTS_TALK_H

#include "trial.h"

void talk_send(struct trial *trial);
void talk_receive(struct trial *trial);

#endif
