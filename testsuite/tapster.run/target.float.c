/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers with fractions in registers, in memory and as results. */
#include <stdio.h>

struct point {
	double x;
	float y, z;
};

__attribute__((noinline)) double area(double a, float b, struct point p, struct point *q)
{
	__asm__ volatile("" ::: "memory");
	return a * b + p.x * p.y + q->z;
}

int main(void)
{
	struct point p = { 0.5, -1.25f, 8 };

	return printf("%g\n", area(1.5, 2.5f, p, &p)) < 0;
}
