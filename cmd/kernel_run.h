/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass 5 of the kernel runtime: loads a script's module, drives its session
 * (runtime/kernel/transport.h), streams its output, removes it.
 *
 *	load the module, and the engine if it needs it
 *	hold the command of -c before its exec; start: begin probes run, all is armed
 *	let the command go; wait for its end, exit(), a signal, the time limit
 *	stop: end probes run; read what is left; remove the module; the summary
 */
#ifndef TAPSTER_CMD_KERNEL_RUN_H
#define TAPSTER_CMD_KERNEL_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/driver/sink.h"

struct kernel_run_options {
	const char *object;  /* NAME.ko; NULL with ATTACH */
	const char *engine;  /* its engine; NULL: the one beside it */
	const char *attach;  /* -A: the name of a module that runs already */
	const char *command; /* -c; NULL: none */
	pid_t target;        /* -x; 0: none */
	struct sink_options output; /* -o, -S, -b, -w */
	uint64_t timeout_ms; /* -T; 0: none */
	unsigned buffer_mb;  /* -s, per CPU; 0: 1 */
	int verbose;
	bool no_warnings;    /* -w */
	bool detach;         /* -L: start it and leave it running */
	bool daemon;         /* -D: go on in the background, print the process id */
	const char *const *globals; /* NAME=VALUE, up to a NULL; or NULL */
};

/* The exit status of the program: 0, or 1 after an error that has been reported. */
int kernel_run(const struct kernel_run_options *o);

#endif
