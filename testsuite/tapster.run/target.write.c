/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints what the script has written. */
#include <stdio.h>

struct pair {
	int first;
	short second;
	char text[4];
};

__attribute__((noinline)) int show(int a, long b, char c, struct pair *p)
{
	__asm__ volatile("" ::: "memory");
	printf("%d %ld %d %d %d %s\n", a, b, c, p->first, p->second, p->text);
	fflush(stdout);
	return a;
}

int main(void)
{
	struct pair p = { 1, 2, "abc" };

	return show(1, 2, 3, &p) < -100;
}
