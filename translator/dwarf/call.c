/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in the code of one function: the labels of its gotos, and which functions
 * it calls.  Calls are those that the compiler has described (DW_TAG_call_site of DWARF 5,
 * DW_TAG_GNU_call_site before), and the instances inlined into it.
 */
#include "translator/dwarf/dw_int.h"

#include <fnmatch.h>
#include <string.h>

/* ---- labels ---- */

static void find_labels(struct dw_file *f, Dwarf_Die *scope, const char *pattern,
			dw_label_vec *out)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int line, tag = dwarf_tag(&child);
		struct dw_label label = { .name = NULL };

		if (tag == DW_TAG_lexical_block)
			find_labels(f, &child, pattern, out);
		if (tag != DW_TAG_label || dwarf_lowpc(&child, &label.address))
			continue;
		label.name = dwarf_diename(&child);
		if (!label.name || fnmatch(pattern, label.name, 0))
			continue;
		label.line = dwarf_decl_line(&child, &line) ? 0 : (unsigned)line;
		VEC_PUSH(f->dw->arena, out, label);
	}
}

size_t dw_find_labels(const struct dw_func *func, const char *pattern, dw_label_vec *out)
{
	const struct dw_func_die *d = func->die;
	size_t first = out->n;
	Dwarf_Die die;

	if (!d)
		return 0;
	die = d->die;
	find_labels(func->file, &die, pattern, out);
	return out->n - first;
}

/* ---- calls ---- */

struct calls {
	struct dw_file *file;
	Dwarf_Die frame;
	dw_call_vec *out;
	size_t first;
};

static struct dw_call *call_of(struct calls *k, const struct dw_func *callee)
{
	struct dw_call call = { .callee = *callee };

	for (size_t i = k->first; i < k->out->n; i++)
		if (k->out->at[i].callee.address == callee->address &&
		    k->out->at[i].callee.is_inlined == callee->is_inlined)
			return &k->out->at[i];
	VEC_PUSH(k->file->dw->arena, k->out, call);
	return &VEC_LAST(k->out);
}

/* The function that ORIGIN declares or defines, if it is in this file. */
static bool called_function(struct dw_file *f, Dwarf_Die *origin, struct dw_func *out)
{
	dw_func_vec found = { 0 };
	Dwarf_Attribute attr;
	const char *name;

	if (dwarf_tag(origin) != DW_TAG_subprogram)
		return false;
	if (func_of_die(f, origin, origin, out))
		return true;
	name = dwarf_attr_integrate(origin, DW_AT_linkage_name, &attr) ? dwarf_formstring(&attr)
								       : dwarf_diename(origin);
	if (!name || strpbrk(name, "*?[@") || !dw_find_functions(f, name, DW_WANT_CALLABLE, &found))
		return false;
	*out = found.at[0];
	return true;
}

static bool call_origin(Dwarf_Die *site, Dwarf_Die *origin)
{
	Dwarf_Attribute attr;

	return (dwarf_attr(site, DW_AT_call_origin, &attr) ||
		dwarf_attr(site, DW_AT_abstract_origin, &attr)) &&
	       dwarf_formref_die(&attr, origin);
}

static bool return_address(Dwarf_Die *site, uint64_t *address)
{
	Dwarf_Attribute attr;

	if (dwarf_hasattr(site, DW_AT_call_tail_call) || dwarf_hasattr(site, DW_AT_GNU_tail_call))
		return false;
	return (dwarf_attr(site, DW_AT_call_return_pc, &attr) ||
		dwarf_attr(site, DW_AT_low_pc, &attr)) &&
	       dwarf_formaddr(&attr, address) == 0;
}

static void add_call(struct calls *k, Dwarf_Die *site)
{
	struct dw_func callee;
	struct dw_call *call;
	Dwarf_Die origin;
	uint64_t address;

	if (!call_origin(site, &origin) || !called_function(k->file, &origin, &callee))
		return;
	call = call_of(k, &callee);
	if (return_address(site, &address))
		VEC_PUSH(k->file->dw->arena, &call->returns, address);
}

static void add_inlined(struct calls *k, Dwarf_Die *die)
{
	struct dw_func callee;

	if (func_of_die(k->file, die, &k->frame, &callee))
		call_of(k, &callee);
}

static void find_calls(struct calls *k, Dwarf_Die *scope)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		switch (dwarf_tag(&child)) {
		case DW_TAG_lexical_block:
			find_calls(k, &child);
			break;
		case DW_TAG_inlined_subroutine:
			add_inlined(k, &child);
			break;
		case DW_TAG_call_site:
		case DW_TAG_GNU_call_site:
			add_call(k, &child);
			break;
		default:
			break;
		}
	}
}

size_t dw_calls(const struct dw_func *caller, dw_call_vec *out)
{
	const struct dw_func_die *d = caller->die;
	struct calls k = { .file = caller->file, .out = out, .first = out->n };
	Dwarf_Die die;

	if (!d)
		return 0;
	die = d->die;
	k.frame = d->frame;
	find_calls(&k, &die);
	return out->n - k.first;
}
