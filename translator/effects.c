/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass effects: what each probe and function does to the globals.
 *
 * Needs    the final tree: names resolved, dead code gone.
 * Leaves   effects of every function (with all that it calls) and probe; ids of
 *          globals, functions; is_read and is_written of variables; is_recursive; end
 *          probes that print the globals which nobody reads.
 * Refuses  nothing.
 *
 * A function's effects are those of its own body joined with its callees',
 * repeated until nothing grows: the call graph may have cycles.
 */
#include "translator/effects.h"

#include <string.h>

#include "base/log.h"
#include "translator/passes.h"
#include "translator/session.h"
#include "translator/unread.h"

/* One body on the way. */
struct scan {
	struct ast_walker walker; /* first: the callbacks get it back */
	struct session *session;
	struct effects *effects;
	unsigned loops;      /* depth */
	bool is_unused;      /* the next expression's value is thrown away */
};

static void touch(struct scan *w, struct var *v, unsigned touches)
{
	struct global_use *use;

	if (touches & TOUCH_READ)
		v->is_read = true;
	if (touches & TOUCH_WRITE)
		v->is_written = true;
	if (v->kind != VAR_GLOBAL)
		return;
	use = &w->effects->uses[v->id];
	if (use->touches || w->loops)
		use->is_repeated = true;
	use->touches |= touches;
}

static void scan_expr(struct scan *w, struct expr *e)
{
	if (e)
		w->walker.expr(&w->walker, &e);
}

/* A place that is written; its keys are read. */
static void scan_target(struct scan *w, struct expr *e, unsigned touches)
{
	switch (e->kind) {
	case EXPR_SYMBOL:
		touch(w, e->symbol.var, touches);
		break;
	case EXPR_INDEX:
		VEC_EACH(&e->index.keys, i)
			scan_expr(w, e->index.keys.at[i]);
		touch(w, e->index.var, (touches & ~TOUCH_WRITE) | TOUCH_CHANGE);
		break;
	default:
		ast_walk_expr(&w->walker, e);
		break;
	}
}

static unsigned touch_of_op(const struct expr *target, enum op op)
{
	bool is_long = target->kind == EXPR_SYMBOL && target->symbol.var->type == TY_LONG;

	if (op == OP_STAT)
		return TOUCH_ADD;
	if (op == OP_NONE)
		return TOUCH_SET;
	if (is_long && (op == OP_ADD || op == OP_SUB || op == OP_INC || op == OP_DEC))
		return TOUCH_ADD;
	return TOUCH_CHANGE;
}

/* "pragma:read:NAME" in embedded C. */
static bool has_pragma(const char *code, uint32_t len, const char *what, const char *name)
{
	size_t n_what = strlen(what), n_name = strlen(name);

	for (size_t i = 0; i + n_what + n_name <= len; i++)
		if (!memcmp(code + i, what, n_what) && !memcmp(code + i + n_what, name, n_name) &&
		    (i + n_what + n_name == len || code[i + n_what + n_name] <= ' ' ||
		     code[i + n_what + n_name] == '*'))
			return true;
	return false;
}

static void scan_embedded(struct scan *w, const char *code, uint32_t len)
{
	w->effects->calls_embedded = true;
	VEC_EACH(&w->session->globals, i) {
		struct var *v = w->session->globals.at[i];

		if (has_pragma(code, len, "pragma:read:", v->name))
			touch(w, v, TOUCH_READ);
		if (has_pragma(code, len, "pragma:write:", v->name))
			touch(w, v, TOUCH_CHANGE);
	}
}

static void on_expr(struct ast_walker *walker, struct expr **slot)
{
	struct scan *w = (struct scan *)walker;
	struct expr *e = *slot;
	unsigned value = w->is_unused ? 0 : TOUCH_READ | TOUCH_RESULT;

	w->is_unused = false;
	switch (e->kind) {
	case EXPR_SYMBOL:
		touch(w, e->symbol.var, TOUCH_READ);
		break;
	case EXPR_INDEX:
		ast_walk_expr(walker, e);
		if (e->index.var)
			touch(w, e->index.var, TOUCH_READ);
		break;
	case EXPR_ASSIGN:
		/* a plain assignment's value is the right side: nothing is read back */
		if (e->assign.op == OP_NONE || e->assign.op == OP_STAT)
			value = 0;
		if (e->assign.target->kind == EXPR_INDEX) {
			scan_target(w, e->assign.target,
				    value | touch_of_op(e->assign.target, e->assign.op));
			scan_expr(w, e->assign.value);
		} else {
			scan_expr(w, e->assign.value);
			scan_target(w, e->assign.target,
				    value | touch_of_op(e->assign.target, e->assign.op));
		}
		break;
	case EXPR_INCDEC:
		scan_target(w, e->incdec.operand,
			    value | touch_of_op(e->incdec.operand, e->incdec.op));
		break;
	case EXPR_CALL:
		ast_walk_expr(walker, e);
		VEC_EACH(&e->call.callees, i) {
			VEC_PUSH(w->session->arena, &w->effects->callees, e->call.callees.at[i]);
			/* in a loop: counts as two calls */
			if (w->loops)
				VEC_PUSH(w->session->arena, &w->effects->callees, e->call.callees.at[i]);
		}
		break;
	case EXPR_EMBEDDED:
		scan_embedded(w, e->embedded.code, e->embedded.len);
		break;
	default:
		ast_walk_expr(walker, e);
		break;
	}
}

static void on_stmt(struct ast_walker *walker, struct stmt **slot)
{
	struct scan *w = (struct scan *)walker;
	struct stmt *s = *slot;

	switch (s->kind) {
	case STMT_EXPR:
		w->is_unused = true;
		scan_expr(w, s->expr.expr);
		w->is_unused = false;
		break;
	case STMT_DELETE:
		scan_target(w, s->expr.expr, TOUCH_CHANGE);
		break;
	case STMT_FOR:
		w->is_unused = true;
		scan_expr(w, s->loop.init);
		w->loops++;
		w->is_unused = false;
		scan_expr(w, s->loop.cond);
		on_stmt(walker, &s->loop.body);
		w->is_unused = true;
		scan_expr(w, s->loop.step);
		w->is_unused = false;
		w->loops--;
		break;
	case STMT_WHILE:
		w->loops++;
		ast_walk_stmt(walker, s);
		w->loops--;
		break;
	case STMT_FOREACH:
		VEC_EACH(&s->foreach.slice, i)
			scan_expr(w, s->foreach.slice.at[i]);
		scan_expr(w, s->foreach.limit);
		w->loops++;
		scan_expr(w, s->foreach.array);
		if (s->foreach.sort != SORT_NONE && s->foreach.array->kind == EXPR_SYMBOL)
			touch(w, s->foreach.array->symbol.var, TOUCH_SORT);
		VEC_EACH(&s->foreach.keys, i)
			scan_target(w, s->foreach.keys.at[i], TOUCH_SET);
		if (s->foreach.value)
			scan_target(w, s->foreach.value, TOUCH_SET);
		on_stmt(walker, &s->foreach.body);
		w->loops--;
		break;
	case STMT_TRY:
		on_stmt(walker, &s->try_.body);
		if (s->try_.caught)
			scan_target(w, s->try_.caught, TOUCH_SET);
		if (s->try_.handler)
			on_stmt(walker, &s->try_.handler);
		break;
	case STMT_EMBEDDED:
		scan_embedded(w, s->embedded.code, s->embedded.len);
		break;
	default:
		ast_walk_stmt(walker, s);
		break;
	}
}

static void scan_init(struct scan *w, struct session *s)
{
	memset(w, 0, sizeof(*w));
	w->walker.expr = on_expr;
	w->walker.stmt = on_stmt;
	w->session = s;
	w->effects = ARENA_NEW(s->arena, struct effects);
	w->effects->n = s->globals.n;
	w->effects->uses = ARENA_ARRAY(s->arena, s->globals.n + 1, struct global_use);
}

/* What a call adds to the caller's effects; true when something grew. */
static bool join(struct effects *into, const struct effects *callee)
{
	bool grew = false;

	for (size_t i = 0; i < into->n; i++) {
		struct global_use *to = &into->uses[i];
		const struct global_use *from = &callee->uses[i];
		struct global_use old = *to;

		if (!from->touches)
			continue;
		to->is_repeated |= from->is_repeated;
		to->touches |= from->touches;
		grew |= to->touches != old.touches || to->is_repeated != old.is_repeated;
	}
	if (callee->calls_embedded && !into->calls_embedded) {
		into->calls_embedded = true;
		grew = true;
	}
	return grew;
}

/*
 * A global that is touched both by a body and by its callees, or by two calls, is
 * touched repeatedly.  Counted once, after the callees' sets are complete.
 */
static void mark_repeated(struct effects *e, const struct effects *own, const decl_vec *callees)
{
	for (size_t i = 0; i < e->n; i++) {
		unsigned n = own->uses[i].touches != 0;

		VEC_EACH(callees, k)
			n += callees->at[k]->function.effects->uses[i].touches != 0;
		if (n > 1)
			e->uses[i].is_repeated = true;
	}
}

struct node {
	struct decl *decl; /* NULL: a probe */
	struct effects *effects;
	struct effects own;
	bool is_seen; /* by reaches() */
};

static bool reaches(struct node *nodes, unsigned from, const struct decl *target)
{
	if (nodes[from].is_seen)
		return false;
	nodes[from].is_seen = true;
	VEC_EACH(&nodes[from].effects->callees, i) {
		const struct decl *callee = nodes[from].effects->callees.at[i];

		if (callee == target || reaches(nodes, callee->function.id, target))
			return true;
	}
	return false;
}

static void finish_scan(struct scan *w, struct node *node)
{
	node->effects = w->effects;
	node->own = *w->effects;
	node->own.uses = arena_memdup(w->session->arena, w->effects->uses,
				      (w->effects->n + 1) * sizeof(*w->effects->uses));
}

static void scan_probe(struct session *s, struct probe *p, struct node *node)
{
	struct scan w;

	scan_init(&w, s);
	scan_expr(&w, p->condition);
	on_stmt(&w.walker, &p->body);
	p->effects = w.effects;
	finish_scan(&w, node);
}

/* Prune asked a similar question of an earlier tree. */
static void forget(const var_vec *vars)
{
	VEC_EACH(vars, i)
		vars->at[i]->is_read = vars->at[i]->is_written = false;
}

bool pass_effects(struct session *s)
{
	size_t n_functions = s->functions.n, n_probes = s->probes.n;
	struct node *nodes;
	bool grew;

	VEC_EACH(&s->globals, i) {
		s->globals.at[i]->id = i;
		s->globals.at[i]->is_read = s->globals.at[i]->is_written = false;
	}
	VEC_EACH(&s->functions, i) {
		struct decl *d = s->functions.at[i];

		d->function.id = i;
		forget(&d->function.locals);
		VEC_EACH(&d->function.params, k)
			if (d->function.params.at[k].var)
				d->function.params.at[k].var->is_written = false;
	}

	nodes = ARENA_ARRAY(s->arena, n_functions + n_probes + s->globals.n + 1, struct node);
	VEC_EACH(&s->functions, i) {
		struct decl *d = s->functions.at[i];
		struct scan w;

		scan_init(&w, s);
		on_stmt(&w.walker, &d->function.body);
		d->function.effects = w.effects;
		nodes[i].decl = d;
		finish_scan(&w, &nodes[i]);
	}
	for (size_t i = 0; i < n_probes; i++)
		scan_probe(s, s->probes.at[i], &nodes[n_functions + i]);
	VEC_EACH(&s->globals, i) {
		struct var *v = s->globals.at[i];

		if (v->is_written && !v->is_read && !v->is_synthetic && !(v->owner && v->owner->is_tapset)) {
			struct probe *p = unread_add_probe(s, v);

			scan_probe(s, p, &nodes[n_functions + p->id]);
		}
	}

	do {
		grew = false;
		for (size_t i = 0; i < n_functions + s->probes.n; i++)
			VEC_EACH(&nodes[i].effects->callees, k)
				grew |= join(nodes[i].effects,
					     nodes[i].effects->callees.at[k]->function.effects);
	} while (grew);

	for (unsigned i = 0; i < n_functions; i++) {
		for (size_t k = 0; k < n_functions; k++)
			nodes[k].is_seen = false;
		nodes[i].decl->function.is_recursive = reaches(nodes, i, nodes[i].decl);
	}
	/* functions first: their marks are joined into the callers' by a second round */
	for (size_t i = 0; i < n_functions + s->probes.n; i++)
		mark_repeated(nodes[i].effects, &nodes[i].own, &nodes[i].effects->callees);
	do {
		grew = false;
		for (size_t i = 0; i < n_functions + s->probes.n; i++)
			VEC_EACH(&nodes[i].effects->callees, k)
				grew |= join(nodes[i].effects,
					     nodes[i].effects->callees.at[k]->function.effects);
	} while (grew);
	return true;
}

/* ---- questions of one expression ---- */

struct question {
	struct ast_walker walker;
	const struct var *var;
	unsigned touches;
	bool answer;
};

static void ask_expr(struct ast_walker *walker, struct expr **slot)
{
	struct question *q = (struct question *)walker;
	const struct expr *e = *slot;
	const struct expr *target = NULL;

	switch (e->kind) {
	case EXPR_SYMBOL:
		if (e->symbol.var == q->var && q->touches & TOUCH_READ)
			q->answer = true;
		break;
	case EXPR_INDEX:
		if (e->index.var == q->var && q->touches & TOUCH_READ)
			q->answer = true;
		break;
	case EXPR_ASSIGN:
		target = e->assign.target;
		break;
	case EXPR_INCDEC:
		target = e->incdec.operand;
		break;
	case EXPR_EMBEDDED:
		if ((q->touches & TOUCH_READ && has_pragma(e->embedded.code, e->embedded.len,
							   "pragma:read:", q->var->name)) ||
		    (q->touches & TOUCH_WRITE && has_pragma(e->embedded.code, e->embedded.len,
							    "pragma:write:", q->var->name)))
			q->answer = q->var->kind == VAR_GLOBAL || q->answer;
		break;
	case EXPR_CALL:
		VEC_EACH(&e->call.callees, i) {
			const struct effects *f = e->call.callees.at[i]->function.effects;

			if (q->var->kind == VAR_GLOBAL && f->uses[q->var->id].touches & q->touches)
				q->answer = true;
		}
		break;
	default:
		break;
	}
	if (target && q->touches & TOUCH_WRITE) {
		if (target->kind == EXPR_SYMBOL && target->symbol.var == q->var)
			q->answer = true;
		if (target->kind == EXPR_INDEX && target->index.var == q->var)
			q->answer = true;
	}
	ast_walk_expr(walker, *slot);
}

static bool ask(const struct expr *e, const struct var *v, unsigned touches)
{
	struct question q = { .walker = { .expr = ask_expr }, .var = v, .touches = touches };
	struct expr *root = (struct expr *)e;

	if (e)
		ask_expr(&q.walker, &root);
	return q.answer;
}

bool effects_writes(const struct expr *e, const struct var *v)
{
	return ask(e, v, TOUCH_WRITE);
}

bool effects_reads(const struct expr *e, const struct var *v)
{
	return ask(e, v, TOUCH_READ);
}
