/* SPDX-License-Identifier: GPL-2.0-or-later */
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

/* CH as it is printed in TEXT; returns its length. */
static size_t escape(unsigned char ch, char text[4])
{
	char letter = escape_letter(ch);

	text[0] = (char)ch;
	if (letter) {
		text[0] = '\\';
		text[1] = letter;
		return 2;
	}
	if (ch >= 0x20 && ch < 0x7f)
		return 1;
	text[0] = '\\';
	text[1] = (char)('0' + (ch >> 6));
	text[2] = (char)('0' + (ch >> 3 & 7));
	text[3] = (char)('0' + (ch & 7));
	return 4;
}

/* Escapes as many of the N bytes as fit between *AT and LIMIT; returns how many. */
static size_t escape_into(char *dst, size_t *at, size_t limit, const char *src, size_t n)
{
	size_t i;

	for (i = 0; i < n && src[i]; i++) {
		char text[4];
		size_t len = escape((unsigned char)src[i], text);

		if (len > limit - *at)
			break;
		for (size_t j = 0; j < len; j++)
			dst[(*at)++] = text[j];
	}
	return i;
}

size_t rt_str_escape(char *dst, size_t size, const char *src, size_t n)
{
	size_t at = 0;

	escape_into(dst, &at, size - 1, src, n);
	dst[at] = 0;
	return at;
}

size_t rt_str_quote(char *dst, size_t size, const char *src, size_t n, int64_t most, bool more)
{
	const size_t around = 5; /* two quotes, and three dots when something is missing */
	size_t limit = size - 1, at = 0, done, whole;

	if (most > 0 && (size_t)most < limit)
		limit = (size_t)most;
	if (limit < around)
		limit = around < size - 1 ? around : size - 1;
	if (limit < around) {
		dst[0] = 0;
		return 0;
	}
	dst[at++] = '"';
	/* Without the dots three more bytes fit: then all of it must. */
	whole = escape_into(dst, &at, limit - 1, src, n);
	done = !more && (whole == n || !src[whole]);
	if (!done) {
		at = 1;
		escape_into(dst, &at, limit - 4, src, n);
	}
	dst[at++] = '"';
	for (unsigned i = 0; !done && i < 3; i++)
		dst[at++] = '.';
	dst[at] = 0;
	return at;
}

static unsigned digit_value(char ch)
{
	char letter = (char)(ch | 32);

	if (ch >= '0' && ch <= '9')
		return (unsigned)(ch - '0');
	return letter >= 'a' && letter <= 'f' ? (unsigned)(letter - 'a') + 10 : 255;
}

int64_t rt_str_to_long(const char *s, unsigned base)
{
	bool negative = *s == '-';
	uint64_t v = 0;
	unsigned digit;

	s += negative;
	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x' && digit_value(s[2]) < 16) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = *s == '0' ? 8 : 10;
	}
	for (; (digit = digit_value(*s)) < base && digit < 16; s++)
		v = v * base + digit;
	return (int64_t)(negative ? -v : v);
}

static bool is_one_of(char ch, const char *set)
{
	while (*set && *set != ch)
		set++;
	return *set;
}

/* The string being cut up stays behind the context's frames until the next tokenize() with one. */
void rt_tokenize(struct rt_context *c, char *dst, size_t size, const char *input, const char *delimiters)
{
	char *rest = (char *)c + c->frame_end;
	size_t n = 0;

	if (*input) {
		rt_str_copy(rest, script_info.max_string, input);
		c->token_at = 0;
	}
	while (rest[c->token_at] && is_one_of(rest[c->token_at], delimiters))
		c->token_at++;
	while (rest[c->token_at + n] && !is_one_of(rest[c->token_at + n], delimiters))
		n++;
	rt_str_copy_n(dst, size, rest + c->token_at, n);
	c->token_at += n + (rest[c->token_at + n] != 0); /* and the delimiter that ended it */
}
