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

#include "runtime/driver/run_options.h"

struct kernel_run_options {
	struct run_options run; /* object: NULL with attach */
	const char *engine;  /* its engine; NULL: the one beside it */
	const char *attach;  /* -A: the name of a module that runs already */
	bool detach;         /* -L: start it and leave it running */
	const char *const *globals; /* NAME=VALUE, up to a NULL; or NULL */
};

/* The exit status of the program: 0, or 1 after an error that has been reported. */
int kernel_run(const struct kernel_run_options *o);

#endif
