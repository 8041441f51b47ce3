/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For messages about a function that was not found: the names that there are,
 * and why one that the program knows can't be probed.
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>
#include <string.h>

typedef VEC(const char *) name_vec;

static bool is_function(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges) ||
	       dwarf_hasattr(die, DW_AT_inline);
}

static void names_in(struct arena *a, Dwarf_Die *scope, name_vec *out)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *name;

		if (tag == DW_TAG_namespace)
			names_in(a, &child, out);
		if (tag != DW_TAG_subprogram || !is_function(&child))
			continue;
		name = dwarf_diename(&child);
		if (name)
			VEC_PUSH(a, out, name);
	}
}

static int compare_names(const void *pa, const void *pb)
{
	return strcmp(*(const char *const *)pa, *(const char *const *)pb);
}

static void drop_repeats(name_vec *names)
{
	size_t to = 0;

	if (names->n)
		qsort(names->at, names->n, sizeof(*names->at), compare_names);
	VEC_EACH(names, i)
		if (!to || strcmp(names->at[i], names->at[to - 1]))
			names->at[to++] = names->at[i];
	names->n = to;
}

size_t dw_function_names(struct dw_file *f, const char *const **names)
{
	struct arena *a = f->dw->arena;
	name_vec found = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	symbols_read(f);
	VEC_EACH(&f->symbols, i) {
		const struct dw_symbol *s = &f->symbols.at[i];

		if (s->kind == SYMBOL_FUNC && !symbol_is_piece(s->name))
			VEC_PUSH(a, &found, s->name);
	}
	while (unit_next(f, &cu, &unit))
		names_in(a, &unit, &found);
	if (symbol_stripped_main(f))
		VEC_PUSH(a, &found, "main");
	drop_repeats(&found);
	*names = found.at;
	return found.n;
}

struct absent {
	const char *name;
	bool is_declared, is_inline;
	size_t n_places;
};

static void count_inlined(struct absent *k, Dwarf_Die *scope)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *name;

		if (tag == DW_TAG_inlined_subroutine) {
			name = dwarf_diename(&child);
			k->n_places += name && !strcmp(name, k->name);
		}
		if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
		    tag == DW_TAG_subprogram || tag == DW_TAG_namespace)
			count_inlined(k, &child);
	}
}

static void look_in(struct absent *k, Dwarf_Die *scope)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		const char *name;

		if (dwarf_tag(&child) == DW_TAG_namespace)
			look_in(k, &child);
		if (dwarf_tag(&child) != DW_TAG_subprogram)
			continue;
		name = dwarf_diename(&child);
		if (!name || strcmp(name, k->name))
			continue;
		/* link-time optimisation leaves DW_AT_inline out */
		k->is_declared = true;
		k->is_inline |= !dwarf_hasattr(&child, DW_AT_declaration);
	}
}

/* Instances may be in other units than the definition. */
static void look_in_file(struct dw_file *f, struct absent *k)
{
	unit_vec units = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	if (!units_mentioning(f, k->name, &units)) {
		units.n = 0;
		while (unit_next(f, &cu, &unit))
			VEC_PUSH(f->dw->arena, &units, cu);
	}
	VEC_EACH(&units, i)
		if (unit_die(units.at[i], &unit))
			look_in(k, &unit);
	VEC_EACH(&units, i)
		if (k->is_inline && unit_die(units.at[i], &unit))
			count_inlined(k, &unit);
}

static const char *why_by_symbol(struct dw_file *f, const char *name)
{
	bool is_undefined = false;

	symbols_read(f);
	VEC_EACH(&f->symbols, i) {
		const struct dw_symbol *s = &f->symbols.at[i];

		if (strcmp(s->name, name))
			continue;
		if (s->kind == SYMBOL_IFUNC)
			return "an indirect function: which code it is, is chosen at run time";
		is_undefined |= s->kind == SYMBOL_UNDEFINED;
	}
	return is_undefined ? "defined in another object" : NULL;
}

const char *dw_why_absent(struct dw_file *f, const char *name)
{
	struct absent k = { .name = name };
	const char *why = why_by_symbol(f, name);

	if (why || !f->dwarf)
		return why;
	look_in_file(f, &k);
	if (k.is_inline && k.n_places)
		return arena_printf(f->dw->arena, "inlined everywhere (%zu place%s)", k.n_places,
				    k.n_places == 1 ? "" : "s");
	if (k.is_inline)
		return "not in the program: it is never called, or every call was optimised out";
	return k.is_declared ? "declared only" : NULL;
}
