/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coroutines N: two of them, on stacks next to each other, call each other out of
 * deep() by swapcontext, N times each; every frame of either outlives frames of the other.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <ucontext.h>

static ucontext_t context[3];
static char stacks[2][65536] __attribute__((aligned(16)));
static int n, done;

__attribute__((noinline, noclone)) int deep(int level, int me)
{
	int r = 0;
	if (level)
		r = deep(level - 1, me);
	else
		swapcontext(&context[me], &context[3 - me]);
	__asm__ volatile("" : "+r"(r) : : "memory");
	return r + 1;
}

static void run(int me)
{
	int i;
	for (i = 0; i < n; i++)
		done += deep(i % 7, me) == i % 7 + 1;
	setcontext(&context[done == 2 * n ? 0 : 3 - me]);
}

int main(int argc, char **argv)
{
	volatile int jumps = 0;
	jmp_buf here;
	int i;
	n = argc > 1 ? atoi(argv[1]) : 10;
	for (i = 1; i < 3; i++) {
		getcontext(&context[i]);
		context[i].uc_stack.ss_sp = stacks[i - 1];
		context[i].uc_stack.ss_size = sizeof stacks[0];
		makecontext(&context[i], (void (*)(void))run, 1, i);
	}
	swapcontext(&context[0], &context[1]);
	if (setjmp(here) < n)
		longjmp(here, ++jumps);
	return done != 2 * n || jumps != n;
}
