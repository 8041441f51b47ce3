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

#include "runtime/driver/sink.h"
#include "runtime/user/image.h"

struct reader;

struct reader_start {
	const struct image *im;
	struct sink *sink; /* of the output; a CPU's by its ring */
	int wake_fd;  /* an eventfd that is written when the driver must look at the session: a
		       * handler called exit(), or the output is gone */
	int front_fd; /* hangs up when nobody waits for the output any more */
};

struct reader *reader_start(const struct reader_start *start);
/* Waits until all that was printed before the call has been written; not for a dead front. */
void reader_flush(struct reader *r);
/* Writes nothing until it is told to go on. */
void reader_pause(struct reader *r, bool yes);
/* Writes the rest and ends.  False: output was lost because writing failed.  With a dead front it
 * may go on, until the process ends. */
bool reader_stop(struct reader *r);

#endif
