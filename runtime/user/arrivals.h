/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Without a command and a target: the processes that come to matter while the script runs.  The
 * kernel's fanotify(7) asks before a probed file is opened, by exec or by the dynamic linker, and the process
 * waits meanwhile: so it is ours before its first instruction, or before the library is mapped.
 * That takes root (CAP_SYS_ADMIN) and CONFIG_FANOTIFY_ACCESS_PERMISSIONS.
 *
 * A thread of its own answers: nobody may wait long for a tracer that is busy, and the tracer
 * opens those files, too.  What others do with them - copy, debug, link - it allows at once; of
 * the rest it tells the tracer, and waits until that has seized the process.
 *
 * A process can't be seized while it holds its cred_guard_mutex, which it does in exec when an
 * interpreter is opened (that of #!, too), and before Linux 6.9 when the program itself is.  Then it is let
 * go on, and the tracer, waiting for the mutex with real-time priority, has it when exec gives that up, which
 * is well before the program's first instruction; should it come late after all, it is attached to as
 * a running process is.  Whoever dies, the kernel allows what was not answered.
 */
#ifndef TAPSTER_RUNTIME_USER_ARRIVALS_H
#define TAPSTER_RUNTIME_USER_ARRIVALS_H

#include "runtime/user/tracer.h"

struct arrivals;

/* Begins to watch the files of T's script that FILES, indexed as those are, says.  0 or -errno;
 * -EPERM: not root. */
int arrivals_start(struct arrivals **a, struct tracer *t, const bool *files);
/* Readable when there is something for arrivals_take; -1 for NULL. */
int arrivals_fd(const struct arrivals *a);
/* Gets hold of those that have come. */
void arrivals_take(struct arrivals *a);
/* Lets go on who has not been seen to.  NULL: does nothing. */
void arrivals_stop(struct arrivals *a);

#endif
