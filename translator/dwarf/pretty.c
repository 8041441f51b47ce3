/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types as pretty-printing needs them: what kind, of what, with which members. */
#include "translator/dwarf/dw_int.h"

#include <string.h>

static enum dw_type_kind kind_of_base(const struct dw_type *t)
{
	Dwarf_Die die = t->die;
	Dwarf_Attribute attr;
	Dwarf_Word encoding = 0;

	if (t->known)
		return t->known == TYPE_CHAR ? DW_TYPE_CHAR : DW_TYPE_INTEGER;
	dwarf_formudata(dwarf_attr(&die, DW_AT_encoding, &attr), &encoding);
	switch (encoding) {
	case DW_ATE_signed:
	case DW_ATE_unsigned:
		return DW_TYPE_INTEGER;
	case DW_ATE_signed_char:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		return DW_TYPE_CHAR;
	case DW_ATE_boolean:
		return DW_TYPE_BOOL;
	case DW_ATE_float:
		return DW_TYPE_FLOAT;
	default:
		return DW_TYPE_OTHER;
	}
}

static enum dw_type_kind kind_of(const struct dw_type *t)
{
	switch (type_tag(t)) {
	case 0:
		return DW_TYPE_VOID;
	case DW_TAG_base_type:
		return kind_of_base(t);
	case DW_TAG_enumeration_type:
		return DW_TYPE_ENUM;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return DW_TYPE_POINTER;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
		return DW_TYPE_STRUCT;
	case DW_TAG_union_type:
		return DW_TYPE_UNION;
	case DW_TAG_array_type:
		return DW_TYPE_ARRAY;
	case DW_TAG_subroutine_type:
		return DW_TYPE_FUNCTION;
	default:
		return DW_TYPE_OTHER;
	}
}

static void add_members(const struct dw_type *t, struct arena *a, struct dw_type_info *out)
{
	VEC(struct dw_member) members = { 0 };
	Dwarf_Die die = t->die, child;

	for (int next = dwarf_child(&die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		struct dw_member member = { 0 };

		if ((tag != DW_TAG_member && tag != DW_TAG_inheritance) ||
		    dwarf_hasattr(&child, DW_AT_external))
			continue;
		member.name = tag == DW_TAG_member ? dwarf_diename(&child) : NULL;
		member.type = ARENA_NEW(a, struct dw_type);
		type_of(t->file, &child, member.type);
		VEC_PUSH(a, &members, member);
	}
	out->members = members.at;
	out->n_members = members.n;
}

void dw_type_info(const struct dw_type *type, struct arena *a, struct dw_type_info *out)
{
	struct dw_type t = *type;

	memset(out, 0, sizeof(*out));
	out->text = type_text(a, type);
	type_strip(&t);
	out->kind = kind_of(&t);
	if (!type_size(&t, &out->size))
		out->size = 0;
	out->is_signed = type_is_signed(&t);
	if (out->kind == DW_TYPE_POINTER || out->kind == DW_TYPE_ARRAY) {
		out->target = ARENA_NEW(a, struct dw_type);
		type_target(&t, out->target);
	}
	if (out->kind == DW_TYPE_ARRAY)
		type_dimension(&t, t.skipped, &out->count);
	if (out->kind == DW_TYPE_STRUCT || out->kind == DW_TYPE_UNION)
		add_members(&t, a, out);
}
