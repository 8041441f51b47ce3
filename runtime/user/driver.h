/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 5 of the user runtime: runs a script's object.
 *
 *	load the object, start the reader
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

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct user_run_options {
	const char *object;  /* NAME.so */
	const char *command; /* -c; NULL: none */
	pid_t target;        /* -x; 0: none */
	const char *output;  /* -o; NULL: standard output */
	uint64_t timeout_ms; /* -T; 0: none */
	unsigned buffer_mb;  /* -s, per CPU; 0: 1 */
	int verbose;
	bool no_warnings;    /* -w */
	bool always_break;   /* breakpoint entries only (TAPSTER_BREAK=1 in the environment, too) */
};

/* The exit status of the program: 0, or 1 after a script error, a command that could not be run
 * or failed, or an error of ours; all has been reported. */
int user_run(const struct user_run_options *o);

#endif
