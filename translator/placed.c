/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/placed.h"

#include "translator/lookup.h"

/* What is called in a circle can't be told from its members alone: NO is noted only where none of
 * those called is still being asked about. */
enum placed { PLACED_UNKNOWN, PLACED_ASKED, PLACED_NO, PLACED_YES };

struct search {
	struct session *s;
	bool found;
	bool is_open;
};

static void look_at_call(struct search *k, const struct expr *e)
{
	decl_vec callees = { 0 };

	lookup_candidates(k->s, e->call.name, e->loc, e->call.args.n, &callees);
	VEC_EACH(&callees, i) {
		k->found |= placed_is(k->s, callees.at[i]);
		k->is_open |= callees.at[i]->function.placed < PLACED_NO;
	}
}

static void look_at_expr(struct ast_walker *w, struct expr **slot)
{
	struct search *k = w->data;
	const struct expr *e = *slot;

	if (!e || k->found)
		return;
	if (e->kind == EXPR_TARGET || (e->kind == EXPR_CAST && e->cast.type_name && !e->cast.module))
		k->found = true;
	else if (e->kind == EXPR_CALL)
		look_at_call(k, e);
	ast_walk_expr(w, *slot);
}

static void look_at_stmt(struct ast_walker *w, struct stmt **slot)
{
	if (*slot)
		ast_walk_stmt(w, *slot);
}

bool placed_is(struct session *s, struct decl *function)
{
	struct search k = { .s = s };
	struct ast_walker w = { .expr = look_at_expr, .stmt = look_at_stmt, .data = &k };

	if (function->function.placed == PLACED_UNKNOWN) {
		function->function.placed = PLACED_ASKED;
		look_at_stmt(&w, &function->function.body);
		function->function.placed = k.found ? PLACED_YES : k.is_open ? PLACED_UNKNOWN : PLACED_NO;
	}
	return function->function.placed == PLACED_YES;
}

struct decl *placed_copy(struct session *s, struct decl *function, struct probe *p)
{
	struct param *params = function->function.params.at;
	struct decl *copy;

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i]->function.original == function &&
		    s->functions.at[i]->function.probe == p)
			return s->functions.at[i];
	copy = arena_memdup(s->arena, function, sizeof(*copy));
	copy->function.original = function;
	copy->function.probe = p;
	copy->function.body = stmt_copy(s->arena, function->function.body);
	if (copy->function.params.n)
		copy->function.params.at = arena_memdup(s->arena, params,
							copy->function.params.n * sizeof(*params));
	return copy;
}
