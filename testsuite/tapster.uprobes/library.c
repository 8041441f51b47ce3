/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library with a function for tests; see loader.c. */
int library_hit(int i);

__attribute__((noinline)) int library_hit(int i)
{
	__asm__ volatile("" : "+r"(i) : : "memory");
	return i;
}
