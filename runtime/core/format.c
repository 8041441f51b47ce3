/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formatting: numbers and padded text into a sink, and the run-time format
 * interpreter for embedded C and for our own messages.  (The script's own
 * printf is compiled part by part, see print.c.)
 */
#include "runtime/core/core_int.h"

/* The print buffer is full: what is there goes out as a record of its own. */
static void flush(struct sink *s)
{
	rt_port_output(s->c, RT_OUTPUT_PRINT, s->c->out, (size_t)(s->at - s->c->out));
	s->at = s->c->out;
}

void sink_put(struct sink *s, const char *data, size_t n)
{
	while (rt_unlikely(n > (size_t)(s->end - s->at))) {
		size_t part = (size_t)(s->end - s->at);

		__builtin_memcpy(s->at, data, part);
		s->at += part;
		data += part;
		n -= part;
		if (!s->c)
			return; /* cut */
		flush(s);
	}
	__builtin_memcpy(s->at, data, n);
	s->at += n;
}

void sink_fill(struct sink *s, char with, int64_t n)
{
	while (n-- > 0) {
		if (rt_unlikely(s->at == s->end)) {
			if (!s->c)
				return;
			flush(s);
		}
		*s->at++ = with;
	}
}

static int64_t settle_width(const struct sink *s, int64_t width)
{
	return s->widest && width > s->widest ? s->widest : width;
}

void sink_text(struct sink *s, uint32_t flags, int64_t width, const char *text, size_t n)
{
	int64_t pad = settle_width(s, width) - (int64_t)n;

	if (pad > 0 && !(flags & RT_LEFT))
		sink_fill(s, ' ', pad);
	sink_put(s, text, n);
	if (pad > 0 && (flags & RT_LEFT))
		sink_fill(s, ' ', pad);
}

/* Digits of V, most significant first, to the end of TEXT (24 bytes); returns where they begin. */
static char *digits(char *end, uint64_t v, uint32_t conv)
{
	const char *letters = conv == RT_HEX_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";

	switch (conv) {
	case RT_SIGNED:
	case RT_UNSIGNED:
		for (; v; v /= 10)
			*--end = (char)('0' + v % 10);
		break;
	case RT_OCTAL:
		for (; v; v >>= 3)
			*--end = (char)('0' + (v & 7));
		break;
	default:
		for (; v; v >>= 4)
			*--end = letters[v & 15];
		break;
	}
	return end;
}

/*
 * PRECISION is the least number of digits; there is always one.  The zero flag fills up to the
 * width unless there is a "-", also with a precision.  With "#" or %p a prefix stands also before
 * zero, and that of %#o before zeroes.
 */
void sink_number(struct sink *s, uint32_t conv, uint32_t flags, int64_t width, int64_t precision, int64_t v)
{
	char text[24], prefix[2], *end = text + sizeof(text), *first;
	uint64_t magnitude = (uint64_t)v;
	int64_t n_prefix = 0, n, zeroes, pad;

	width = settle_width(s, width);
	if (conv == RT_SIGNED) {
		if (v < 0) {
			magnitude = -magnitude;
			prefix[n_prefix++] = '-';
		} else if (flags & RT_PLUS) {
			prefix[n_prefix++] = '+';
		} else if (flags & RT_SPACE) {
			prefix[n_prefix++] = ' ';
		}
	} else if (conv == RT_POINTER || ((flags & RT_ALT) && (conv == RT_HEX || conv == RT_HEX_UPPER))) {
		prefix[n_prefix++] = '0';
		prefix[n_prefix++] = conv == RT_HEX_UPPER ? 'X' : 'x';
	} else if ((flags & RT_ALT) && conv == RT_OCTAL) {
		prefix[n_prefix++] = '0';
	}
	first = digits(end, magnitude, conv);
	n = end - first;
	zeroes = (precision < 1 ? 1 : precision) - n;
	if ((flags & RT_ZERO) && !(flags & RT_LEFT) && width - n - n_prefix > zeroes)
		zeroes = width - n - n_prefix;
	if (zeroes < 0)
		zeroes = 0;
	pad = width - n_prefix - zeroes - n;
	if (!(flags & RT_LEFT))
		sink_fill(s, ' ', pad);
	sink_put(s, prefix, (size_t)n_prefix);
	sink_fill(s, '0', zeroes);
	sink_put(s, first, (size_t)n);
	if (flags & RT_LEFT)
		sink_fill(s, ' ', pad);
}

/* ---- formats at run time ---- */

static const char *parse_flags(const char *f, uint32_t *flags)
{
	*flags = 0;
	for (;; f++) {
		switch (*f) {
		case '-': *flags |= RT_LEFT; break;
		case '+': *flags |= RT_PLUS; break;
		case ' ': *flags |= RT_SPACE; break;
		case '#': *flags |= RT_ALT; break;
		case '0': *flags |= RT_ZERO; break;
		default: return f;
		}
	}
}

static const char *parse_size(const char *f, int64_t *size)
{
	for (*size = 0; *f >= '0' && *f <= '9'; f++)
		*size = *size * 10 + (*f - '0');
	return f;
}

static uint32_t conversion(char letter)
{
	switch (letter) {
	case 'd':
	case 'i': return RT_SIGNED;
	case 'u': return RT_UNSIGNED;
	case 'o': return RT_OCTAL;
	case 'x': return RT_HEX;
	case 'X': return RT_HEX_UPPER;
	case 'p': return RT_POINTER;
	default: return 0;
	}
}

static size_t bounded_len(const char *text, int64_t most)
{
	size_t n = 0;

	while ((most < 0 || (int64_t)n < most) && text[n])
		n++;
	return n;
}

/* As in C: without a length modifier an argument is an int. */
static int64_t number_argument(va_list *ap, int longs, int shorts, uint32_t conv)
{
	if (conv == RT_POINTER || longs)
		return va_arg(*ap, int64_t);
	if (conv == RT_SIGNED) {
		int v = va_arg(*ap, int);

		return shorts == 2 ? (signed char)v : shorts == 1 ? (short)v : v;
	} else {
		unsigned v = va_arg(*ap, unsigned);

		return shorts == 2 ? (unsigned char)v : shorts == 1 ? (unsigned short)v : v;
	}
}

void sink_format(struct sink *s, const char *f, va_list arguments)
{
	va_list ap;

	va_copy(ap, arguments);
	while (*f) {
		const char *start = f;
		int64_t width = -1, precision = -1;
		int longs = 0, shorts = 0;
		uint32_t flags, conv;

		while (*f && *f != '%')
			f++;
		sink_put(s, start, (size_t)(f - start));
		if (!*f)
			break;
		f = parse_flags(f + 1, &flags);
		if (*f == '*') {
			width = va_arg(ap, int);
			if (width < 0) {
				flags |= RT_LEFT;
				width = -width;
			}
			f++;
		} else {
			f = parse_size(f, &width);
		}
		if (*f == '.') {
			if (*++f == '*') {
				precision = va_arg(ap, int);
				f++;
			} else {
				f = parse_size(f, &precision);
			}
		}
		for (;; f++) {
			if (*f == 'l' || *f == 'j' || *f == 'z' || *f == 't')
				longs++;
			else if (*f == 'h')
				shorts++;
			else
				break;
		}
		if (!*f)
			break;
		conv = conversion(*f);
		if (conv) {
			sink_number(s, conv, flags, width, precision, number_argument(&ap, longs, shorts, conv));
		} else if (*f == 's') {
			const char *text = va_arg(ap, const char *);

			if (!text)
				text = "(null)";
			sink_text(s, flags, width, text, bounded_len(text, precision));
		} else if (*f == 'c') {
			char ch = (char)va_arg(ap, int);

			sink_text(s, flags, width, &ch, 1);
		} else {
			sink_put(s, f, 1); /* %% and what we do not know */
		}
		f++;
	}
	va_end(ap);
}

int rt_snprintf(char *dst, size_t size, const char *fmt, ...)
{
	struct sink s = { dst, dst + size - 1, NULL, 0 };
	va_list ap;

	va_start(ap, fmt);
	sink_format(&s, fmt, ap);
	va_end(ap);
	*s.at = 0;
	return (int)(s.at - dst);
}
