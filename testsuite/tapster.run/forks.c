/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forks N: N children call hit() once each, then exec this program, which calls it
 * once more; the parent calls it once. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline, noclone)) void hit(int who)
{
	__asm__ volatile("" : : "r"(who) : "memory");
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1, status, bad = 0;

	for (int i = 0; i < n; i++) {
		if (fork() == 0) {
			hit(1);
			execl(argv[0], argv[0], "0", (char *)NULL);
			_exit(127);
		}
	}
	hit(2);
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}
