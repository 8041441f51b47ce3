/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/driver/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int daemon_begin(int *status)
{
	int ready[2];
	ssize_t told;
	char byte;
	pid_t pid;

	*status = EXIT_FAILURE;
	if (pipe2(ready, O_CLOEXEC)) {
		fprintf(stderr, "ERROR: cannot make a pipe: %s\n", strerror(errno));
		return -1;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		setsid();
		return ready[1];
	}
	close(ready[1]);
	if (pid < 0) {
		fprintf(stderr, "ERROR: cannot start a process: %s\n", strerror(errno));
	} else {
		while ((told = read(ready[0], &byte, 1)) < 0 && errno == EINTR)
			;
		if (told == 1) {
			printf("%d\n", (int)pid);
			*status = EXIT_SUCCESS;
		}
	}
	close(ready[0]);
	return -1;
}

void daemon_hush(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	fflush(NULL);
	for (int i = 0; i <= 2 && null >= 0; i++)
		dup2(null, i);
}

void daemon_is_ready(int *fd)
{
	if (*fd < 0)
		return;
	daemon_hush();
	if (write(*fd, "", 1) != 1)
		fprintf(stderr, "ERROR: %s\n", strerror(errno));
	close(*fd);
	*fd = -1;
}
