/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without a command and a target: the processes that run already and have to do with the
 * script's probes.  Later ones can't be seen from here.
 */
#ifndef TAPSTER_RUNTIME_USER_RUNNING_H
#define TAPSTER_RUNTIME_USER_RUNNING_H

#include "runtime/user/tracer.h"

/* Attaches to each process that a process probe means: that PID, or one that has mapped its
 * file.  Says how many there are, and whether some could not be had. */
void running_attach(struct tracer *t);

#endif
