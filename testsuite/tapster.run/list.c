/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list that a function walks, and another one with a variable of the same name. */
#include <stdio.h>

struct node {
	int value;
	struct node *next;
	char name[8];
	long numbers[3];
};

struct node spare = { .value = 9, .name = "spare" };

__attribute__((noinline)) int walk(struct node *n)
{
	int sum = 0;

	for (; n; n = n->next)
		sum += n->value;
	return sum;
}

__attribute__((noinline)) int number(long n)
{
	return (int)n + spare.value;
}

int main(void)
{
	struct node a = { 1, NULL, "one", { 1, 2, 3 } }, b = { 2, &a, "two", { 4, 5, 6 } };

	printf("%d\n", walk(&b) + number(4));
	return 0;
}
