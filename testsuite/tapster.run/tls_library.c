/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library with thread-local variables. */
char unrelated[100];
static __thread volatile int first = 7;
__thread int counter;

__attribute__((noinline)) int tick(int n)
{
	counter += n;
	return counter + first;
}
