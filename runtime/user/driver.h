/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a script's object:
 *
 *	start the reader
 *	launch the command, held at its exec, or seize the process; arm
 *	begin probes
 *	supervise: events of targets, timers, signals, exit()
 *	let the targets go
 *	end (or error) probes, the rest of the output, the summary
 *
 * begin, end, error, timer and process probes run in this process, through its
 * own mapping of the object.
 */
#ifndef TAPSTER_RUNTIME_USER_DRIVER_H
#define TAPSTER_RUNTIME_USER_DRIVER_H

#include "runtime/host.h"
#include "runtime/user/front.h"
#include "runtime/user/image.h"

/* In memory that the front shares. */
struct driver_result {
	bool is_started; /* all is armed; the front is told by SIGCHLD */
	bool is_complete; /* what follows is good: the driver has done all that it had to */
	int status;
	bool command_done;
	int command_status; /* by wait */
};

struct driver_start {
	const struct run_options *o;
	struct image *im;
	const struct host_signals *signals;
	int link_fd; /* to the front: see front.h */
	struct driver_result *result;
	/* The tool as scripts and the command see it. */
	pid_t pid, ppid, group;
	char name[16];
	uint64_t strings[4]; /* start and end of its arguments and its environment */
};

/* The process exits after this. */
void driver_run(const struct driver_start *start);

#endif
