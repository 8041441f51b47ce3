/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * p->member where p is no $variable: the type is that of what was assigned to p, through
 * variables, functions' results and both sides of "?:".  Not through parameters and arrays, of
 * which each use may be of another type; and not if there are several.
 *
 * Such an expression stays a CAST without a type until all bodies have been walked, then
 * assignments are looked at until nothing more becomes known.
 */
#include "translator/resolve_int.h"

#include "translator/access.h"
#include "translator/dwarf/dw.h"
#include "translator/point_messages.h"

/* ---- waiting ---- */

void autocast_defer(struct resolver *r, struct expr **slot)
{
	struct session *s = r->s;
	struct autocast wait = { .r = r, .slot = slot, .at_entry = r->at_entry };

	wait.operand = expr_copy(s->arena, (*slot)->cast.operand);
	resolve_expr(r, &wait.operand);
	VEC_PUSH(s->arena, &s->autocasts, wait);
}

void autocast_written(struct resolver *r)
{
	VEC_LAST(&r->s->autocasts).is_written = true;
}

/* ---- types of values ---- */

static const struct dw_type *known(const struct target_type *t)
{
	return t->is_clash ? NULL : t->type;
}

/* True: that is news. */
static bool unify(struct target_type *t, const struct dw_type *type)
{
	if (!type || t->is_clash || (t->type && dw_type_is_same(t->type, type)))
		return false;
	t->is_clash = t->type != NULL;
	t->type = type;
	return true;
}

static const struct dw_type *type_of(const struct expr *e)
{
	struct target_type both = { NULL, false };

	switch (e->kind) {
	case EXPR_ACCESS:
		return e->access.path->type;
	case EXPR_SYMBOL:
		return e->symbol.var ? known(&e->symbol.var->target_type) : NULL;
	case EXPR_ENTRY:
		return type_of(e->entry.operand);
	case EXPR_ASSIGN:
		return e->assign.op == OP_NONE ? type_of(e->assign.value) : NULL;
	case EXPR_TERNARY:
		unify(&both, type_of(e->ternary.then));
		unify(&both, type_of(e->ternary.otherwise));
		return known(&both);
	case EXPR_CALL:
		VEC_EACH(&e->call.callees, i)
			unify(&both, known(&e->call.callees.at[i]->function.target_type));
		return known(&both);
	default:
		return NULL;
	}
}

/* ---- assignments ---- */

struct look {
	struct decl *function; /* whose body it is, or NULL */
	bool is_news;
};

static void look_at_expr(struct ast_walker *w, struct expr **slot)
{
	struct look *k = w->data;
	const struct expr *e = *slot;

	if (!e)
		return;
	if (e->kind == EXPR_ASSIGN && e->assign.op == OP_NONE &&
	    e->assign.target->kind == EXPR_SYMBOL && e->assign.target->symbol.var)
		k->is_news |= unify(&e->assign.target->symbol.var->target_type,
				    type_of(e->assign.value));
	ast_walk_expr(w, *slot);
}

static void look_at_stmt(struct ast_walker *w, struct stmt **slot)
{
	struct look *k = w->data;
	const struct stmt *st = *slot;

	if (!st)
		return;
	if (st->kind == STMT_RETURN && st->expr.expr && k->function)
		k->is_news |= unify(&k->function->function.target_type, type_of(st->expr.expr));
	ast_walk_stmt(w, *slot);
}

static void spread(struct session *s)
{
	struct look k = { .is_news = true };
	struct ast_walker w = { .expr = look_at_expr, .stmt = look_at_stmt, .data = &k };

	while (k.is_news) {
		k.is_news = false;
		k.function = NULL;
		VEC_EACH(&s->probes, i)
			look_at_stmt(&w, &s->probes.at[i]->body);
		VEC_EACH(&s->functions, i) {
			k.function = s->functions.at[i];
			look_at_stmt(&w, &k.function->function.body);
		}
	}
}

bool autocast_resolve(struct session *s)
{
	size_t n = s->autocasts.n, left = 0;
	bool any = false;

	if (!n)
		return false;
	spread(s);
	/* those that come in meanwhile are behind the N */
	for (size_t i = 0; i < n; i++) {
		struct autocast wait = s->autocasts.at[i];
		const struct dw_type *type = type_of(wait.operand);

		if (!type) {
			s->autocasts.at[left++] = wait;
			continue;
		}
		any = true;
		wait.r->at_entry = wait.at_entry;
		resolve_autocast(wait.r, wait.slot, type);
		wait.r->at_entry = false;
		if (wait.is_written && (*wait.slot)->kind == EXPR_ACCESS &&
		    !(*wait.slot)->access.path->store_size)
			diag_error(&s->diag, (*wait.slot)->loc, E_TARGET_ASSIGN,
				   (*wait.slot)->access.path->text);
	}
	for (size_t i = n; i < s->autocasts.n; i++)
		s->autocasts.at[left++] = s->autocasts.at[i];
	s->autocasts.n = left;
	return any;
}

void autocast_report(struct session *s)
{
	VEC_EACH(&s->autocasts, i) {
		const struct autocast *wait = &s->autocasts.at[i];
		struct diag_mark mark = diag_mark(&s->diag);
		struct expr *e = *wait->slot;

		if (wait->operand->kind == EXPR_ERROR) {
			*e = *wait->operand; /* what is wrong is wrong there */
			continue;
		}
		diag_error(&s->diag, e->loc, E_UNTYPED_MEMBER);
		resolve_fails_later(wait->r, e, mark);
	}
}
