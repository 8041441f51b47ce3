/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "ns::Class::" in front of a name.  DWARF entries don't know what is around
 * them, so the named scopes of a unit are walked once and remembered for as
 * long as questions are about that unit.
 */
#include "translator/dwarf/dw_int.h"

#include <string.h>

struct scoped {
	uint64_t offset; /* of a function's or variable's declaration */
	const char *prefix;
};

struct dw_scopes {
	Dwarf_CU *cu;
	VEC(struct scoped) entries; /* in the order of offsets, which is that of the walk */
};

static const char *keep(struct dw_file *f, const char *prefix, const char *name)
{
	struct arena *a = f->dw->arena;
	struct arena_mark mark = arena_mark(a);
	const char *text = arena_printf(a, "%s%s::", prefix, name);
	const char *known = map_find(&f->strings, text);

	if (!known) {
		map_put(&f->strings, text, (char *)text);
		return text;
	}
	arena_reset(a, mark);
	return known;
}

static void walk(struct dw_file *f, struct dw_scopes *s, Dwarf_Die *scope, const char *prefix)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		struct scoped entry = { .prefix = prefix };
		const char *name;

		switch (dwarf_tag(&child)) {
		case DW_TAG_subprogram:
		case DW_TAG_variable:
		case DW_TAG_member: /* a static one, before DWARF 5 */
			if (!*prefix)
				break;
			entry.offset = dwarf_dieoffset(&child);
			VEC_PUSH(f->dw->arena, &s->entries, entry);
			break;
		case DW_TAG_namespace:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
			name = dwarf_diename(&child);
			if (dwarf_haschildren(&child) > 0)
				walk(f, s, &child, name ? keep(f, prefix, name) : prefix);
			break;
		default:
			break;
		}
	}
}

static void read_scopes(struct dw_file *f, Dwarf_CU *cu)
{
	struct dw_scopes *s = f->scopes;
	Dwarf_Die unit;

	if (!s)
		s = f->scopes = ARENA_NEW(f->dw->arena, struct dw_scopes);
	s->cu = cu;
	s->entries.n = 0;
	if (dwarf_cu_die(cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL))
		walk(f, s, &unit, "");
}

const char *qualifier_of(struct dw_file *f, Dwarf_Die *die)
{
	Dwarf_Die declaration = *die;
	Dwarf_Attribute attr;
	size_t low = 0, high;
	uint64_t offset;

	while (dwarf_attr(&declaration, DW_AT_abstract_origin, &attr) ||
	       dwarf_attr(&declaration, DW_AT_specification, &attr))
		if (!dwarf_formref_die(&attr, &declaration))
			break;
	if (!f->scopes || f->scopes->cu != declaration.cu)
		read_scopes(f, declaration.cu);
	offset = dwarf_dieoffset(&declaration);
	high = f->scopes->entries.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->scopes->entries.at[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < f->scopes->entries.n && f->scopes->entries.at[low].offset == offset)
		return f->scopes->entries.at[low].prefix;
	return "";
}
