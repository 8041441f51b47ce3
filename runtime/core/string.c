// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strings of scripts: NUL-terminated bytes in buffers of a given size.  They
 * are read a word at a time where that is safe (load_word).
 */
#include "runtime/core/core_int.h"

size_t rt_str_len(const char *s)
{
	size_t len = 0;
	unsigned n;

	do {
		load_word(s + len, &n);
		len += n;
	} while (n == 8);
	return len;
}

size_t rt_str_copy(char *dst, size_t size, const char *src)
{
	size_t at = 0;
	unsigned n;

	if (dst == src)
		return rt_str_len(src);
	while (size - at > 8) {
		uint64_t w = load_word(src + at, &n);

		__builtin_memcpy(dst + at, &w, 8);
		at += n;
		if (n < 8)
			return at;
	}
	while (at + 1 < size && src[at]) {
		dst[at] = src[at];
		at++;
	}
	dst[at] = 0;
	return at;
}

size_t rt_str_copy_n(char *dst, size_t size, const char *src, size_t n)
{
	size_t at = 0;

	if (n > size - 1)
		n = size - 1;
	while (at < n && src[at]) {
		dst[at] = src[at];
		at++;
	}
	dst[at] = 0;
	return at;
}

size_t rt_str_append(char *dst, size_t size, const char *src)
{
	size_t len = rt_str_len(dst);

	/* src may be dst: then its NUL moves while we copy, so its length is taken now */
	return len + rt_str_copy_n(dst + len, size - len, src, src == dst ? len : size);
}

size_t rt_str_cat(char *dst, size_t size, const char *a, const char *b)
{
	size_t la;

	if (dst == b && dst != a) { /* make room in front */
		size_t lb = rt_str_len(b);

		la = rt_str_len(a);
		if (la > size - 1)
			la = size - 1;
		if (lb > size - 1 - la)
			lb = size - 1 - la;
		for (size_t i = lb; i-- > 0; )
			dst[la + i] = dst[i];
		__builtin_memcpy(dst, a, la);
		dst[la + lb] = 0;
		return la + lb;
	}
	la = rt_str_copy(dst, size, a);
	return la + rt_str_copy_n(dst + la, size - la, b, dst == b ? la : size);
}

bool rt_str_eq(const char *a, const char *b)
{
	unsigned n, m;

	do {
		if (load_word(a, &n) != load_word(b, &m))
			return false;
		a += 8;
		b += 8;
	} while (n == 8);
	return true;
}

int rt_str_cmp(const char *a, const char *b)
{
	for (;;) {
		unsigned n, m;
		uint64_t x = load_word(a, &n), y = load_word(b, &m);

		if (x != y) { /* the first byte that differs decides: the lowest in memory */
			x = __builtin_bswap64(x);
			y = __builtin_bswap64(y);
			return x < y ? -1 : 1;
		}
		if (n < 8)
			return 0;
		a += 8;
		b += 8;
	}
}

const char *rt_str_find(const char *s, const char *needle)
{
	size_t n = rt_str_len(needle);

	if (n == 0)
		return s;
	for (; *s; s++) {
		size_t i = 0;

		while (i < n && s[i] == needle[i])
			i++;
		if (i == n)
			return s;
	}
	return NULL;
}

/* The letter of a C escape, or 0. */
static char escape_letter(unsigned char ch)
{
	switch (ch) {
	case '\a': return 'a';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	case '\v': return 'v';
	case '"': return '"';
	case '\\': return '\\';
	default: return 0;
	}
}

size_t rt_str_escape(char *dst, size_t size, const char *src, size_t n, int quote)
{
	size_t at = 0, end = size - 1;

	if (quote && end >= 2) {
		dst[at++] = (char)quote;
		end--;
	}
	for (size_t i = 0; i < n && src[i]; i++) {
		unsigned char ch = (unsigned char)src[i];
		char letter = escape_letter(ch);
		char text[4];
		size_t len = 1;

		text[0] = (char)ch;
		if (letter) {
			text[0] = '\\';
			text[1] = letter;
			len = 2;
		} else if (ch < 0x20 || ch >= 0x7f) {
			text[0] = '\\';
			text[1] = (char)('0' + (ch >> 6));
			text[2] = (char)('0' + (ch >> 3 & 7));
			text[3] = (char)('0' + (ch & 7));
			len = 4;
		}
		if (len > end - at)
			break;
		for (size_t j = 0; j < len; j++)
			dst[at++] = text[j];
	}
	if (quote && size >= 3)
		dst[at++] = (char)quote;
	dst[at] = 0;
	return at;
}

static unsigned digit_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return (unsigned)(ch - '0');
	if (ch >= 'a' && ch <= 'z')
		return (unsigned)(ch - 'a') + 10;
	if (ch >= 'A' && ch <= 'Z')
		return (unsigned)(ch - 'A') + 10;
	return 255;
}

int64_t rt_str_to_long(const char *s, unsigned base, const char **end)
{
	const char *start = s, *digits;
	bool negative = false;
	uint64_t v = 0;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	if (*s == '-' || *s == '+')
		negative = *s++ == '-';
	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x' && digit_value(s[2]) < 16) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = *s == '0' ? 8 : 10;
	}
	for (digits = s; digit_value(*s) < base; s++)
		v = v * base + digit_value(*s);
	if (end)
		*end = s == digits ? start : s;
	return (int64_t)(negative ? -v : v);
}
