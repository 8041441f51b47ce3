/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * returns HOW N: ways to leave functions.
 *
 *	recurse  down(N) calls itself
 *	tail     caller() jumps to last()
 *	jump     deep(5) leaves by longjmp, N times
 *	trace    backtrace() within down(10), N times
 *	thread   pthread_exit within leave(), and cancellation within linger(), N times each
 */
#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf back;
static int traces;

__attribute__((noinline, noclone)) int last(int i)
{
	__asm__ volatile("" : "+r"(i) : : "memory");
	return i + 1;
}

__attribute__((noinline, noclone)) int caller(int i)
{
	__asm__ volatile("" : "+r"(i) : : "memory");
	return last(i);
}

__attribute__((noinline, noclone)) int down(int i)
{
	void *frames[64];
	int r;
	if (i == 0)
		return traces ? backtrace(frames, 64) : 0;
	r = down(i - 1);
	__asm__ volatile("" : "+r"(r) : : "memory");
	return traces ? r : r + 1;
}

__attribute__((noinline, noclone)) int deep(int i)
{
	int r;
	if (i == 0)
		longjmp(back, 1);
	r = deep(i - 1);
	__asm__ volatile("" : "+r"(r) : : "memory");
	return r;
}

__attribute__((noinline, noclone)) void *leave(void *unused)
{
	last(1);
	pthread_exit(unused);
}

__attribute__((noinline, noclone)) void *linger(void *unused)
{
	last(1);
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "recurse";
	volatile int n = argc > 2 ? atoi(argv[2]) : 10, i;
	if (strcmp(how, "recurse") == 0)
		return down(n) != n;
	for (i = 0; i < n; i++) {
		if (strcmp(how, "tail") == 0) {
			if (caller(i) != i + 1)
				return 1;
		} else if (strcmp(how, "jump") == 0) {
			if (setjmp(back) == 0)
				deep(5);
		} else if (strcmp(how, "trace") == 0) {
			traces = 1;
			if (down(10) < 12)
				return 1;
		} else {
			pthread_t thread;
			pthread_create(&thread, NULL, leave, NULL);
			pthread_join(thread, NULL);
			pthread_create(&thread, NULL, linger, NULL);
			usleep(1000);
			pthread_cancel(thread);
			pthread_join(thread, NULL);
		}
	}
	return last(0) != 1;
}
