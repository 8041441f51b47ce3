/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Needs: resolved names.  Types are not needed: as in stap, what is pure and
 * unused goes before types are looked at, so that it can't be wrong.
 * Leaves: no assignment to a local that nobody reads, no statement without
 * effect, no empty probe (what stands behind a return or the like stays until
 * fold: its types count); only functions and globals that something uses.
 * Refuses: a script in which no probe is left.
 */
#include "translator/prune.h"

#include "translator/messages.h"
#include "translator/near.h"
#include "translator/passes.h"
#include "translator/session.h"
#include "translator/uses.h"

/* ---- which variables are read, which functions are reached ---- */

static void mark_var(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	(void)u;
	(void)e;
	if (use & (USE_READ | USE_OLD))
		v->is_read = true;
	if (use & USE_WRITE)
		v->is_written = true;
}

static void mark_function(struct decl *f, struct uses *u);

static void mark_call(struct uses *u, struct expr *call)
{
	VEC_EACH(&call->call.callees, i)
		mark_function(call->call.callees.at[i], u);
}

static void mark_function(struct decl *f, struct uses *u)
{
	if (f->function.is_used)
		return;
	f->function.is_used = true;
	if (f->function.body)
		uses_stmt(u, f->function.body);
}

static void clear_vars(var_vec *vars)
{
	VEC_EACH(vars, i)
		vars->at[i]->is_read = vars->at[i]->is_written = false;
}

static void mark_all(struct session *s)
{
	struct uses u = { .on_var = mark_var, .on_call = mark_call };

	VEC_EACH(&s->globals, i)
		s->globals.at[i]->is_read = s->globals.at[i]->is_written = false;
	VEC_EACH(&s->functions, i) {
		struct decl *f = s->functions.at[i];

		f->function.is_used = false;
		clear_vars(&f->function.locals);
		VEC_EACH(&f->function.params, k)
			if (f->function.params.at[k].var)
				f->function.params.at[k].var->is_read = false;
	}
	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		clear_vars(&p->locals);
	}
	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		uses_stmt(&u, p->body);
		if (p->condition)
			uses_expr(&u, p->condition);
	}
}

/* ---- taking away ---- */

struct pruner {
	struct session *s;
	struct ast_walker walker;
	bool is_typed;
	bool is_quiet; /* tapset code: nobody wants to hear of it */
	bool changed;
};

static bool is_null(const struct stmt *s)
{
	return !s || s->kind == STMT_NULL;
}

static struct stmt *prune_stmt(struct pruner *p, struct stmt *s);

static void expr_callback(struct ast_walker *w, struct expr **slot)
{
	struct pruner *p = w->data;
	struct expr *e = *slot;

	ast_walk_expr(w, e);
	if (e->kind != EXPR_ASSIGN || e->assign.op != OP_NONE ||
	    e->assign.target->kind != EXPR_SYMBOL)
		return;
	struct var *v = e->assign.target->symbol.var;

	if (!v || v->kind == VAR_GLOBAL || v->is_read || v->is_synthetic)
		return;
	if (!p->is_quiet)
		diag_warning(&p->s->diag, e->loc, W_ELIDED_ASSIGN, v->name);
	*slot = e->assign.value;
	p->changed = true;
}

static void stmt_callback(struct ast_walker *w, struct stmt **slot)
{
	if (*slot)
		*slot = prune_stmt(w->data, *slot);
}

static struct stmt *null_stmt(struct pruner *p, struct stmt *s)
{
	p->changed = true;
	return stmt_new(p->s->arena, STMT_NULL, s->loc);
}

static struct stmt *expr_stmt(struct pruner *p, struct stmt *s, struct expr *e)
{
	struct stmt *r = stmt_new(p->s->arena, STMT_EXPR, s->loc);

	r->expr.expr = e;
	p->changed = true;
	return r;
}

static struct stmt *prune_expr_stmt(struct pruner *p, struct stmt *s)
{
	if (!is_pure_expr(s->expr.expr))
		return s;
	if (!p->is_quiet)
		diag_warning(&p->s->diag, s->loc, W_ELIDED_EXPR);
	return null_stmt(p, s);
}

static bool is_jump(const struct stmt *s)
{
	return s->kind == STMT_RETURN || s->kind == STMT_NEXT || s->kind == STMT_BREAK ||
	       s->kind == STMT_CONTINUE;
}

/* Drops empty statements and, when they have been checked, those that a jump before them hides. */
static struct stmt *prune_block(struct pruner *p, struct stmt *s)
{
	stmt_vec *v = &s->block.body;
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (is_null(v->at[i]))
			continue;
		v->at[n++] = v->at[i];
		if (p->is_typed && is_jump(v->at[i]))
			break;
	}
	if (n != v->n)
		p->changed = true;
	v->n = n;
	if (n == 0)
		return null_stmt(p, s);
	return s;
}

static struct stmt *prune_if(struct pruner *p, struct stmt *s)
{
	if (is_null(s->if_.otherwise))
		s->if_.otherwise = NULL;
	if (!is_null(s->if_.then))
		return s;
	if (!s->if_.otherwise)
		return is_pure_expr(s->if_.cond) ? null_stmt(p, s) : expr_stmt(p, s, s->if_.cond);

	struct expr *not = expr_new(p->s->arena, EXPR_UNARY, s->if_.cond->loc);

	not->type = TY_LONG;
	not->unary.op = OP_NOT;
	not->unary.operand = s->if_.cond;
	s->if_.cond = not;
	s->if_.then = s->if_.otherwise;
	s->if_.otherwise = NULL;
	p->changed = true;
	return s;
}

static struct stmt *prune_loop(struct pruner *p, struct stmt *s)
{
	struct expr *parts[] = { s->loop.init, s->loop.cond, s->loop.step };

	if (!is_null(s->loop.body))
		return s;
	for (int i = 0; i < 3; i++)
		if (parts[i] && !is_pure_expr(parts[i]))
			return s;
	return null_stmt(p, s);
}

static struct stmt *prune_foreach(struct pruner *p, struct stmt *s)
{
	if (!is_null(s->foreach.body) || (s->foreach.limit && !is_pure_expr(s->foreach.limit)))
		return s;
	VEC_EACH(&s->foreach.keys, i)
		if (s->foreach.keys.at[i]->symbol.var->is_read)
			return s;
	if (s->foreach.value && s->foreach.value->symbol.var->is_read)
		return s;
	return null_stmt(p, s);
}

static struct stmt *prune_stmt(struct pruner *p, struct stmt *s)
{
	ast_walk_stmt(&p->walker, s);
	switch (s->kind) {
	case STMT_EXPR:
		return prune_expr_stmt(p, s);
	case STMT_BLOCK:
		return prune_block(p, s);
	case STMT_IF:
		return prune_if(p, s);
	case STMT_WHILE:
	case STMT_FOR:
		return prune_loop(p, s);
	case STMT_FOREACH:
		return prune_foreach(p, s);
	case STMT_TRY:
		return is_null(s->try_.body) ? null_stmt(p, s) : s;
	case STMT_NULL:
	case STMT_RETURN:
	case STMT_DELETE:
	case STMT_NEXT:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_EMBEDDED:
	case STMT_KINDS:
		return s;
	}
	return s;
}

/* ---- what is left ---- */

static void keep_used_functions(struct session *s)
{
	size_t n = 0;

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i]->function.is_used)
			s->functions.at[n++] = s->functions.at[i];
	s->functions.n = n;
}

void prune_functions(struct session *s)
{
	mark_all(s);
	keep_used_functions(s);
}

static void keep_used_globals(struct session *s)
{
	size_t n = 0;

	VEC_EACH(&s->globals, i) {
		struct var *v = s->globals.at[i];

		if (v->is_read || v->is_written || v->is_named_in_c || s->embedded.n)
			s->globals.at[n++] = v;
	}
	s->globals.n = n;
}

static bool keep_live_probes(struct session *s)
{
	size_t n = 0;
	bool changed = false;

	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		if (is_null(p->body)) {
			if (!p->is_tapset)
				diag_warning(&s->diag, p->loc, W_ELIDED_PROBE, p->name);
			changed = true;
			continue;
		}
		p->id = n;
		s->probes.at[n++] = p;
	}
	s->probes.n = n;
	return changed;
}

bool prune_once(struct session *s, bool is_typed)
{
	struct pruner p = { .s = s, .is_typed = is_typed };

	p.walker = (struct ast_walker){ .expr = expr_callback, .stmt = stmt_callback, .data = &p };
	mark_all(s);
	keep_used_functions(s);
	VEC_EACH(&s->functions, i) {
		struct decl *f = s->functions.at[i];

		p.is_quiet = f->is_tapset;
		if (is_null(f->function.body))
			continue;
		f->function.body = prune_stmt(&p, f->function.body);
		if (is_null(f->function.body) && !p.is_quiet)
			diag_warning(&s->diag, f->loc, W_ELIDED_FUNCTION, f->name);
	}
	VEC_EACH(&s->probes, i) {
		struct probe *probe = s->probes.at[i];

		p.is_quiet = probe->is_tapset;
		probe->body = prune_stmt(&p, probe->body);
	}
	return keep_live_probes(s) || p.changed;
}

static void drop_unread_locals(struct session *s)
{
	VEC_EACH(&s->probes, i) {
		var_vec *v = &s->probes.at[i]->locals;
		size_t n = 0;

		VEC_EACH(v, k)
			if (v->at[k]->is_read || v->at[k]->is_written)
				v->at[n++] = v->at[k];
		v->n = n;
	}
	VEC_EACH(&s->functions, i) {
		var_vec *v = &s->functions.at[i]->function.locals;
		size_t n = 0;

		VEC_EACH(v, k)
			if (v->at[k]->is_read || v->at[k]->is_written)
				v->at[n++] = v->at[k];
		v->n = n;
	}
}

/* What V could have meant: globals, other LOCALS (NULL: V is global). */
static const char *similar_variables(struct session *s, const struct var *v, const var_vec *locals)
{
	const char **names = ARENA_ARRAY(s->arena, s->globals.n + (locals ? locals->n : 0) + 1, const char *);
	size_t n = 0;

	VEC_EACH(&s->globals, i)
		if (s->globals.at[i] != v && !s->globals.at[i]->is_synthetic)
			names[n++] = s->globals.at[i]->name;
	for (size_t i = 0; locals && i < locals->n; i++)
		if (locals->at[i] != v && !locals->at[i]->is_synthetic)
			names[n++] = locals->at[i]->name;
	return near_similar(s->arena, "similar", v->name, names, n);
}

static void warn_never_assigned(struct session *s, const var_vec *locals)
{
	VEC_EACH(locals, i) {
		struct var *v = locals->at[i];

		if (v->is_read && !v->is_written && v->kind == VAR_LOCAL && !v->is_synthetic)
			diag_warning(&s->diag, v->loc, W_NEVER_ASSIGNED_LOCAL, v->name,
				     similar_variables(s, v, locals));
	}
}

static void warn_all_never_assigned(struct session *s)
{
	VEC_EACH(&s->globals, i) {
		struct var *v = s->globals.at[i];

		if (v->is_read && !v->is_written && !v->init && !v->is_synthetic &&
		    !sources_get(s->sources, v->loc.file)->is_tapset)
			diag_warning(&s->diag, v->loc, W_NEVER_ASSIGNED_GLOBAL, v->name,
				     similar_variables(s, v, NULL));
	}
	VEC_EACH(&s->probes, i)
		if (!s->probes.at[i]->is_tapset)
			warn_never_assigned(s, &s->probes.at[i]->locals);
	VEC_EACH(&s->functions, i)
		if (!s->functions.at[i]->is_tapset)
			warn_never_assigned(s, &s->functions.at[i]->function.locals);
}

bool pass_prune(struct session *s)
{
	mark_all(s);
	warn_all_never_assigned(s);
	if (s->opt.unoptimized) {
		keep_used_functions(s);
	} else {
		while (prune_once(s, false))
			;
		mark_all(s);
		drop_unread_locals(s);
	}
	keep_used_globals(s);
	if (!s->probes.n) {
		diag_error(&s->diag, (struct loc){ 0 }, E_NO_PROBES);
		return false;
	}
	return true;
}
