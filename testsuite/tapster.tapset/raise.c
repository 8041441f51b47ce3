/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts the signals that a probe of work() sends. */
#include <signal.h>
#include <stdio.h>

static volatile int got;

static void on_signal(int n)
{
	got += n;
}

__attribute__((noinline)) void work(int i)
{
	__asm__ volatile("" : : "r"(i) : "memory");
}

__attribute__((noinline)) void last(int i)
{
	__asm__ volatile("" : : "r"(i) : "memory");
}

int main(void)
{
	signal(SIGUSR1, on_signal);
	for (int i = 0; i < 5; i++)
		work(i);
	printf("got %d\n", got);
	fflush(stdout);
	last(0);
	printf("not reached\n");
	return 0;
}
