/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit-fields, and a function's result, before and after the script has changed them. */
#include <stdio.h>

struct packed {
	unsigned low : 3;
	int middle : 7;
	unsigned long high : 40;
	signed char last : 2;
};

struct packed global = { 1, -2, 3, -1 };

__attribute__((noinline)) long show(struct packed *p)
{
	printf("%u %d %lu %d\n", p->low, p->middle, (unsigned long)p->high, p->last);
	return p->low;
}

__attribute__((noinline)) signed char small(int n)
{
	return (signed char)(n + 1);
}

int main(void)
{
	struct packed local = { 7, 63, 1, 1 };

	printf("%ld\n", show(&local));
	printf("%ld %d\n", show(&global), small(2));
	fflush(stdout);
	return 0;
}
