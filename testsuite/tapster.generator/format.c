/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directives, by the C library's printf where they are C's. */
#include "machine.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void pad(struct buf *out, const char *text, size_t n, int64_t width, bool left)
{
	for (int64_t i = (int64_t)n; !left && i < width; i++)
		buf_add(out, " ", 1);
	buf_add(out, text, n);
	for (int64_t i = (int64_t)n; left && i < width; i++)
		buf_add(out, " ", 1);
}

/* %#c: as in a literal, what doesn't print in octal. */
static void format_char(struct buf *out, const struct print_part *part, int64_t width, bool left, char c)
{
	static const char letters[] = "\aa\bb\tt\nn\vv\ff\rr\\\\";
	char text[8] = { c };
	int n = 1;

	if (part->flags & PRINT_ALT && !isprint((unsigned char)c))
		n = snprintf(text, sizeof(text), "\\%03o", (unsigned char)c);
	for (const char *l = letters; part->flags & PRINT_ALT && *l; l += 2)
		if (*l == c)
			n = snprintf(text, sizeof(text), "\\%c", l[1]);
	pad(out, text, (size_t)n, width, left);
}

static void format_number(struct buf *out, const struct print_part *part, int64_t width, bool left,
			  int64_t precision, int64_t v)
{
	static const char letters[] = {
		[CONV_SIGNED] = 'd', [CONV_UNSIGNED] = 'u', [CONV_OCTAL] = 'o',
		[CONV_HEX] = 'x', [CONV_HEX_UPPER] = 'X',
	};
	char spec[40], text[1000];
	int n = snprintf(spec, sizeof(spec), "%%%s%s%s%s%lld", part->flags & PRINT_ZERO ? "0" : "",
			 part->flags & PRINT_SPACE ? " " : "", part->flags & PRINT_PLUS ? "+" : "",
			 left ? "-" : "", (long long)width);

	if (!width)
		n--; /* "0" would be a flag */
	if (precision >= 0) /* unlike in C there is always a digit */
		n += snprintf(spec + n, sizeof(spec) - (size_t)n, ".%lld", (long long)(precision ? precision : 1));
	snprintf(spec + n, sizeof(spec) - (size_t)n, "ll%c", letters[part->conv]);
	n = snprintf(text, sizeof(text), spec, (long long)v);
	buf_add(out, text, (size_t)n);
}

/* Always with its prefix, which the width and the zeroes make room for. */
static void format_prefixed(struct buf *out, const struct print_part *part, const char *prefix,
			    const char *spec, int64_t width, bool left, int64_t precision, int64_t v)
{
	char text[1000];
	int n = snprintf(text, sizeof(text), "%s", prefix), digits = 1;

	if (precision > 1)
		digits = (int)precision;
	else if (precision < 0 && part->flags & PRINT_ZERO && !left && width > n)
		digits = (int)width - n;
	n += snprintf(text + n, sizeof(text) - (size_t)n, spec, digits, (long long)v);
	pad(out, text, (size_t)n, width, left);
}

void format_part(struct buf *out, const struct print_part *part, int64_t width, bool has_width,
		 int64_t precision, struct value v)
{
	static const struct {
		const char *prefix, *spec;
	} alternate[] = {
		[CONV_OCTAL] = { "0", "%.*llo" }, [CONV_HEX] = { "0x", "%.*llx" },
		[CONV_HEX_UPPER] = { "0X", "%.*llX" },
	};
	bool left = part->flags & PRINT_LEFT;
	size_t n;

	if (width < 0) /* of "*": none */
		width = 0;
	switch (part->conv) {
	case CONV_LITERAL:
		buf_add(out, part->text, part->text_len);
		break;
	case CONV_OCTAL:
	case CONV_HEX:
	case CONV_HEX_UPPER:
		if (part->flags & PRINT_ALT) {
			format_prefixed(out, part, alternate[part->conv].prefix, alternate[part->conv].spec,
					width, left, precision, v.n);
			break;
		}
		/* fall through */
	case CONV_SIGNED:
	case CONV_UNSIGNED:
		format_number(out, part, width, left, precision, v.n);
		break;
	case CONV_POINTER:
		format_prefixed(out, part, "0x", "%.*llx", width, left, precision, v.n);
		break;
	case CONV_STRING:
		n = strlen(v.s);
		if (precision >= 0 && (size_t)precision < n)
			n = (size_t)precision;
		pad(out, v.s, n, width, left);
		break;
	case CONV_CHAR:
		format_char(out, part, width, left, (char)v.n);
		break;
	case CONV_BINARY: /* the bytes, lowest first */
		buf_add(out, (const char *)&v.n, has_width ? (size_t)width : sizeof(v.n));
		break;
	case CONV_MEMORY:
	case CONV_MEMORY_HEX:
		break;
	}
}
