/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 5 of the user runtime, in two processes:
 *
 *	front    what the user knows as tapster: has the terminal, passes signals on,
 *	         waits, says how it all ended
 *	driver   its child, in a process group of its own and under another name: traces
 *	         the targets (driver.h)
 *
 * Either survives the death of the other.  A driver whose front has died, by
 * SIGKILL for instance, lets the targets go in all order and ends.  When the
 * driver dies the front sees to the targets (rescue.h), as far as that can be
 * done by someone who has not traced them.  The command of -c is the driver's
 * child, in the front's process group: it has the terminal as if there were no
 * driver.  What scripts are told of the tool (pid() in begin probes) is the front.
 *
 * The image and the ledger are memory that both share, the front's link is a
 * pipe: a byte for each signal; its hang-up tells the driver.
 */
#ifndef TAPSTER_RUNTIME_USER_FRONT_H
#define TAPSTER_RUNTIME_USER_FRONT_H

#include "runtime/driver/run_options.h"

/* The exit status of the program: 0, or 1 after a script error, a command that could not be run
 * or failed, or an error of ours; all has been reported. */
int user_run(const struct run_options *o);

#endif
