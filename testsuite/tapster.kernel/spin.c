/* Computes for as many milliseconds of its CPU time as its argument says. */
#include <stdlib.h>
#include <time.h>

static volatile unsigned n;

int main(int argc, char **argv)
{
	clock_t end = argc > 1 ? atoi(argv[1]) * (CLOCKS_PER_SEC / 1000) : 0;

	while (clock() < end)
		for (int i = 0; i < 100000; i++)
			n++;
	return 0;
}
