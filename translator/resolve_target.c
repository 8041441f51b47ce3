/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probed program's variables in a body: $variables go to the probe's family,
 * @cast to the DWARF of the file that it names.  In a return probe everything but
 * $return has the value that it had at the function's entry, as @entry says aloud.
 */
#include "translator/resolve_int.h"

#include <string.h>

#include "lang/ast_print.h"
#include "translator/dwarf/dw.h"
#include "translator/near.h"
#include "translator/point.h"
#include "translator/point_messages.h"
#include "translator/probes/access_expr.h"
#include "translator/probes/header.h"
#include "translator/probes/pretty.h"
#include "translator/probes/program.h"

static bool is_return_probe(const struct resolver *r)
{
	return r->probe && (r->probe->row.kind == PROBE_RETURN || r->probe->row.kind == PROBE_KERNEL_RETURN);
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

static void report_cast(struct session *s, const struct expr *e, struct dw_file *file,
			const struct dw_var_result *v)
{
	switch (v->error) {
	case DW_VAR_NOT_FOUND:
	case DW_VAR_NO_DWARF:
		diag_error(&s->diag, e->loc, E_NO_TYPE, e->cast.type_name,
			   arena_printf(s->arena, " in '%s'", e->cast.module ? e->cast.module :
					dw_info(file)->path),
			   near_list(s->arena, "alternatives", v->names, v->n_names));
		return;
	case DW_VAR_BAD_MEMBER:
		diag_error(&s->diag,
			   v->bad_component < e->cast.components.n ?
				e->cast.components.at[v->bad_component].loc : e->loc,
			   E_MEMBER, v->why ? v->why : "the value has no such part",
			   near_list(s->arena, "alternatives", v->names, v->n_names));
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

/* One of the modules of a @cast: "PROGRAM", "<HEADER>"; NULL where it has reported. */
static struct dw_file *module_file(struct resolver *r, const struct expr *e, const char *module,
				   bool is_quiet)
{
	struct session *s = r->s;

	if (*module == '<')
		return header_types(s, module, e->loc, is_quiet);
	if (strchr(module, '<') || !strcmp(module, "kernel")) {
		if (!is_quiet)
			diag_error(&s->diag, e->loc, E_MODULE, module);
		return NULL;
	}
	return program_module(s, module, e->loc, is_quiet);
}

static bool has_type(struct session *s, struct dw_file *file, const char *type)
{
	static const component_vec none;
	struct dw_var_result v;

	dw_cast(file, type, &none, false, s->arena, &v);
	return v.type != NULL || v.error == DW_VAR_OK || v.error == DW_VAR_BAD_MEMBER;
}

/* "MODULE:MODULE": the first that has the type, or else the last. */
static struct dw_file *first_with_type(struct resolver *r, const struct expr *e, bool is_quiet)
{
	struct session *s = r->s;
	struct dw_file *file = NULL;

	for (const char *at = e->cast.module; *at;) {
		size_t len = strcspn(at, ":");
		const char *module = arena_strndup(s->arena, at, len);
		bool is_last = !at[len];

		file = module_file(r, e, module, is_quiet || !is_last);
		if (file && has_type(s, file, e->cast.type_name))
			return file;
		at += len + !is_last;
	}
	return file;
}

/* The file whose types a @cast means, or NULL. */
static struct dw_file *cast_file(struct resolver *r, const struct expr *e, bool is_quiet)
{
	struct session *s = r->s;
	struct dw_file *file = NULL;

	if (!e->cast.type_name) /* inside @defined: its type is not known yet */
		return NULL;
	if (e->cast.module && *e->cast.module)
		return first_with_type(r, e, is_quiet);
	if (r->probe && r->probe->family->default_file)
		file = r->probe->family->default_file(r->probe);
	if (!file && !is_quiet)
		diag_error(&s->diag, e->loc, E_CAST_MODULE, e->cast.type_name);
	return file;
}

static void find_cast(const struct access_root *root, const component_vec *components,
		      bool is_address, struct dw_var_result *out)
{
	dw_cast(root->file, root->origin->cast.type_name, components, is_address, root->s->arena,
		out);
}

static void find_autocast(const struct access_root *root, const component_vec *components,
			  bool is_address, struct dw_var_result *out)
{
	dw_autocast(root->data, components, is_address, root->s->arena, out);
}

/* TYPE: the operand's; NULL: E names it. */
static struct expr *cast_value(struct resolver *r, struct expr *e, const struct dw_type *type,
			       unsigned flags)
{
	struct session *s = r->s;
	const component_vec *c = &e->cast.components;
	struct access_root root = {
		.s = s,
		.origin = e,
		.file = type ? dw_type_file(type) : cast_file(r, e, flags & RESOLVE_QUIET),
		.base = e->cast.operand,
		.find = type ? find_autocast : find_cast,
		.data = type,
	};
	struct dw_var_result v = { 0 };
	struct expr *value = NULL;

	if (!root.file)
		return NULL;
	if (pretty_is_wanted(c)) {
		value = pretty_value(&root, c, &v);
	} else {
		root.find(&root, c, e->cast.is_address, &v);
		if (v.error == DW_VAR_OK)
			value = access_expr(s, e, root.file, v.path, e->cast.operand, c);
	}
	if (!value && !(flags & RESOLVE_QUIET))
		report_cast(s, e, root.file, &v);
	return value;
}

/* A replacement takes the place of the variable, and is resolved itself; or what has been
 * reported since the mark may matter later.  --skip-badvars: $variables are never amiss. */
static void put_value(struct resolver *r, struct expr **slot, struct expr *value, struct diag_mark mark)
{
	const struct expr *e = *slot;

	if (!value && r->s->opt.skip_bad_variables && e->kind == EXPR_TARGET && !e->target.is_at_var) {
		diag_rollback(&r->s->diag, mark);
		diag_warning(&r->s->diag, e->loc, W_BAD_VARIABLE);
		value = expr_number(r->s->arena, e->loc, 0);
	}
	if (!value) {
		resolve_fails_later(r, *slot, mark);
		return;
	}
	*slot = value;
	resolve_expr(r, slot);
}

void resolve_cast(struct resolver *r, struct expr **slot)
{
	struct diag_mark mark = diag_mark(&r->s->diag);

	if ((*slot)->cast.type_name)
		put_value(r, slot, cast_value(r, *slot, NULL, 0), mark);
	else
		autocast_defer(r, slot);
}

bool resolve_autocast(struct resolver *r, struct expr **slot, const struct dw_type *type)
{
	struct diag_mark mark = diag_mark(&r->s->diag);

	put_value(r, slot, cast_value(r, *slot, type, 0), mark);
	return (*slot)->kind != EXPR_ERROR;
}

/* *SLOT's value is taken at the function's entry and kept for the return. */
static void save_at_entry(struct resolver *r, struct expr **slot)
{
	struct expr *entry = expr_new(r->s->arena, EXPR_ENTRY, (*slot)->loc);

	entry->entry.operand = *slot;
	entry->entry.saved = resolve_new_local(r, "@entry", entry->loc);
	entry->entry.saved->is_synthetic = true;
	*slot = entry;
}

void resolve_target(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	bool at_return = is_return_probe(r) && !r->at_entry;
	struct diag_mark mark = diag_mark(&r->s->diag);

	if (r->is_condition) {
		diag_error(&r->s->diag, e->loc, E_CONDITION_TARGET);
		resolve_failed(e);
		return;
	}
	if (at_return && r->function && !e->target.is_at_var && !is_return_name(e->target.name)) {
		diag_error(&r->s->diag, e->loc, E_RETURN_FUNCTION, e->target.name);
		put_value(r, slot, NULL, mark);
		return;
	}
	if (!at_return || e->target.is_at_var || is_return_name(e->target.name)) {
		put_value(r, slot, target_value(r, e, r->at_entry ? RESOLVE_AT_ENTRY : 0), mark);
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
	put_value(r, slot, value, mark);
	r->at_entry = false;
	if ((*slot)->kind == EXPR_ERROR)
		return;
	save_at_entry(r, slot);
}

bool resolve_target_assign(struct resolver *r, struct expr **slot)
{
	if (!r->probe || !r->probe->family->assign_var)
		return false;
	struct diag_mark mark = diag_mark(&r->s->diag);

	put_value(r, slot, r->probe->family->assign_var(r->s, r->probe, *slot), mark);
	if ((*slot)->kind == EXPR_ERROR)
		(*slot)->error.is_written = true;
	return true;
}

void resolve_entry(struct resolver *r, struct expr **slot)
{
	struct expr *e = *slot;
	struct diag_mark mark = diag_mark(&r->s->diag);

	if (!is_return_probe(r) || r->at_entry || r->function) {
		diag_error(&r->s->diag, e->loc, E_ENTRY_ELSEWHERE);
		resolve_fails_later(r, e, mark);
		return;
	}
	r->at_entry = true;
	resolve_expr(r, &e->entry.operand);
	r->at_entry = false;
	*slot = e->entry.operand;
	save_at_entry(r, slot);
}

bool resolve_is_defined(struct resolver *r, struct expr *e)
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
		return cast_value(r, e, NULL, flags) != NULL;
	return true;
}
