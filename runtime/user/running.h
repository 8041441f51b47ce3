/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without a command and a target: the processes that have to do with the script's probes, those
 * that run already and those that come (arrivals.h).
 */
#ifndef TAPSTER_RUNTIME_USER_RUNNING_H
#define TAPSTER_RUNTIME_USER_RUNNING_H

#include "runtime/user/arrivals.h"

/* Attaches to each process that a process probe means: that PID, or one that has mapped its
 * file; watches for those that will by *A.  Says so when they can't be watched for, or some could not be had. */
void running_attach(struct tracer *t, struct arrivals **a);

/* Is PID a program that traces others, or starts such, and can't with processes that are ours: a debugger or
 * another tapster?  They are left alone, unless it is their own program that is probed. */
bool running_is_tracer(const struct tracer *t, pid_t pid);

#endif
