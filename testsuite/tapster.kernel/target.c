/* Calls add() as often as its argument says. */
#include <stdio.h>
#include <stdlib.h>

static int calls;

__attribute__((noinline)) int add(int a, int b)
{
	calls++;
	__asm__ volatile("");
	return a + b;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1;
	unsigned sum = 0;

	for (int i = 0; i < n; i++)
		sum += (unsigned)add(i, 1);
	printf("sum %u calls %d\n", sum, calls);
	return 0;
}
