/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small process that does nothing until the driver dies without having let
 * its targets go (SIGKILL, a crash).  Then it ends the session in shared memory,
 * so that handlers no longer run, and puts back the code of every process that
 * has our object mapped.  It leaves the object and the slots mapped: threads may
 * be in them.
 *
 * In the moment before it gets there, jump entries simply go on working and
 * breakpoints are taken by the targets' own SIGTRAP handler (target_safety.c).
 */
#ifndef TAPSTER_RUNTIME_USER_GUARDIAN_H
#define TAPSTER_RUNTIME_USER_GUARDIAN_H

#include "runtime/user/image.h"

/* Before there are threads and targets, after ledger_open.  The descriptor that keeps the
 * guardian waiting, or -errno. */
int guardian_start(const struct image *im);
/* All is well: it may go. */
void guardian_dismiss(int fd);

#endif
