/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print and its kin: one call per literal and per conversion. */
#include <string.h>

#include "base/log.h"
#include "runtime/api.h"
#include "translator/emit/emit_int.h"

static void emit_literal(struct emit *e, const char *text, size_t len)
{
	if (len)
		out(&e->o, "rt_print_lit(c, %s, %zu);", out_str_n(&e->o, text, len), len);
}

static const char *flags_c(struct emit *e, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{ PRINT_ZERO, "RT_ZERO" }, { PRINT_SPACE, "RT_SPACE" }, { PRINT_PLUS, "RT_PLUS" },
		{ PRINT_LEFT, "RT_LEFT" }, { PRINT_ALT, "RT_ALT" },
	};
	const char *text = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (flags & names[i].flag)
			text = arena_printf(e->a, "%s%s%s", text, *text ? " | " : "", names[i].name);
	return *text ? text : "0";
}

/* Width or precision; NEXT is moved behind an argument that gives it. */
static const char *size_c(struct emit *e, enum print_size kind, int value, const expr_vec *args,
			  size_t *next)
{
	switch (kind) {
	case SIZE_CONST:
		return arena_printf(e->a, "%d", value);
	case SIZE_ARG:
		return expr_c(e, args->at[(*next)++]);
	case SIZE_NONE:
		break;
	}
	return "-1";
}

/* Bytes of the longest text that a width or precision may ask for; of one in an argument any number. */
static uint64_t size_most(enum print_size kind, int value)
{
	return kind == SIZE_CONST ? (uint64_t)value : kind == SIZE_ARG ? RT_OUT_SIZE : 0;
}

static uint64_t part_most(const struct emit *e, const struct print_part *p)
{
	uint64_t width = size_most(p->width_kind, p->width), n;
	uint64_t precision = size_most(p->precision_kind, p->precision);

	switch (p->conv) {
	case CONV_LITERAL:
		return p->text_len;
	case CONV_STRING:
		n = session_max_string(e->s);
		if (p->precision_kind == SIZE_CONST && precision < n)
			n = precision;
		break;
	case CONV_MEMORY_HEX:
		n = 2 * precision;
		break;
	default: /* a number has 22 digits at most, a sign and a prefix */
		n = 24 + precision;
		break;
	}
	return n < width ? width : n;
}

/* Can the text be longer than one print may be?  The rest is cut, then. */
static bool may_be_cut(const struct emit *e, const struct expr *x)
{
	uint64_t n = x->print.has_newline, delimiter = x->print.delimiter ? strlen(x->print.delimiter) : 0;

	if (x->print.to_string || x->print.histogram)
		return false;
	VEC_EACH(&x->print.parts, i)
		n += part_most(e, &x->print.parts.at[i]);
	for (size_t i = 0; !x->print.has_format && i < x->print.args.n; i++)
		n += delimiter + (x->print.args.at[i]->type == TY_STRING ? session_max_string(e->s) : 24);
	return n > RT_OUT_SIZE;
}

static void emit_plain_part(struct emit *e, enum print_conv conv, const char *value)
{
	const char *function = conv == CONV_STRING ? "s" : conv == CONV_CHAR ? "c" :
			       conv == CONV_HEX ? "x" : "d";

	out(&e->o, "rt_print_%s(c, %s);", function, value);
}

static const char *conv_c(enum print_conv conv)
{
	switch (conv) {
	case CONV_SIGNED:
		return "RT_SIGNED";
	case CONV_UNSIGNED:
		return "RT_UNSIGNED";
	case CONV_OCTAL:
		return "RT_OCTAL";
	case CONV_HEX:
		return "RT_HEX";
	case CONV_HEX_UPPER:
		return "RT_HEX_UPPER";
	case CONV_POINTER:
		return "RT_POINTER";
	default:
		BUG("not a conversion of a number: %u", (unsigned)conv);
	}
}

static void emit_part(struct emit *e, const struct expr *x, const struct print_part *p, size_t *next, bool is_cut)
{
	const expr_vec *args = &x->print.args;
	const char *flags = flags_c(e, p->flags), *width, *precision, *value;
	bool is_plain = !p->flags && p->width_kind == SIZE_NONE && p->precision_kind == SIZE_NONE;

	if (p->conv == CONV_LITERAL) {
		emit_literal(e, p->text, p->text_len);
		return;
	}
	width = size_c(e, p->width_kind, p->width, args, next);
	precision = size_c(e, p->precision_kind, p->precision, args, next);
	value = expr_c(e, args->at[(*next)++]);
	switch (p->conv) {
	case CONV_STRING:
		if (p->precision_kind == SIZE_NONE)
			precision = "INT64_MAX";
		if (is_plain)
			emit_plain_part(e, p->conv, value);
		else
			out(&e->o, "rt_print_str(c, %s, %s, %s, %s);", flags, width, precision,
			    value);
		break;
	case CONV_CHAR:
		if (is_plain)
			emit_plain_part(e, p->conv, value);
		else
			out(&e->o, "rt_print_char(c, %s, %s, %s);", flags, width, value);
		break;
	case CONV_BINARY:
		out(&e->o, "rt_print_bin(c, %s, %s, %s, %s);", flags, width, precision, value);
		break;
	case CONV_MEMORY:
	case CONV_MEMORY_HEX:
		if (p->precision_kind == SIZE_NONE)
			precision = "1";
		emit_at(e, name_token(e, x->loc), x->loc);
		out(&e->o, "rt_print_mem(c, %s, %s, %s, %s, %s);",
		    p->conv == CONV_MEMORY ? "false" : "true", flags, width, precision, value);
		if (!x->print.to_string && !is_cut)
			emit_check(e);
		break;
	default:
		if (is_plain && (p->conv == CONV_SIGNED || p->conv == CONV_HEX))
			emit_plain_part(e, p->conv, value);
		else
			out(&e->o, "rt_print_num(c, %s, %s, %s, %s, %s);", conv_c(p->conv), flags,
			    width, precision, value);
		break;
	}
}

/* Does printing X read memory of the process? */
static bool reads_memory(const struct expr *x)
{
	VEC_EACH(&x->print.parts, i)
		if (x->print.parts.at[i].conv == CONV_MEMORY || x->print.parts.at[i].conv == CONV_MEMORY_HEX)
			return true;
	return false;
}

/* Before anything is printed: of all parts that show memory the sizes, or whether it can be read. */
static void emit_memory_check(struct emit *e, const struct expr *x, bool sizes)
{
	const expr_vec *args = &x->print.args;
	size_t next = 0;

	VEC_EACH(&x->print.parts, i) {
		const struct print_part *p = &x->print.parts.at[i];
		const char *size;

		if (p->conv == CONV_LITERAL)
			continue;
		size_c(e, p->width_kind, p->width, args, &next);
		size = size_c(e, p->precision_kind, p->precision, args, &next);
		if (p->conv != CONV_MEMORY && p->conv != CONV_MEMORY_HEX) {
			next++;
			continue;
		}
		if (!sizes) {
			emit_at(e, name_token(e, x->loc), x->loc);
			out(&e->o, "rt_check_mem(c, %s, %s);", p->precision_kind == SIZE_NONE ? "1" : size,
			    expr_c(e, args->at[next]));
			emit_check(e);
		} else if (p->precision_kind != SIZE_NONE) {
			struct loc loc = p->precision_kind == SIZE_ARG ? args->at[next - 1]->loc : x->loc;

			emit_at(e, name_token(e, loc), loc);
			out(&e->o, "rt_check_mem_size(c, %s);", size);
			emit_check(e);
		}
		next++;
	}
}

static void emit_memory_checks(struct emit *e, const struct expr *x)
{
	if (!reads_memory(x))
		return;
	emit_memory_check(e, x, true);
	emit_memory_check(e, x, false);
}

static void emit_parts(struct emit *e, const struct expr *x, bool is_cut)
{
	size_t next = 0;

	if (x->print.histogram) {
		emit_print_hist(e, x); /* it ends with an empty line: println adds none */
		return;
	}
	if (x->print.has_format) {
		VEC_EACH(&x->print.parts, i)
			emit_part(e, x, &x->print.parts.at[i], &next, is_cut);
		return;
	}
	VEC_EACH(&x->print.args, i) {
		const struct expr *arg = x->print.args.at[i];

		if (i && x->print.delimiter)
			emit_literal(e, x->print.delimiter, strlen(x->print.delimiter));
		emit_plain_part(e, x->print.is_char ? CONV_CHAR :
				   arg->type == TY_STRING ? CONV_STRING : CONV_SIGNED,
				expr_c(e, arg));
	}
	if (x->print.has_newline)
		emit_literal(e, "\n", 1);
}

void emit_print(struct emit *e, const struct expr *x)
{
	bool is_cut = may_be_cut(e, x);

	emit_memory_checks(e, x);
	if (is_cut)
		out(&e->o, "rt_print_begin(c);");
	emit_parts(e, x, is_cut);
	if (is_cut)
		out(&e->o, "rt_print_end(c);");
	if (is_cut && reads_memory(x))
		emit_check(e);
}

void emit_sprint(struct emit *e, const char *dst, const struct expr *x)
{
	emit_memory_checks(e, x);
	out(&e->o, "rt_sprint_begin(c, %s, MAXSTRINGLEN);", dst);
	emit_parts(e, x, false);
	out(&e->o, "rt_sprint_end(c);");
	if (reads_memory(x))
		emit_check(e);
}
