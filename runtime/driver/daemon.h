/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Going on in the background once all is running: until then messages are seen, and
 * the exit status tells of a failure; afterwards nobody listens.
 */
#ifndef TAPSTER_RUNTIME_DRIVER_DAEMON_H
#define TAPSTER_RUNTIME_DRIVER_DAEMON_H

/* In the new process: a descriptor for daemon_is_ready.  In the old one, when the new one is
 * ready (its id has been printed) or has failed: -1, and *STATUS is what to exit with. */
int daemon_begin(int *status);
/* Gives up standard input, output and error. */
void daemon_hush(void);
/* The same, and lets the old process go; *FD becomes -1, which does nothing. */
void daemon_is_ready(int *fd);

#endif
