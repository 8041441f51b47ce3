/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two functions with a parameter of the same name in different registers. */
volatile int total;

__attribute__((noinline)) void first(int a, int b)
{
	total += a + b;
}

__attribute__((noinline)) void fourth(int b, int a)
{
	total += a - b;
}

int main(int argc, char **argv)
{
	(void)argv;
	first(argc, 1);
	fourth(argc, 2);
	return 0;
}
