/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * children HOW N: makes N children, each of which calls hit() a known number of
 * times; the parent calls it once per child.
 *
 *	fork    the child 100 times
 *	vfork   the child once, in the parent's memory
 *	spawn   posix_spawn of itself: once, in a program of its own
 *	exec    fork, 100 times, then exec of itself: once
 *	many    like fork, all children at the same time
 *	inside  fork within inner(), from which both return
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

__attribute__((noinline, noclone)) int hit(int i)
{
	__asm__ volatile("" : "+r"(i) : : "memory");
	return i;
}

__attribute__((noinline, noclone)) int inner(int i)
{
	pid_t pid = fork();
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid ? hit(i) : -1;
}

__attribute__((noinline, noclone)) int outer(int i)
{
	int r = inner(i);
	__asm__ volatile("" : "+r"(r) : : "memory");
	return r;
}

static void child(const char *how, char *self)
{
	for (int i = 0; i < 100; i++)
		hit(i);
	if (strcmp(how, "exec") == 0)
		execl(self, self, "once", "0", (char *)NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "fork";
	int n = argc > 2 ? atoi(argv[2]) : 3;
	if (strcmp(how, "once") == 0) {
		hit(0);
		return 0;
	}
	for (int i = 0; i < n; i++) {
		char *again[] = { argv[0], (char *)"once", (char *)"0", NULL };
		pid_t pid = 0;
		if (strcmp(how, "inside") == 0) {
			if (outer(i) < 0)
				_exit(0);
			continue;
		} else if (strcmp(how, "vfork") == 0) {
			pid = vfork();
			if (pid == 0) {
				hit(i);
				_exit(0);
			}
		} else if (strcmp(how, "spawn") == 0) {
			if (posix_spawn(&pid, argv[0], NULL, NULL, again, environ))
				return 1;
		} else {
			pid = fork();
			if (pid == 0)
				child(how, argv[0]);
		}
		if (strcmp(how, "many") != 0)
			waitpid(pid, NULL, 0);
		hit(i);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
