/* SPDX-License-Identifier: GPL-2.0-or-later */
/* beats MS FILE: calls beat() every millisecond for MS milliseconds, then writes the
 * number of calls to FILE.  With a third argument, ends with that status. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile long n;

__attribute__((noinline, noclone)) void beat(long i)
{
	n = i;
}

int main(int argc, char **argv)
{
	int ms = argc > 1 ? atoi(argv[1]) : 100;
	FILE *out;

	for (long i = 1; i <= ms; i++) {
		beat(i);
		usleep(1000);
	}
	out = argc > 2 ? fopen(argv[2], "w") : NULL;
	if (out) {
		fprintf(out, "%ld beats\n", n);
		fclose(out);
	}
	return argc > 3 ? atoi(argv[3]) : 0;
}
