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
 * A name means the local or parameter of its body, else the global of its own
 * file (a private one too), else of the script, else of the library; a scalar that
 * is none of these is a new local.  "Its own file" is where the name is written:
 * the body of a probe may come from a tapset's alias and from the script.
 */
#include <stdlib.h>
#include <string.h>

#include "lang/ast_print.h"
#include "translator/dwarf/dw.h"
#include "translator/expand.h"
#include "translator/library.h"
#include "translator/passes.h"
#include "translator/point.h"
#include "translator/point_messages.h"
#include "translator/probes/access_expr.h"
#include "translator/probes/program.h"

/* One body on its way. */
struct resolver {
	struct session *s;
	struct probe *probe;     /* or */
	struct decl *function;   /* one of the two; the owner of the locals */
	struct map locals;       /* name -> struct var, parameters too */
	var_vec *new_locals;     /* of the probe or function */
	bool is_condition;       /* inside if (...) of a probe point */
	bool at_entry;           /* inside @entry */
	struct ast_walker walker;
};

static void resolve_slot(struct resolver *r, struct expr **slot);

static void visit(struct resolver *r, struct expr **slot)
{
	if (*slot)
		resolve_slot(r, slot);
}

static void make_error(struct expr *e)
{
	e->kind = EXPR_ERROR;
	e->type = TY_ERROR;
}

/* ---- where names come from ---- */

/* The file in which the text at LOC was written or, for a macro's, used. */
static uint32_t file_of(const struct session *s, struct loc loc)
{
	const struct source *source = sources_get(s->sources, loc.file);

	while (source && source->parent.file) {
		loc = source->parent;
		source = sources_get(s->sources, loc.file);
	}
	return loc.file;
}

static const struct syntax_file *tapset_at(const struct session *s, uint32_t source)
{
	VEC_EACH(&s->used_files, i)
		if (s->used_files.at[i]->source == source)
			return s->used_files.at[i];
	return NULL;
}

static struct var *global_in(const struct syntax_file *f, const char *name, bool also_private)
{
	VEC_EACH(&f->decls, i) {
		struct decl *d = f->decls.at[i];

		if (d->kind == DECL_GLOBAL && d->global.var->name == name &&
		    (also_private || !d->is_private))
			return d->global.var;
	}
	return NULL;
}

static void use_global(struct session *s, struct var *v)
{
	VEC_EACH(&s->globals, i)
		if (s->globals.at[i] == v)
			return;
	VEC_PUSH(s->arena, &s->globals, v);
}

static struct var *find_global(struct session *s, const char *name, struct loc loc)
{
	uint32_t source = file_of(s, loc);
	const struct syntax_file *tapset = tapset_at(s, source);
	struct var *v = tapset ? global_in(tapset, name, true) : NULL;

	for (size_t i = 0; !v && i < s->user_files.n; i++)
		v = global_in(s->user_files.at[i], name, s->user_files.at[i]->source == source);
	if (!v) {
		struct decl *d = library_global(s->library, name);

		if (!d)
			return NULL;
		expand_use_file_of(s, d);
		v = d->global.var;
	}
	use_global(s, v);
	return v;
}

static void functions_in(struct session *s, const struct syntax_file *f, const char *name,
			 bool also_private, decl_vec *out)
{
	VEC_EACH(&f->decls, i) {
		struct decl *d = f->decls.at[i];

		if (d->kind == DECL_FUNCTION && d->name == name && (also_private || !d->is_private))
			VEC_PUSH(s->arena, out, d);
	}
}

static void keep_arity(decl_vec *functions, size_t n_args)
{
	size_t kept = 0;

	VEC_EACH(functions, i)
		if (functions->at[i]->function.params.n == n_args)
			functions->at[kept++] = functions->at[i];
	functions->n = kept;
}

/*
 * Overloads of NAME for N_ARGS, from the nearest place that has any.  *OTHER: one
 * with another number of parameters, for the message.
 */
static void find_functions(struct session *s, const char *name, struct loc loc, size_t n_args,
			   decl_vec *out, struct decl **other)
{
	uint32_t source = file_of(s, loc);
	const struct syntax_file *tapset = tapset_at(s, source);

	*other = NULL;
	for (int place = 0; place < 3 && !out->n; place++) {
		if (place == 0 && tapset)
			functions_in(s, tapset, name, true, out);
		for (size_t i = 0; place == 1 && i < s->user_files.n; i++)
			functions_in(s, s->user_files.at[i], name,
				     s->user_files.at[i]->source == source, out);
		if (place == 2)
			library_functions(s->library, name, out);
		if (out->n)
			*other = VEC_LAST(out);
		keep_arity(out, n_args);
	}
}

/* ---- functions ---- */

static void report_function(struct session *s, const struct expr *e)
{
	const char *const *library;
	size_t n_library = library_names(s->library, LIBRARY_FUNCTION, &library);
	VEC(const char *) names = { 0 };
	const char *near[5];
	const char *text = "";
	unsigned n;

	VEC_EACH(&s->user_files, f) {
		const decl_vec *decls = &s->user_files.at[f]->decls;

		VEC_EACH(decls, i)
			if (decls->at[i]->kind == DECL_FUNCTION)
				VEC_PUSH(s->arena, &names, decls->at[i]->name);
	}
	for (size_t i = 0; i < n_library; i++)
		VEC_PUSH(s->arena, &names, library[i]);
	n = diag_similar(e->call.name, names.at, (unsigned)names.n, near, 5);
	for (unsigned i = 0; i < n; i++)
		text = arena_printf(s->arena, "%s%s%s", text, i ? ", " : " (similar: ", near[i]);
	diag_error(&s->diag, e->loc, E_UNRESOLVED_FUNCTION, e->call.name,
		   n ? arena_printf(s->arena, "%s)", text) : "");
}

/* Sets has_next, which callers want to know before the body is resolved. */
static void look_for_next(struct ast_walker *w, struct stmt **slot)
{
	if ((*slot)->kind == STMT_NEXT)
		*(bool *)w->data = true;
	ast_walk_stmt(w, *slot);
}

static void use_function(struct session *s, struct decl *d)
{
	struct ast_walker w = { .stmt = look_for_next, .data = &d->function.has_next };

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i] == d)
			return;
	VEC_PUSH(s->arena, &s->functions, d);
	if (d->is_tapset)
		expand_use_file_of(s, d);
	look_for_next(&w, &d->function.body);
}

/* By priority, then by order of definition; those behind one that never says "next" are
 * out of reach. */
static void order_overloads(struct session *s, decl_vec *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct decl *d = f->at[i];
		size_t k = i;

		for (; k > 0 && f->at[k - 1]->function.priority > d->function.priority; k--)
			f->at[k] = f->at[k - 1];
		f->at[k] = d;
	}
	VEC_EACH(f, i) {
		use_function(s, f->at[i]);
		if (!f->at[i]->function.has_next)
			f->n = i + 1;
	}
}

static void resolve_call(struct resolver *r, struct expr *e)
{
	struct session *s = r->s;
	decl_vec found = { 0 };
	struct decl *other;

	if (r->is_condition) {
		diag_error(&s->diag, e->loc, E_CONDITION_CALL);
		make_error(e);
		return;
	}
	if (e->call.name[0] == '@') {
		diag_error(&s->diag, e->loc, E_AT_UNSUPPORTED, e->call.name);
		make_error(e);
		return;
	}
	VEC_EACH(&e->call.args, i)
		visit(r, &e->call.args.at[i]);
	find_functions(s, e->call.name, e->loc, e->call.args.n, &found, &other);
	if (!found.n) {
		if (other) {
			diag_error(&s->diag, e->loc, E_FUNCTION_ARITY, e->call.name,
				   other->function.params.n);
			diag_note(&s->diag, other->loc, "'%s' is defined here", other->name);
		} else {
			report_function(s, e);
		}
		make_error(e);
		return;
	}
	order_overloads(s, &found);
	e->call.callees = found;
}

/* ---- variables ---- */

static struct var *new_local(struct resolver *r, const char *name, struct loc loc)
{
	struct var *v = ARENA_NEW(r->s->arena, struct var);

	v->kind = VAR_LOCAL;
	v->name = name;
	v->loc = loc;
	v->owner = r->function;
	return v;
}

static void resolve_symbol(struct resolver *r, struct expr *e)
{
	struct session *s = r->s;
	struct var *v = map_find(&r->locals, e->symbol.name);

	if (!v)
		v = find_global(s, e->symbol.name, e->loc);
	if (!v && r->is_condition) {
		diag_error(&s->diag, e->loc, E_CONDITION_GLOBAL);
		make_error(e);
		return;
	}
	if (!v) {
		v = new_local(r, e->symbol.name, e->loc);
		map_put(&r->locals, v->name, v);
		VEC_PUSH(s->arena, r->new_locals, v);
	}
	if (r->at_entry && v->kind == VAR_LOCAL) {
		diag_error(&s->diag, e->loc, E_ENTRY_LOCAL, v->name);
		make_error(e);
		return;
	}
	e->symbol.var = v;
}

/* NAME must be a global: an array with N_KEYS keys. */
static struct var *array_var(struct resolver *r, const char *name, struct loc loc, size_t n_keys)
{
	struct var *v = map_has(&r->locals, name) ? NULL : find_global(r->s, name, loc);

	if (!v)
		diag_error(&r->s->diag, loc, E_UNRESOLVED_ARRAY, n_keys, name);
	return v;
}

static void resolve_array_symbol(struct resolver *r, struct expr *e, size_t n_keys)
{
	e->symbol.var = array_var(r, e->symbol.name, e->loc, n_keys);
	if (!e->symbol.var)
		make_error(e);
}

static void resolve_index(struct resolver *r, struct expr *e)
{
	VEC_EACH(&e->index.keys, i)
		visit(r, &e->index.keys.at[i]);
	if (e->index.hist) {
		visit(r, &e->index.hist);
		return;
	}
	e->index.var = array_var(r, e->index.name, e->loc, e->index.keys.n);
	if (!e->index.var)
		make_error(e);
}

/* What @count, @hist_log and <<< stand at: a global, whole or an element of it. */
static void resolve_stat(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;

	if (e->kind != EXPR_SYMBOL) {
		visit(r, slot);
		return;
	}
	if (!map_has(&r->locals, e->symbol.name))
		e->symbol.var = find_global(r->s, e->symbol.name, e->loc);
	if (!e->symbol.var) {
		diag_error(&r->s->diag, e->loc, E_STAT_LOCAL);
		make_error(e);
	}
}

/* The array behind "in". */
static void resolve_set(struct resolver *r, struct expr **slot, size_t n_keys)
{
	if ((*slot)->kind == EXPR_SYMBOL)
		resolve_array_symbol(r, *slot, n_keys);
	else
		visit(r, slot);
}

static void resolve_assign(struct resolver *r, struct expr *e)
{
	if (r->is_condition) {
		diag_error(&r->s->diag, e->loc, E_CONDITION_WRITE);
		make_error(e);
		return;
	}
	if (e->assign.target->kind == EXPR_TARGET || e->assign.target->kind == EXPR_CAST) {
		if (r->s->opt.guru)
			diag_error(&r->s->diag, e->assign.target->loc, E_TARGET_ASSIGN);
		else
			diag_error(&r->s->diag, e->assign.target->loc, E_TARGET_WRITE_GURU);
		make_error(e);
		return;
	}
	if (e->assign.op == OP_STAT)
		resolve_stat(r, &e->assign.target);
	else
		visit(r, &e->assign.target);
	visit(r, &e->assign.value);
}

static void resolve_incdec(struct resolver *r, struct expr *e)
{
	if (r->is_condition) {
		diag_error(&r->s->diag, e->loc, E_CONDITION_WRITE);
		make_error(e);
	} else if (e->incdec.operand->kind == EXPR_TARGET || e->incdec.operand->kind == EXPR_CAST) {
		if (r->s->opt.guru)
			diag_error(&r->s->diag, e->incdec.operand->loc, E_TARGET_ASSIGN);
		else
			diag_error(&r->s->diag, e->incdec.operand->loc, E_TARGET_WRITE_GURU);
		make_error(e);
	} else {
		visit(r, &e->incdec.operand);
	}
}

/* ---- target variables ---- */

static bool is_return_probe(const struct resolver *r)
{
	return r->probe && r->probe->row.kind == PROBE_RETURN;
}

static bool is_return_name(const char *name)
{
	return !strcmp(name, "$return") || !strcmp(name, "$$return");
}

/* The replacement of a TARGET, or NULL. */
static struct expr *target_value(struct resolver *r, struct expr *e, unsigned flags)
{
	struct session *s = r->s;
	bool is_quiet = flags & RESOLVE_QUIET;

	if (!r->probe) {
		if (!is_quiet)
			diag_error(&s->diag, e->loc, E_TARGET_IN_FUNCTION, e->target.name);
		return NULL;
	}
	if (!r->probe->family->resolve_var) {
		if (!is_quiet)
			diag_error(&s->diag, e->loc, E_NO_TARGETS);
		return NULL;
	}
	return r->probe->family->resolve_var(s, r->probe, e, flags);
}

static const char *cast_names(struct session *s, const struct dw_var_result *v)
{
	const char *text = "";

	for (size_t i = 0; i < v->n_names; i++)
		text = arena_printf(s->arena, "%s%s%s", text, i ? ", " : " (alternatives: ",
				    v->names[i]);
	return v->n_names ? arena_printf(s->arena, "%s)", text) : "";
}

static void report_cast(struct session *s, const struct expr *e, struct dw_file *file,
			const struct dw_var_result *v)
{
	switch (v->error) {
	case DW_VAR_NOT_FOUND:
	case DW_VAR_NO_DWARF:
		diag_error(&s->diag, e->loc, E_NO_TYPE, e->cast.type_name,
			   arena_printf(s->arena, " in '%s'", dw_info(file)->path),
			   cast_names(s, v));
		return;
	case DW_VAR_BAD_MEMBER:
		diag_error(&s->diag,
			   v->bad_component < e->cast.components.n ?
				e->cast.components.at[v->bad_component].loc : e->loc,
			   E_MEMBER, v->why ? v->why : "the value has no such part",
			   cast_names(s, v));
		return;
	case DW_VAR_NO_LOCATION:
	case DW_VAR_UNSUPPORTED:
		diag_error(&s->diag, e->loc, E_VARIABLE, "@cast",
			   v->why ? v->why : "its place can't be told");
		return;
	case DW_VAR_OK:
		break;
	}
	BUG("a @cast that was resolved is reported");
}

/* The file whose types a @cast means, or NULL. */
static struct dw_file *cast_file(struct resolver *r, const struct expr *e, bool is_quiet)
{
	struct session *s = r->s;
	struct dw_file *file = NULL;
	const char *module = e->cast.module;

	if (!e->cast.type_name) {
		if (!is_quiet)
			diag_error(&s->diag, e->loc, E_UNTYPED_MEMBER);
		return NULL;
	}
	if (module && *module) {
		if (strchr(module, '<') || !strcmp(module, "kernel")) {
			if (!is_quiet)
				diag_error(&s->diag, e->loc, E_MODULE, module);
			return NULL;
		}
		return program_module(s, module, e->loc, is_quiet);
	}
	if (r->probe && r->probe->family->default_file)
		file = r->probe->family->default_file(r->probe);
	if (!file && !is_quiet)
		diag_error(&s->diag, e->loc, E_CAST_MODULE, e->cast.type_name);
	return file;
}

static struct expr *cast_value(struct resolver *r, struct expr *e, unsigned flags)
{
	struct session *s = r->s;
	struct dw_file *file = cast_file(r, e, flags & RESOLVE_QUIET);
	struct dw_var_result v = { 0 };

	if (!file)
		return NULL;
	dw_cast(file, e->cast.type_name, &e->cast.components, e->cast.is_address, s->arena, &v);
	if (v.error != DW_VAR_OK) {
		if (!(flags & RESOLVE_QUIET))
			report_cast(s, e, file, &v);
		return NULL;
	}
	return access_expr(s, e, file, v.path, e->cast.operand, &e->cast.components);
}

/* A replacement takes the place of the variable, and its children are resolved. */
static void put_value(struct resolver *r, struct expr **slot, struct expr *value)
{
	if (!value) {
		make_error(*slot);
		return;
	}
	*slot = value;
	ast_walk_expr(&r->walker, value);
}

/* *SLOT's value is taken at the function's entry and kept for the return. */
static void save_at_entry(struct resolver *r, struct expr **slot)
{
	struct expr *entry = expr_new(r->s->arena, EXPR_ENTRY, (*slot)->loc);

	entry->entry.operand = *slot;
	entry->entry.saved = new_local(r, "@entry", entry->loc);
	entry->entry.saved->is_synthetic = true;
	*slot = entry;
}

static void resolve_target(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool at_return = is_return_probe(r) && !r->at_entry;

	if (r->is_condition) {
		diag_error(&r->s->diag, e->loc, E_CONDITION_TARGET);
		make_error(e);
		return;
	}
	if (!at_return || e->target.is_at_var || is_return_name(e->target.name)) {
		put_value(r, slot, target_value(r, e, r->at_entry ? RESOLVE_AT_ENTRY : 0));
		return;
	}
	struct expr *value = target_value(r, e, RESOLVE_AT_ENTRY);

	if (value) {
		struct buf text;

		buf_init(&text);
		ast_print_expr(&text, e);
		diag_warning(&r->s->diag, e->loc, W_ENTRY_VALUE, text.data);
		buf_fini(&text);
	}
	r->at_entry = true;
	put_value(r, slot, value);
	r->at_entry = false;
	save_at_entry(r, slot);
}

static void resolve_entry(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;

	if (!is_return_probe(r) || r->at_entry) {
		diag_error(&r->s->diag, e->loc, E_ENTRY_ELSEWHERE);
		make_error(e);
		return;
	}
	r->at_entry = true;
	visit(r, &e->entry.operand);
	r->at_entry = false;
	*slot = e->entry.operand;
	save_at_entry(r, slot);
}

static bool is_defined(struct resolver *r, struct expr *e)
{
	unsigned flags = RESOLVE_QUIET;

	if (e->kind == EXPR_ENTRY) {
		flags |= RESOLVE_AT_ENTRY;
		e = e->entry.operand;
	}
	if (r->at_entry || (is_return_probe(r) && e->kind == EXPR_TARGET &&
			    !is_return_name(e->target.name)))
		flags |= RESOLVE_AT_ENTRY;
	if (e->kind == EXPR_TARGET)
		return target_value(r, e, flags) != NULL;
	if (e->kind == EXPR_CAST)
		return cast_value(r, e, flags) != NULL;
	return e->kind != EXPR_PERF;
}

/* ---- constants, so that @defined rules branches out before they are looked at ---- */

static bool is_number(const struct expr *e, bool *is_true)
{
	if (e->kind != EXPR_NUMBER)
		return false;
	*is_true = e->number.value != 0;
	return true;
}

static void make_number(struct resolver *r, struct expr **slot, int64_t value)
{
	*slot = expr_number(r->s->arena, (*slot)->loc, value);
}

static void resolve_unary(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool is_true;

	visit(r, &e->unary.operand);
	if (e->unary.op == OP_NOT && is_number(e->unary.operand, &is_true))
		make_number(r, slot, !is_true);
}

static void resolve_logical(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool is_true;

	visit(r, &e->binary.left);
	if (is_number(e->binary.left, &is_true) && is_true == (e->binary.op == OP_LOR)) {
		make_number(r, slot, is_true);
		return;
	}
	visit(r, &e->binary.right);
	if (is_number(e->binary.left, &is_true) && is_number(e->binary.right, &is_true))
		make_number(r, slot, is_true);
}

static void resolve_ternary(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool is_true;

	visit(r, &e->ternary.cond);
	if (is_number(e->ternary.cond, &is_true)) {
		*slot = is_true ? e->ternary.then : e->ternary.otherwise;
		visit(r, slot);
		return;
	}
	visit(r, &e->ternary.then);
	visit(r, &e->ternary.otherwise);
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
		resolve_index(r, e);
		return;
	case EXPR_CALL:
		resolve_call(r, e);
		return;
	case EXPR_ASSIGN:
		resolve_assign(r, e);
		return;
	case EXPR_INCDEC:
		resolve_incdec(r, e);
		return;
	case EXPR_UNARY:
		resolve_unary(r, slot);
		return;
	case EXPR_LOGICAL:
		resolve_logical(r, slot);
		return;
	case EXPR_TERNARY:
		resolve_ternary(r, slot);
		return;
	case EXPR_IN:
		VEC_EACH(&e->in.keys, i)
			visit(r, &e->in.keys.at[i]);
		resolve_set(r, &e->in.array, e->in.keys.n);
		return;
	case EXPR_STATOP:
		resolve_stat(r, &e->statop.stat);
		return;
	case EXPR_HIST:
		resolve_stat(r, &e->hist.stat);
		return;
	case EXPR_TARGET:
		resolve_target(r, slot);
		return;
	case EXPR_CAST:
		put_value(r, slot, cast_value(r, e, 0));
		return;
	case EXPR_ENTRY:
		resolve_entry(r, slot);
		return;
	case EXPR_DEFINED:
		make_number(r, slot, is_defined(r, e->defined.operand));
		return;
	case EXPR_PERF:
		diag_error(&r->s->diag, e->loc, E_AT_UNSUPPORTED, "@perf");
		make_error(e);
		return;
	case EXPR_BINARY:
	case EXPR_COMPARE:
	case EXPR_CONCAT:
	case EXPR_REGEX:
	case EXPR_PRINT:
	case EXPR_ACCESS:
	case EXPR_NUMBER:
	case EXPR_STRING:
	case EXPR_EMBEDDED:
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
	visit(w->data, slot);
}

static void resolve_foreach(struct resolver *r, struct stmt *st)
{
	visit(r, &st->foreach.limit);
	VEC_EACH(&st->foreach.slice, i)
		visit(r, &st->foreach.slice.at[i]);
	resolve_set(r, &st->foreach.array, st->foreach.keys.n);
	VEC_EACH(&st->foreach.keys, i)
		visit(r, &st->foreach.keys.at[i]);
	visit(r, &st->foreach.value);
	r->walker.stmt(&r->walker, &st->foreach.body);
}

static void resolve_delete(struct resolver *r, struct stmt *st)
{
	struct expr *e = st->expr.expr;

	if (e->kind != EXPR_SYMBOL || map_has(&r->locals, e->symbol.name)) {
		visit(r, &st->expr.expr);
		return;
	}
	e->symbol.var = find_global(r->s, e->symbol.name, e->loc);
	if (!e->symbol.var) {
		diag_error(&r->s->diag, e->loc, E_UNRESOLVED_DELETE);
		make_error(e);
	}
}

static void resolve_if(struct resolver *r, struct stmt **slot)
{
	struct stmt *st = *slot;
	bool is_true;

	visit(r, &st->if_.cond);
	if (is_number(st->if_.cond, &is_true)) {
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
	case STMT_EMBEDDED:
		ast_walk_stmt(w, st);
		return;
	case STMT_KINDS:
		break;
	}
	BUG("resolve: statement of kind %d", st->kind);
}

static void resolver_init(struct resolver *r, struct session *s, var_vec *locals)
{
	*r = (struct resolver){ .s = s, .new_locals = locals };
	map_init(&r->locals, s->arena);
	r->walker = (struct ast_walker){ .expr = on_expr, .stmt = on_stmt, .data = r };
}

static void resolve_probe(struct session *s, struct probe *p)
{
	struct resolver r;

	resolver_init(&r, s, &p->locals);
	r.probe = p;
	r.is_condition = true;
	visit(&r, &p->condition);
	r.is_condition = false;
	on_stmt(&r.walker, &p->body);
}

static void resolve_function(struct session *s, struct decl *d)
{
	struct resolver r;

	resolver_init(&r, s, &d->function.locals);
	r.function = d;
	VEC_EACH(&d->function.params, i) {
		struct param *param = &d->function.params.at[i];
		struct var *v = new_local(&r, param->name, param->loc);

		v->kind = VAR_PARAM;
		v->type = param->type;
		v->type_loc = param->loc;
		param->var = v;
		map_put(&r.locals, v->name, v);
	}
	on_stmt(&r.walker, &d->function.body);
}

/* ---- globals and -G ---- */

static bool is_decimal(const char *text)
{
	char *end;

	strtoll(text, &end, 0);
	return *text && !*end;
}

static void set_global(struct session *s, const struct text_option *o)
{
	const char *name = intern(s->names, o->name);
	struct loc nowhere = { 0 };
	struct var *v = NULL;
	const char *names[64], *near[5], *text = "";
	unsigned n = 0;

	for (size_t i = 0; !v && i < s->user_files.n; i++)
		v = global_in(s->user_files.at[i], name, true);
	if (!v) {
		struct decl *d = library_global(s->library, name);

		v = d ? d->global.var : NULL;
	}
	if (!v) {
		VEC_EACH(&s->globals, i)
			if (n < sizeof(names) / sizeof(*names))
				names[n++] = s->globals.at[i]->name;
		n = diag_similar(name, names, n, near, 5);
		for (unsigned i = 0; i < n; i++)
			text = arena_printf(s->arena, "%s%s%s", text, i ? ", " : " (similar: ",
					    near[i]);
		diag_error(&s->diag, nowhere, E_GLOBAL_OPTION, name,
			   n ? arena_printf(s->arena, "%s)", text) : "");
		return;
	}
	if (v->size) {
		diag_error(&s->diag, nowhere, E_GLOBAL_OPTION_ARRAY, name);
		return;
	}
	if (o->value && is_decimal(o->value) && (!v->init || v->init->kind == EXPR_NUMBER)) {
		v->init = expr_number(s->arena, v->loc, strtoll(o->value, NULL, 0));
	} else {
		const char *value = o->value ? o->value : "";

		v->init = expr_string(s->arena, v->loc, value, (uint32_t)strlen(value));
	}
}

static void collect_embedded(struct session *s, const struct syntax_file *f)
{
	VEC_EACH(&f->decls, i)
		if (f->decls.at[i]->kind == DECL_EMBEDDED)
			VEC_PUSH(s->arena, &s->embedded, f->decls.at[i]);
}

bool pass_resolve(struct session *s)
{
	unsigned n_errors = s->diag.n_errors;
	size_t n_probes = 0, n_functions = 0;

	VEC_EACH(&s->user_files, f)
		VEC_EACH(&s->user_files.at[f]->decls, i)
			if (s->user_files.at[f]->decls.at[i]->kind == DECL_GLOBAL)
				use_global(s, s->user_files.at[f]->decls.at[i]->global.var);
	VEC_EACH(&s->opt.globals, i)
		set_global(s, &s->opt.globals.at[i]);
	/* names bring in files, files bring in probes, and all bring in names */
	while (n_probes < s->probes.n || n_functions < s->functions.n) {
		while (n_probes < s->probes.n)
			resolve_probe(s, s->probes.at[n_probes++]);
		while (n_functions < s->functions.n)
			resolve_function(s, s->functions.at[n_functions++]);
		expand_used_files(s);
	}
	VEC_EACH(&s->user_files, i)
		collect_embedded(s, s->user_files.at[i]);
	VEC_EACH(&s->used_files, i)
		collect_embedded(s, s->used_files.at[i]);
	return s->diag.n_errors == n_errors;
}
