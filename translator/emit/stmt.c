/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements.  A body is left by "goto out"; a failure goes to the label of the
 * innermost catch.  Labels are printed only where something goes to them.
 */
#include <string.h>

#include "base/log.h"
#include "translator/emit/emit_int.h"

void emit_block(struct emit *e, const char *head, const struct stmt *s)
{
	out_open(&e->o, "%s", head);
	emit_stmt(e, s);
	out_close(&e->o, "");
}

static bool is_empty(const struct stmt *s)
{
	return !s || (s->kind == STMT_BLOCK && !s->block.body.n);
}

static void emit_if(struct emit *e, const struct stmt *s)
{
	const char *cond = expr_cond(e, s->if_.cond);

	if (is_empty(s->if_.then) && is_empty(s->if_.otherwise))
		return;
	if (is_empty(s->if_.then)) {
		emit_block(e, arena_printf(e->a, "if (!%s)", cond), s->if_.otherwise);
		return;
	}
	out_open(&e->o, *cond == '(' ? "if %s" : "if (%s)", cond);
	emit_stmt(e, s->if_.then);
	if (!is_empty(s->if_.otherwise)) {
		out_else(&e->o);
		emit_stmt(e, s->if_.otherwise);
	}
	out_close(&e->o, "");
}

void emit_spend(struct emit *e, unsigned cost, struct loc loc)
{
	if (!cost || e->s->opt.time_limits_off)
		return;
	emit_at(e, name_token(e, loc), loc);
	emit_fail_if(e, arena_printf(e->a, "rt_spend(c, %u)", cost));
}

static void emit_loop(struct emit *e, const struct stmt *s)
{
	const char *outer = e->next_round, *label = NULL;
	unsigned outer_uses = e->next_round_uses;
	bool is_tested = s->loop.cond && !(s->loop.cond->kind == EXPR_NUMBER &&
					   s->loop.cond->number.value != 0);

	if (s->loop.after)
		label = arena_printf(e->a, "next_%u", e->n_labels++);
	e->next_round = label;
	e->next_round_uses = 0;
	if (is_tested && !s->loop.before) {
		const char *cond = expr_cond(e, s->loop.cond);

		out_open(&e->o, *cond == '(' ? "while %s" : "while (%s)", cond);
	} else {
		out_open(&e->o, "for (;;)");
	}
	if (s->loop.before)
		emit_stmt(e, s->loop.before);
	if (is_tested && s->loop.before) {
		out(&e->o, "if (!%s)", expr_cond(e, s->loop.cond));
		out(&e->o, "\tbreak;");
	}
	emit_spend(e, s->loop.cost, s->loop.spend_loc);
	emit_stmt(e, s->loop.body);
	if (e->next_round_uses)
		out_label(&e->o, "%s:", label);
	if (s->loop.after)
		emit_stmt(e, s->loop.after);
	out_close(&e->o, "");
	e->next_round = outer;
	e->next_round_uses = outer_uses;
}

static void emit_foreach_stmt(struct emit *e, const struct stmt *s)
{
	const char *outer = e->next_round;

	e->next_round = NULL;
	if (s->foreach.array->kind == EXPR_HIST)
		emit_hist_foreach(e, s);
	else
		emit_foreach(e, s);
	e->next_round = outer;
}

static void leave(struct emit *e)
{
	out(&e->o, "goto %s;", e->out);
	e->out_uses++;
}

static void emit_return(struct emit *e, const struct stmt *s)
{
	const struct expr *x = s->expr.expr;

	if (x && e->function->function.return_type == TY_STRING)
		emit_string(e, "result", x);
	else if (x)
		out(&e->o, "result = %s;", emit_long(e, x));
	leave(e);
}

/*
 *	...body, failing to catch_N...
 *	if (0) {
 * catch_N:
 *		if (!rt_catch(...))
 *			goto outer;
 *		...handler...
 *	}
 */
static void emit_try(struct emit *e, const struct stmt *s)
{
	const struct expr *caught = s->try_.caught;
	const char *outer = e->fail, *label = arena_printf(e->a, "catch_%u", e->n_labels++);
	unsigned outer_uses = e->fail_uses, uses;

	e->fail = label;
	e->fail_uses = 0;
	emit_block(e, "", s->try_.body);
	uses = e->fail_uses;
	e->fail = outer;
	e->fail_uses = outer_uses;
	if (!uses)
		return;
	out_open(&e->o, "if (0)");
	out_label(&e->o, "%s:", label);
	if (caught)
		emit_fail_if(e, arena_printf(e->a, "!rt_catch(c, %s, MAXSTRINGLEN)",
					     name_var(e, caught->symbol.var)));
	else
		emit_fail_if(e, "!rt_catch(c, NULL, 0)");
	if (s->try_.handler)
		emit_stmt(e, s->try_.handler);
	out_close(&e->o, "");
}

static void emit_next(struct emit *e, const struct stmt *s)
{
	if (e->function)
		out(&e->o, "*next = true;");
	if (s->next.is_refusal && e->s->runtime == RUNTIME_KERNEL && !e->is_looking)
		out(&e->o, "rt_refused(probe);");
	leave(e);
}

static void emit_embedded(struct emit *e, const struct stmt *s)
{
	bool is_locked = strcmp(e->out, "out") != 0;

	if (is_locked)
		out(&e->o, "#define out %s", e->out);
	emit_code(e, s->loc, s->embedded.code, s->embedded.len);
	if (is_locked)
		out(&e->o, "#undef out");
	e->out_uses++;
}

/* In a block of its own where it makes arrays of keys, so that their stack is used again. */
static void emit_expr_stmt(struct emit *e, const struct stmt *s)
{
	bool in_block = map_has_key_array(s->expr.expr);

	if (e->is_looking && look_leaves_out(s)) {
		emit_left_out(e, s);
		return;
	}
	if (in_block)
		out_open(&e->o, "%s", "");
	if (s->kind == STMT_DELETE)
		emit_delete(e, s->expr.expr);
	else
		emit_effect(e, s->expr.expr);
	if (in_block)
		out_close(&e->o, "");
}

void emit_stmt(struct emit *e, const struct stmt *s)
{
	switch (s->kind) {
	case STMT_NULL:
		break;
	case STMT_BLOCK:
		VEC_EACH(&s->block.body, i)
			emit_stmt(e, s->block.body.at[i]);
		break;
	case STMT_EXPR:
	case STMT_DELETE:
		emit_expr_stmt(e, s);
		break;
	case STMT_IF:
		emit_if(e, s);
		break;
	case STMT_WHILE:
	case STMT_FOR:
		emit_loop(e, s);
		break;
	case STMT_FOREACH:
		emit_foreach_stmt(e, s);
		break;
	case STMT_RETURN:
		emit_return(e, s);
		break;
	case STMT_NEXT:
		emit_next(e, s);
		break;
	case STMT_BREAK:
		out(&e->o, "break;");
		break;
	case STMT_CONTINUE:
		if (e->next_round) {
			out(&e->o, "goto %s;", e->next_round);
			e->next_round_uses++;
		} else {
			out(&e->o, "continue;");
		}
		break;
	case STMT_TRY:
		emit_try(e, s);
		break;
	case STMT_EMBEDDED:
		emit_embedded(e, s);
		break;
	case STMT_LOCKED:
		emit_locked(e, s);
		break;
	case STMT_KINDS:
		BUG("a statement without a kind");
	}
}
