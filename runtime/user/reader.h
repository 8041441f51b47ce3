/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the handlers' output from the rings and writes it: a thread of the
 * driver, so that a slow reader of our output never delays the supervisor.
 *
 * Records are merged by their time stamps.  A round takes the time first, then
 * looks at the rings, and takes only records that are older: one that happened
 * before another one was complete, so visible, by then.
 */
#ifndef TAPSTER_RUNTIME_USER_READER_H
#define TAPSTER_RUNTIME_USER_READER_H

#include "runtime/user/image.h"

struct reader;

/* Output goes to FD.  WAKE_FD is an eventfd that is written when the driver must
 * look at the session: a handler called exit(), or the output is gone. */
struct reader *reader_start(const struct image *im, int fd, int wake_fd, bool no_warnings);
/* Waits until all that was printed before the call has been written. */
void reader_flush(struct reader *r);
/* Writes the rest and ends.  False: output was lost because writing failed. */
bool reader_stop(struct reader *r);

#endif
