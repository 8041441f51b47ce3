/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target variables of process probes: $name, @var, $$vars and its kin.  dw.h says
 * how a value is computed; here it becomes an EXPR_ACCESS, or, with a "$" behind it
 * or as one of a list, a text (pretty.h).
 */
#include "translator/probes/process_int.h"

#include <string.h>

#include "base/buf.h"
#include "translator/near.h"
#include "translator/point_messages.h"
#include "translator/probes/access_expr.h"
#include "translator/probes/pretty.h"
#include "translator/probes/program.h"

struct target {
	struct session *s;
	const struct process_probe *at;
	struct expr *e; /* the EXPR_TARGET */
	struct dw_scope scope; /* func NULL: the probe is at no place in the code */
	bool is_quiet;
	bool is_return; /* past the function's return: nothing but $return has a value */
};

/* A variable in a scope: what find_named is asked for. */
struct named {
	struct dw_scope scope;
	const char *name;
};

static const component_vec no_components;

/* ---- errors ---- */

static const char *alternatives(struct session *s, const struct dw_var_result *r)
{
	return near_list(s->arena, "alternatives", r->names, r->n_names);
}

static const char *place_text(const struct target *t)
{
	const struct dw_func *f = t->scope.func;

	return arena_printf(t->s->arena, ", near pc 0x%llx in %s%s%s",
			    (unsigned long long)t->scope.pc, f->name, f->decl_file ? " " : "",
			    f->decl_file ? f->decl_file : "");
}

static struct loc component_loc(const struct expr *e, size_t i)
{
	const component_vec *c = &e->target.components;

	return i < c->n ? c->at[i].loc : e->loc;
}

static void report(const struct target *t, const char *name, const struct dw_var_result *r)
{
	struct diag *d = &t->s->diag;
	const struct expr *e = t->e;

	if (t->is_quiet)
		return;
	switch (r->error) {
	case DW_VAR_NOT_FOUND:
		if (t->is_return)
			diag_error(d, e->loc, E_NO_RETURN_VALUE,
				   r->why ? r->why : "the function has no return value");
		else if (e->target.is_at_var)
			diag_error(d, e->loc, E_NO_GLOBAL_VARIABLE, name, "",
				   alternatives(t->s, r));
		else
			diag_error(d, e->loc, E_NO_VARIABLE, name, place_text(t),
				   alternatives(t->s, r));
		return;
	case DW_VAR_BAD_MEMBER:
		diag_error(d, component_loc(e, r->bad_component), E_MEMBER,
			   r->why ? r->why : "the value has no such part", alternatives(t->s, r));
		return;
	case DW_VAR_NO_LOCATION:
	case DW_VAR_NO_DWARF:
	case DW_VAR_UNSUPPORTED:
		diag_error(d, e->loc, E_VARIABLE, e->target.name,
			   r->why ? r->why : "its place can't be told");
		return;
	case DW_VAR_OK:
		break;
	}
	BUG("a variable that was found is reported");
}

/* ---- one variable ---- */

static void find_named(const struct access_root *root, const component_vec *components,
		       bool is_address, struct dw_var_result *out)
{
	const struct named *n = root->data;

	dw_var(&n->scope, n->name, components, is_address, root->s->arena, out);
}

/* @var("name") is a global, or else what $name is; @var("name@file") a global of the file. */
static void find_at_var(const struct access_root *root, const component_vec *components,
			bool is_address, struct dw_var_result *out)
{
	const struct named *n = root->data;
	struct dw_var_result local = { 0 };

	dw_global_var(root->file, n->name, components, is_address, root->s->arena, out);
	if (out->error != DW_VAR_NOT_FOUND || root->origin->target.module ||
	    strchr(n->name, '@') || !n->scope.func)
		return;
	find_named(root, components, is_address, &local);
	if (local.error == DW_VAR_OK)
		*out = local;
}

static struct access_root root_of(const struct target *t, const struct named *n)
{
	return (struct access_root){
		.s = t->s,
		.origin = t->e,
		.file = t->at->file,
		.find = find_named,
		.data = n,
	};
}

static struct expr *resolve_root(const struct target *t, const struct access_root *root)
{
	const struct named *n = root->data;
	const component_vec *c = &t->e->target.components;
	struct dw_var_result r = { 0 };
	struct expr *value = NULL;

	if (pretty_is_wanted(c)) {
		value = pretty_value(root, c, &r);
	} else {
		root->find(root, c, t->e->target.is_address, &r);
		if (r.error == DW_VAR_OK)
			value = access_expr(t->s, t->e, root->file, r.path, NULL, c);
	}
	if (!value)
		report(t, n->name, &r);
	return value;
}

static struct expr *resolve_at_var(const struct target *t)
{
	const struct expr *e = t->e;
	struct named n = { t->scope, e->target.var_name };
	struct access_root root = root_of(t, &n);

	root.find = find_at_var;
	if (e->target.module)
		root.file = program_module(t->s, e->target.module, e->loc, t->is_quiet);
	return root.file ? resolve_root(t, &root) : NULL;
}

/* ---- lists ---- */

/* "name=value" for each variable that is wanted. */
static struct expr *resolve_list(const struct target *t, bool parameters, bool locals)
{
	const component_vec *c = &t->e->target.components;
	dw_var_name_vec names = { 0 };
	struct pretty_list list;

	dw_visible(&t->scope, &names);
	pretty_list_begin(&list, t->s, t->e->loc);
	VEC_EACH(&names, i) {
		struct named n = { t->scope, names.at[i].name };
		struct access_root root = root_of(t, &n);

		if (names.at[i].is_parameter ? parameters : locals)
			pretty_list_add(&list, n.name, &root,
					pretty_is_wanted(c) ? &VEC_LAST(c) : NULL);
	}
	return pretty_list_end(&list);
}

/* "return=value", or nothing for a function that returns none */
static struct expr *resolve_return_text(const struct target *t)
{
	const component_vec *c = &t->e->target.components;
	struct named n = { t->scope, "return" };
	struct access_root root = root_of(t, &n);
	struct dw_var_result r = { 0 };
	struct pretty_list list;

	find_named(&root, &no_components, false, &r);
	pretty_list_begin(&list, t->s, t->e->loc);
	if (r.type)
		pretty_list_add(&list, n.name, &root, pretty_is_wanted(c) ? &VEC_LAST(c) : NULL);
	return pretty_list_end(&list);
}

/* ---- the callbacks ---- */

static struct expr *resolve_name(const struct target *t, const char *name)
{
	struct named n = { t->scope, name };
	struct access_root root = root_of(t, &n);

	if (!strcmp(name, "$vars"))
		return resolve_list(t, true, true);
	if (!strcmp(name, "$parms"))
		return resolve_list(t, true, false);
	if (!strcmp(name, "$locals"))
		return resolve_list(t, false, true);
	if (!strcmp(name, "$return"))
		return resolve_return_text(t);
	return resolve_root(t, &root);
}

static bool is_syscall(const struct probe *p)
{
	return p->row.kind == PROBE_SYSCALL || p->row.kind == PROBE_SYSCALL_RETURN;
}

struct expr *process_resolve_var(struct session *s, struct probe *p, struct expr *e,
				 unsigned flags)
{
	struct target t = {
		.s = s,
		.at = p->data,
		.e = e,
		.is_quiet = flags & RESOLVE_QUIET,
	};
	const struct process_probe *data = p->data;
	bool has_place = p->row.kind == PROBE_SITE || p->row.kind == PROBE_RETURN;

	if (is_syscall(p) && !e->target.is_at_var)
		return syscall_resolve_var(s, p, e, flags);
	if (has_place && data->is_stub && !e->target.is_at_var)
		return plt_resolve_var(s, p, e, flags);
	if (!has_place && !(e->target.is_at_var && t.at->file)) {
		if (!t.is_quiet)
			diag_error(&s->diag, e->loc, E_NO_TARGETS);
		return NULL;
	}
	t.is_return = p->row.kind == PROBE_RETURN && !(flags & RESOLVE_AT_ENTRY);
	if (has_place)
		t.scope = (struct dw_scope){ &t.at->func, t.at->pc, t.is_return };
	if (e->target.is_at_var)
		return resolve_at_var(&t);
	if (!t.is_return && (!strcmp(e->target.name, "$return") ||
			     !strcmp(e->target.name, "$$return"))) {
		if (!t.is_quiet)
			diag_error(&s->diag, e->loc, E_RETURN_ELSEWHERE, e->target.name);
		return NULL;
	}
	return resolve_name(&t, e->target.name + 1);
}

static void list_var(struct buf *out, const char *name, const char *type)
{
	buf_printf(out, " $%s:%s", name, type ? type : "unknown");
}

void process_list_vars(struct session *s, const struct probe *p, struct buf *out)
{
	const struct process_probe *at = p->data;
	bool is_return = p->row.kind == PROBE_RETURN;
	const struct dw_scope here = { &at->func, at->pc, false }, past = { &at->func, at->pc, true };
	dw_var_name_vec names = { 0 };
	struct dw_var_result r = { 0 };

	if (is_syscall(p))
		syscall_list_vars(p, out);
	if (p->row.kind != PROBE_SITE && !is_return)
		return;
	if (is_return) {
		dw_var(&past, "return", &no_components, false, s->arena, &r);
		if (r.type)
			list_var(out, "return", r.type_text);
	}
	dw_visible(&here, &names);
	VEC_EACH(&names, i) {
		const struct dw_var_name *v = &names.at[i];

		if (v->is_available && (v->is_parameter || !is_return))
			list_var(out, v->name, v->type_text);
	}
}
