/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run of a script is told, on either runtime. Strings belong to the caller. */
#ifndef TAPSTER_RUNTIME_DRIVER_RUN_OPTIONS_H
#define TAPSTER_RUNTIME_DRIVER_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/driver/sink.h"

struct run_options {
	const char *object;  /* NAME.so or NAME.ko */
	const char *command; /* -c; NULL: none */
	pid_t target;        /* -x; 0: none */
	struct sink_options output; /* -o, -S, -b, -w */
	uint64_t timeout_ms; /* -T; 0: none */
	unsigned buffer_mb;  /* -s, per CPU; 0: 1 */
	int verbose;
	bool daemon;         /* -F with -o: go on in the background, print the process id */
};

#endif
