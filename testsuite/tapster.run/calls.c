/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls N: calls each function N times with known arguments. */
#include <stdlib.h>

#define NOINLINE __attribute__((noinline, noclone))

struct point {
	int x;
	short y;
};

volatile long sink;

NOINLINE int add(int a, int b)
{
	sink += a;
	return a + b;
}

NOINLINE unsigned char low_byte(unsigned char c, signed char s, unsigned short u, long l)
{
	sink += c + s + u + l;
	return (unsigned char)(c + 1);
}

static long (*volatile recurse)(long n); /* keeps the calls from becoming a loop */

NOINLINE long fact(long n)
{
	sink++;
	return n <= 1 ? 1 : n * recurse(n - 1);
}

NOINLINE const char *greet(const char *name, struct point *p)
{
	sink += p->x;
	return name + 1;
}

NOINLINE void nothing(void)
{
	sink++;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1;
	struct point p = { 7, -3 };

	recurse = fact;
	for (int i = 0; i < n; i++) {
		add(i, 10);
		low_byte(250, -5, 65535, -1000000000000);
		fact(5);
		greet("world", &p);
		nothing();
	}
	return 0;
}
