/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run of a script needs of the system, whichever runtime it is on: the
 * signals by which its user ends it, the command of -c, the commands of
 * system(), and warnings that are said once.  Prints to standard error.
 */
#ifndef TAPSTER_RUNTIME_HOST_H
#define TAPSTER_RUNTIME_HOST_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Blocks SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR2 (SIGHUP unless it is ignored: nohup) and
 * SIGCHLD, to be read from FD, and ignores SIGPIPE. */
struct host_signals {
	int fd; /* a signalfd, non-blocking */
	sigset_t old_mask;
	struct sigaction old_pipe, old_child;
};
/* Also takes SIGTSTP where WITH_STOP.  0 or -errno. */
int host_signals_open(struct host_signals *s, bool with_stop);
/* As it was found: at the end, or in a child that becomes another program. */
void host_signals_restore(const struct host_signals *s);

/* The words of a command as the shell would split them; a command with shell syntax goes to the
 * shell.  NULL: there is no word.  Not to be freed. */
char **host_command_words(const char *command);
/* Says how the command of -c ended, if not well, by its wait status; the exit status for it. */
int host_report_command(int how);

/* Starts a command of system(), in the process group GROUP (0: ours).  Reaped by the caller. */
void host_system(const char *text, size_t n, pid_t group);

/* Remembers what has been said; zeroed at first. */
struct host_said {
	unsigned long hashes[256];
	unsigned n;
};
/* Is this said for the first time? */
bool host_is_new(struct host_said *said, const char *text, size_t n);

#endif
