/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cases of this folder probe: functions, inlined ones, a missing one. */
#include <stdio.h>

volatile int total;

struct pair {
	int first;
	char *name;
};

static inline __attribute__((always_inline)) int inlined(int n)
{
	for (int i = 0; i < n; i++)
		total += i;
	return total;
}

__attribute__((noinline)) int first(int a, struct pair *p)
{
	total += a + p->first;
	return total;
}

__attribute__((noinline)) int second(int a, long b, char *text)
{
	total += a + b + text[0];
	return inlined(a);
}

__attribute__((noinline)) void third(void)
{
	total++;
}

int main(int argc, char **argv)
{
	struct pair p = { argc, argv[0] };

	third();
	return first(1, &p) + second(2, 3, argv[0]) + inlined(argc) < 0;
}
