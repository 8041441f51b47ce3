/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Needs: resolved names.  Types are not needed: as in stap, what is pure and
 * unused goes before types are looked at, so that it can't be wrong.
 * Leaves: no assignment to a local that nobody reads, no statement without
 * effect, no empty probe (what stands behind a return or the like stays until
 * fold: its types count); only functions and globals that something uses.
 * Refuses: a script in which no probe is left.
 *
 * A round takes away first what nobody mentions, then what is useless.  Another follows, as in
 * stap, only where an assignment or an expression went: what just went with an empty loop or
 * condition is still a variable, and wants a type.  Once types are known rounds go on while
 * anything goes.
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
	if (use & (USE_READ | USE_OLD) || (use & USE_DELETE && v->kind == VAR_LOCAL))
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
	bool is_checked;
	bool is_quiet; /* tapset code: nobody wants to hear of it */
	bool changed;  /* there is reason for another round */
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
	p->changed |= p->is_checked;
	return stmt_new(p->s->arena, STMT_NULL, s->loc);
}

static struct stmt *expr_stmt(struct pruner *p, struct stmt *s, struct expr *e)
{
	struct stmt *r = stmt_new(p->s->arena, STMT_EXPR, s->loc);

	r->expr.expr = e;
	p->changed |= p->is_checked;
	return r;
}

static struct stmt *prune_expr_stmt(struct pruner *p, struct stmt *s)
{
	if (!is_pure_expr(s->expr.expr))
		return s;
	if (!p->is_quiet)
		diag_warning(&p->s->diag, s->loc, W_ELIDED_EXPR);
	p->changed = true;
	return null_stmt(p, s);
}

/* Null statements go, blocks become part of the one around them. */
static struct stmt *prune_block(struct pruner *p, struct stmt *s)
{
	stmt_vec kept = { 0 };

	VEC_EACH(&s->block.body, i) {
		struct stmt *inner = s->block.body.at[i];

		if (is_null(inner))
			continue;
		if (inner->kind != STMT_BLOCK) {
			VEC_PUSH(p->s->arena, &kept, inner);
			continue;
		}
		p->changed |= inner->block.body.n > 1;
		VEC_EACH(&inner->block.body, k)
			VEC_PUSH(p->s->arena, &kept, inner->block.body.at[k]);
	}
	p->changed |= p->is_checked && kept.n != s->block.body.n;
	s->block.body = kept;
	return kept.n ? s : null_stmt(p, s);
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
	p->changed |= p->is_checked;
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
		return is_null(s->foreach.body) ? null_stmt(p, s) : s;
	case STMT_TRY:
		return is_null(s->try_.body) ? null_stmt(p, s) : s;
	case STMT_NULL:
	case STMT_RETURN:
	case STMT_DELETE:
	case STMT_NEXT:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_EMBEDDED:
	case STMT_LOCKED:
	case STMT_KINDS:
		return s;
	}
	return s;
}

/* ---- behind jumps ---- */

/* Does S never go on to the next statement? */
static bool is_end(const struct stmt *s)
{
	if (s->kind == STMT_BLOCK)
		return s->block.body.n && is_end(VEC_LAST(&s->block.body));
	return s->kind == STMT_RETURN || s->kind == STMT_NEXT || s->kind == STMT_BREAK ||
	       s->kind == STMT_CONTINUE;
}

static void hidden_callback(struct ast_walker *w, struct stmt **slot)
{
	bool *is_found = w->data;
	struct stmt *s = *slot;

	ast_walk_stmt(w, s);
	if (s->kind != STMT_BLOCK)
		return;
	VEC_EACH(&s->block.body, i) {
		if (i + 1 < s->block.body.n && is_end(s->block.body.at[i])) {
			s->block.body.n = i + 1;
			*is_found = true;
		}
	}
}

bool prune_hidden(struct session *s)
{
	bool is_found = false;
	struct ast_walker w = { .stmt = hidden_callback, .data = &is_found };

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i]->function.body)
			hidden_callback(&w, &s->functions.at[i]->function.body);
	VEC_EACH(&s->probes, i)
		hidden_callback(&w, &s->probes.at[i]->body);
	return is_found;
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

static void keep_live_probes(struct session *s)
{
	size_t n = 0;

	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		if (is_null(p->body)) {
			if (!p->is_tapset)
				diag_warning(&s->diag, p->loc, W_ELIDED_PROBE, p->name);
			continue;
		}
		p->id = n;
		s->probes.at[n++] = p;
	}
	s->probes.n = n;
}

static void keep_used_locals(var_vec *v)
{
	size_t n = 0;

	VEC_EACH(v, i)
		if (v->at[i]->is_read || v->at[i]->is_written)
			v->at[n++] = v->at[i];
	v->n = n;
}

static void keep_used(struct session *s)
{
	keep_used_functions(s);
	keep_used_globals(s);
	VEC_EACH(&s->probes, i)
		keep_used_locals(&s->probes.at[i]->locals);
	VEC_EACH(&s->functions, i)
		keep_used_locals(&s->functions.at[i]->function.locals);
}

void prune_unused(struct session *s)
{
	mark_all(s);
	keep_used(s);
}

bool prune_once(struct session *s, bool is_checked)
{
	struct pruner p = { .s = s, .is_checked = is_checked };

	p.walker = (struct ast_walker){ .expr = expr_callback, .stmt = stmt_callback, .data = &p };
	mark_all(s);
	keep_used(s);
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
	keep_live_probes(s);
	return p.changed;
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

/* The condition of a probe is a statement before its body, for stap: a block in a block. */
static bool has_conditional_block(const struct session *s)
{
	VEC_EACH(&s->probes, i) {
		const struct probe *p = s->probes.at[i];

		if (p->condition && p->body->kind == STMT_BLOCK && p->body->block.body.n > 1)
			return true;
	}
	return false;
}

bool pass_prune(struct session *s)
{
	mark_all(s);
	warn_all_never_assigned(s);
	if (s->opt.unoptimized) {
		keep_used_functions(s);
		keep_used_globals(s);
	} else {
		bool again = has_conditional_block(s);

		while (prune_once(s, false) || again)
			again = false;
	}
	if (!s->probes.n) {
		diag_error(&s->diag, (struct loc){ 0 }, E_NO_PROBES);
		return false;
	}
	return true;
}
