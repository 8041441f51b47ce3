/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/uses.h"

#include <stdlib.h>
#include <string.h>

bool is_place(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_INDEX:
		return !e->index.hist;
	case EXPR_SYMBOL:
	case EXPR_TARGET:
	case EXPR_CAST:
	case EXPR_ACCESS:
		return true;
	default:
		return false;
	}
}

static void use_slots(struct uses *u, expr_vec *v)
{
	VEC_EACH(v, i)
		if (v->at[i])
			uses_expr(u, v->at[i]);
}

static void touch(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	if (v && u->on_var)
		u->on_var(u, v, use, e);
}

/* A variable in a place that USE describes; its keys are read in any case. */
static void use_place(struct uses *u, struct expr *e, unsigned use)
{
	u->is_unused = false;
	switch (e->kind) {
	case EXPR_SYMBOL:
		touch(u, e->symbol.var, use, e);
		break;
	case EXPR_INDEX:
		use_slots(u, &e->index.keys);
		if (e->index.hist) {
			uses_expr(u, e->index.hist);
			u->acts |= (use & USE_WRITE) != 0; /* to be refused */
		}
		if (use & USE_SET) /* an element is one of many */
			use = (use & ~USE_SET) | USE_CHANGE;
		touch(u, e->index.var, use, e);
		break;
	case EXPR_TARGET:
	case EXPR_CAST:
	case EXPR_ACCESS:
		uses_expr(u, e);
		if (use & USE_WRITE)
			u->acts = true;
		break;
	default: /* not a place: writing to it must live to be refused */
		uses_expr(u, e);
		if (use & USE_WRITE)
			u->acts = true;
		break;
	}
}

bool embedded_has_pragma(const char *code, uint32_t len, const char *word)
{
	size_t n = strlen(word);
	const char *p = code, *end = code + len;

	while (p && p + 4 + n <= end) {
		p = memmem(p, end - p, "/*", 2);
		if (!p)
			return false;
		p += 2;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if ((size_t)(end - p) < n + 2 || memcmp(p, word, n))
			continue;
		const char *q = p + n;

		while (q < end && (*q == ' ' || *q == '\t'))
			q++;
		if (q + 1 < end && q[0] == '*' && q[1] == '/')
			return true;
	}
	return false;
}

/* What OP does to TARGET; WANTED: its value is used. */
static unsigned use_of_op(const struct expr *target, enum op op, bool wanted)
{
	const struct var *v = target->kind == EXPR_SYMBOL ? target->symbol.var : NULL;
	unsigned use;

	if (op == OP_NONE)
		return USE_SET;
	if (op == OP_STAT)
		return target->kind == EXPR_SYMBOL ? USE_ADD : USE_CHANGE;
	use = wanted ? USE_OLD | USE_READ | USE_RESULT : USE_OLD;
	if (v && v->type == TY_LONG && (op == OP_ADD || op == OP_SUB || op == OP_INC || op == OP_DEC))
		return use | USE_ADD;
	return use | USE_CHANGE;
}

static void use_embedded(struct uses *u, const char *code, uint32_t len)
{
	if (u->on_embedded)
		u->on_embedded(u, code, len);
	if (!embedded_has_pragma(code, len, "pure"))
		u->acts = true;
}

static void expr_callback(struct ast_walker *w, struct expr **slot)
{
	uses_expr(w->data, *slot);
}

static void stmt_callback(struct ast_walker *w, struct stmt **slot)
{
	uses_stmt(w->data, *slot);
}

static struct ast_walker walker(struct uses *u)
{
	return (struct ast_walker){ .expr = expr_callback, .stmt = stmt_callback, .data = u };
}

void uses_expr(struct uses *u, struct expr *e)
{
	struct ast_walker w = walker(u);
	bool wanted = !u->is_unused;

	u->is_unused = false;
	switch (e->kind) {
	case EXPR_SYMBOL:
	case EXPR_INDEX:
		use_place(u, e, USE_READ);
		break;
	case EXPR_CALL:
		use_slots(u, &e->call.args);
		if (u->on_call)
			u->on_call(u, e);
		break;
	case EXPR_INCDEC:
		if (!is_place(e->incdec.operand) && e->incdec.operand->kind != EXPR_ERROR) {
			uses_expr(u, e->incdec.operand); /* of what can't be written to: changes nothing */
			break;
		}
		use_place(u, e->incdec.operand, use_of_op(e->incdec.operand, e->incdec.op, wanted));
		break;
	case EXPR_ASSIGN:
		use_place(u, e->assign.target, use_of_op(e->assign.target, e->assign.op, wanted));
		uses_expr(u, e->assign.value);
		break;
	case EXPR_IN:
		use_slots(u, &e->in.keys);
		use_place(u, e->in.array, USE_READ);
		break;
	case EXPR_PRINT:
		ast_walk_expr(&w, e);
		if (!e->print.to_string)
			u->prints = true;
		break;
	case EXPR_STATOP:
		use_place(u, e->statop.stat, USE_READ);
		break;
	case EXPR_HIST:
		use_place(u, e->hist.stat, USE_READ);
		break;
	case EXPR_ENTRY:
		touch(u, e->entry.saved, USE_READ, e);
		ast_walk_expr(&w, e);
		break;
	case EXPR_EMBEDDED:
		use_embedded(u, e->embedded.code, e->embedded.len);
		break;
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_UNARY:
	case EXPR_BINARY:
	case EXPR_LOGICAL:
	case EXPR_COMPARE:
	case EXPR_CONCAT:
	case EXPR_REGEX:
	case EXPR_TERNARY:
	case EXPR_TARGET:
	case EXPR_CAST:
	case EXPR_DEFINED:
	case EXPR_PERF:
	case EXPR_ACCESS:
	case EXPR_KINDS:
		ast_walk_expr(&w, e);
		break;
	case EXPR_ERROR:
		u->acts |= e->error.is_written;
		break;
	}
}

static void use_unused(struct uses *u, struct expr *e)
{
	if (!e)
		return;
	u->is_unused = true;
	uses_expr(u, e);
	u->is_unused = false;
}

void uses_stmt(struct uses *u, struct stmt *s)
{
	struct ast_walker w = walker(u);

	switch (s->kind) {
	case STMT_EXPR:
		use_unused(u, s->expr.expr);
		break;
	case STMT_FOR:
		use_unused(u, s->loop.init);
		u->loops++;
		if (s->loop.before)
			uses_stmt(u, s->loop.before);
		if (s->loop.cond)
			uses_expr(u, s->loop.cond);
		uses_stmt(u, s->loop.body);
		use_unused(u, s->loop.step);
		if (s->loop.after)
			uses_stmt(u, s->loop.after);
		u->loops--;
		break;
	case STMT_WHILE:
		u->loops++;
		ast_walk_stmt(&w, s);
		u->loops--;
		break;
	case STMT_FOREACH:
		if (s->foreach.limit)
			uses_expr(u, s->foreach.limit);
		use_slots(u, &s->foreach.slice);
		u->loops++;
		use_place(u, s->foreach.array, s->foreach.sort == SORT_NONE ? USE_READ : USE_READ | USE_SORT);
		VEC_EACH(&s->foreach.keys, i)
			use_place(u, s->foreach.keys.at[i], USE_SET);
		if (s->foreach.value)
			use_place(u, s->foreach.value, USE_SET);
		uses_stmt(u, s->foreach.body);
		u->loops--;
		break;
	case STMT_DELETE:
		use_place(u, s->expr.expr, USE_CHANGE | USE_DELETE);
		break;
	case STMT_TRY:
		uses_stmt(u, s->try_.body);
		if (s->try_.caught)
			use_place(u, s->try_.caught, USE_SET);
		if (s->try_.handler)
			uses_stmt(u, s->try_.handler);
		break;
	case STMT_EMBEDDED:
		use_embedded(u, s->embedded.code, s->embedded.len);
		break;
	case STMT_RETURN:
	case STMT_NEXT:
	case STMT_BREAK:
	case STMT_CONTINUE:
		u->has_jump = true;
		ast_walk_stmt(&w, s);
		break;
	case STMT_NULL:
	case STMT_BLOCK:
	case STMT_IF:
	case STMT_LOCKED:
	case STMT_KINDS:
		ast_walk_stmt(&w, s);
		break;
	}
}

/* ---- purity ---- */

/* One question: each function is looked into once, however often it is called. */
struct purity {
	const struct decl *function; /* whose body this is; NULL: the expression that was asked about */
	const struct decl **seen;
	size_t n_seen, cap_seen;
	bool is_impure;
};

static void purity_body(struct purity *p, struct decl *f);

static void purity_var(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	struct purity *p = u->data;

	(void)e;
	if (!(use & USE_WRITE))
		return;
	/* A function's own locals are nobody else's business. */
	if (v->kind == VAR_GLOBAL || !p->function || v->owner != p->function)
		p->is_impure = true;
}

static void purity_call(struct uses *u, struct expr *call)
{
	struct purity *p = u->data;

	if (!call->call.callees.n)
		p->is_impure = true;
	VEC_EACH(&call->call.callees, i)
		purity_body(p, call->call.callees.at[i]);
}

static bool is_new(struct purity *p, const struct decl *f)
{
	for (size_t i = 0; i < p->n_seen; i++)
		if (p->seen[i] == f)
			return false;
	if (p->n_seen == p->cap_seen) {
		size_t cap = p->cap_seen ? p->cap_seen * 2 : 16;
		const struct decl **seen = realloc(p->seen, cap * sizeof(*seen));

		if (!seen) {
			p->is_impure = true; /* the safe answer */
			return false;
		}
		p->seen = seen;
		p->cap_seen = cap;
	}
	p->seen[p->n_seen++] = f;
	return true;
}

static void purity_body(struct purity *p, struct decl *f)
{
	struct uses u = { .on_var = purity_var, .on_call = purity_call, .data = p };
	const struct decl *caller = p->function;

	if (p->is_impure || !is_new(p, f))
		return;
	p->function = f;
	if (f->function.body)
		uses_stmt(&u, f->function.body);
	p->function = caller;
	p->is_impure |= u.prints || u.acts;
}

bool is_pure_function(struct decl *f)
{
	struct purity p = { .function = NULL };

	purity_body(&p, f);
	free(p.seen);
	return !p.is_impure;
}

bool is_pure_expr(struct expr *e)
{
	struct purity p = { .function = NULL };
	struct uses u = { .on_var = purity_var, .on_call = purity_call, .data = &p };

	uses_expr(&u, e);
	free(p.seen);
	return !p.is_impure && !u.prints && !u.acts;
}
