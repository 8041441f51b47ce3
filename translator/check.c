/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Needs: names and types.
 * Leaves: the tree as it is; regular expressions compiled; the histogram and the extractors
 * of every statistic.
 * Refuses: what is well-typed but has no meaning: assignments to what is no
 * variable, an array changed while foreach walks it, a statistic with two
 * histograms, stores to the target without -g.
 */
#include "translator/messages.h"
#include "translator/passes.h"
#include "translator/regex.h"
#include "translator/session.h"
#include "translator/uses.h"

struct checker {
	struct session *s;
	struct ast_walker walker;
	bool is_tapset;
};

static void check_place(struct checker *c, const struct expr *place)
{
	if (place->kind != EXPR_SYMBOL && place->kind != EXPR_INDEX && !c->s->opt.guru &&
	    !c->is_tapset)
		diag_error(&c->s->diag, place->loc, E_TARGET_WRITE);
}

/* ---- what a foreach must not do ---- */

struct writes {
	struct session *s;
	const struct var *array;
	struct loc loc; /* to report at: the call in the loop, or nowhere: at the write itself */
	decl_vec seen;  /* functions already looked into */
};

static bool is_whole_delete(unsigned use, const struct expr *e)
{
	return (use & USE_DELETE) && e && e->kind == EXPR_SYMBOL;
}

static void writes_var(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	struct writes *w = u->data;

	if (v == w->array && (use & USE_WRITE) && !is_whole_delete(use, e))
		diag_error(&w->s->diag, w->loc.file || !e ? w->loc : e->loc, E_FOREACH_WRITE,
			   v->name);
}

static void writes_call(struct uses *u, struct expr *call)
{
	struct writes *w = u->data;
	struct loc outer = w->loc;

	if (!w->loc.file)
		w->loc = call->loc;
	VEC_EACH(&call->call.callees, i) {
		struct decl *f = call->call.callees.at[i];
		bool is_seen = false;

		VEC_EACH(&w->seen, k)
			is_seen |= w->seen.at[k] == f;
		if (is_seen || !f->function.body)
			continue;
		VEC_PUSH(w->s->scratch, &w->seen, f);
		uses_stmt(u, f->function.body);
	}
	w->loc = outer;
}

static void check_foreach(struct checker *c, struct stmt *s)
{
	struct expr *a = s->foreach.array;

	if (a->kind == EXPR_SYMBOL) {
		struct writes w = { .s = c->s, .array = a->symbol.var };
		struct uses u = { .on_var = writes_var, .on_call = writes_call, .data = &w };

		uses_stmt(&u, s->foreach.body);
		if (s->foreach.has_sort_statop)
			a->symbol.var->stat_ops |= 1u << s->foreach.sort_statop;
	}
	ast_walk_stmt(&c->walker, s);
}

static void check_delete(struct checker *c, struct stmt *s)
{
	struct expr *e = s->expr.expr;

	if (e->kind != EXPR_SYMBOL && (e->kind != EXPR_INDEX || e->index.hist))
		diag_error(&c->s->diag, e->loc, E_DELETE_OPERAND);
	ast_walk_stmt(&c->walker, s);
}

static bool is_for_all(const char *code, uint32_t len)
{
	return embedded_has_pragma(code, len, "unprivileged") ||
	       embedded_has_pragma(code, len, "myproc-unprivileged");
}

/* Functions in C that don't say that anybody may call them. */
static void check_privilege(struct checker *c, const struct expr *e)
{
	if (c->s->opt.privilege != PRIVILEGE_STAPUSR)
		return;
	VEC_EACH(&e->call.callees, i) {
		const struct stmt *body = e->call.callees.at[i]->function.body;

		if (body->kind != STMT_EMBEDDED || is_for_all(body->embedded.code, body->embedded.len))
			continue;
		diag_error(&c->s->diag, e->loc, E_PRIVILEGE_FUNCTION, e->call.name, session_privilege(c->s));
		return;
	}
}

/* Functions of the library that say so in their C text may be called in guru mode only. */
static void check_call(struct checker *c, const struct expr *e)
{
	check_privilege(c, e);
	if (c->s->opt.guru || c->is_tapset)
		return;
	VEC_EACH(&e->call.callees, i) {
		const struct stmt *body = e->call.callees.at[i]->function.body;

		if (body->kind != STMT_EMBEDDED || !strstr(body->embedded.code, "/* guru */"))
			continue;
		diag_error(&c->s->diag, e->loc, E_NEEDS_GURU);
		return;
	}
}

/* ---- statistics ---- */

static struct var *stat_var(const struct expr *stat)
{
	return stat->kind == EXPR_SYMBOL ? stat->symbol.var : stat->index.var;
}

static void check_statop(struct checker *c, const struct expr *e)
{
	struct var *v = stat_var(e->statop.stat);

	v->stat_ops |= 1u << e->statop.op;
	if (e->statop.op != STATOP_VARIANCE)
		return;
	if (!v->stat_shift) /* none yet */
		v->stat_shift = e->statop.shift;
	else if (v->stat_shift != e->statop.shift)
		diag_error(&c->s->diag, e->loc, E_STAT_SHIFT, v->name);
}

/* A range that is none becomes one: stap warns of it only when the script runs. */
static void mend_range(struct checker *c, struct expr *e)
{
	if (e->hist.kind != HIST_LINEAR || (e->hist.interval > 0 && e->hist.low <= e->hist.high))
		return;
	diag_warning(&c->s->diag, e->loc, W_HIST_RANGE);
	if (e->hist.interval <= 0)
		e->hist.interval = 1;
	if (e->hist.high < e->hist.low)
		e->hist.high = e->hist.low;
}

static void check_hist(struct checker *c, struct expr *e)
{
	struct var *v = stat_var(e->hist.stat);

	mend_range(c, e);
	if (v->hist_kind == HIST_NONE) {
		v->hist_kind = e->hist.kind;
		v->hist_low = e->hist.low;
		v->hist_high = e->hist.high;
		v->hist_interval = e->hist.interval;
	} else if (v->hist_kind != e->hist.kind || v->hist_low != e->hist.low ||
		   v->hist_high != e->hist.high || v->hist_interval != e->hist.interval) {
		diag_error(&c->s->diag, e->loc, E_HIST_KINDS, v->name);
	}
}

static void check_regex(struct checker *c, struct expr *e)
{
	const char *why;
	size_t at;

	if (e->regex.regex)
		return;
	e->regex.regex = regex_compile(c->s->arena, e->regex.pattern, &why, &at);
	if (!e->regex.regex) {
		diag_error(&c->s->diag, e->regex.pattern_loc, E_REGEX, why, at + 1);
		return;
	}
	e->regex.regex->id = c->s->regexes.n;
	VEC_PUSH(c->s->arena, &c->s->regexes, e->regex.regex);
}

static void expr_callback(struct ast_walker *w, struct expr **slot)
{
	struct checker *c = w->data;
	struct expr *e = *slot;

	ast_walk_expr(w, e);
	switch (e->kind) {
	case EXPR_ASSIGN:
		check_place(c, e->assign.target);
		break;
	case EXPR_INCDEC:
		if (is_place(e->incdec.operand)) /* else pass late says so */
			check_place(c, e->incdec.operand);
		break;
	case EXPR_STATOP:
		check_statop(c, e);
		break;
	case EXPR_BINARY:
		if (e->binary.op == OP_USHR && e->binary.left->kind == EXPR_NUMBER &&
		    e->binary.right->kind == EXPR_NUMBER)
			diag_error(&c->s->diag, e->loc, E_USHR);
		break;
	case EXPR_CALL:
		check_call(c, e);
		break;
	case EXPR_EMBEDDED:
		if (c->s->opt.privilege == PRIVILEGE_STAPUSR && !is_for_all(e->embedded.code, e->embedded.len))
			diag_error(&c->s->diag, e->loc, E_PRIVILEGE_CODE, session_privilege(c->s));
		break;
	case EXPR_HIST:
		check_hist(c, e);
		break;
	case EXPR_REGEX:
		check_regex(c, e);
		break;
	default:
		break;
	}
}

static void stmt_callback(struct ast_walker *w, struct stmt **slot)
{
	struct checker *c = w->data;
	struct stmt *s = *slot;

	switch (s->kind) {
	case STMT_FOREACH:
		check_foreach(c, s);
		break;
	case STMT_DELETE:
		check_delete(c, s);
		break;
	default:
		ast_walk_stmt(w, s);
		break;
	}
}

/* ---- memory ---- */

/* As in runtime/api.h. */
enum {
	STAT_HEAD = 48,
	LOG_BUCKETS = 128,
	STRIPES = 64,         /* of a scalar statistic */
	ELEMENT_HEAD = 16,
	ELEMENT_INDEX = 4 * 2 /* at most two bucket heads */
};

static double stat_bytes(const struct var *v)
{
	double buckets = 0;

	if (v->hist_kind == HIST_LOG)
		buckets = LOG_BUCKETS;
	else if (v->hist_kind == HIST_LINEAR && v->hist_interval > 0)
		buckets = ((double)v->hist_high - (double)v->hist_low) / (double)v->hist_interval + 3;
	return STAT_HEAD + 8 * buckets;
}

static double type_bytes(const struct session *s, const struct var *v, enum type type)
{
	return type == TY_STRING ? session_max_string(s) : type == TY_STAT ? stat_bytes(v) : 8;
}

static double global_bytes(const struct session *s, const struct var *v)
{
	double bytes = type_bytes(s, v, v->type);

	if (v->arity <= 0)
		return v->type == TY_STAT ? bytes * STRIPES : bytes;
	for (int i = 0; i < v->arity; i++)
		bytes += type_bytes(s, v, v->key_types[i]);
	return (bytes + ELEMENT_HEAD + ELEMENT_INDEX) * (double)session_capacity(s, v);
}

/* Globals must lie within reach of 32-bit relative addresses. */
static void check_memory(struct session *s)
{
	const double megabyte = 1 << 20, most = 1024 * megabyte;
	double sum = 0;

	VEC_EACH(&s->globals, i) {
		const struct var *v = s->globals.at[i];
		double bytes = global_bytes(s, v);

		sum += bytes;
		if (sum <= most)
			continue;
		diag_error(&s->diag, v->loc, E_TOO_BIG, v->name, bytes / megabyte, most / megabyte, v->name);
		break;
	}
}

bool pass_check(struct session *s)
{
	struct checker c = { .s = s };
	unsigned errors = s->diag.n_errors;

	c.walker = (struct ast_walker){ .expr = expr_callback, .stmt = stmt_callback, .data = &c };
	VEC_EACH(&s->functions, i) {
		struct decl *f = s->functions.at[i];

		c.is_tapset = f->is_tapset;
		if (f->function.body)
			stmt_callback(&c.walker, &f->function.body);
	}
	VEC_EACH(&s->probes, i) {
		c.is_tapset = s->probes.at[i]->is_tapset;
		stmt_callback(&c.walker, &s->probes.at[i]->body);
		if (s->probes.at[i]->condition)
			expr_callback(&c.walker, &s->probes.at[i]->condition);
	}
	check_memory(s);
	return s->diag.n_errors == errors;
}
