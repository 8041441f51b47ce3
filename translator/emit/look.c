/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking ahead, on the kernel runtime: p_N_look is the handler p_N without what can be
 * seen from outside.  It reads of the program's memory what the handler will read, as
 * far as that can be told without doing what the handler does; so a page that is not
 * resident is found before the handler has begun (runtime/kernel/later.c).
 *
 * Left out are stores to anything but the handler's own locals, output, and calls of
 * functions that aren't pure; a value that they would give is 0 or "".  What is read
 * inside of such functions is not looked at.
 */
#include <string.h>

#include "translator/access.h"
#include "translator/effects.h"
#include "translator/emit/emit_int.h"
#include "translator/uses.h"

/* ---- what reads ---- */

enum { UNKNOWN, READS_NOT, READS };

static bool text_reads(const char *code, size_t len)
{
	static const char *const words[] = { "rt_read", "rt_try_read", "rt_arg", "rt_environment" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (memmem(code, len, words[i], strlen(words[i])))
			return true;
	return false;
}

static bool access_reads(const struct access_path *path)
{
	if (path->result == ACCESS_STRING_AT)
		return true;
	for (size_t i = 0; i < path->ops.n; i++)
		if (path->ops.at[i].kind == ACC_LOAD)
			return true;
	return false;
}

struct search {
	struct emit *e;
	bool found;
};

static bool function_reads(struct emit *e, struct decl *d);

static void search_expr(struct ast_walker *w, struct expr **slot)
{
	struct search *s = w->data;
	struct expr *x = *slot;

	if (!x || s->found)
		return;
	if (x->kind == EXPR_ACCESS)
		s->found |= access_reads(x->access.path);
	else if (x->kind == EXPR_EMBEDDED)
		s->found |= text_reads(x->embedded.code, x->embedded.len);
	else if (x->kind == EXPR_CALL)
		VEC_EACH(&x->call.callees, i)
			s->found |= function_reads(s->e, x->call.callees.at[i]);
	ast_walk_expr(w, x);
}

static void search_stmt(struct ast_walker *w, struct stmt **slot)
{
	struct search *s = w->data;

	if (!*slot || s->found)
		return;
	if ((*slot)->kind == STMT_EMBEDDED)
		s->found |= text_reads((*slot)->embedded.code, (*slot)->embedded.len);
	ast_walk_stmt(w, *slot);
}

static bool body_reads(struct emit *e, struct stmt *body)
{
	struct search s = { .e = e };
	struct ast_walker w = { .expr = search_expr, .stmt = search_stmt, .data = &s };

	search_stmt(&w, &body);
	return s.found;
}

static bool function_reads(struct emit *e, struct decl *d)
{
	uint8_t *known = &e->function_reads[d->function.id];

	if (*known == UNKNOWN) {
		*known = READS_NOT; /* what it calls is asked for itself */
		*known = body_reads(e, d->function.body) ? READS : READS_NOT;
	}
	return *known == READS;
}

bool probe_looks(struct emit *e, const struct probe *p)
{
	uint32_t kind = p->row.kind;
	/* in a task that goes back to the program next */
	bool may_wait = kind == PROBE_SITE || kind == PROBE_RETURN || kind == PROBE_SYSCALL_RETURN ||
			kind == PROBE_PROCESS_BEGIN;

	return e->s->runtime == RUNTIME_KERNEL && may_wait && body_reads(e, p->body);
}

/* ---- what is left out ---- */

static bool is_local(const struct expr *place)
{
	return place->kind == EXPR_SYMBOL && place->symbol.var->kind != VAR_GLOBAL;
}

bool look_leaves_out(const struct stmt *s)
{
	struct expr *x = s->expr.expr;

	if (s->kind == STMT_DELETE)
		return true;
	switch (x->kind) {
	case EXPR_ASSIGN:
		return x->assign.op == OP_STAT || !is_local(x->assign.target) || !is_pure_expr(x->assign.value);
	case EXPR_INCDEC:
		return !is_local(x->incdec.operand);
	default:
		return !is_pure_expr(x);
	}
}

void emit_left_out(struct emit *e, const struct stmt *s)
{
	const struct expr *x = s->expr.expr;
	const struct var *v;

	if (s->kind == STMT_DELETE || x->kind != EXPR_ASSIGN || !is_local(x->assign.target))
		return;
	v = x->assign.target->symbol.var;
	if (v->type == TY_STRING)
		out(&e->o, "%s[0] = '\\0';", name_var(e, v));
	else
		out(&e->o, "%s = 0;", name_var(e, v));
}

/* ---- the function ---- */

void emit_look(struct emit *e, const struct probe *p, const char *budget, const char *frame, size_t size)
{
	emit_handler_begin(e, &p->locals);
	e->is_looking = true;
	emit_handler_head(e, p, "_look", ", uint32_t probe");
	if (p->entries.n)
		emit_saved_pointer(e, p);
	emit_local_longs(e, &p->locals);
	if (size)
		out(&e->o, "struct %s *f;", frame);
	out_gap(&e->o);
	out(&e->o, "rt_look_begin(c, probe, %s);", budget);
	emit_match_open(e);
	if (size)
		out(&e->o, "f = rt_frame_push(c, sizeof(*f));");
	emit_body(e, p, size);
	out(&e->o, "rt_look_end(c);");
	if (e->skip_uses) {
		out(&e->o, "return;");
		out_label(&e->o, "skip:");
		if (size)
			out(&e->o, "rt_frame_pop(c, sizeof(*f));");
		emit_match_close(e);
	}
	out_close(&e->o, "");
	out(&e->o, "%s", "");
	e->is_looking = false;
}
