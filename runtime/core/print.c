/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of printf and of the other print functions.  They write to the
 * context's print buffer, or to the string of a sprintf; the common ones
 * (literal, %d, %s) are written for speed.
 */
#include "runtime/core/core_int.h"

void rt_sprint_begin(struct rt_context *c, char *dst, size_t size)
{
	c->out_at = c->at;
	c->at = dst;
	c->end = dst + size - 1;
	c->widest = (int64_t)size;
}

void rt_print_begin(struct rt_context *c)
{
	if (c->at != c->out)
		rt_port_output(c, RT_OUTPUT_PRINT, c->out, (size_t)(c->at - c->out));
	c->out_at = c->at = c->out;
	c->widest = RT_OUT_SIZE;
}

void rt_print_end(struct rt_context *c)
{
	c->out_at = NULL;
}

void rt_sprint_end(struct rt_context *c)
{
	*c->at = 0;
	c->at = c->out_at;
	c->end = c->out + RT_OUT_SIZE;
	c->out_at = NULL;
}

void rt_print_lit(struct rt_context *c, const char *text, size_t n)
{
	struct sink s;

	if (rt_likely(n <= (size_t)(c->end - c->at))) {
		char *at = c->at;

		for (; n >= 8; n -= 8, at += 8, text += 8)
			__builtin_memcpy(at, text, 8);
		for (; n; n--)
			*at++ = *text++;
		c->at = at;
		return;
	}
	s = sink_open(c);
	sink_put(&s, text, n);
	sink_close(c, &s);
}

void rt_print_s(struct rt_context *c, const char *text)
{
	size_t room = (size_t)(c->end - c->at);
	unsigned n = 8;

	while (n == 8 && room >= 8) {
		uint64_t w = load_word(text, &n);

		__builtin_memcpy(c->at, &w, 8);
		c->at += n;
		room -= n;
		text += n;
	}
	if (rt_unlikely(n == 8)) {
		struct sink s = sink_open(c);

		sink_put(&s, text, rt_str_len(text));
		sink_close(c, &s);
	}
}

void rt_print_d(struct rt_context *c, int64_t v)
{
	char text[24], *end = text + sizeof(text), *at = end;
	uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;

	while (magnitude >> 32) { /* a 64-bit division costs more */
		*--at = (char)('0' + magnitude % 10);
		magnitude /= 10;
	}
	uint32_t rest = (uint32_t)magnitude;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (v < 0)
		*--at = '-';
	rt_print_lit(c, at, (size_t)(end - at));
}

void rt_print_x(struct rt_context *c, int64_t v)
{
	rt_print_num(c, RT_HEX, 0, -1, -1, v);
}

void rt_print_c(struct rt_context *c, int64_t v)
{
	char ch = (char)v;

	rt_print_lit(c, &ch, 1);
}

void rt_print_num(struct rt_context *c, uint32_t conv, uint32_t flags, int64_t width, int64_t precision, int64_t v)
{
	struct sink s = sink_open(c);

	sink_number(&s, conv, flags, width, precision, v);
	sink_close(c, &s);
}

static size_t length_at_most(const char *text, int64_t most)
{
	size_t n = 0;

	if (most == INT64_MAX)
		return rt_str_len(text);
	while ((int64_t)n < most && text[n])
		n++;
	return n;
}

void rt_print_str(struct rt_context *c, uint32_t flags, int64_t width, int64_t precision, const char *text)
{
	struct sink s = sink_open(c);

	sink_text(&s, flags, width, text, length_at_most(text, precision));
	if ((flags & (RT_ZERO | RT_LEFT)) == RT_ZERO) /* as in SystemTap */
		sink_fill(&s, 0, 1);
	sink_close(c, &s);
}

/* CH as %#c shows it: escaped as in a C character constant. */
static size_t escape_char(char ch, char text[5])
{
	if (ch == '"')
		return rt_str_copy(text, 5, "\"");
	if (ch == '\'')
		return rt_str_copy(text, 5, "\\'");
	return ch ? rt_str_escape(text, 5, &ch, 1) : rt_str_copy(text, 5, "\\000");
}

void rt_print_char(struct rt_context *c, uint32_t flags, int64_t width, int64_t v)
{
	struct sink s = sink_open(c);
	char ch = (char)v, text[5];

	if (flags & RT_ALT)
		sink_text(&s, flags, width, text, escape_char(ch, text));
	else
		sink_text(&s, flags, width, &ch, 1);
	sink_close(c, &s);
}

/* The low PRECISION bytes (1, 2, 4 or 8; of another one 8; without one WIDTH is it) in the
 * machine's order, behind NULs up to WIDTH. */
void rt_print_bin(struct rt_context *c, uint32_t flags, int64_t width, int64_t precision, int64_t v)
{
	struct sink s = sink_open(c);
	int64_t n = precision < 0 ? width : precision;

	(void)flags;
	if (n != 1 && n != 2 && n != 4)
		n = 8;
	sink_fill(&s, 0, width - n);
	sink_put(&s, (const char *)&v, (size_t)n);
	sink_close(c, &s);
}

enum { MAX_DUMP = 4096 };

void rt_check_mem_size(struct rt_context *c, int64_t n)
{
	if ((uint64_t)n > MAX_DUMP)
		rt_error(c, "%lld is too many bytes for a memory dump", (long long)n);
}

/* It is in two pages at most.  Of nothing the first byte is looked at all the same. */
void rt_check_mem(struct rt_context *c, int64_t n, int64_t addr)
{
	uint64_t first = (uint64_t)addr, last = n ? first + (uint64_t)n - 1 : first;
	char byte;

	if (!rt_try_read(c, &byte, first, 1) || !rt_try_read(c, &byte, last, 1))
		rt_read_fault(c, (uint64_t)addr);
}

/* Memory that has gone since it was checked ends the text, and is an error; of zeroes, if it need not be there. */
void rt_print_mem(struct rt_context *c, bool hex, uint32_t flags, int64_t width, int64_t precision, int64_t addr)
{
	struct sink s;
	int64_t n = precision, shown;
	char bytes[64];

	s = sink_open(c);
	shown = hex ? 2 * n : n;
	if (!(flags & RT_LEFT))
		sink_fill(&s, ' ', width - shown);
	for (int64_t i = 0; i < n; ) {
		int64_t part = n - i < (int64_t)sizeof(bytes) ? n - i : (int64_t)sizeof(bytes);

		if (!rt_try_read(c, bytes, (uint64_t)addr + (uint64_t)i, (size_t)part)) {
			rt_read_fault(c, (uint64_t)addr + (uint64_t)i);
			if (c->failed)
				break;
			__builtin_memset(bytes, 0, (size_t)part);
		}
		if (!hex)
			sink_put(&s, bytes, (size_t)part);
		for (int64_t j = 0; hex && j < part; j++)
			sink_number(&s, RT_HEX, RT_ZERO, 2, -1, (unsigned char)bytes[j]);
		i += part;
	}
	if (flags & RT_LEFT)
		sink_fill(&s, ' ', width - shown);
	sink_close(c, &s);
}

void rt_printf(struct rt_context *c, const char *fmt, ...)
{
	struct sink s = sink_open(c);
	va_list ap;

	va_start(ap, fmt);
	sink_format(&s, fmt, ap);
	va_end(ap);
	sink_close(c, &s);
}
