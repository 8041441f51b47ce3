/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Needs: a typed tree without errors.  Infer calls fold_rounds before it asks for the
 * types of everything: as in stap the types in branches that go must not contradict each
 * other, but need not be known.
 * Leaves: no overload of which a call is never told "next"; operators over literals replaced by their value, branches that a
 * constant decides by the branch taken; then prune's rounds over what that
 * leaves unused.  A division by a literal zero stays: it is a run-time error
 * that try can catch.
 * Refuses: nothing of its own.
 */
#include "translator/fold.h"

#include <limits.h>
#include <string.h>

#include "translator/merge.h"
#include "translator/messages.h"
#include "translator/passes.h"
#include "translator/prune.h"
#include "translator/session.h"
#include "translator/uses.h"

struct folder {
	struct arena *arena;
	struct ast_walker walker;
	unsigned max_string;
	bool changed;
};

static bool is_number(const struct expr *e)
{
	return e->kind == EXPR_NUMBER;
}

static bool is_string(const struct expr *e)
{
	return e->kind == EXPR_STRING;
}

static struct expr *number(struct folder *f, struct expr *e, int64_t value)
{
	struct expr *r = expr_number(f->arena, e->loc, value);

	r->type = TY_LONG;
	f->changed = true;
	return r;
}

/* Of an operator and its operands only OPERAND is left. */
static struct expr *alone(struct folder *f, struct expr *operand)
{
	f->changed = true;
	return operand;
}

/* The arithmetic of the language: C's with wrap-around; shift counts clamp
 * to 0..64, and 64 is no shift.  False
 * where the result is a run-time error. */
static bool compute(enum op op, int64_t a, int64_t b, int64_t *out)
{
	uint64_t ua = a, ub = b;

	switch (op) {
	case OP_ADD:
		*out = ua + ub;
		return true;
	case OP_SUB:
		*out = ua - ub;
		return true;
	case OP_MUL:
		*out = ua * ub;
		return true;
	case OP_DIV:
		if (b == 0)
			return false;
		*out = b == -1 ? (int64_t)-ua : a / b;
		return true;
	case OP_MOD:
		if (b == 0)
			return false;
		*out = b == -1 ? 0 : a % b;
		return true;
	case OP_AND:
		*out = a & b;
		return true;
	case OP_OR:
		*out = a | b;
		return true;
	case OP_XOR:
		*out = a ^ b;
		return true;
	case OP_SHL:
		*out = b <= 0 || b >= 64 ? a : (int64_t)(ua << b);
		return true;
	case OP_SHR:
		*out = b <= 0 || b >= 64 ? a : a >> b;
		return true;
	default:
		return false;
	}
}

static bool holds(enum op op, int order)
{
	switch (op) {
	case OP_EQ:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static struct expr *fold_compare(struct folder *f, struct expr *e)
{
	struct expr *l = e->binary.left, *r = e->binary.right;

	if (is_number(l) && is_number(r))
		return number(f, e, holds(e->binary.op, (l->number.value > r->number.value) -
							(l->number.value < r->number.value)));
	if (is_string(l) && is_string(r) && l->string.len < f->max_string &&
	    r->string.len < f->max_string)
		return number(f, e, holds(e->binary.op, strcmp(l->string.text, r->string.text)));
	return e;
}

/* 0 or 1 of an expression that may have any value. */
static struct expr *truth(struct folder *f, struct expr *e)
{
	struct expr *r;

	if (is_number(e))
		return number(f, e, e->number.value != 0);
	r = expr_binary(f->arena, EXPR_COMPARE, e->loc, OP_NE, e,
			expr_number(f->arena, e->loc, 0));
	r->type = r->binary.right->type = TY_LONG;
	return r;
}

static struct expr *fold_logical(struct folder *f, struct expr *e)
{
	bool is_or = e->binary.op == OP_LOR;
	struct expr *l = e->binary.left, *r = e->binary.right;

	if (!is_number(l))
		return is_number(r) && (r->number.value != 0) == is_or && is_pure_expr(l) ?
			       number(f, e, is_or) : e;
	if ((l->number.value != 0) == is_or)
		return number(f, e, is_or);
	return truth(f, e->binary.right);
}

static struct expr *fold_unary(struct folder *f, struct expr *e)
{
	struct expr *o = e->unary.operand;

	if (!is_number(o))
		return e;
	switch (e->unary.op) {
	case OP_NEG:
		return number(f, e, -(uint64_t)o->number.value);
	case OP_PLUS:
		return alone(f, o);
	case OP_NOT:
		return number(f, e, !o->number.value);
	case OP_COMPL:
		return number(f, e, ~o->number.value);
	default:
		return e;
	}
}

static struct expr *fold_concat(struct folder *f, struct expr *e)
{
	struct expr *l = e->binary.left, *r = e->binary.right;
	struct expr *s;

	if (is_string(l) && !l->string.len)
		return alone(f, r);
	if (is_string(r) && !r->string.len)
		return alone(f, l);
	if (!is_string(l) || !is_string(r) || l->string.len + r->string.len >= f->max_string)
		return e;
	s = expr_string(f->arena, e->loc,
			arena_printf(f->arena, "%s%s", l->string.text, r->string.text),
			l->string.len + r->string.len);
	s->type = TY_STRING;
	f->changed = true;
	return s;
}

/* Does E, one operand of OP, leave the other as it is? */
static bool is_neutral(enum op op, const struct expr *e, bool is_left)
{
	if (!is_number(e))
		return false;
	switch (op) {
	case OP_ADD:
	case OP_OR:
	case OP_XOR:
		return e->number.value == 0;
	case OP_SUB:
	case OP_SHL:
	case OP_SHR:
	case OP_USHR:
		return !is_left && e->number.value == 0;
	case OP_MUL:
		return e->number.value == 1;
	case OP_DIV:
		return !is_left && e->number.value == 1;
	default:
		return false;
	}
}

/* Does E, one operand of OP, say what comes of it, whatever OTHER is? */
static bool decides(enum op op, const struct expr *e, bool is_left, int64_t *value)
{
	if (!is_number(e))
		return false;
	*value = op == OP_OR ? -1 : 0;
	switch (op) {
	case OP_MUL:
	case OP_AND:
	case OP_OR:
		return e->number.value == *value;
	case OP_SHL:
	case OP_SHR:
	case OP_USHR:
		return is_left && e->number.value == 0;
	case OP_MOD:
		return !is_left && e->number.value == 1;
	default:
		return false;
	}
}

static struct expr *fold_binary(struct folder *f, struct expr *e)
{
	struct expr *l = e->binary.left, *r = e->binary.right;
	enum op op = e->binary.op;
	int64_t value;

	if (is_number(l) && is_number(r) && compute(op, l->number.value, r->number.value, &value))
		return number(f, e, value);
	if ((op == OP_SHL || op == OP_SHR) && is_number(r) && r->number.value < 0)
		return alone(f, l); /* as in SystemTap; of other counts the low six bits count */
	if (is_neutral(op, l, true))
		return alone(f, r);
	if (is_neutral(op, r, false))
		return alone(f, l);
	if ((decides(op, l, true, &value) && is_pure_expr(r)) ||
	    (decides(op, r, false, &value) && is_pure_expr(l)))
		return number(f, e, value);
	return e;
}

static struct expr *fold_expr(struct folder *f, struct expr *e)
{
	ast_walk_expr(&f->walker, e);
	switch (e->kind) {
	case EXPR_NUMBER:
		f->changed |= e->number.is_new;
		e->number.is_new = false;
		return e;
	case EXPR_UNARY:
		return fold_unary(f, e);
	case EXPR_BINARY:
		return fold_binary(f, e);
	case EXPR_LOGICAL:
		return fold_logical(f, e);
	case EXPR_COMPARE:
		return fold_compare(f, e);
	case EXPR_CONCAT:
		return fold_concat(f, e);
	case EXPR_TERNARY:
		if (!is_number(e->ternary.cond))
			return e;
		f->changed = true;
		return e->ternary.cond->number.value ? e->ternary.then : e->ternary.otherwise;
	default:
		return e; /* the other kinds have no constant form */
	}
}

static struct stmt *null_stmt(struct folder *f, struct stmt *s)
{
	f->changed = true;
	return stmt_new(f->arena, STMT_NULL, s->loc);
}

static struct stmt *fold_stmt(struct folder *f, struct stmt *s)
{
	ast_walk_stmt(&f->walker, s);
	switch (s->kind) {
	case STMT_IF:
		if (!is_number(s->if_.cond))
			return s;
		f->changed = true;
		if (s->if_.cond->number.value)
			return s->if_.then;
		return s->if_.otherwise ? s->if_.otherwise : null_stmt(f, s);
	case STMT_WHILE:
	case STMT_FOR: {
		struct expr *init = s->loop.init;

		if (!s->loop.cond || !is_number(s->loop.cond) || s->loop.cond->number.value)
			return s;
		s = null_stmt(f, s);
		if (init) {
			s->kind = STMT_EXPR;
			s->expr.expr = init;
		}
		return s;
	}
	default:
		return s;
	}
}

static void expr_callback(struct ast_walker *w, struct expr **slot)
{
	*slot = fold_expr(w->data, *slot);
}

static void stmt_callback(struct ast_walker *w, struct stmt **slot)
{
	*slot = fold_stmt(w->data, *slot);
}

static bool fold_once(struct session *s, struct folder *f)
{
	f->changed = false;
	VEC_EACH(&s->functions, i) {
		struct decl *fn = s->functions.at[i];

		if (fn->function.body)
			fn->function.body = fold_stmt(f, fn->function.body);
	}
	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		p->body = fold_stmt(f, p->body);
		if (p->condition)
			p->condition = fold_expr(f, p->condition);
	}
	return f->changed;
}

static void cut_callees(struct ast_walker *w, struct expr **slot)
{
	if ((*slot)->kind == EXPR_CALL) {
		decl_vec *callees = &(*slot)->call.callees;
		size_t n = 0;

		while (n < callees->n && callees->at[n++]->function.has_next)
			;
		callees->n = n;
	}
	ast_walk_expr(w, *slot);
}

/* What is behind an overload that never says "next" had a say in types only. */
static void cut_overloads(struct session *s)
{
	session_walk_bodies(s, cut_callees);
	prune_unused(s);
}

static struct folder *folder_new(struct session *s)
{
	struct folder *f = ARENA_NEW(s->scratch, struct folder);

	f->arena = s->arena;
	f->max_string = session_max_string(s);
	f->walker = (struct ast_walker){ .expr = expr_callback, .stmt = stmt_callback, .data = f };
	return f;
}

bool fold_untyped(struct session *s)
{
	struct folder *f = folder_new(s);
	bool any = false;

	while (fold_once(s, f) | prune_hidden(s)) {
		any = true;
		while (prune_once(s, false))
			;
	}
	return any;
}

bool pass_fold(struct session *s)
{
	struct folder *f = folder_new(s);

	cut_overloads(s);
	prune_hidden(s);
	if (s->opt.unoptimized)
		return true;
	while (fold_once(s, f) | prune_once(s, true) | prune_hidden(s))
		;
	prune_unused(s);
	merge_functions(s);
	if (s->probes.n)
		return true;
	diag_error(&s->diag, (struct loc){ 0 }, E_NO_PROBES);
	return false;
}
