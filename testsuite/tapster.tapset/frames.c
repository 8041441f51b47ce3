/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of all sorts: large, aligned, of variable size, of a signal, through the C library. */
#include <signal.h>
#include <stdlib.h>

int total;

__attribute__((noinline)) int leaf(int x)
{
	__asm__ volatile("" : : "r"(x) : "memory");
	return x + total;
}

__attribute__((noinline)) int large(int x)
{
	volatile char pad[30000];

	pad[0] = (char)x;
	return leaf(pad[0]) + 1;
}

__attribute__((noinline)) int aligned(int x)
{
	__attribute__((aligned(64))) volatile char pad[256];

	pad[x & 7] = 1;
	return large(x) + pad[3];
}

__attribute__((noinline)) int variable(int n)
{
	volatile char pad[n];

	pad[0] = 2;
	return aligned(n) + pad[0];
}

static int compare(const void *a, const void *b)
{
	return variable(*(const int *)a) - *(const int *)b;
}

static void on_signal(int n)
{
	total = leaf(n);
}

int main(void)
{
	int v[2] = { 3, 1 };

	qsort(v, 2, sizeof(*v), compare);
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	return 0;
}
