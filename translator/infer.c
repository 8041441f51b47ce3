/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Needs: resolved names (symbol.var, index.var, call.callees).
 * Leaves: the type of every expression, variable, key, parameter and function;
 * parts of print operators that have no format; constants computed and what they
 * rule out gone.
 * Refuses: a type that contradicts one inferred before (shows both places), an
 * array used with different numbers of keys, wrong print arguments, and in
 * the end whatever has no type.
 *
 * Every expression is visited with the type that its place wants, or UNKNOWN.
 * What is known flows both ways, into variables and out of them, so rounds over
 * all functions and probes go on until one learns nothing new.  Then what can never
 * run goes, and rounds begin again; when nothing more goes a last one reports what is
 * still unknown.
 */
#include "translator/fold.h"
#include "translator/messages.h"
#include "translator/passes.h"
#include "translator/point_messages.h"
#include "translator/session.h"
#include "translator/uses.h"

struct infer {
	struct session *s;
	struct decl *function; /* whose body this is; NULL in probes */
	bool changed;
	bool is_last; /* what has no type now is an error */
};

static void infer_expr(struct infer *in, struct expr *e, enum type want);
static void infer_stmt(struct infer *in, struct stmt *s);

static bool is_known(enum type t)
{
	return t != TY_UNKNOWN && t != TY_ERROR;
}

static void set_expr(struct infer *in, struct expr *e, enum type t)
{
	if (e->type == t || e->type == TY_ERROR)
		return;
	e->type = t;
	in->changed = true;
}

/* E has type GOT by nature; its place wants WANT. */
static void settle(struct infer *in, struct expr *e, enum type want, enum type got)
{
	if (is_known(want) && want != got && e->type != TY_ERROR) {
		diag_error(&in->s->diag, e->loc, E_TYPE_FOUND, type_name(want), type_name(got));
		e->type = TY_ERROR;
		in->changed = true;
		return;
	}
	set_expr(in, e, got);
}

/* A type that is kept somewhere (variable, parameter, return value) meets another use. */
static enum type unify(struct infer *in, enum type *known, struct loc *first, enum type use,
		       struct loc loc)
{
	if (!is_known(use))
		return *known;
	if (*known == TY_UNKNOWN) {
		*known = use;
		*first = loc;
		in->changed = true;
	} else if (*known != use && *known != TY_ERROR) {
		diag_error(&in->s->diag, loc, E_TYPE_MISMATCH, type_name(use));
		if (first->file)
			diag_note(&in->s->diag, *first, N_TYPE_FIRST, type_name(*known));
		*known = TY_ERROR;
		in->changed = true;
	}
	return *known;
}

static void want_type(struct infer *in, struct expr *e, const char *name)
{
	if (!in->is_last || e->type != TY_UNKNOWN)
		return;
	if (name)
		diag_error(&in->s->diag, e->loc, E_UNRESOLVED_TYPE, name);
	else
		diag_error(&in->s->diag, e->loc, E_UNRESOLVED_EXPR);
	e->type = TY_ERROR;
}

/* ---- variables ---- */

/* The number of keys that V is used with here; false when it contradicts. */
static bool agree_arity(struct infer *in, struct var *v, int arity, struct loc loc)
{
	if (v->arity == arity)
		return true;
	if (v->arity >= 0) {
		if (v->type != TY_ERROR) {
			diag_error(&in->s->diag, loc, E_ARITY, v->arity, arity);
			diag_note(&in->s->diag, v->arity_loc, N_ARITY_FIRST, v->arity);
			v->type = TY_ERROR;
			in->changed = true;
		}
		return false;
	}
	v->arity = arity;
	v->arity_loc = loc;
	in->changed = true;
	return true;
}

static void infer_var(struct infer *in, struct expr *e, struct var *v, enum type want)
{
	enum type t = unify(in, &v->type, &v->type_loc, want, e->loc);

	set_expr(in, e, t);
	want_type(in, e, v->name);
}

static void infer_key(struct infer *in, struct var *v, int i, struct expr *key)
{
	if (!key)
		return;
	infer_expr(in, key, TY_UNKNOWN);
	if (key->type == TY_UNKNOWN && is_known(v->key_types[i]))
		infer_expr(in, key, v->key_types[i]);
	if (key->type == TY_STAT) {
		diag_error(&in->s->diag, key->loc, E_STAT_VALUE);
		key->type = TY_ERROR;
	}
	if (!is_known(key->type))
		return;
	if (v->key_types[i] == TY_UNKNOWN) {
		v->key_types[i] = key->type;
		v->key_locs[i] = key->loc;
		in->changed = true;
	} else if (v->key_types[i] != key->type && v->key_types[i] != TY_ERROR) {
		diag_error(&in->s->diag, key->loc, E_INDEX_MISMATCH, i, type_name(key->type));
		diag_note(&in->s->diag, v->key_locs[i], N_INDEX_FIRST, i,
			  type_name(v->key_types[i]));
		v->key_types[i] = TY_ERROR;
		in->changed = true;
	}
}

static bool infer_keys(struct infer *in, struct var *v, expr_vec *keys, struct loc loc)
{
	if (!agree_arity(in, v, keys->n, loc))
		return false;
	VEC_EACH(keys, i)
		infer_key(in, v, i, keys->at[i]);
	return true;
}

static void infer_symbol(struct infer *in, struct expr *e, enum type want)
{
	struct var *v = e->symbol.var;

	if (!v) {
		e->type = TY_ERROR;
		return;
	}
	if (!agree_arity(in, v, 0, e->loc)) {
		e->type = TY_ERROR;
		return;
	}
	infer_var(in, e, v, want);
}

static void infer_hist(struct infer *in, struct expr *e);

static void infer_index(struct infer *in, struct expr *e, enum type want)
{
	if (e->index.hist) {
		VEC_EACH(&e->index.keys, i)
			if (e->index.keys.at[i])
				infer_expr(in, e->index.keys.at[i], TY_LONG);
		infer_hist(in, e->index.hist);
		settle(in, e, want, TY_LONG);
		return;
	}
	if (!e->index.var || !infer_keys(in, e->index.var, &e->index.keys, e->loc)) {
		e->type = TY_ERROR;
		return;
	}
	infer_var(in, e, e->index.var, want);
}

/* A variable as a whole: an array under foreach, in, delete; a scalar elsewhere. */
static struct var *var_of(struct expr *e)
{
	if (e->kind == EXPR_SYMBOL)
		return e->symbol.var;
	if (e->kind == EXPR_INDEX)
		return e->index.var;
	return NULL;
}

/* ---- statistics ---- */

/* The operand of an extractor: a statistic, scalar or element. */
static void infer_stat(struct infer *in, struct expr *e)
{
	struct var *v = var_of(e);

	if (!v) {
		if (e->type != TY_ERROR)
			diag_error(&in->s->diag, e->loc, E_STATOP_OPERAND, "a statistics operator");
		e->type = TY_ERROR;
		return;
	}
	if (v->kind != VAR_GLOBAL) {
		if (in->is_last)
			diag_error(&in->s->diag, e->loc, E_STAT_LOCAL);
		return;
	}
	infer_expr(in, e, TY_STAT);
}

static void infer_hist(struct infer *in, struct expr *e)
{
	infer_stat(in, e->hist.stat);
	e->type = TY_STAT;
}

static void infer_statop(struct infer *in, struct expr *e, enum type want)
{
	infer_stat(in, e->statop.stat);
	settle(in, e, want, TY_LONG);
}

/* ---- calls and prints ---- */

static enum type infer_returned(struct infer *in, struct expr *e, enum type t)
{
	VEC_EACH(&e->call.callees, i) {
		struct decl *f = e->call.callees.at[i];

		t = unify(in, &f->function.return_type, &f->function.return_loc, t, e->loc);
	}
	return t;
}

/* All overloads agree on their types, also those that the call never comes to. */
static void infer_call(struct infer *in, struct expr *e, enum type want)
{
	enum type t = infer_returned(in, e, infer_returned(in, e, want));

	VEC_EACH(&e->call.callees, i) {
		struct decl *f = e->call.callees.at[i];

		for (size_t k = 0; k < e->call.args.n && k < f->function.params.n; k++) {
			struct var *p = f->function.params.at[k].var;
			struct expr *arg = e->call.args.at[k];

			infer_expr(in, arg, p->type);
			if (arg->type == TY_STAT) {
				diag_error(&in->s->diag, arg->loc, E_STAT_VALUE);
				arg->type = TY_ERROR;
			}
			if (is_known(arg->type))
				unify(in, &p->type, &p->type_loc, arg->type, arg->loc);
		}
	}
	if (is_known(t) && t != TY_VOID)
		settle(in, e, want, t);
}

static enum type conv_type(enum print_conv conv)
{
	return conv == CONV_STRING ? TY_STRING : TY_LONG;
}

static void infer_format_args(struct infer *in, struct expr *e)
{
	expr_vec *args = &e->print.args;
	size_t n = 0;

	VEC_EACH(&e->print.parts, i) {
		const struct print_part *p = &e->print.parts.at[i];

		if (p->conv == CONV_LITERAL)
			continue;
		if (p->width_kind == SIZE_ARG && n < args->n)
			infer_expr(in, args->at[n], TY_LONG);
		n += p->width_kind == SIZE_ARG;
		if (p->precision_kind == SIZE_ARG && n < args->n)
			infer_expr(in, args->at[n], TY_LONG);
		n += p->precision_kind == SIZE_ARG;
		if (n < args->n)
			infer_expr(in, args->at[n], conv_type(p->conv));
		n++;
	}
	if (n != args->n && e->type != TY_ERROR) {
		diag_error(&in->s->diag, e->loc, E_PRINT_ARGS, (unsigned)n, (unsigned)args->n);
		e->type = TY_ERROR;
	}
}

static void infer_print(struct infer *in, struct expr *e, enum type want)
{
	if (e->print.histogram)
		infer_hist(in, e->print.histogram);
	else if (e->print.has_format)
		infer_format_args(in, e);
	else
		VEC_EACH(&e->print.args, i) {
			struct expr *arg = e->print.args.at[i];

			infer_expr(in, arg, e->print.is_char ? TY_LONG : TY_UNKNOWN);
			want_type(in, arg, NULL);
		}
	settle(in, e, want, e->print.to_string ? TY_STRING : TY_LONG);
}

/* ---- operators ---- */

static void infer_both(struct infer *in, struct expr *left, struct expr *right, enum type want)
{
	infer_expr(in, left, want);
	infer_expr(in, right, is_known(want) ? want : left->type);
	if (left->type == TY_UNKNOWN && is_known(right->type))
		infer_expr(in, left, right->type);
}

static void infer_assign(struct infer *in, struct expr *e, enum type want)
{
	struct expr *target = e->assign.target, *value = e->assign.value;

	switch (e->assign.op) {
	case OP_STAT:
		infer_expr(in, target, TY_STAT);
		infer_expr(in, value, TY_LONG);
		settle(in, e, want, TY_LONG);
		return;
	case OP_CONCAT:
		infer_expr(in, target, TY_STRING);
		infer_expr(in, value, TY_STRING);
		settle(in, e, want, TY_STRING);
		return;
	case OP_NONE:
		/* the value first: a variable that disagrees shows where it got its type */
		infer_expr(in, value, want);
		if (value->type == TY_STAT) {
			diag_error(&in->s->diag, value->loc, E_STAT_VALUE);
			value->type = TY_ERROR;
		}
		infer_expr(in, target, value->type);
		if (value->type == TY_UNKNOWN && is_known(target->type))
			infer_expr(in, value, target->type);
		if (is_known(target->type))
			settle(in, e, want, target->type);
		return;
	default:
		infer_expr(in, target, TY_LONG);
		infer_expr(in, value, TY_LONG);
		settle(in, e, want, TY_LONG);
		return;
	}
}

static void infer_in(struct infer *in, struct expr *e, enum type want)
{
	settle(in, e, want, TY_LONG);
	if (e->in.array->kind == EXPR_HIST) {
		infer_hist(in, e->in.array);
		VEC_EACH(&e->in.keys, i)
			if (e->in.keys.at[i])
				infer_expr(in, e->in.keys.at[i], TY_LONG);
		return;
	}
	struct var *v = var_of(e->in.array);

	if (v)
		infer_keys(in, v, &e->in.keys, e->loc);
}

static void infer_components(struct infer *in, component_vec *components)
{
	VEC_EACH(components, i)
		if (components->at[i].kind == COMPONENT_EXPR_INDEX)
			infer_expr(in, components->at[i].expr, TY_LONG);
}

static void infer_access(struct infer *in, struct expr *e, enum type want)
{
	if (e->access.base)
		infer_expr(in, e->access.base, TY_LONG);
	VEC_EACH(&e->access.indices, i)
		infer_expr(in, e->access.indices.at[i], TY_LONG);
	settle(in, e, want, e->type == TY_STRING ? TY_STRING : TY_LONG);
}

/* C without the pragma "string" is a number; pass late refuses one that was wanted as a string. */
static void infer_embedded(struct infer *in, struct expr *e, enum type want)
{
	enum type got = e->type;

	if (embedded_has_pragma(e->embedded.code, e->embedded.len, "string"))
		got = TY_STRING;
	else if (!is_known(got))
		got = is_known(want) ? want : TY_LONG;
	settle(in, e, want, got);
}

static void infer_expr(struct infer *in, struct expr *e, enum type want)
{
	switch (e->kind) {
	case EXPR_NUMBER:
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_STRING:
		settle(in, e, want, TY_STRING);
		break;
	case EXPR_SYMBOL:
		infer_symbol(in, e, want);
		break;
	case EXPR_INDEX:
		infer_index(in, e, want);
		break;
	case EXPR_CALL:
		infer_call(in, e, want);
		break;
	case EXPR_UNARY:
		infer_expr(in, e->unary.operand, TY_LONG);
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_INCDEC:
		infer_expr(in, e->incdec.operand, TY_LONG);
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_BINARY:
	case EXPR_LOGICAL:
		infer_expr(in, e->binary.left, TY_LONG);
		infer_expr(in, e->binary.right, TY_LONG);
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_COMPARE:
		infer_both(in, e->binary.left, e->binary.right, TY_UNKNOWN);
		want_type(in, e->binary.left, NULL);
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_CONCAT:
		infer_expr(in, e->binary.left, TY_STRING);
		infer_expr(in, e->binary.right, TY_STRING);
		settle(in, e, want, TY_STRING);
		break;
	case EXPR_REGEX:
		infer_expr(in, e->regex.left, TY_STRING);
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_TERNARY:
		infer_expr(in, e->ternary.cond, TY_LONG);
		infer_both(in, e->ternary.then, e->ternary.otherwise, want);
		if (is_known(e->ternary.then->type))
			settle(in, e, want, e->ternary.then->type);
		break;
	case EXPR_ASSIGN:
		infer_assign(in, e, want);
		break;
	case EXPR_IN:
		infer_in(in, e, want);
		break;
	case EXPR_PRINT:
		infer_print(in, e, want);
		break;
	case EXPR_STATOP:
		infer_statop(in, e, want);
		break;
	case EXPR_HIST:
		infer_hist(in, e);
		break;
	case EXPR_TARGET:
		infer_components(in, &e->target.components);
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_CAST:
		infer_expr(in, e->cast.operand, TY_LONG);
		infer_components(in, &e->cast.components);
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_DEFINED:
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_ENTRY:
		infer_expr(in, e->entry.operand, want);
		if (is_known(e->entry.operand->type)) {
			set_expr(in, e, e->entry.operand->type);
			if (e->entry.saved)
				unify(in, &e->entry.saved->type, &e->entry.saved->type_loc,
				      e->type, e->loc);
		}
		break;
	case EXPR_PERF:
		settle(in, e, want, TY_LONG);
		break;
	case EXPR_EMBEDDED:
		infer_embedded(in, e, want);
		break;
	case EXPR_ACCESS:
		infer_access(in, e, want);
		break;
	case EXPR_ERROR:
		if (e->error.is_late)
			settle(in, e, want, TY_LONG);
		else if (!e->error.kept.n_errors)
			e->type = TY_ERROR;
		break;
	case EXPR_KINDS:
		BUG("bad expression kind");
	}
}

/* ---- statements ---- */

static void infer_foreach(struct infer *in, struct stmt *s)
{
	struct expr *array = s->foreach.array;
	expr_vec *keys = &s->foreach.keys;

	if (array->kind == EXPR_HIST) {
		infer_hist(in, array);
		if (keys->n > 1 && in->is_last)
			diag_error(&in->s->diag, keys->at[1]->loc, E_ARITY, 1, (int)keys->n);
		VEC_EACH(keys, i)
			infer_expr(in, keys->at[i], TY_LONG);
		if (s->foreach.value)
			infer_expr(in, s->foreach.value, TY_LONG);
	} else {
		struct var *v = var_of(array);

		if (!v || !agree_arity(in, v, keys->n, array->loc))
			return;
		VEC_EACH(keys, i) {
			infer_expr(in, keys->at[i], v->key_types[i]);
			infer_key(in, v, i, keys->at[i]);
			want_type(in, keys->at[i], NULL);
		}
		if (s->foreach.slice.n && !agree_arity(in, v, s->foreach.slice.n, array->loc))
			return;
		VEC_EACH(&s->foreach.slice, i)
			infer_key(in, v, i, s->foreach.slice.at[i]);
		if (s->foreach.value && v->type == TY_STAT) {
			if (in->is_last)
				diag_error(&in->s->diag, s->foreach.value->loc, E_STAT_VALUE);
		} else if (s->foreach.value) {
			infer_expr(in, s->foreach.value, v->type);
			unify(in, &v->type, &v->type_loc, s->foreach.value->type,
			      s->foreach.value->loc);
		}
		if (s->foreach.has_sort_statop)
			unify(in, &v->type, &v->type_loc, TY_STAT, array->loc);
	}
	if (s->foreach.limit)
		infer_expr(in, s->foreach.limit, TY_LONG);
	infer_stmt(in, s->foreach.body);
}

static void infer_return(struct infer *in, struct stmt *s)
{
	struct decl *f = in->function;
	struct expr *e = s->expr.expr;

	if (!f)
		return;
	if (!e) {
		/* at once: what folding takes away later is refused, too */
		if (is_known(f->function.return_type))
			diag_error(&in->s->diag, s->loc, E_RETURN_NOTHING, f->name,
				   type_name(f->function.return_type));
		return;
	}
	/* Visited without a wish first, so that a contradiction shows both places. */
	infer_expr(in, e, TY_UNKNOWN);
	if (e->type == TY_STAT) {
		diag_error(&in->s->diag, e->loc, E_STAT_VALUE);
		e->type = TY_ERROR;
	}
	if (e->type == TY_UNKNOWN && is_known(f->function.return_type))
		infer_expr(in, e, f->function.return_type);
	unify(in, &f->function.return_type, &f->function.return_loc, e->type, e->loc);
	want_type(in, e, NULL);
}

/* delete a; delete a[k]; delete scalar: says nothing about the value's type. */
static void infer_delete(struct infer *in, struct stmt *s)
{
	struct expr *e = s->expr.expr;

	if (e->kind == EXPR_INDEX && e->index.var)
		infer_keys(in, e->index.var, &e->index.keys, e->loc);
	else if (e->kind != EXPR_SYMBOL)
		infer_expr(in, e, TY_UNKNOWN);
}

static void expr_slot(struct ast_walker *w, struct expr **slot)
{
	infer_expr(w->data, *slot, TY_UNKNOWN);
}

static void stmt_slot(struct ast_walker *w, struct stmt **slot)
{
	infer_stmt(w->data, *slot);
}

/* A message that nobody mentions again has no type, as in stap. */
static void infer_caught(struct infer *in, struct expr *e)
{
	const struct var *v = e->symbol.var;
	bool is_alone = v && v->kind == VAR_LOCAL && v->n_named == 1 && !in->s->opt.unoptimized;

	infer_expr(in, e, is_alone ? TY_UNKNOWN : TY_STRING);
}

static void infer_stmt(struct infer *in, struct stmt *s)
{
	struct ast_walker w = { .expr = expr_slot, .stmt = stmt_slot, .data = in };

	switch (s->kind) {
	case STMT_IF:
		infer_expr(in, s->if_.cond, TY_LONG);
		infer_stmt(in, s->if_.then);
		if (s->if_.otherwise)
			infer_stmt(in, s->if_.otherwise);
		break;
	case STMT_WHILE:
	case STMT_FOR:
		if (s->loop.init)
			infer_expr(in, s->loop.init, TY_UNKNOWN);
		if (s->loop.cond)
			infer_expr(in, s->loop.cond, TY_LONG);
		if (s->loop.step)
			infer_expr(in, s->loop.step, TY_UNKNOWN);
		infer_stmt(in, s->loop.body);
		break;
	case STMT_FOREACH:
		infer_foreach(in, s);
		break;
	case STMT_RETURN:
		infer_return(in, s);
		break;
	case STMT_DELETE:
		infer_delete(in, s);
		break;
	case STMT_TRY:
		infer_stmt(in, s->try_.body);
		if (s->try_.caught)
			infer_caught(in, s->try_.caught);
		if (s->try_.handler)
			infer_stmt(in, s->try_.handler);
		break;
	case STMT_NULL:
	case STMT_BLOCK:
	case STMT_EXPR:
	case STMT_NEXT:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_EMBEDDED:
	case STMT_LOCKED:
	case STMT_KINDS:
		ast_walk_stmt(&w, s);
		break;
	}
}

/* ---- the whole script ---- */

static void infer_global(struct infer *in, struct var *v)
{
	if (v->wraps && v->arity == 0 && in->is_last && v->type != TY_ERROR) {
		diag_error(&in->s->diag, v->loc, E_WRAP_SCALAR);
		v->type = TY_ERROR;
	}
	if (v->init) {
		infer_expr(in, v->init, TY_UNKNOWN);
		if (agree_arity(in, v, 0, v->init->loc))
			unify(in, &v->type, &v->type_loc, v->init->type, v->init->loc);
	}
}

static void infer_function(struct infer *in, struct decl *d)
{
	in->function = d;
	if (d->function.body)
		infer_stmt(in, d->function.body);
	VEC_EACH(&d->function.params, k) {
		struct param *p = &d->function.params.at[k];

		if (p->var && is_known(p->type))
			unify(in, &p->var->type, &p->var->type_loc, p->type, p->loc);
	}
	in->function = NULL;
}

enum { FORWARD_ROUNDS = 4 }; /* of most scripts, all */

/* Types of arguments go from callers to callees, those of results the other way; with many functions in a
 * row each would take a round, were these not made in both directions. */
static void infer_round(struct infer *in, bool is_backwards)
{
	struct session *s = in->s;

	VEC_EACH(&s->globals, i)
		infer_global(in, s->globals.at[i]);
	VEC_EACH(&s->functions, i)
		infer_function(in, s->functions.at[is_backwards ? s->functions.n - 1 - i : i]);
	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		infer_stmt(in, p->body);
		if (p->condition)
			infer_expr(in, p->condition, TY_LONG);
	}
}

static void want_var(struct infer *in, const struct var *v)
{
	if (v->type == TY_UNKNOWN && (v->is_read || v->is_written || v->is_named_in_c))
		diag_error(&in->s->diag, v->loc, E_UNRESOLVED_TYPE, v->name);
}

/* What nobody ever asked for: functions without a value, variables without a use.  ERRORS: how many
 * there were before the last round. */
static void settle_rest(struct infer *in, unsigned errors)
{
	struct session *s = in->s;

	VEC_EACH(&s->functions, i) {
		struct decl *f = s->functions.at[i];

		if (f->function.return_type == TY_UNKNOWN)
			f->function.return_type = TY_VOID;
		VEC_EACH(&f->function.params, k) {
			struct var *v = f->function.params.at[k].var;

			if (v && v->type == TY_UNKNOWN)
				v->type = TY_LONG; /* never looked at: any type will do */
		}
	}
	VEC_EACH(&s->globals, i) {
		struct var *v = s->globals.at[i];

		if (v->arity < 0)
			v->arity = 0;
		want_var(in, v);
	}
	if (s->diag.n_errors != errors)
		return;
	/* those whose uses went with what holds them */
	VEC_EACH(&s->probes, i)
		VEC_EACH(&s->probes.at[i]->locals, k)
			want_var(in, s->probes.at[i]->locals.at[k]);
	VEC_EACH(&s->functions, i)
		VEC_EACH(&s->functions.at[i]->function.locals, k)
			want_var(in, s->functions.at[i]->function.locals.at[k]);
}

static void void_callback(struct ast_walker *w, struct expr **slot)
{
	if ((*slot)->kind == EXPR_CALL && (*slot)->type == TY_UNKNOWN)
		(*slot)->type = TY_VOID;
	ast_walk_expr(w, *slot);
}

/* ---- what resolve has put off ---- */

struct put_off {
	struct session *s;
	bool is_found, is_silent;
};

static void put_off_callback(struct ast_walker *w, struct expr **slot)
{
	struct put_off *p = w->data;
	struct expr *e = *slot;

	ast_walk_expr(w, e);
	if (e->kind != EXPR_ERROR || !e->error.kept.n_errors || e->error.is_late)
		return;
	p->is_found = true;
	if (!p->is_silent)
		diag_report(&p->s->diag, &e->error.kept);
}

static void put_off_stmt(struct ast_walker *w, struct stmt **slot)
{
	ast_walk_stmt(w, *slot);
}

/* Of the copies of one body the first that fails speaks for the others. */
static void report_put_off(struct session *s)
{
	struct put_off p = { .s = s };
	struct ast_walker w = { .expr = put_off_callback, .stmt = put_off_stmt, .data = &p };
	const struct stmt *origin = NULL;
	unsigned n_silent = 0;

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i]->function.body)
			put_off_stmt(&w, &s->functions.at[i]->function.body);
	VEC_EACH(&s->probes, i) {
		struct probe *probe = s->probes.at[i];

		if (probe->body_origin != origin) {
			session_note_silent(s, n_silent);
			n_silent = 0;
			p.is_silent = false;
			origin = probe->body_origin;
		}
		p.is_found = false;
		put_off_stmt(&w, &probe->body);
		n_silent += p.is_silent && p.is_found;
		p.is_silent |= p.is_found;
	}
	session_note_silent(s, n_silent);
}

bool pass_infer(struct session *s)
{
	struct infer in = { .s = s };
	unsigned errors = s->diag.n_errors, round = 0;

	do {
		do {
			in.changed = false;
			infer_round(&in, ++round > FORWARD_ROUNDS && round % 2);
		} while (in.changed && s->diag.n_errors == errors);
	} while (s->diag.n_errors == errors && !s->opt.unoptimized && fold_untyped(s));
	if (s->diag.n_errors == errors)
		report_put_off(s);
	if (s->diag.n_errors == errors) {
		in.is_last = true;
		infer_round(&in, false);
		settle_rest(&in, errors);
		session_walk_bodies(s, void_callback);
	}
	return s->diag.n_errors == errors;
}
