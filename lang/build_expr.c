/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions from their parts. */
#include <string.h>

#include "lang/build.h"
#include "lang/messages.h"

struct expr *build_error(struct parser *p, struct loc loc)
{
	struct expr *e = expr_new(p->arena, EXPR_ERROR, loc);

	e->type = TY_ERROR;
	e->depth = 1;
	return e;
}

/* ---- literals, names, operators ---- */

struct expr *build_number(struct parser *p, struct loc loc, uint64_t value)
{
	struct expr *e = expr_number(p->arena, loc, (int64_t)value);

	e->number.is_unsigned = value > INT64_MAX;
	return build_finish(p, e);
}

struct expr *build_negative(struct parser *p, struct loc loc, uint64_t value)
{
	return build_finish(p, expr_number(p->arena, loc, (int64_t)-value));
}

struct expr *build_string(struct parser *p, struct loc loc, struct text text)
{
	return build_finish(p, expr_string(p->arena, loc, text.at, text.len));
}

struct expr *build_symbol(struct parser *p, struct loc loc, struct text name)
{
	return build_finish(p, expr_symbol(p->arena, loc, name.at));
}

struct expr *build_embedded(struct parser *p, struct loc loc, struct text code)
{
	struct expr *e = expr_new(p->arena, EXPR_EMBEDDED, loc);

	build_need_guru(p, loc);
	e->embedded.code = code.at;
	e->embedded.len = code.len;
	return build_finish(p, e);
}

/* A constant of the kernel's or the C library's headers, by name. */
struct expr *build_const(struct parser *p, struct loc loc, struct text name)
{
	struct text code;

	code.at = arena_printf(p->arena, " /* pure */ /* unprivileged */ /* stable */ %s ", name.at);
	code.len = (uint32_t)strlen(code.at);
	return build_embedded(p, loc, code);
}

struct expr *build_call(struct parser *p, struct loc loc, struct text name, expr_vec args)
{
	struct expr *e = expr_new(p->arena, EXPR_CALL, loc);

	e->call.name = name.at;
	e->call.args = args;
	return build_finish(p, e);
}

struct expr *build_internal(struct parser *p, struct loc loc, struct text name, expr_vec args)
{
	const char *with_at = arena_printf(p->arena, "@%s", name.at);

	return build_call(p, loc, (struct text){ .at = intern(p->env->names, with_at) }, args);
}

struct expr *build_index(struct parser *p, struct loc loc, struct text name, expr_vec keys)
{
	struct expr *e = expr_new(p->arena, EXPR_INDEX, loc);

	e->index.name = name.at;
	e->index.keys = keys;
	return build_finish(p, e);
}

struct expr *build_bucket(struct parser *p, struct expr *hist, struct expr *number)
{
	struct expr *e = expr_new(p->arena, EXPR_INDEX, hist->loc);

	e->index.hist = hist;
	VEC_PUSH(p->arena, &e->index.keys, number);
	return build_finish(p, e);
}

struct expr *build_unary(struct parser *p, struct loc loc, enum op op, struct expr *operand)
{
	struct expr *e = expr_new(p->arena, EXPR_UNARY, loc);

	e->unary.op = op;
	e->unary.operand = operand;
	return build_finish(p, e);
}

struct expr *build_incdec(struct parser *p, struct loc loc, enum op op, bool is_postfix,
			  struct expr *operand)
{
	struct expr *e = expr_new(p->arena, EXPR_INCDEC, loc);

	e->incdec.op = op;
	e->incdec.is_postfix = is_postfix;
	e->incdec.operand = operand;
	return build_finish(p, e);
}

struct expr *build_binary(struct parser *p, enum expr_kind kind, struct loc loc, enum op op,
			  struct expr *left, struct expr *right)
{
	return build_finish(p, expr_binary(p->arena, kind, loc, op, left, right));
}

struct expr *build_regex(struct parser *p, struct loc loc, enum op op, struct expr *left,
			 struct loc pattern_loc, struct text pattern)
{
	struct expr *e = expr_new(p->arena, EXPR_REGEX, loc);

	e->regex.op = op;
	e->regex.left = left;
	e->regex.pattern = pattern.at;
	e->regex.pattern_loc = pattern_loc;
	return build_finish(p, e);
}

struct expr *build_ternary(struct parser *p, struct loc loc, struct expr *cond,
			   struct expr *then, struct expr *otherwise)
{
	struct expr *e = expr_new(p->arena, EXPR_TERNARY, loc);

	e->ternary.cond = cond;
	e->ternary.then = then;
	e->ternary.otherwise = otherwise;
	return build_finish(p, e);
}

struct expr *build_assign(struct parser *p, struct loc loc, enum op op, struct expr *target,
			  struct expr *value)
{
	struct expr *e = expr_new(p->arena, EXPR_ASSIGN, loc);

	e->assign.op = op;
	e->assign.target = target;
	e->assign.value = value;
	return build_finish(p, e);
}

struct expr *build_in(struct parser *p, struct loc loc, expr_vec keys, struct expr *array)
{
	struct expr *e = expr_new(p->arena, EXPR_IN, loc);

	e->in.keys = keys;
	e->in.array = array;
	return build_finish(p, e);
}

/* "[x]" without "in": stap takes it for x. */
struct expr *build_tuple(struct parser *p, struct loc loc, expr_vec keys)
{
	if (keys.n == 1 && keys.at[0])
		return keys.at[0];
	diag_error(p->env->diag, loc, E_TUPLE);
	return build_error(p, loc);
}

expr_vec build_args(struct parser *p, expr_vec args, struct expr *arg)
{
	VEC_PUSH(p->arena, &args, arg);
	return args;
}

expr_vec build_keys(struct parser *p, expr_vec keys, struct expr *key)
{
	if (keys.n == MAX_KEYS && key)
		diag_error(p->env->diag, key->loc, E_KEYS, MAX_KEYS);
	VEC_PUSH(p->arena, &keys, key);
	return keys;
}

/* ---- what reaches into the target ---- */

/* How many '$' end NAME, behind at least one other byte. */
static unsigned trailing_dollars(const char *name, size_t len)
{
	unsigned n = 0;
	size_t start = strspn(name, "$");

	while (n < 2 && len > start && name[len - 1] == '$') {
		n++;
		len--;
	}
	return n;
}

/*
 * The E that a component can be added to: itself, or an untyped cast around it.
 * A chain of components is long but not deep, so E is not finished again.
 */
static struct expr *open_components(struct parser *p, struct expr *e, component_vec **out)
{
	struct expr *cast;

	if (e->kind == EXPR_TARGET && !e->target.is_address) {
		*out = &e->target.components;
	} else if (e->kind == EXPR_CAST && !e->cast.is_address) {
		*out = &e->cast.components;
	} else {
		cast = expr_new(p->arena, EXPR_CAST, e->loc);
		cast->cast.operand = e;
		*out = &cast->cast.components;
		return build_finish(p, cast);
	}
	return e;
}

static struct expr *add_component(struct parser *p, struct expr *e, const struct component *c)
{
	component_vec *components;

	e = open_components(p, e, &components);
	if (components->n && VEC_LAST(components).kind >= COMPONENT_PRETTY)
		diag_error(p->env->diag, c->loc, E_COMPONENT);
	VEC_PUSH(p->arena, components, *c);
	if (c->expr && c->expr->depth >= e->depth)
		return build_finish(p, e);
	return e;
}

static struct expr *add_pretty(struct parser *p, struct expr *e, struct loc loc, unsigned n)
{
	struct component c = {
		.kind = n == 2 ? COMPONENT_PRETTY_DEEP : COMPONENT_PRETTY,
		.loc = loc,
	};

	return n ? add_component(p, e, &c) : e;
}

struct expr *build_target(struct parser *p, struct loc loc, struct text name)
{
	struct expr *e = expr_new(p->arena, EXPR_TARGET, loc);
	unsigned dollars = trailing_dollars(name.at, name.len);

	e->target.name = intern_n(p->env->names, name.at, name.len - dollars);
	e->depth = 1;
	return add_pretty(p, e, loc, dollars);
}

struct expr *build_at_var(struct parser *p, struct loc loc, struct text name, const char *module)
{
	struct expr *e = expr_new(p->arena, EXPR_TARGET, loc);

	e->target.name = intern(p->env->names, "@var");
	e->target.is_at_var = true;
	e->target.var_name = name.at;
	e->target.module = module;
	return build_finish(p, e);
}

struct expr *build_cast(struct parser *p, struct loc loc, struct expr *operand, struct text type,
			const char *module)
{
	struct expr *e = expr_new(p->arena, EXPR_CAST, loc);

	e->cast.operand = operand;
	e->cast.type_name = type.at;
	e->cast.module = module;
	return build_finish(p, e);
}

struct expr *build_member(struct parser *p, struct loc loc, struct expr *e, struct text name)
{
	struct component c = { .kind = COMPONENT_MEMBER, .loc = loc };
	unsigned dollars = trailing_dollars(name.at, name.len);

	if (*name.at == '$' && name.len <= 2 && !name.at[strspn(name.at, "$")])
		return build_pretty(p, loc, e, name);
	c.member = intern_n(p->env->names, name.at, name.len - dollars);
	e = add_component(p, e, &c);
	return add_pretty(p, e, loc, dollars);
}

struct expr *build_element(struct parser *p, struct loc loc, struct expr *e, struct expr *index)
{
	struct component c = { .kind = COMPONENT_EXPR_INDEX, .loc = loc };

	if (index->kind == EXPR_NUMBER) {
		c.kind = COMPONENT_INDEX;
		c.index = index->number.value;
	} else {
		c.expr = index;
	}
	return add_component(p, e, &c);
}

struct expr *build_pretty(struct parser *p, struct loc loc, struct expr *e, struct text dollars)
{
	return add_pretty(p, e, loc, dollars.len);
}

struct expr *build_address(struct parser *p, struct loc loc, struct expr *e)
{
	component_vec *components;

	e = open_components(p, e, &components);
	if (e->kind == EXPR_TARGET)
		e->target.is_address = true;
	else
		e->cast.is_address = true;
	e->loc = loc;
	return build_finish(p, e);
}

struct expr *build_defined(struct parser *p, struct loc loc, struct expr *operand)
{
	struct expr *e = expr_new(p->arena, EXPR_DEFINED, loc);

	e->defined.operand = operand;
	return build_finish(p, e);
}

struct expr *build_entry(struct parser *p, struct loc loc, struct expr *operand)
{
	struct expr *e = expr_new(p->arena, EXPR_ENTRY, loc);

	e->entry.operand = operand;
	return build_finish(p, e);
}

struct expr *build_perf(struct parser *p, struct loc loc, struct text name)
{
	struct expr *e = expr_new(p->arena, EXPR_PERF, loc);

	e->perf.name = name.at;
	return build_finish(p, e);
}

/* ---- statistics ---- */

struct expr *build_statop(struct parser *p, struct loc loc, struct text name, struct expr *stat,
			  struct loc shift_loc, const int64_t *shift)
{
	struct expr *e = expr_new(p->arena, EXPR_STATOP, loc);

	e->statop.op = build_statop_kind(name.at);
	e->statop.stat = stat;
	if (shift) {
		if (e->statop.op != STATOP_VARIANCE)
			diag_error(p->env->diag, shift_loc, E_STAT_PARAMETER);
		else if (*shift < 0 || *shift > MAX_STAT_SHIFT)
			diag_error(p->env->diag, shift_loc, E_STAT_SHIFT_RANGE, MAX_STAT_SHIFT);
		else
			e->statop.shift = (int)*shift;
	}
	return build_finish(p, e);
}

struct expr *build_hist_log(struct parser *p, struct loc loc, struct expr *stat)
{
	struct expr *e = expr_new(p->arena, EXPR_HIST, loc);

	e->hist.kind = HIST_LOG;
	e->hist.stat = stat;
	return build_finish(p, e);
}

struct expr *build_hist_linear(struct parser *p, struct loc loc, struct expr *stat, int64_t low,
			       int64_t high, int64_t interval)
{
	struct expr *e = expr_new(p->arena, EXPR_HIST, loc);

	e->hist.kind = HIST_LINEAR;
	e->hist.stat = stat;
	e->hist.low = low;
	e->hist.high = high;
	e->hist.interval = interval;
	return build_finish(p, e);
}

struct expr *build_bare_hist(struct parser *p, struct expr *hist)
{
	diag_error(p->env->diag, hist->loc, E_HIST_VALUE);
	return build_error(p, hist->loc);
}

/* ---- printing ---- */

/* What the name of a member of the print family says. */
static struct expr *new_print(struct parser *p, struct loc loc, const char *name)
{
	struct expr *e = expr_new(p->arena, EXPR_PRINT, loc);
	size_t len = strlen(name);

	e->print.is_char = !strcmp(name, "print_char");
	e->print.to_string = *name == 's';
	e->print.has_newline = !strcmp(name + len - 2, "ln");
	return e;
}

struct expr *build_print(struct parser *p, struct loc loc, struct text name, expr_vec args)
{
	struct expr *e = new_print(p, loc, name.at);

	if (!args.n && !e->print.has_newline)
		diag_error(p->env->diag, loc, E_PRINT_EMPTY, name.at);
	e->print.args = args;
	return build_finish(p, e);
}

struct expr *build_print_hist(struct parser *p, struct loc loc, struct text name,
			      struct expr *hist)
{
	struct expr *e = new_print(p, loc, name.at);

	if (e->print.is_char)
		return build_bare_hist(p, hist);
	e->print.histogram = hist;
	return build_finish(p, e);
}

struct expr *build_printf(struct parser *p, struct loc loc, struct text name,
			  struct loc format_loc, struct text format, expr_vec args)
{
	struct expr *e = new_print(p, loc, name.at);

	e->print.has_newline = false;
	e->print.has_format = true;
	e->print.format = format.at;
	e->print.args = args;
	if (!format_parse(p, format_loc, format.at, format.len, e))
		return build_error(p, loc);
	return build_finish(p, e);
}

struct expr *build_printd(struct parser *p, struct loc loc, struct text name,
			  struct text delimiter, expr_vec args)
{
	struct expr *e = new_print(p, loc, name.at);

	if (args.n < 2)
		diag_error(p->env->diag, loc, E_DELIMITED, name.at);
	e->print.has_delimiter = true;
	e->print.delimiter = delimiter.at;
	e->print.args = args;
	return build_finish(p, e);
}
