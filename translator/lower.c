/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass lower: the order of evaluation made explicit.
 *
 * Needs    the final tree, effects.
 * Leaves   bodies in which every statement does at most one thing that can fail,
 *          write or print, at its root; all other expressions are plain reads and
 *          arithmetic.  What must be kept in between stands in temporaries, which
 *          are locals named t_N.  Conditions have become part of the bodies; loops
 *          carry what runs before each test and after each round.
 * Refuses  nothing.
 *
 * An expression is lowered to an "operation" or to a "plain" expression.  Plain
 * ones have no effect and can't fail, so C may evaluate them whenever it likes;
 * an operation is the root of one statement, with plain children.  Children are
 * lowered from left to right; one that a later sibling would change is put
 * into a temporary first.
 */
#include "translator/lower.h"

#include <string.h>

#include "base/log.h"
#include "translator/access.h"
#include "translator/effects.h"
#include "translator/passes.h"
#include "translator/session.h"

struct lower {
	struct session *session;
	struct arena *arena;
	var_vec *locals;      /* of the body: temporaries are added */
	stmt_vec *to;         /* statements go here */
	unsigned n_temporaries;
	unsigned tries;       /* depth of try blocks */
	unsigned cost;        /* statements of the way here, without those of loops */
	var_vec busy, free;   /* string temporaries: in use by the statement; to be used again */
};

static struct expr *lower_operation(struct lower *l, struct expr *e);
static struct expr *lower_expr(struct lower *l, struct expr *e);
static void lower_effect(struct lower *l, struct expr *e);
static void lower_stmt(struct lower *l, struct stmt *s);

/* ---- building ---- */

static struct stmt *add_stmt(struct lower *l, enum stmt_kind kind, struct loc loc)
{
	struct stmt *s = stmt_new(l->arena, kind, loc);

	VEC_PUSH(l->arena, l->to, s);
	return s;
}

static void add_expr(struct lower *l, struct expr *e)
{
	add_stmt(l, STMT_EXPR, e->loc)->expr.expr = e;
}

static struct expr *symbol_of(struct lower *l, struct var *v, struct loc loc)
{
	struct expr *e = expr_symbol(l->arena, loc, v->name);

	e->symbol.var = v;
	e->type = v->type;
	return e;
}

static void add_assign(struct lower *l, struct var *v, struct expr *value)
{
	struct expr *e = expr_new(l->arena, EXPR_ASSIGN, value->loc);

	e->type = v->type;
	e->assign.op = OP_NONE;
	e->assign.target = symbol_of(l, v, value->loc);
	e->assign.value = value;
	add_expr(l, e);
}

static struct var *new_temporary(struct lower *l, enum type type)
{
	struct var *v;

	if (type == TY_STRING && l->free.n) {
		v = l->free.at[--l->free.n];
	} else {
		v = ARENA_NEW(l->arena, struct var);
		v->kind = VAR_LOCAL;
		v->name = arena_printf(l->arena, "t_%u", l->n_temporaries++);
		v->type = type;
		v->is_synthetic = v->is_temporary = v->is_read = v->is_written = true;
		VEC_PUSH(l->arena, l->locals, v);
	}
	if (type == TY_STRING)
		VEC_PUSH(l->arena, &l->busy, v);
	return v;
}

/* String temporaries that came into use since the mark are free again. */
static void release(struct lower *l, size_t mark)
{
	while (l->busy.n > mark)
		VEC_PUSH(l->arena, &l->free, l->busy.at[--l->busy.n]);
}

static struct stmt *finish_block(struct lower *l, stmt_vec *body, struct loc loc)
{
	struct stmt *b = stmt_new(l->arena, STMT_BLOCK, loc);

	memcpy(&b->block.body, body, sizeof(*body));
	return b;
}

/* The same; NULL where there is nothing in it. */
static struct stmt *finish_optional(struct lower *l, stmt_vec *body, struct loc loc)
{
	return body->n ? finish_block(l, body, loc) : NULL;
}

static struct stmt *lower_block(struct lower *l, struct stmt *s)
{
	stmt_vec body = { 0 }, *outer = l->to;

	l->to = &body;
	lower_stmt(l, s);
	l->to = outer;
	return finish_block(l, &body, s->loc);
}

/* ---- plain or operation ---- */

static bool is_register_only(const struct access_path *path)
{
	if (path->result != ACCESS_VALUE)
		return false;
	for (size_t i = 0; i < path->ops.n; i++)
		switch (path->ops.at[i].kind) {
		case ACC_LOAD:
		case ACC_DIV:
		case ACC_MOD:
		case ACC_VECTOR:
		case ACC_RETURN_AT:
		case ACC_THREAD:
		case ACC_STATIC:
			return false;
		default:
			break;
		}
	return true;
}

static bool is_safe_divisor(const struct expr *e)
{
	return e->kind == EXPR_NUMBER && e->number.value != 0;
}

bool lower_is_operation(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_CALL:
	case EXPR_INCDEC:
	case EXPR_CONCAT:
	case EXPR_REGEX:
	case EXPR_ASSIGN:
	case EXPR_PRINT:
	case EXPR_STATOP:
	case EXPR_PERF:
	case EXPR_EMBEDDED:
		return true;
	case EXPR_BINARY:
		return (e->binary.op == OP_DIV || e->binary.op == OP_MOD) &&
		       !is_safe_divisor(e->binary.right);
	case EXPR_INDEX:
		return e->index.hist != NULL;
	case EXPR_IN:
		return e->in.array->kind == EXPR_HIST;
	case EXPR_ACCESS:
		return !is_register_only(e->access.path);
	default:
		return false;
	}
}

bool lower_can_fail(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_CONCAT:
	case EXPR_REGEX:
		return false;
	case EXPR_STATOP:
		return e->statop.op != STATOP_COUNT && e->statop.op != STATOP_SUM;
	case EXPR_PRINT:
		for (size_t i = 0; i < e->print.parts.n; i++)
			if (e->print.parts.at[i].conv == CONV_MEMORY ||
			    e->print.parts.at[i].conv == CONV_MEMORY_HEX)
				return true;
		return false;
	case EXPR_ASSIGN:
		return e->assign.target->kind != EXPR_SYMBOL;
	case EXPR_INCDEC:
		return e->incdec.operand->kind != EXPR_SYMBOL;
	default:
		return lower_is_operation(e);
	}
}

/* Is its value the same later on, whatever happens? */
static bool is_constant(const struct expr *e)
{
	return e->kind == EXPR_NUMBER || e->kind == EXPR_STRING ||
	       (e->kind == EXPR_SYMBOL && e->symbol.var->is_temporary);
}

/* ---- temporaries ---- */

/*
 * Would C write V while it still reads the operands?  A concatenation of two may
 * have its target as an operand, a longer one as the first.
 */
static bool overlaps(const struct expr *e, const struct var *v)
{
	if (v->type != TY_STRING || !lower_is_operation(e) || !effects_touches(e, v))
		return false;
	if (e->kind != EXPR_CONCAT)
		return true;
	return e->binary.left->kind == EXPR_CONCAT &&
	       (effects_touches(e->binary.right, v) || overlaps(e->binary.left, v));
}

/* V = E, where E is an operation or plain. */
static void store(struct lower *l, struct var *v, struct expr *e)
{
	bool via = false;

	if (!v->is_temporary && lower_is_operation(e)) {
		/* an operation that fails must leave the old value to be seen */
		via = lower_can_fail(e) && (v->kind == VAR_GLOBAL || l->tries);
		via |= v->type == TY_STRING && v->kind == VAR_GLOBAL && e->kind == EXPR_CALL;
		via |= overlaps(e, v);
		via |= effects_writes(e, v) && e->kind != EXPR_CALL; /* h = h++ */
	}
	if (via) {
		struct var *t = new_temporary(l, v->type);

		add_assign(l, t, e);
		e = symbol_of(l, t, e->loc);
	}
	add_assign(l, v, e);
}

static struct expr *spill(struct lower *l, struct expr *e)
{
	struct var *t;

	if (is_constant(e))
		return e;
	t = new_temporary(l, e->type);
	add_assign(l, t, e);
	return symbol_of(l, t, e->loc);
}

struct change_query {
	struct ast_walker walker;
	const struct expr *later;
	bool answer;
};

static void ask_change(struct ast_walker *walker, struct expr **slot)
{
	struct change_query *q = (struct change_query *)walker;
	const struct expr *e = *slot;

	if (e->kind == EXPR_SYMBOL && !e->symbol.var->is_temporary)
		q->answer |= effects_writes(q->later, e->symbol.var);
	else if (e->kind == EXPR_INDEX && e->index.var)
		q->answer |= effects_writes(q->later, e->index.var);
	ast_walk_expr(walker, *slot);
}

/* Does evaluating LATER change the value of the plain expression E? */
static bool is_changed_by(struct expr *e, const struct expr *later)
{
	struct change_query q = { .walker = { .expr = ask_change }, .later = later };

	ask_change(&q.walker, &e);
	return q.answer;
}

/* Lowers *SLOTS[0] ... in this order, so that each is plain when all are done. NULLs stay. */
static void lower_slots(struct lower *l, struct expr **const *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!*slots[i])
			continue;
		*slots[i] = lower_expr(l, *slots[i]);
		for (size_t k = i + 1; k < n; k++)
			if (*slots[k] && is_changed_by(*slots[i], *slots[k])) {
				*slots[i] = spill(l, *slots[i]);
				break;
			}
	}
}

static void lower_vec(struct lower *l, expr_vec *v, struct expr **more)
{
	struct expr ***slots = ARENA_ARRAY(l->arena, v->n + 1, struct expr **);

	VEC_EACH(v, i)
		slots[i] = &v->at[i];
	slots[v->n] = more;
	lower_slots(l, slots, v->n + (more != NULL));
}

static void lower_pair(struct lower *l, struct expr **a, struct expr **b)
{
	struct expr **const slots[] = { a, b };

	lower_slots(l, slots, 2);
}

/* ---- expressions that branch ---- */

static struct expr *is_not_zero(struct lower *l, struct expr *e)
{
	struct expr *n;

	if (e->kind == EXPR_COMPARE || e->kind == EXPR_LOGICAL ||
	    (e->kind == EXPR_UNARY && e->unary.op == OP_NOT))
		return e;
	n = expr_binary(l->arena, EXPR_COMPARE, e->loc, OP_NE, e, expr_number(l->arena, e->loc, 0));
	n->type = TY_LONG;
	return n;
}

static struct expr *lower_logical(struct lower *l, struct expr *e)
{
	stmt_vec right = { 0 }, *outer = l->to;
	struct stmt *branch;
	struct var *t;

	e->binary.left = lower_expr(l, e->binary.left);
	if (is_changed_by(e->binary.left, e->binary.right))
		e->binary.left = spill(l, e->binary.left);
	l->to = &right;
	e->binary.right = lower_expr(l, e->binary.right);
	l->to = outer;
	if (!right.n)
		return e;

	/* t = left != 0; if (t) { ...; t = right != 0; } */
	t = new_temporary(l, TY_LONG);
	add_assign(l, t, is_not_zero(l, e->binary.left));
	l->to = &right;
	add_assign(l, t, is_not_zero(l, e->binary.right));
	l->to = outer;
	branch = add_stmt(l, STMT_IF, e->loc);
	branch->if_.cond = symbol_of(l, t, e->loc);
	if (e->binary.op == OP_LOR) {
		struct expr *not = expr_new(l->arena, EXPR_UNARY, e->loc);

		not->type = TY_LONG;
		not->unary.op = OP_NOT;
		not->unary.operand = branch->if_.cond;
		branch->if_.cond = not;
	}
	branch->if_.then = finish_block(l, &right, e->loc);
	return symbol_of(l, t, e->loc);
}

static struct expr *lower_ternary(struct lower *l, struct expr *e)
{
	stmt_vec then = { 0 }, otherwise = { 0 }, *outer = l->to;
	struct stmt *branch;
	struct var *t;

	e->ternary.cond = lower_expr(l, e->ternary.cond);
	l->to = &then;
	e->ternary.then = lower_operation(l, e->ternary.then);
	l->to = &otherwise;
	e->ternary.otherwise = lower_operation(l, e->ternary.otherwise);
	l->to = outer;
	if (!then.n && !otherwise.n && !lower_is_operation(e->ternary.then) &&
	    !lower_is_operation(e->ternary.otherwise))
		return e;

	t = new_temporary(l, e->type);
	l->to = &then;
	store(l, t, e->ternary.then);
	l->to = &otherwise;
	store(l, t, e->ternary.otherwise);
	l->to = outer;
	branch = add_stmt(l, STMT_IF, e->loc);
	branch->if_.cond = e->ternary.cond;
	branch->if_.then = finish_block(l, &then, e->loc);
	branch->if_.otherwise = finish_block(l, &otherwise, e->loc);
	return symbol_of(l, t, e->loc);
}

/* ---- expressions that write ---- */

static bool is_map_operator(enum op op)
{
	return op == OP_NONE || op == OP_ADD || op == OP_SUB || op == OP_STAT;
}

/* a[k] OP= v, for operators that maps have no function for: t = a[k] OP v; a[k] = t */
static void split_assign(struct lower *l, struct expr *e)
{
	struct expr *old = expr_new(l->arena, EXPR_INDEX, e->assign.target->loc), *now;

	old->type = e->assign.target->type;
	old->index = e->assign.target->index;
	now = expr_binary(l->arena, e->assign.op == OP_CONCAT ? EXPR_CONCAT : EXPR_BINARY, e->loc,
			  e->assign.op, old, e->assign.value);
	now->type = old->type;
	e->assign.value = spill(l, now);
	e->assign.op = OP_NONE;
}

static bool is_division(enum op op)
{
	return op == OP_DIV || op == OP_MOD;
}

/* An assignment: adds it, and returns its value, or NULL where that is not WANTED. */
static struct expr *lower_assign(struct lower *l, struct expr *e, bool wanted)
{
	struct expr *target = e->assign.target;
	bool is_update;

	if (is_division(e->assign.op)) /* where SystemTap says that it has failed */
		e->loc = e->assign.value->loc;
	if (target->kind == EXPR_SYMBOL) {
		struct var *v = target->symbol.var;

		if (e->assign.op == OP_NONE) {
			store(l, v, lower_operation(l, e->assign.value));
			return wanted ? symbol_of(l, v, e->loc) : NULL;
		}
		e->assign.value = lower_expr(l, e->assign.value);
		if (e->assign.op == OP_STAT) {
			if (wanted)
				e->assign.value = spill(l, e->assign.value);
			add_expr(l, e);
			return e->assign.value;
		}
		if (e->assign.op == OP_CONCAT && effects_touches(e->assign.value, v))
			e->assign.value = spill(l, e->assign.value);
		if (is_division(e->assign.op)) {
			/* v = v / x: fails as a whole */
			struct expr *now = expr_binary(l->arena, EXPR_BINARY, e->loc, e->assign.op,
						       target, e->assign.value);

			now->type = TY_LONG;
			store(l, v, now);
			return wanted ? symbol_of(l, v, e->loc) : NULL;
		}
		if (!wanted || v->kind != VAR_GLOBAL || v->type != TY_LONG) {
			add_expr(l, e);
			return wanted ? symbol_of(l, v, e->loc) : NULL;
		}
		return e; /* t = (g += x): one atomic operation, perhaps */
	}
	if (target->kind == EXPR_INDEX) {
		lower_vec(l, &target->index.keys, &e->assign.value);
		if (!is_map_operator(e->assign.op) ||
		    (e->assign.op == OP_ADD && target->type != TY_LONG))
			split_assign(l, e);
		is_update = e->assign.op != OP_NONE && e->assign.op != OP_STAT;
		/* the element may be inserted, or another one leave, before the value is read */
		if ((wanted && !is_update) || effects_touches(e->assign.value, target->index.var))
			e->assign.value = spill(l, e->assign.value);
		if (wanted && is_update)
			return e; /* t = (a[k] += x) */
		add_expr(l, e);
		return e->assign.value;
	}
	/* memory of the target */
	if (target->kind != EXPR_ACCESS)
		BUG("assignment to a %s", expr_kind_name(target->kind));
	lower_vec(l, &target->access.indices, &e->assign.value);
	if (target->access.base)
		target->access.base = spill(l, lower_expr(l, target->access.base));
	if (e->assign.op != OP_NONE) {
		struct expr *old = expr_new(l->arena, EXPR_ACCESS, target->loc), *now;

		old->type = TY_LONG;
		old->access = target->access;
		now = expr_binary(l->arena, EXPR_BINARY, e->loc, e->assign.op, spill(l, old),
				  e->assign.value);
		now->type = TY_LONG;
		e->assign.value = now;
		e->assign.op = OP_NONE;
	}
	e->assign.value = spill(l, e->assign.value);
	add_expr(l, e);
	return e->assign.value;
}

static struct expr *lower_incdec(struct lower *l, struct expr *e, bool wanted)
{
	struct expr *operand = e->incdec.operand, *old;

	if (operand->kind == EXPR_ACCESS) {
		/* $x++: an assignment; its old value is read once more where it is wanted */
		struct expr *a = expr_new(l->arena, EXPR_ASSIGN, e->loc), *now;

		a->type = TY_LONG;
		a->assign.op = e->incdec.op == OP_INC ? OP_ADD : OP_SUB;
		a->assign.target = operand;
		a->assign.value = expr_number(l->arena, e->loc, 1);
		a->assign.value->type = TY_LONG;
		now = lower_assign(l, a, wanted);
		if (!wanted || !e->incdec.is_postfix)
			return now;
		old = expr_binary(l->arena, EXPR_BINARY, e->loc,
				  e->incdec.op == OP_INC ? OP_SUB : OP_ADD, now,
				  expr_number(l->arena, e->loc, 1));
		old->type = TY_LONG;
		return old;
	}
	if (operand->kind == EXPR_INDEX)
		lower_vec(l, &operand->index.keys, NULL);
	if (!wanted) {
		add_expr(l, e);
		return NULL;
	}
	if (operand->kind == EXPR_INDEX || operand->symbol.var->kind == VAR_GLOBAL)
		return e; /* t = g++ */
	if (e->incdec.is_postfix) {
		old = spill(l, symbol_of(l, operand->symbol.var, e->loc));
		add_expr(l, e);
		return old;
	}
	add_expr(l, e);
	return symbol_of(l, operand->symbol.var, e->loc);
}

/* ---- the other expressions ---- */

/* The operands of a . b . c, in order. */
static void collect_operands(struct lower *l, struct expr *e, expr_vec *to)
{
	if (e->kind != EXPR_CONCAT) {
		VEC_PUSH(l->arena, to, e);
		return;
	}
	collect_operands(l, e->binary.left, to);
	collect_operands(l, e->binary.right, to);
}

static struct expr *lower_concat(struct lower *l, struct expr *e)
{
	expr_vec operands = { 0 };
	struct expr *all;

	collect_operands(l, e, &operands);
	lower_vec(l, &operands, NULL);
	all = operands.at[0];
	for (size_t i = 1; i < operands.n; i++) {
		all = expr_binary(l->arena, EXPR_CONCAT, e->loc, OP_CONCAT, all, operands.at[i]);
		all->type = TY_STRING;
	}
	return all;
}

/* Strings are passed by pointer: one that the function changes is copied first. */
static struct expr *lower_call(struct lower *l, struct expr *e)
{
	lower_vec(l, &e->call.args, NULL);
	VEC_EACH(&e->call.args, i)
		if (e->call.args.at[i]->type == TY_STRING && is_changed_by(e->call.args.at[i], e))
			e->call.args.at[i] = spill(l, e->call.args.at[i]);
	return e;
}

/* A statistic that is read.  The stripes of a scalar one are merged into a temporary. */
static void lower_stat(struct lower *l, struct expr *stat)
{
	struct var *t;

	if (stat->kind == EXPR_INDEX) {
		lower_vec(l, &stat->index.keys, NULL);
		return;
	}
	VEC_EACH(l->locals, i)
		if (l->locals->at[i]->merged == stat->symbol.var)
			return;
	t = new_temporary(l, TY_STAT);
	t->merged = stat->symbol.var;
}

/* try { t = sprintf(...) } catch { t = "ERROR" } */
static struct expr *lower_print_or_error(struct lower *l, struct expr *e)
{
	stmt_vec body = { 0 }, handler = { 0 }, *outer = l->to;
	struct expr *error;
	struct stmt *try;
	struct var *t;

	l->to = &body;
	lower_vec(l, &e->print.args, NULL);
	if (!body.n) { /* nothing in it can fail */
		l->to = outer;
		return e;
	}
	t = new_temporary(l, TY_STRING);
	add_assign(l, t, e);
	error = expr_string(l->arena, e->loc, "ERROR", 5);
	l->to = &handler;
	error->type = TY_STRING;
	add_assign(l, t, error);
	l->to = outer;
	try = add_stmt(l, STMT_TRY, e->loc);
	try->try_.body = finish_block(l, &body, e->loc);
	try->try_.handler = finish_block(l, &handler, e->loc);
	return symbol_of(l, t, e->loc);
}

/* E with plain children; or, where E branches or writes, its value. */
static struct expr *lower_operation(struct lower *l, struct expr *e)
{
	struct expr *value;

	switch (e->kind) {
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_SYMBOL:
	case EXPR_PERF:
	case EXPR_ENTRY: /* saved at the entry */
		return e;
	case EXPR_EMBEDDED:
		VEC_PUSH(l->arena, &l->session->embedded_exprs, e);
		return e;
	case EXPR_INDEX:
		if (e->index.hist)
			lower_stat(l, e->index.hist->hist.stat);
		lower_vec(l, &e->index.keys, NULL);
		return e;
	case EXPR_CALL:
		return lower_call(l, e);
	case EXPR_UNARY:
		e->unary.operand = lower_expr(l, e->unary.operand);
		return e;
	case EXPR_INCDEC:
		return lower_incdec(l, e, true);
	case EXPR_BINARY:
	case EXPR_COMPARE:
		lower_pair(l, &e->binary.left, &e->binary.right);
		return e;
	case EXPR_LOGICAL:
		return lower_logical(l, e);
	case EXPR_CONCAT:
		return lower_concat(l, e);
	case EXPR_REGEX:
		e->regex.left = lower_expr(l, e->regex.left);
		return e;
	case EXPR_TERNARY:
		return lower_ternary(l, e);
	case EXPR_ASSIGN:
		value = lower_assign(l, e, true);
		if (!value)
			BUG("an assignment without a value");
		return value;
	case EXPR_IN:
		if (e->in.array->kind == EXPR_HIST)
			lower_stat(l, e->in.array->hist.stat);
		lower_vec(l, &e->in.keys, NULL);
		return e;
	case EXPR_PRINT:
		if (e->print.or_error)
			return lower_print_or_error(l, e);
		lower_vec(l, &e->print.args, NULL);
		if (e->print.histogram)
			lower_stat(l, e->print.histogram->hist.stat);
		return e;
	case EXPR_STATOP:
		lower_stat(l, e->statop.stat);
		return e;
	case EXPR_ACCESS:
		if (e->access.base)
			lower_vec(l, &e->access.indices, &e->access.base);
		else
			lower_vec(l, &e->access.indices, NULL);
		return e;
	case EXPR_HIST:
	case EXPR_TARGET:
	case EXPR_CAST:
	case EXPR_DEFINED:
	case EXPR_ERROR:
	case EXPR_KINDS:
		break;
	}
	BUG("a %s reaches lower", expr_kind_name(e->kind));
}

/* The plain value of E. */
static struct expr *lower_expr(struct lower *l, struct expr *e)
{
	e = lower_operation(l, e);
	return lower_is_operation(e) ? spill(l, e) : e;
}

/* E for what it does. */
static void lower_effect(struct lower *l, struct expr *e)
{
	if (e->kind == EXPR_ASSIGN) {
		lower_assign(l, e, false);
	} else if (e->kind == EXPR_INCDEC) {
		lower_incdec(l, e, false);
	} else {
		e = lower_operation(l, e);
		if (!lower_is_operation(e))
			return;
		if (e->kind == EXPR_PRINT || (e->kind == EXPR_CALL && e->type != TY_STRING))
			add_expr(l, e);
		else
			spill(l, e); /* it may fail */
	}
}

/* ---- statements ---- */

/* Where SystemTap says that BODY has run for too long: at the first of its statements that has others
 * inside, else at itself. */
static struct loc spend_loc(const struct stmt *body)
{
	const stmt_vec *inside = &body->block.body;

	if (body->kind != STMT_BLOCK)
		return body->loc;
	if (inside->n == 1)
		return spend_loc(inside->at[0]);
	VEC_EACH(inside, i)
		switch ((int)inside->at[i]->kind) {
		case STMT_BLOCK:
		case STMT_IF:
		case STMT_WHILE:
		case STMT_FOR:
		case STMT_FOREACH:
		case STMT_TRY:
			return spend_loc(inside->at[i]);
		}
	return body->loc;
}

static void lower_if(struct lower *l, struct stmt *s)
{
	size_t mark = l->busy.n;
	struct expr *cond = lower_expr(l, s->if_.cond);
	struct stmt *branch = add_stmt(l, STMT_IF, s->loc);
	unsigned cost = l->cost, then_cost;

	release(l, mark);
	branch->if_.cond = cond;
	branch->if_.then = lower_block(l, s->if_.then);
	then_cost = l->cost;
	l->cost = cost;
	if (s->if_.otherwise)
		branch->if_.otherwise = lower_block(l, s->if_.otherwise);
	if (then_cost > l->cost)
		l->cost = then_cost;
}

static void lower_loop(struct lower *l, struct stmt *s)
{
	stmt_vec before = { 0 }, after = { 0 }, *outer = l->to;
	struct stmt *loop;
	unsigned cost;
	size_t mark = l->busy.n;

	if (s->loop.init)
		lower_effect(l, s->loop.init);
	release(l, mark);
	cost = l->cost;
	l->cost = 1;
	loop = stmt_new(l->arena, s->kind, s->loc);
	if (s->loop.cond) {
		l->to = &before;
		loop->loop.cond = lower_expr(l, s->loop.cond);
		loop->loop.before = finish_optional(l, &before, s->loc);
		release(l, mark);
	}
	l->to = outer;
	loop->loop.body = lower_block(l, s->loop.body);
	if (s->loop.step) {
		l->to = &after;
		lower_effect(l, s->loop.step);
		loop->loop.after = finish_optional(l, &after, s->loc);
		release(l, mark);
	}
	l->to = outer;
	VEC_PUSH(l->arena, l->to, loop);
	loop->loop.cost = l->cost;
	loop->loop.spend_loc = spend_loc(s->loop.body);
	l->cost = cost;
}

static void lower_foreach(struct lower *l, struct stmt *s)
{
	struct stmt *loop = stmt_new(l->arena, STMT_FOREACH, s->loc);
	size_t mark = l->busy.n;
	unsigned cost;

	loop->foreach = s->foreach;
	if (loop->foreach.array->kind == EXPR_HIST)
		lower_stat(l, loop->foreach.array->hist.stat);
	/* evaluated once: kept, whatever the body does */
	VEC_EACH(&loop->foreach.slice, i)
		if (loop->foreach.slice.at[i])
			loop->foreach.slice.at[i] = spill(l, lower_expr(l, loop->foreach.slice.at[i]));
	if (loop->foreach.limit)
		loop->foreach.limit = spill(l, lower_expr(l, loop->foreach.limit));
	VEC_PUSH(l->arena, l->to, loop);
	cost = l->cost;
	l->cost = 1;
	loop->foreach.body = lower_block(l, s->foreach.body);
	loop->foreach.cost = l->cost;
	loop->foreach.spend_loc = spend_loc(s->foreach.body);
	l->cost = cost;
	release(l, mark);
}

static void lower_return(struct lower *l, struct stmt *s)
{
	struct expr *e = s->expr.expr;

	if (e) {
		e = lower_operation(l, e);
		if (lower_is_operation(e) &&
		    (l->tries || e->kind == EXPR_ASSIGN || e->kind == EXPR_INCDEC))
			e = spill(l, e);
	}
	add_stmt(l, STMT_RETURN, s->loc)->expr.expr = e;
}

static void lower_try(struct lower *l, struct stmt *s)
{
	struct stmt *try = add_stmt(l, STMT_TRY, s->loc);

	l->tries++;
	try->try_.body = lower_block(l, s->try_.body);
	l->tries--;
	try->try_.caught = s->try_.caught;
	if (s->try_.handler)
		try->try_.handler = lower_block(l, s->try_.handler);
}

static void lower_delete(struct lower *l, struct stmt *s)
{
	if (s->expr.expr->kind == EXPR_INDEX)
		lower_vec(l, &s->expr.expr->index.keys, NULL);
	VEC_PUSH(l->arena, l->to, s);
}

static void lower_stmt(struct lower *l, struct stmt *s)
{
	size_t mark = l->busy.n;

	if (s->kind != STMT_BLOCK && s->kind != STMT_NULL)
		l->cost++;
	switch (s->kind) {
	case STMT_NULL:
		return;
	case STMT_BLOCK:
		VEC_EACH(&s->block.body, i)
			lower_stmt(l, s->block.body.at[i]);
		return;
	case STMT_EXPR:
		lower_effect(l, s->expr.expr);
		break;
	case STMT_IF:
		lower_if(l, s);
		break;
	case STMT_WHILE:
	case STMT_FOR:
		lower_loop(l, s);
		break;
	case STMT_FOREACH:
		lower_foreach(l, s);
		break;
	case STMT_RETURN:
		lower_return(l, s);
		break;
	case STMT_DELETE:
		lower_delete(l, s);
		break;
	case STMT_TRY:
		lower_try(l, s);
		break;
	case STMT_NEXT:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_EMBEDDED:
		VEC_PUSH(l->arena, l->to, s);
		break;
	case STMT_LOCKED: /* of a later pass */
	case STMT_KINDS:
		BUG("a statement without a kind");
	}
	release(l, mark);
}

/* ---- bodies ---- */

static void lower_function(struct session *s, struct decl *d)
{
	struct lower l = { .session = s, .arena = s->arena, .locals = &d->function.locals };

	VEC_EACH(&d->function.params, i) {
		struct var *v = d->function.params.at[i].var;

		v->is_pointer = v->type == TY_STRING && !v->is_written;
	}
	if (d->function.body->kind == STMT_EMBEDDED)
		return;
	d->function.spend_loc = spend_loc(d->function.body);
	d->function.body = lower_block(&l, d->function.body);
	d->function.cost = l.cost;
}

/* if (!condition) next; in front of the body */
static void lower_condition(struct lower *l, struct expr *condition)
{
	struct expr *not = expr_new(l->arena, EXPR_UNARY, condition->loc);
	struct stmt *branch;

	not->type = TY_LONG;
	not->unary.op = OP_NOT;
	not->unary.operand = lower_expr(l, condition);
	branch = add_stmt(l, STMT_IF, condition->loc);
	branch->if_.cond = not;
	branch->if_.then = stmt_new(l->arena, STMT_NEXT, condition->loc);
	branch->if_.then->next.is_refusal = true;
	release(l, 0);
}

static void lower_entries(struct session *s, struct probe *p)
{
	stmt_vec body = { 0 };
	struct lower l = { .session = s, .arena = s->arena, .locals = &p->entry_locals, .to = &body };

	VEC_EACH(&p->entries, i) {
		struct expr *entry = p->entries.at[i];

		entry->entry.saved->is_saved = true;
		entry->entry.saved->id = i;
		store(&l, entry->entry.saved, lower_operation(&l, entry->entry.operand));
		release(&l, 0);
	}
	p->entry_body = finish_optional(&l, &body, p->loc);
}

static void lower_probe(struct session *s, struct probe *p)
{
	stmt_vec body = { 0 };
	struct lower l = { .session = s, .arena = s->arena, .locals = &p->locals, .to = &body };

	lower_entries(s, p);
	if (p->condition)
		lower_condition(&l, p->condition);
	lower_stmt(&l, p->body);
	p->body = finish_block(&l, &body, p->body->loc);
}

bool pass_lower(struct session *s)
{
	VEC_EACH(&s->functions, i)
		lower_function(s, s->functions.at[i]);
	VEC_EACH(&s->probes, i)
		lower_probe(s, s->probes.at[i]);
	return true;
}
