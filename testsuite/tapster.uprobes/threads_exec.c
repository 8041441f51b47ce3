/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads_exec N: while three threads call hit() for ever, a fourth one execs N - 1; 0 ends. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char **arguments;

__attribute__((noinline, noclone)) void hit(long i)
{
	__asm__ volatile("" : : "r"(i) : "memory");
}

__attribute__((noinline, noclone)) void last(long i)
{
	__asm__ volatile("" : : "r"(i) : "memory");
}

static void *spin(void *unused)
{
	for (long i = 0;; i++)
		hit(i);
	return unused;
}

static void *replace(void *unused)
{
	char n[16];
	usleep(20000);
	snprintf(n, sizeof n, "%d", atoi(arguments[1]) - 1);
	execl(arguments[0], arguments[0], n, (char *)NULL);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	arguments = argv;
	if (argc < 2 || atoi(argv[1]) == 0) {
		last(1);
		return 0;
	}
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, spin, NULL);
	pthread_create(&thread, NULL, replace, NULL);
	pthread_exit(NULL);
}
