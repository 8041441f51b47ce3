/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions.  Longs are C values of type int64_t; strings are buffers, or
 * pointers where they are only read.
 */
#include "base/log.h"
#include "translator/access.h"
#include "translator/emit/emit_int.h"
#include "translator/lower.h"

/* ---- failure ---- */

void emit_at(struct emit *e, const char *what, struct loc loc)
{
	const char *text = arena_printf(e->a, "%s at %s", what, name_place(e, loc));
	uint32_t place = out_string_id(&e->o, text);

	VEC_PUSH(e->a, &e->places, place);
	out(&e->o, "c->loc = " OUT_HOLE "%u; /* %s */" OUT_HOLE_END, place, text);
}

void emit_fail_if(struct emit *e, const char *condition)
{
	out(&e->o, "if (%s)", condition);
	out(&e->o, "\tgoto %s;", e->fail);
	e->fail_uses++;
}

void emit_check(struct emit *e)
{
	emit_fail_if(e, "rt_failed(c)");
}

/* ---- plain expressions ---- */

const char *expr_number_c(const struct emit *e, int64_t value)
{
	if (value == INT64_MIN)
		return "INT64_MIN";
	return arena_printf(e->a, value < 0 ? "(%lldLL)" : "%lldLL", (long long)value);
}

static const char *symbol_c(struct emit *e, const struct var *v)
{
	const char *name = name_var(e, v);

	if (v->is_atomic)
		return arena_printf(e->a, "__atomic_load_n(&%s, __ATOMIC_RELAXED)", name);
	if (v->is_counter)
		return arena_printf(e->a, "rt_counter_get(&%s)", name);
	return name;
}

static const char *unary_c(struct emit *e, const struct expr *x)
{
	if (x->unary.op == OP_NOT)
		return arena_printf(e->a, "(!%s)", expr_cond(e, x->unary.operand));
	return arena_printf(e->a, "(%s(int64_t)%s)", op_text(x->unary.op), expr_c(e, x->unary.operand));
}

static const char *call2(struct emit *e, const char *function, const char *left, const char *right)
{
	return arena_printf(e->a, "%s(%s, %s)", function, left, right);
}

static const char *binary_c(struct emit *e, enum op op, const char *left, const char *right)
{
	if (op == OP_SHL)
		return call2(e, "rt_shl", left, right);
	if (op == OP_SHR)
		return call2(e, "rt_shr", left, right);
	if (op == OP_USHR)
		return call2(e, "rt_ushr", left, right);
	return arena_printf(e->a, "(%s %s %s)", left, op_text(op), right);
}

static const char *compare_c(struct emit *e, const struct expr *x)
{
	const char *left = expr_c(e, x->binary.left), *right = expr_c(e, x->binary.right);

	if (x->binary.left->type != TY_STRING)
		return binary_c(e, x->binary.op, left, right);
	if (x->binary.op == OP_EQ)
		return call2(e, "rt_str_eq", left, right);
	if (x->binary.op == OP_NE)
		return arena_printf(e->a, "(!rt_str_eq(%s, %s))", left, right);
	return arena_printf(e->a, "(rt_str_cmp(%s, %s) %s 0)", left, right, op_text(x->binary.op));
}

const char *expr_c(struct emit *e, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_NUMBER:
		return expr_number_c(e, x->number.value);
	case EXPR_STRING:
		return out_str_n(&e->o, x->string.text, x->string.len);
	case EXPR_SYMBOL:
		return symbol_c(e, x->symbol.var);
	case EXPR_INDEX:
		return map_get_c(e, x);
	case EXPR_UNARY:
		return unary_c(e, x);
	case EXPR_BINARY:
		/* only a divisor that is a number other than 0 is plain */
		if (x->binary.op == OP_DIV || x->binary.op == OP_MOD)
			return arena_printf(e->a, "rt_%s(c, %s, %s)",
					    x->binary.op == OP_DIV ? "div" : "mod",
					    expr_c(e, x->binary.left), expr_c(e, x->binary.right));
		return binary_c(e, x->binary.op, expr_c(e, x->binary.left),
				expr_c(e, x->binary.right));
	case EXPR_LOGICAL:
		return arena_printf(e->a, "(%s %s %s)", expr_cond(e, x->binary.left),
				    op_text(x->binary.op), expr_cond(e, x->binary.right));
	case EXPR_COMPARE:
		return compare_c(e, x);
	case EXPR_TERNARY:
		return arena_printf(e->a, "(%s ? %s : %s)", expr_cond(e, x->ternary.cond),
				    expr_c(e, x->ternary.then), expr_c(e, x->ternary.otherwise));
	case EXPR_IN:
		return map_in_c(e, x);
	case EXPR_ACCESS:
		return access_c(e, x);
	case EXPR_ENTRY:
		return name_var(e, x->entry.saved);
	default:
		BUG("a %s is no plain expression", expr_kind_name(x->kind));
	}
}

const char *expr_cond(struct emit *e, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_COMPARE:
	case EXPR_LOGICAL:
	case EXPR_IN:
		return expr_c(e, x);
	case EXPR_UNARY:
		if (x->unary.op == OP_NOT)
			return arena_printf(e->a, "!%s", expr_cond(e, x->unary.operand));
		break;
	default:
		break;
	}
	return arena_printf(e->a, "(%s != 0)", expr_c(e, x));
}

/* ---- operations ---- */

static const char *division(struct emit *e, const struct expr *x)
{
	const char *text = arena_printf(e->a, "rt_%s(c, %s, %s)",
					x->binary.op == OP_DIV ? "div" : "mod",
					expr_c(e, x->binary.left), expr_c(e, x->binary.right));

	emit_at(e, name_token(e, x->loc), x->loc);
	return text;
}

/* g += x, g++ and so on of a global long, whose result is wanted. */
static const char *update(struct emit *e, const struct expr *x)
{
	bool is_step = x->kind == EXPR_INCDEC, postfix = is_step && x->incdec.is_postfix;
	const struct expr *target = is_step ? x->incdec.operand : x->assign.target;
	enum op op = is_step ? x->incdec.op == OP_INC ? OP_ADD : OP_SUB : x->assign.op;
	const char *value = is_step ? "1" : expr_c(e, x->assign.value), *name;

	name = name_var(e, target->symbol.var);
	if (target->symbol.var->is_atomic && (op == OP_ADD || op == OP_SUB))
		return arena_printf(e->a, "__atomic_%s(&%s, %s, __ATOMIC_RELAXED)",
				    op == OP_ADD ? postfix ? "fetch_add" : "add_fetch"
						 : postfix ? "fetch_sub" : "sub_fetch",
				    name, value);
	if (is_step)
		return arena_printf(e->a, "%s%s", postfix ? name : op_text(x->incdec.op),
				    postfix ? op_text(x->incdec.op) : name);
	return arena_printf(e->a, "(%s = %s)", name, binary_c(e, op, name, value));
}

const char *emit_long(struct emit *e, const struct expr *x)
{
	const char *text;

	switch (x->kind) {
	case EXPR_CALL:
		return emit_call_long(e, x);
	case EXPR_BINARY:
		if (lower_is_operation(x))
			return division(e, x);
		break;
	case EXPR_INCDEC:
	case EXPR_ASSIGN:
		return update(e, x);
	case EXPR_REGEX:
		return regex_c(e, x);
	case EXPR_STATOP:
		return emit_statop(e, x);
	case EXPR_INDEX:
		if (x->index.hist)
			return emit_hist_get(e, x);
		break;
	case EXPR_IN:
		if (x->in.array->kind == EXPR_HIST)
			return emit_hist_in(e, x);
		break;
	case EXPR_PRINT:
		emit_print(e, x);
		return "0";
	case EXPR_EMBEDDED:
		emit_at(e, "embedded C", x->loc);
		return arena_printf(e->a, "%s(c)", embedded_name(e, x));
	case EXPR_ACCESS:
		text = access_c(e, x);
		emit_at_access(e, x);
		return text;
	default:
		break;
	}
	return expr_c(e, x);
}

/* Can the operation's C text leave c->failed set?  (Map updates and prints check for themselves.) */
static bool needs_check(const struct expr *x)
{
	return x->kind != EXPR_ASSIGN && x->kind != EXPR_INCDEC && x->kind != EXPR_PRINT &&
	       lower_can_fail(x);
}

/* Operands of a concatenation from the left; the first is copied, the others go behind. */
static void emit_concat(struct emit *e, const char *dst, const struct expr *x)
{
	const struct expr *left = x->binary.left;
	const char *right = expr_c(e, x->binary.right);

	if (left->kind != EXPR_CONCAT) {
		out(&e->o, "rt_str_cat(%s, MAXSTRINGLEN, %s, %s);", dst, expr_c(e, left), right);
		return;
	}
	emit_concat(e, dst, left);
	out(&e->o, "rt_str_append(%s, MAXSTRINGLEN, %s);", dst, right);
}

void emit_string(struct emit *e, const char *dst, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_CONCAT:
		emit_concat(e, dst, x);
		break;
	case EXPR_CALL:
		emit_call_string(e, dst, x);
		break;
	case EXPR_PRINT:
		emit_sprint(e, dst, x);
		break;
	case EXPR_ACCESS:
		emit_access_string(e, dst, x);
		break;
	case EXPR_EMBEDDED:
		emit_at(e, "embedded C", x->loc);
		out(&e->o, "%s(c, %s);", embedded_name(e, x), dst);
		break;
	default:
		out(&e->o, "rt_str_copy(%s, MAXSTRINGLEN, %s);", dst, expr_c(e, x));
		break;
	}
	if (needs_check(x))
		emit_check(e);
}

void emit_store(struct emit *e, const struct var *v, const char *text)
{
	if (v->is_atomic)
		out(&e->o, "__atomic_store_n(&%s, %s, __ATOMIC_RELAXED);", name_var(e, v), text);
	else
		out(&e->o, "%s = %s;", name_var(e, v), text);
}

void emit_assign(struct emit *e, const struct var *v, const struct expr *x)
{
	if (v->type == TY_STRING) {
		emit_string(e, name_var(e, v), x);
		return;
	}
	if ((x->kind == EXPR_INCDEC && x->incdec.operand->kind == EXPR_INDEX) ||
	    (x->kind == EXPR_ASSIGN && x->assign.target->kind == EXPR_INDEX)) {
		emit_map_update(e, v, x);
		return;
	}
	emit_store(e, v, emit_long(e, x));
	if (needs_check(x))
		emit_check(e);
}

/* v OP= x, for its effect */
static void emit_compound(struct emit *e, const struct var *v, enum op op, const char *value)
{
	const char *name = name_var(e, v);

	if (v->is_counter)
		out(&e->o, "rt_counter_add(c, &%s, %s%s);", name, op == OP_SUB ? "-" : "", value);
	else if (v->is_atomic && (op == OP_ADD || op == OP_SUB))
		out(&e->o, "__atomic_fetch_%s(&%s, %s, __ATOMIC_RELAXED);",
		    op == OP_SUB ? "sub" : "add", name, value);
	else if (op == OP_SHL || op == OP_SHR || op == OP_USHR)
		out(&e->o, "%s = %s;", name, binary_c(e, op, name, value));
	else
		out(&e->o, "%s %s= %s;", name, op_text(op), value);
}

static void emit_assign_effect(struct emit *e, const struct expr *x)
{
	const struct expr *target = x->assign.target;
	const struct var *v;

	if (x->assign.op == OP_STAT) {
		emit_stat_add(e, x);
		return;
	}
	if (target->kind == EXPR_INDEX) {
		emit_map_assign(e, x);
		return;
	}
	if (target->kind == EXPR_ACCESS) {
		emit_access_store(e, target, x->assign.value);
		return;
	}
	v = target->symbol.var;
	if (x->assign.op == OP_NONE)
		emit_assign(e, v, x->assign.value);
	else if (x->assign.op == OP_CONCAT)
		out(&e->o, "rt_str_append(%s, MAXSTRINGLEN, %s);", name_var(e, v),
		    expr_c(e, x->assign.value));
	else
		emit_compound(e, v, x->assign.op, expr_c(e, x->assign.value));
}

void emit_effect(struct emit *e, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_ASSIGN:
		emit_assign_effect(e, x);
		break;
	case EXPR_INCDEC:
		if (x->incdec.operand->kind == EXPR_INDEX)
			emit_map_step(e, x);
		else
			emit_compound(e, x->incdec.operand->symbol.var,
				      x->incdec.op == OP_INC ? OP_ADD : OP_SUB, "1");
		break;
	case EXPR_PRINT:
		if (!x->print.to_string)
			emit_print(e, x);
		break;
	case EXPR_CALL:
		if (x->type == TY_STRING)
			BUG("a string function's result needs a place");
		out(&e->o, "%s;", emit_call_long(e, x));
		emit_check(e);
		break;
	default:
		BUG("a %s is no statement", expr_kind_name(x->kind));
	}
}
