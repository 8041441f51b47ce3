/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printf formats: %[flag][width][.precision][l]conversion.  At most one flag
 * and one 'l'; "*" takes width or precision from an argument.
 */
#include <string.h>

#include "lang/messages.h"
#include "lang/parse_int.h"

enum { MAX_FORMAT_NUMBER = 1 << 20 }; /* no output is as wide: larger ones mean the same */

struct reader {
	const char *at, *end;
};

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static unsigned read_flag(struct reader *r)
{
	static const struct {
		char c;
		unsigned flag;
	} flags[] = {
		{ '0', PRINT_ZERO }, { ' ', PRINT_SPACE }, { '+', PRINT_PLUS },
		{ '-', PRINT_LEFT }, { '#', PRINT_ALT },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (take(r, flags[i].c))
			return flags[i].flag;
	return 0;
}

/* Digits or "*". */
static void read_size(struct reader *r, enum print_size *kind, int *value)
{
	int64_t n = 0;

	if (take(r, '*')) {
		*kind = SIZE_ARG;
		return;
	}
	if (r->at == r->end || *r->at < '0' || *r->at > '9')
		return;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
		if (n <= MAX_FORMAT_NUMBER)
			n = n * 10 + (*r->at - '0');
	*kind = SIZE_CONST;
	*value = (int)(n < MAX_FORMAT_NUMBER ? n : MAX_FORMAT_NUMBER);
}

static bool find_conversion(char c, enum print_conv *conv)
{
	static const struct {
		char c;
		enum print_conv conv;
	} table[] = {
		{ 'd', CONV_SIGNED }, { 'i', CONV_SIGNED }, { 'u', CONV_UNSIGNED },
		{ 'o', CONV_OCTAL }, { 'x', CONV_HEX }, { 'X', CONV_HEX_UPPER },
		{ 'p', CONV_POINTER }, { 's', CONV_STRING }, { 'c', CONV_CHAR },
		{ 'm', CONV_MEMORY }, { 'M', CONV_MEMORY_HEX }, { 'b', CONV_BINARY },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (table[i].c == c) {
			*conv = table[i].conv;
			return true;
		}
	}
	return false;
}

static void add_literal(struct parser *p, print_part_vec *parts, const char *text, size_t len)
{
	struct print_part part = { .conv = CONV_LITERAL, .text_len = (uint32_t)len };
	struct print_part *last = parts->n ? &VEC_LAST(parts) : NULL;

	if (!len)
		return;
	if (last && last->conv == CONV_LITERAL) { /* a "%%" joins its neighbours */
		last->text = arena_printf(p->arena, "%s%.*s", last->text, (int)len, text);
		last->text_len += (uint32_t)len;
		return;
	}
	part.text = arena_strndup(p->arena, text, len);
	VEC_PUSH(p->arena, parts, part);
}

/* What stands behind a '%'. */
static bool read_directive(struct parser *p, struct loc loc, struct reader *r,
			   print_part_vec *parts)
{
	struct print_part part = { .flags = read_flag(r) };

	read_size(r, &part.width_kind, &part.width);
	if (take(r, '.')) /* alone: as if it were not there */
		read_size(r, &part.precision_kind, &part.precision);
	take(r, 'l'); /* everything is 64 bits wide */
	if (r->at == r->end) {
		diag_error(p->env->diag, loc, E_FORMAT_END);
		return false;
	}
	if (!find_conversion(*r->at++, &part.conv)) {
		diag_error(p->env->diag, loc, E_FORMAT);
		return false;
	}
	VEC_PUSH(p->arena, parts, part);
	return true;
}

bool format_parse(struct parser *p, struct loc loc, const char *text, uint32_t len,
		  struct expr *print)
{
	struct reader r = { text, text + len };
	print_part_vec *parts = &print->print.parts;

	while (r.at < r.end) {
		const char *percent = memchr(r.at, '%', (size_t)(r.end - r.at));

		if (!percent)
			percent = r.end;
		add_literal(p, parts, r.at, (size_t)(percent - r.at));
		r.at = percent;
		if (!take(&r, '%'))
			break;
		if (take(&r, '%'))
			add_literal(p, parts, "%", 1);
		else if (!read_directive(p, loc, &r, parts))
			return false;
	}
	return true;
}
