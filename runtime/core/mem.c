/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcpy, memmove, memset and memcmp: gcc may call them in freestanding code
 * too.  Not compiled into hosted programs.
 */
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#define LONG_COPY 256 /* from here on "rep movsb" pays */

struct unaligned {
	uint64_t v;
} __attribute__((packed, may_alias));

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int with, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	char *d = to;
	const char *s = from;

	if (n >= LONG_COPY) {
		__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
		return to;
	}
	for (; n >= 8; n -= 8, d += 8, s += 8)
		((struct unaligned *)d)->v = ((const struct unaligned *)s)->v;
	for (; n; n--)
		*d++ = *s++;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;

	if (d <= s || d >= s + n)
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

void *memset(void *to, int with, size_t n)
{
	char *d = to;
	uint64_t w = 0x0101010101010101u * (unsigned char)with;

	if (n >= LONG_COPY) {
		__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(with) : "memory");
		return to;
	}
	for (; n >= 8; n -= 8, d += 8)
		((struct unaligned *)d)->v = w;
	for (; n; n--)
		*d++ = (char)with;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}
