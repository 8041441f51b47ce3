/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which variables a place sees: the blocks around it from the innermost
 * outwards, the parameters, and the variables of the compilation unit.
 */
#include "translator/dwarf/dw_int.h"

#include <string.h>

static bool is_variable(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter;
}

/* The block inside DIE (lexical; not an inlined function, whose names are its own) that
 * contains PC. */
static bool inner_block(Dwarf_Die *die, uint64_t pc, Dwarf_Die *out)
{
	Dwarf_Die child;

	for (int next = dwarf_child(die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_lexical_block || dwarf_haspc(&child, pc) <= 0)
			continue;
		*out = child;
		return true;
	}
	return false;
}

/* A probe in the middle of a function may stand inside an inlined instance: there the
 * names of the instance are in scope, then those around it. */
static bool inner_inline(Dwarf_Die *die, uint64_t pc, Dwarf_Die *out)
{
	Dwarf_Die child;

	for (int next = dwarf_child(die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_inlined_subroutine ||
		    dwarf_haspc(&child, pc) <= 0)
			continue;
		*out = child;
		return true;
	}
	return false;
}

static bool each_child(Dwarf_Die *die, scope_fn *fn, void *data)
{
	Dwarf_Die child;

	for (int next = dwarf_child(die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child))
		if (is_variable(&child) && fn(data, &child))
			return true;
	return false;
}

static bool find_global(Dwarf_Die *scope, const char *name, Dwarf_Die *out)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *found = tag == DW_TAG_variable ? dwarf_diename(&child) : NULL;

		if (found && !strcmp(found, name)) {
			*out = child;
			return true;
		}
		if (tag == DW_TAG_namespace && find_global(&child, name, out))
			return true;
	}
	return false;
}

bool scope_global(struct dw_file *f, Dwarf_CU *cu, const char *name, Dwarf_Die *out)
{
	struct dw_global *last = &f->last_global;
	Dwarf_Die unit;

	if (last->cu != cu || strcmp(last->name, name)) {
		last->cu = cu;
		last->name = arena_strdup(f->dw->arena, name);
		last->is_found = unit_die(cu, &unit) && find_global(&unit, name, &last->die);
	}
	*out = last->die;
	return last->is_found;
}

enum { MAX_NESTING = 64 };

bool scope_each(const struct dw_scope *scope, scope_fn *fn, void *data)
{
	const struct dw_func_die *d = scope->func->die;
	Dwarf_Die nest[MAX_NESTING];
	uint64_t pc = scope->is_return ? scope->func->address : scope->pc;
	unsigned n = 1;

	if (!d)
		return false;
	nest[0] = d->die;
	while (n < MAX_NESTING && (inner_block(&nest[n - 1], pc, &nest[n]) ||
				   (pc != scope->func->address && pc != scope->func->probe_address &&
				    inner_inline(&nest[n - 1], pc, &nest[n]))))
		n++;
	while (n-- > 0)
		if (each_child(&nest[n], fn, data))
			return true;
	return false;
}

struct visible {
	const struct dw_scope *scope;
	dw_var_name_vec *out;
};

static bool is_available(const struct dw_scope *scope, Dwarf_Die *die, const char *name)
{
	struct dw_var_result r;
	Dwarf_Attribute attr;
	Dwarf_Op *expr;
	size_t n;

	if (dwarf_hasattr_integrate(die, DW_AT_const_value))
		return true;
	if (dwarf_attr_integrate(die, DW_AT_location, &attr) &&
	    dwarf_getlocation_addr(&attr, scope->is_return ? scope->func->address : scope->pc,
				   &expr, &n, 1) == 1 && n)
		return true;
	if (dwarf_tag(die) != DW_TAG_formal_parameter)
		return false;
	/* the calling convention may know */
	dw_var(scope, name, NULL, false, scope->func->file->dw->arena, &r);
	return r.error != DW_VAR_NO_LOCATION;
}

static bool add_visible(void *data, Dwarf_Die *die)
{
	struct visible *v = data;
	struct dw_file *f = v->scope->func->file;
	struct arena *a = f->dw->arena;
	struct dw_var_name name = { .name = dwarf_diename(die) };
	struct dw_type type;

	if (!name.name)
		return false;
	VEC_EACH(v->out, i)
		if (!strcmp(v->out->at[i].name, name.name))
			return false; /* hidden by an inner one */
	type_of(f, die, &type);
	name.type_text = type_text(a, &type);
	name.is_parameter = dwarf_tag(die) == DW_TAG_formal_parameter;
	name.is_available = is_available(v->scope, die, name.name);
	VEC_PUSH(a, v->out, name);
	return false;
}

void dw_visible(const struct dw_scope *scope, dw_var_name_vec *out)
{
	static const struct dw_var_name main_names[] = {
		{ "argc", "int", true, true }, { "argv", "char**", true, true },
		{ "envp", "char**", true, true }
	};
	struct visible v = { scope, out };

	if (!scope->func->die && scope->func->is_stripped_main) {
		for (size_t i = 0; i < 3; i++)
			VEC_PUSH(scope->func->file->dw->arena, out, main_names[i]);
		return;
	}
	scope_each(scope, add_visible, &v);
}
