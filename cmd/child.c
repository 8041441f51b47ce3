/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The held process. */
static void become(const char *command, const struct host_signals *signals, int go, int failed)
{
	char **argv, byte;
	ssize_t told;
	int err;

	host_signals_restore(signals);
	while ((told = read(go, &byte, 1)) < 0 && errno == EINTR)
		;
	if (told != 1) /* whoever held us is gone */
		_exit(127);
	argv = host_command_words(command);
	if (argv)
		execvp(argv[0], argv);
	err = argv ? errno : ENOENT;
	fprintf(stderr, "ERROR: cannot run %s: %s\n", argv ? argv[0] : command, strerror(err));
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

bool child_hold(struct child *c, const char *command, const struct host_signals *signals)
{
	int go[2], failed[2];

	*c = (struct child){ .go_fd = -1, .failed_fd = -1 };
	if (pipe2(go, O_CLOEXEC))
		goto no_pipe;
	if (pipe2(failed, O_CLOEXEC))
		goto no_second_pipe;
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0) {
		close(go[1]);
		become(command, signals, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	c->go_fd = go[1];
	c->failed_fd = failed[0];
	if (c->pid > 0)
		return true;
	c->pid = 0;
	fprintf(stderr, "ERROR: cannot start a process: %s\n", strerror(errno));
	return false;
no_second_pipe:
	close(go[0]);
	close(go[1]);
no_pipe:
	fprintf(stderr, "ERROR: cannot make a pipe: %s\n", strerror(errno));
	return false;
}

bool child_go(struct child *c)
{
	int err = 0;
	ssize_t n = write(c->go_fd, "", 1);

	close(c->go_fd);
	c->go_fd = -1;
	if (n != 1)
		return false;
	while ((n = read(c->failed_fd, &err, sizeof(err))) < 0 && errno == EINTR)
		;
	return n == 0;
}

void child_reap(struct child *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == c->pid) {
			c->is_done = true;
			c->status = status;
		}
}

void child_drop(struct child *c)
{
	if (!c->pid || c->go_fd < 0)
		return;
	close(c->go_fd);
	c->go_fd = -1;
	waitpid(c->pid, &c->status, 0);
}

int child_report(const struct child *c)
{
	return c->pid && c->is_done ? host_report_command(c->status) : 0;
}
