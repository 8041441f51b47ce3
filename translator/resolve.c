/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass resolve: names become declarations, target variables access paths.
 *
 * Needs:   probes; user_files; the library, whose files come in as they are named.
 * Leaves:  symbol.var, index.var, call.callees, entry.saved; ACCESS nodes for
 *          $variables, @var and @cast; numbers for @defined, with the branches that
 *          they rule out gone; globals, functions, embedded; probe and function
 *          locals; initial values from -G.
 * Refuses: unknown functions, arrays and target variables; calls with a wrong
 *          number of arguments; conditions of probes that do more than read globals.
 *
 * A name means the local or parameter of its body, else a global (lookup.h); a
 * scalar that is neither is a new local.
 */
#include "translator/resolve_int.h"

#include <ctype.h>
#include <string.h>

#include "translator/access.h"
#include "translator/choose.h"
#include "translator/expand.h"
#include "translator/kernel_functions.h"
#include "translator/library.h"
#include "translator/lookup.h"
#include "translator/passes.h"
#include "translator/messages.h"
#include "translator/point_messages.h"
#include "translator/probes/perf.h"
#include "translator/uses.h"

static void resolve_slot(struct resolver *r, struct expr **slot);

void resolve_expr(struct resolver *r, struct expr **slot)
{
	if (*slot)
		resolve_slot(r, slot);
}

void resolve_failed(struct expr *e)
{
	e->kind = EXPR_ERROR;
	e->type = TY_ERROR;
	memset(&e->error, 0, sizeof(e->error));
}

void resolve_fails_later(struct resolver *r, struct expr *e, struct diag_mark mark)
{
	resolve_failed(e);
	if (r->is_condition)
		return; /* nothing will take it away */
	e->type = TY_UNKNOWN;
	e->error.kept = diag_keep(&r->s->diag, mark);
}

static void resolve_call(struct resolver *r, struct expr *e)
{
	struct session *s = r->s;
	decl_vec found = { 0 };
	struct decl *other;

	if (r->is_condition) {
		diag_error(&s->diag, e->loc, E_CONDITION_CALL);
		resolve_failed(e);
		return;
	}
	if (e->call.name[0] == '@') {
		diag_error(&s->diag, e->loc, E_AT_UNSUPPORTED, e->call.name);
		resolve_failed(e);
		return;
	}
	VEC_EACH(&e->call.args, i)
		resolve_expr(r, &e->call.args.at[i]);
	lookup_find_functions(s, e->call.name, e->loc, e->call.args.n, r->probe, &found, &other);
	e->call.callees = found;
	if (found.n)
		return;
	if (other) {
		diag_error(&s->diag, e->loc, E_FUNCTION_ARITY, e->call.name,
			   other->function.params.n);
		diag_note(&s->diag, other->loc, "'%s' is defined here", other->name);
	} else if (library_is_of_kernel(s->library, LIBRARY_FUNCTION, e->call.name)) {
		choose_needs_kernel(s, arena_printf(s->arena, "function %s", e->call.name));
		diag_error(&s->diag, e->loc, E_FUNCTION_NEEDS_KERNEL, e->call.name);
	} else if (is_kernel_function(e->call.name)) {
		diag_error(&s->diag, e->loc, E_KERNEL_FUNCTION, e->call.name);
	} else if (foreign_function(e->call.name)) {
		diag_error(&s->diag, e->loc, E_FOREIGN_FUNCTION, e->call.name,
			   foreign_function(e->call.name));
	} else {
		diag_error(&s->diag, e->loc, E_UNRESOLVED_FUNCTION, e->call.name,
			   lookup_similar_functions(s, e->call.name));
	}
	resolve_failed(e);
}

/* ---- variables ---- */

struct var *resolve_new_local(struct resolver *r, const char *name, struct loc loc)
{
	struct var *v = ARENA_NEW(r->s->arena, struct var);

	v->kind = VAR_LOCAL;
	v->name = name;
	v->loc = loc;
	v->owner = r->function;
	return v;
}

/* As in stap a global is an array or not before what is useless goes. */
static void agree_arity(struct resolver *r, struct var *v, int n_keys, struct loc loc)
{
	if (v->kind != VAR_GLOBAL || v->arity == n_keys)
		return;
	if (v->arity < 0) {
		v->arity = n_keys;
		v->arity_loc = loc;
		if (v->size && n_keys == 0)
			diag_error(&r->s->diag, v->loc, E_SCALAR_SIZE, v->name);
		return;
	}
	diag_error(&r->s->diag, loc, E_ARITY, v->arity, n_keys);
	diag_note(&r->s->diag, v->arity_loc, N_ARITY_FIRST, v->arity);
}

static void resolve_symbol(struct resolver *r, struct expr *e)
{
	struct session *s = r->s;
	struct var *v = map_find(&r->locals, e->symbol.name);

	if (!v)
		v = lookup_find_global(s, e->symbol.name, e->loc);
	if (!v && r->is_condition) {
		diag_error(&s->diag, e->loc, E_CONDITION_GLOBAL);
		resolve_failed(e);
		return;
	}
	if (!v) {
		v = resolve_new_local(r, e->symbol.name, e->loc);
		map_put(&r->locals, v->name, v);
		VEC_PUSH(s->arena, r->new_locals, v);
	}
	if (r->at_entry && v->kind == VAR_LOCAL) {
		diag_error(&s->diag, e->loc, E_ENTRY_LOCAL, v->name);
		resolve_failed(e);
		return;
	}
	e->symbol.var = v;
	v->n_named++;
	agree_arity(r, v, 0, e->loc);
}

/* NAME must be a global: an array with N_KEYS keys. */
static struct var *array_var(struct resolver *r, const char *name, struct loc loc, size_t n_keys)
{
	struct var *v = map_has(&r->locals, name) ? NULL : lookup_find_global(r->s, name, loc);

	if (v)
		agree_arity(r, v, (int)n_keys, loc);
	else
		diag_error(&r->s->diag, loc, E_UNRESOLVED_ARRAY, n_keys, name);
	return v;
}

static void resolve_array_symbol(struct resolver *r, struct expr *e, size_t n_keys)
{
	e->symbol.var = array_var(r, e->symbol.name, e->loc, n_keys);
	if (!e->symbol.var)
		resolve_failed(e);
}

static void resolve_index(struct resolver *r, struct expr *e)
{
	VEC_EACH(&e->index.keys, i)
		resolve_expr(r, &e->index.keys.at[i]);
	if (e->index.hist) {
		resolve_expr(r, &e->index.hist);
		return;
	}
	e->index.var = array_var(r, e->index.name, e->loc, e->index.keys.n);
	if (!e->index.var)
		resolve_failed(e);
}

/* a[*, 1] stands for no value: it may only be deleted. */
static bool is_slice(const struct expr *e)
{
	VEC_EACH(&e->index.keys, i)
		if (!e->index.keys.at[i])
			return true;
	return false;
}

static void resolve_element(struct resolver *r, struct expr *e)
{
	if (is_slice(e)) {
		diag_error(&r->s->diag, e->loc, E_SLICE);
		resolve_failed(e);
		return;
	}
	resolve_index(r, e);
}

/* What <<< adds to: a global, whole or an element of it. */
static void resolve_stat(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;

	if (e->kind != EXPR_SYMBOL) {
		resolve_expr(r, slot);
		return;
	}
	if (!map_has(&r->locals, e->symbol.name))
		e->symbol.var = lookup_find_global(r->s, e->symbol.name, e->loc);
	if (!e->symbol.var) {
		diag_error(&r->s->diag, e->loc, E_STAT_LOCAL);
		resolve_failed(e);
		return;
	}
	agree_arity(r, e->symbol.var, 0, e->loc);
}

/* The array behind "in". */
static void resolve_set(struct resolver *r, struct expr **slot, size_t n_keys)
{
	if ((*slot)->kind == EXPR_SYMBOL)
		resolve_array_symbol(r, *slot, n_keys);
	else
		resolve_expr(r, slot);
}

/* What is written to: a variable of the probed program only in guru mode. */
static void resolve_place(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool is_target = e->kind == EXPR_TARGET || e->kind == EXPR_CAST;
	struct diag_mark mark = diag_mark(&r->s->diag);

	if (is_target && !r->s->opt.guru) {
		diag_error(&r->s->diag, e->loc, E_TARGET_WRITE_GURU);
		if (e->kind == EXPR_TARGET)
			resolve_fails_later(r, e, mark);
		else
			resolve_failed(e);
		return;
	}
	resolve_expr(r, slot);
	if ((*slot)->kind == EXPR_CAST)
		autocast_written(r);
	if (is_target && (*slot)->kind == EXPR_ACCESS && !(*slot)->access.path->store_size) {
		diag_error(&r->s->diag, e->loc, E_TARGET_ASSIGN, (*slot)->access.path->text);
		resolve_failed(*slot);
	}
}

static void resolve_assign(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;

	if (r->is_condition) {
		diag_error(&r->s->diag, e->loc, E_CONDITION_WRITE);
		resolve_failed(e);
		return;
	}
	if (e->assign.target->kind == EXPR_TARGET && resolve_target_assign(r, slot))
		return;
	if (e->assign.op == OP_STAT)
		resolve_stat(r, &e->assign.target);
	else
		resolve_place(r, &e->assign.target);
	if (!is_place(e->assign.target) && e->assign.target->kind != EXPR_ERROR)
		diag_error(&r->s->diag, e->loc, E_NOT_LVALUE, "assignment");
	resolve_expr(r, &e->assign.value);
}

static void resolve_incdec(struct resolver *r, struct expr *e)
{
	if (r->is_condition) {
		diag_error(&r->s->diag, e->loc, E_CONDITION_WRITE);
		resolve_failed(e);
		return;
	}
	resolve_place(r, &e->incdec.operand);
}

/* ---- constants, so that @defined rules branches out before they are looked at ---- */

/* A number that @defined has become; other constants rule nothing out before types are known. */
static bool is_decided(const struct expr *e, bool *is_true)
{
	if (e->kind != EXPR_NUMBER || !e->number.is_decided)
		return false;
	*is_true = e->number.value != 0;
	return true;
}

/* A target variable; "$x" is looked for, everything else that has a meaning is defined. */
static void resolve_defined(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot, *operand = e->defined.operand;
	bool is_variable = operand->kind == EXPR_TARGET || operand->kind == EXPR_CAST ||
			   operand->kind == EXPR_ENTRY;

	if (!is_variable)
		resolve_expr(r, &e->defined.operand);
	*slot = expr_number(r->s->arena, e->loc, is_variable ? resolve_is_defined(r, operand) : 1);
	(*slot)->number.is_decided = is_variable;
	(*slot)->number.is_new = true;
}

static void resolve_perf(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	struct diag_mark mark = diag_mark(&r->s->diag);

	*slot = perf_read(r->s, r->function ? NULL : r->probe, e);
	if (*slot) {
		resolve_expr(r, slot);
		return;
	}
	*slot = e;
	resolve_fails_later(r, e, mark);
	e->error.is_late = true;
}

static void resolve_unary(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool is_true;

	resolve_expr(r, &e->unary.operand);
	if (e->unary.op == OP_NOT && is_decided(e->unary.operand, &is_true))
		*slot = expr_number(r->s->arena, e->loc, !is_true);
}

static void resolve_ternary(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool is_true;

	resolve_expr(r, &e->ternary.cond);
	if (is_decided(e->ternary.cond, &is_true)) {
		*slot = is_true ? e->ternary.then : e->ternary.otherwise;
		resolve_expr(r, slot);
		return;
	}
	resolve_expr(r, &e->ternary.then);
	resolve_expr(r, &e->ternary.otherwise);
}

/* ---- embedded C ---- */

/* The globals that CODE names behind each WORD, which says that it touches them, are used. */
static void use_pragma_globals(struct resolver *r, struct loc loc, const char *code, size_t len, const char *word)
{
	const char *end = code + len, *at = code;
	struct var *v;

	while ((at = memmem(at, (size_t)(end - at), word, strlen(word)))) {
		const char *name = at += strlen(word);

		while (at < end && (isalnum((unsigned char)*at) || *at == '_' || *at == '$'))
			at++;
		name = intern_n(r->s->names, name, (size_t)(at - name));
		v = lookup_find_global(r->s, name, loc);
		if (v)
			v->is_named_in_c = true;
		else
			diag_error(&r->s->diag, loc, E_PRAGMA_GLOBAL, word, name);
	}
}

static void resolve_pragmas(struct resolver *r, struct loc loc, const char *code, uint32_t len)
{
	bool is_pure = embedded_has_pragma(code, len, "pure");

	if (r->is_condition && !is_pure)
		diag_error(&r->s->diag, loc, E_CONDITION_EMBEDDED);
	if (!is_pure && embedded_has_pragma(code, len, "stable"))
		diag_error(&r->s->diag, loc, E_PRAGMA_STABLE);
	use_pragma_globals(r, loc, code, len, "pragma:read:");
	use_pragma_globals(r, loc, code, len, "pragma:write:");
}

/* ---- the walk ---- */

static void resolve_slot(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;

	switch (e->kind) {
	case EXPR_SYMBOL:
		resolve_symbol(r, e);
		return;
	case EXPR_INDEX:
		resolve_element(r, e);
		return;
	case EXPR_CALL:
		resolve_call(r, e);
		return;
	case EXPR_ASSIGN:
		resolve_assign(r, slot);
		return;
	case EXPR_INCDEC:
		resolve_incdec(r, e);
		return;
	case EXPR_UNARY:
		resolve_unary(r, slot);
		return;
	case EXPR_TERNARY:
		resolve_ternary(r, slot);
		return;
	case EXPR_IN:
		VEC_EACH(&e->in.keys, i)
			resolve_expr(r, &e->in.keys.at[i]);
		resolve_set(r, &e->in.array, e->in.keys.n);
		return;
	case EXPR_STATOP:
		resolve_expr(r, &e->statop.stat);
		return;
	case EXPR_HIST:
		resolve_expr(r, &e->hist.stat);
		return;
	case EXPR_TARGET:
		resolve_target(r, slot);
		return;
	case EXPR_CAST:
		resolve_cast(r, slot);
		return;
	case EXPR_ENTRY:
		resolve_entry(r, slot);
		return;
	case EXPR_DEFINED:
		if (r->is_condition) {
			diag_error(&r->s->diag, e->loc, E_CONDITION_DEFINED);
			resolve_failed(e);
			return;
		}
		resolve_defined(r, slot);
		return;
	case EXPR_EMBEDDED:
		resolve_pragmas(r, e->loc, e->embedded.code, e->embedded.len);
		return;
	case EXPR_PERF:
		resolve_perf(r, slot);
		return;
	case EXPR_PRINT:
		if (r->is_condition && !e->print.to_string) {
			diag_error(&r->s->diag, e->loc, E_CONDITION_PRINT);
			resolve_failed(e);
			return;
		}
		ast_walk_expr(&r->walker, e);
		return;
	case EXPR_BINARY:
	case EXPR_LOGICAL:
	case EXPR_COMPARE:
	case EXPR_CONCAT:
	case EXPR_REGEX:
	case EXPR_ACCESS:
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_ERROR:
		ast_walk_expr(&r->walker, e);
		return;
	case EXPR_KINDS:
		break;
	}
	BUG("resolve: expression of kind %d", e->kind);
}

static void on_expr(struct ast_walker *w, struct expr **slot)
{
	resolve_expr(w->data, slot);
}

static void resolve_foreach(struct resolver *r, struct stmt *st)
{
	resolve_expr(r, &st->foreach.limit);
	VEC_EACH(&st->foreach.slice, i)
		resolve_expr(r, &st->foreach.slice.at[i]);
	resolve_set(r, &st->foreach.array, st->foreach.keys.n);
	VEC_EACH(&st->foreach.keys, i)
		resolve_expr(r, &st->foreach.keys.at[i]);
	resolve_expr(r, &st->foreach.value);
	r->walker.stmt(&r->walker, &st->foreach.body);
}

static void resolve_delete(struct resolver *r, struct stmt *st)
{
	struct expr *e = st->expr.expr;
	struct var *v;

	if (e->kind == EXPR_INDEX) {
		resolve_index(r, e);
		return;
	}
	v = e->kind == EXPR_SYMBOL ? map_find(&r->locals, e->symbol.name) : NULL;
	if (e->kind != EXPR_SYMBOL || (v && v->kind == VAR_LOCAL)) {
		resolve_expr(r, &st->expr.expr);
		return;
	}
	if (!v)
		e->symbol.var = lookup_find_global(r->s, e->symbol.name, e->loc);
	if (!e->symbol.var) {
		diag_error(&r->s->diag, e->loc, E_UNRESOLVED_DELETE);
		resolve_failed(e);
	}
}

static void resolve_if(struct resolver *r, struct stmt **slot)
{
	struct stmt *st = *slot;
	bool is_true;

	resolve_expr(r, &st->if_.cond);
	if (is_decided(st->if_.cond, &is_true)) {
		struct stmt *taken = is_true ? st->if_.then : st->if_.otherwise;

		*slot = taken ? taken : stmt_new(r->s->arena, STMT_NULL, st->loc);
		r->walker.stmt(&r->walker, slot);
		return;
	}
	r->walker.stmt(&r->walker, &st->if_.then);
	if (st->if_.otherwise)
		r->walker.stmt(&r->walker, &st->if_.otherwise);
}

static void on_stmt(struct ast_walker *w, struct stmt **slot)
{
	struct resolver *r = w->data;
	struct stmt *st = *slot;

	if (!st)
		return;
	switch (st->kind) {
	case STMT_FOREACH:
		resolve_foreach(r, st);
		return;
	case STMT_DELETE:
		resolve_delete(r, st);
		return;
	case STMT_IF:
		resolve_if(r, slot);
		return;
	case STMT_NULL:
	case STMT_BLOCK:
	case STMT_EXPR:
	case STMT_WHILE:
	case STMT_FOR:
	case STMT_RETURN:
	case STMT_NEXT:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_TRY:
		ast_walk_stmt(w, st);
		return;
	case STMT_EMBEDDED:
		resolve_pragmas(r, st->loc, st->embedded.code, st->embedded.len);
		return;
	case STMT_LOCKED:
	case STMT_KINDS:
		break;
	}
	BUG("resolve: statement of kind %d", st->kind);
}

/* Those of bodies with an autocast are used again when its type is known. */
static struct resolver *resolver_new(struct session *s, var_vec *locals)
{
	struct resolver *r = ARENA_NEW(s->arena, struct resolver);

	r->s = s;
	r->new_locals = locals;
	map_init(&r->locals, s->arena);
	r->walker = (struct ast_walker){ .expr = on_expr, .stmt = on_stmt, .data = r };
	return r;
}

static void resolve_probe(struct session *s, struct probe *p)
{
	struct resolver *r = resolver_new(s, &p->locals);

	r->probe = p;
	r->is_condition = true;
	resolve_expr(r, &p->condition);
	r->is_condition = false;
	on_stmt(&r->walker, &p->body);
}

static void resolve_function(struct session *s, struct decl *d)
{
	struct resolver *r = resolver_new(s, &d->function.locals);

	r->function = d;
	r->probe = d->function.probe;
	VEC_EACH(&d->function.params, i) {
		struct param *param = &d->function.params.at[i];
		struct var *v = resolve_new_local(r, param->name, param->loc);

		v->kind = VAR_PARAM;
		v->type = param->type;
		v->type_loc = param->loc;
		param->var = v;
		map_put(&r->locals, v->name, v);
	}
	on_stmt(&r->walker, &d->function.body);
}

/* All probes from the one at I on that are copies of one body.  What is wrong with one of
 * them is wrong with many: the first that fails speaks for the others. */
static size_t resolve_copies(struct session *s, size_t i)
{
	const struct stmt *body = s->probes.at[i]->body_origin;
	unsigned n_errors = s->diag.n_errors, n_silent = 0;

	for (; i < s->probes.n && s->probes.at[i]->body_origin == body; i++) {
		struct diag_mark mark = diag_mark(&s->diag);
		bool has_failed = s->diag.n_errors != n_errors;

		resolve_probe(s, s->probes.at[i]);
		if (has_failed) {
			n_silent += s->diag.n_errors != mark.n_errors;
			diag_rollback(&s->diag, mark);
		}
	}
	session_note_silent(s, n_silent);
	return i;
}

bool pass_resolve(struct session *s)
{
	unsigned n_errors = s->diag.n_errors;
	size_t n_probes = 0, n_functions = 0;

	lookup_declare_globals(s);
	/* names bring in files, files bring in probes, and all bring in names */
	do {
		while (n_probes < s->probes.n)
			n_probes = resolve_copies(s, n_probes);
		while (n_functions < s->functions.n)
			resolve_function(s, s->functions.at[n_functions++]);
		expand_used_files(s);
	} while (n_probes < s->probes.n || n_functions < s->functions.n || autocast_resolve(s));
	autocast_report(s);
	lookup_collect_embedded(s);
	choose_by_embedded(s);
	parse_warn_unused_args(s); /* all files that the script needs have been read */
	return s->diag.n_errors == n_errors;
}
