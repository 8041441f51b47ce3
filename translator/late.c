/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass late: what SystemTap finds out when it translates, of what is left then.
 *
 * Needs:   the final tree.
 * Leaves:  it as it is.
 * Refuses: break and continue outside of loops, ++ and -- of what is no variable, statistics
 *          printed as if they had a value, more arguments of a print than it can take, embedded C
 *          as a string that doesn't say that it is one, @perf of no counter, or in the wrong place.
 */
#include "translator/messages.h"
#include "translator/passes.h"
#include "translator/session.h"
#include "translator/uses.h"

enum { MAX_PRINT_ARGS = 32 };

struct late {
	struct session *s;
	unsigned loops; /* around the statement */
};

static void check_print(struct late *l, const struct expr *e)
{
	const expr_vec *args = &e->print.args;

	if (args->n > MAX_PRINT_ARGS)
		diag_error(&l->s->diag, e->loc, E_PRINT_MANY, args->n, MAX_PRINT_ARGS);
	VEC_EACH(args, i)
		if (args->at[i]->type == TY_STAT)
			diag_error(&l->s->diag, args->at[i]->loc, E_STAT_VALUE);
}

static void expr_callback(struct ast_walker *w, struct expr **slot)
{
	struct late *l = w->data;
	struct expr *e = *slot;

	ast_walk_expr(w, e);
	if (e->kind == EXPR_PRINT)
		check_print(l, e);
	else if (e->kind == EXPR_INCDEC && !is_place(e->incdec.operand))
		diag_error(&l->s->diag, e->loc, E_NOT_LVALUE,
			   e->incdec.op == OP_INC ? "increment" : "decrement");
	else if (e->kind == EXPR_EMBEDDED && e->type == TY_STRING &&
		 !embedded_has_pragma(e->embedded.code, e->embedded.len, "string"))
		diag_error(&l->s->diag, e->loc, E_EMBEDDED_NUMBER);
	else if (e->kind == EXPR_ERROR)
		diag_report(&l->s->diag, &e->error.kept);
}

static void stmt_callback(struct ast_walker *w, struct stmt **slot)
{
	struct late *l = w->data;
	struct stmt *s = *slot;
	bool is_loop = s->kind == STMT_WHILE || s->kind == STMT_FOR || s->kind == STMT_FOREACH;

	if ((s->kind == STMT_BREAK || s->kind == STMT_CONTINUE) && !l->loops)
		diag_error(&l->s->diag, s->loc, E_OUTSIDE_LOOP, s->kind == STMT_BREAK ? "break" : "continue");
	l->loops += is_loop;
	ast_walk_stmt(w, s);
	l->loops -= is_loop;
}

bool pass_late(struct session *s)
{
	struct late l = { .s = s };
	struct ast_walker w = { .expr = expr_callback, .stmt = stmt_callback, .data = &l };
	unsigned errors = s->diag.n_errors;

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i]->function.body)
			stmt_callback(&w, &s->functions.at[i]->function.body);
	VEC_EACH(&s->probes, i)
		stmt_callback(&w, &s->probes.at[i]->body);
	return s->diag.n_errors == errors;
}
