// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/user/embedded.h"

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--) {
		a++;
		b++;
	}
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strstr(const char *s, const char *part)
{
	return (char *)rt_str_find(s, part);
}

size_t strlcpy(char *to, const char *from, size_t size)
{
	if (size)
		rt_str_copy(to, size, from);
	return rt_str_len(from);
}

size_t strlcat(char *to, const char *from, size_t size)
{
	size_t at = rt_str_len(to), n = rt_str_len(from);

	if (at < size)
		rt_str_copy(to + at, size - at, from);
	return at + n;
}
