/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls in calls, also inlined ones; labels; and calls of another file. */
#include <stdio.h>
#include <stdlib.h>

static int __attribute__((noinline)) leaf(int x)
{
	return x * 3;
}

static inline __attribute__((always_inline)) int inlined(int y)
{
	int z = leaf(y);

	return z + 1;
}

__attribute__((noinline)) int middle(int a)
{
	int r = inlined(a);

	r += leaf(a + 2);
	if (r > 1000000)
		goto out;
	puts("middle");
again:
	r++;
	if (r < 20)
		goto again;
out:
	return r;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3;
	int sum = leaf(n);

	for (int i = 0; i < n; i++)
		sum += middle(i);
	return sum == 0;
}
