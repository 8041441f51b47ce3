/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the front does when the driver has died without having let its targets go
 * (a crash, SIGKILL): ends the session in shared memory, so that handlers no
 * longer run, and puts back the code of every process that has our object
 * mapped.  Leaves the object and the slots mapped: threads may be in them.
 *
 * In the moment before it gets there, jump entries simply go on working and
 * breakpoints are taken by the targets' own SIGTRAP handler (target_safety.c).
 */
#ifndef TAPSTER_RUNTIME_USER_RESCUE_H
#define TAPSTER_RUNTIME_USER_RESCUE_H

#include "runtime/user/image.h"

void rescue(const struct image *im);

#endif
