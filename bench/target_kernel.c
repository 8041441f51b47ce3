/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What bench/kernel.sh measures: nanoseconds of the machine's clock (instructions, where that
 * counts those) for one call, printed as "WHAT NANOSECONDS".
 *
 *	target_kernel WHAT N
 *
 * The arguments always have as many digits: with a line of 8 characters a record of SystemTap's
 * has 16 bytes, and none ends within the last 8 of one of its buffers of 4096 (kernel.sh).
 *
 * hit_push begins with a push, which the kernel's uprobes emulate; hit_lea with an
 * instruction that they single-step.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

__attribute__((noinline, noclone)) long hit_push(long a, long b)
{
	__asm__ volatile("" ::: "rbx"); /* has to be saved */
	return a + b;
}

__attribute__((noinline, noclone)) long hit_lea(long a, long b)
{
	return a + b;
}

static volatile long sink;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void call(const char *what, char *self, long i)
{
	long five_digits = 10000 + i % 90000;

	if (strcmp(what, "push") == 0) {
		sink = hit_push(five_digits, 1);
	} else if (strcmp(what, "lea") == 0) {
		sink = hit_lea(five_digits, 1);
	} else if (strcmp(what, "getppid") == 0) {
		sink = syscall(SYS_getppid);
	} else {
		pid_t pid = fork();

		if (pid == 0) {
			execl(self, self, NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 0, start;

	if (argc < 3)
		return 0;
	for (long i = 0; i < n / 10; i++)
		call(argv[1], argv[0], i);
	start = now();
	for (long i = 0; i < n; i++)
		call(argv[1], argv[0], i);
	printf("%s %ld\n", argv[1], (now() - start) / n);
	return 0;
}
