/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command of -c: a process that waits before its exec until the probes are armed.
 * When we die before that it does, too.
 */
#ifndef TAPSTER_CMD_CHILD_H
#define TAPSTER_CMD_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/host.h"

struct child {
	pid_t pid;      /* 0: there is none */
	bool is_done;   /* then STATUS is that of waitpid */
	int status;
	int go_fd;      /* tells it to go on; -1: it has been told */
	int failed_fd;  /* tells why it could not be executed */
};

/* Starts the process, held, which will have the signals of before SIGNALS; false: reported. */
bool child_hold(struct child *c, const char *command, const struct host_signals *signals);
/* Lets it execute the command; false: it can't be executed, which it has reported. */
bool child_go(struct child *c);
/* Waits for what has ended of all children, without blocking. */
void child_reap(struct child *c);
/* Ends it if it is still held. */
void child_drop(struct child *c);
/* Warns of a bad end; the exit status for it. */
int child_report(const struct child *c);

#endif
