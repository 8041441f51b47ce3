/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk from an object along ->member and [index] to a value.
 *
 * It keeps where the object is (an address computed by ops, or a place of
 * pieces in registers and constants) and its type; each component moves both.
 * At the end the object is loaded, or its address left.
 */
#include "translator/dwarf/walk_int.h"

#include <string.h>

void walk_set_place(struct walk *w, const struct dw_place *place)
{
	w->offset = 0;
	w->in_memory = place->pieces.n == 1 && place->pieces.at[0].kind == PLACE_MEMORY;
	if (w->in_memory)
		w->address = place->pieces.at[0].ops;
	else
		w->place = *place;
}

static void add_ops(struct walk *w, access_op_vec *to, const access_op_vec *from)
{
	VEC_EACH(from, i)
		VEC_PUSH(w->c.arena, to, from->at[i]);
}

static void add_constant(struct walk *w, access_op_vec *ops, int64_t value)
{
	if (!value)
		return;
	op_add(w->c.arena, ops, ACC_CONST, value, 0);
	op_add(w->c.arena, ops, ACC_ADD, 0, 0);
}

/* ---- reading ---- */

static const struct place_piece *piece_at(const struct walk *w, uint64_t offset, uint64_t *left)
{
	VEC_EACH(&w->place.pieces, i) {
		const struct place_piece *p = &w->place.pieces.at[i];

		if (offset < p->at || (p->size && offset - p->at >= p->size))
			continue;
		*left = p->size ? p->size - (offset - p->at) : UINT64_MAX;
		return p;
	}
	return NULL;
}

/* Leaves SIZE bytes of the piece behind the first SKIP; bytes above them are rubbish when
 * it is in a register. */
static bool push_piece(struct walk *w, const struct place_piece *p, uint64_t skip, uint64_t size,
		       access_op_vec *ops)
{
	struct arena *a = w->c.arena;
	uint64_t value = 0;

	switch (p->kind) {
	case PLACE_REGISTER:
	case PLACE_VALUE:
		if (skip >= 8)
			return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "it is wider than its register");
		if (p->kind == PLACE_REGISTER)
			op_add(a, ops, ACC_REG, p->reg, 0);
		else
			add_ops(w, ops, &p->ops);
		if (skip) {
			op_add(a, ops, ACC_CONST, (int64_t)(8 * skip), 0);
			op_add(a, ops, ACC_SHR, 0, 0);
		}
		return true;
	case PLACE_BYTES:
		for (uint64_t i = 0; i < size && skip + i < p->n_bytes; i++)
			value |= (uint64_t)p->bytes[skip + i] << (8 * i);
		op_add(a, ops, ACC_CONST, (int64_t)value, 0);
		return true;
	case PLACE_MEMORY:
		add_ops(w, ops, &p->ops);
		add_constant(w, ops, (int64_t)skip);
		op_add(a, ops, ACC_LOAD, (int64_t)size, 0);
		return true;
	case PLACE_VECTOR:
		if (skip >= 16 || skip % 8 + size > 8)
			return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "it is wider than its register");
		op_add(a, ops, ACC_VECTOR, p->reg, (int64_t)(skip / 8));
		if (skip % 8) {
			op_add(a, ops, ACC_CONST, (int64_t)(8 * (skip % 8)), 0);
			op_add(a, ops, ACC_SHR, 0, 0);
		}
		return true;
	case PLACE_OTHER:
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"it is in a floating-point register");
	case PLACE_NONE:
		break;
	}
	return loc_fail(&w->c, DW_VAR_NO_LOCATION, "it was optimised out in part");
}

static bool is_power_of_2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/* Leaves the SIZE bytes of the object as a number. */
static bool push_number(struct walk *w, uint64_t size, bool is_signed, access_op_vec *ops)
{
	struct arena *a = w->c.arena;
	uint64_t done = 0;

	if (w->in_memory) {
		add_ops(w, ops, &w->address);
		op_add(a, ops, ACC_LOAD, (int64_t)size, is_signed);
		return true;
	}
	while (done < size) {
		uint64_t left, skip, take;
		const struct place_piece *p = piece_at(w, w->offset + done, &left);

		if (!p)
			return loc_fail(&w->c, DW_VAR_NO_LOCATION, "it was optimised out in part");
		skip = w->offset + done - p->at;
		take = left < size - done ? left : size - done;
		if (!is_power_of_2(take))
			return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "it is in pieces of odd size");
		if (!push_piece(w, p, skip, take, ops))
			return false;
		if (take < size)
			op_add(a, ops, ACC_ZEXT, (int64_t)take, 0);
		if (done) {
			op_add(a, ops, ACC_CONST, (int64_t)(8 * done), 0);
			op_add(a, ops, ACC_SHL, 0, 0);
			op_add(a, ops, ACC_OR, 0, 0);
		}
		done += take;
	}
	if (size < 8)
		op_add(a, ops, is_signed ? ACC_SEXT : ACC_ZEXT, (int64_t)size, 0);
	return true;
}

/* ---- components ---- */

static bool bad_access(struct walk *w)
{
	const struct component *k = w->component;
	const char *type = type_text(w->c.arena, &w->type);

	switch (k->kind) {
	case COMPONENT_MEMBER:
		return loc_fail(&w->c, DW_VAR_BAD_MEMBER, "invalid access '->%s' vs. %s",
				k->member, type);
	case COMPONENT_INDEX:
		return loc_fail(&w->c, DW_VAR_BAD_MEMBER, "invalid access '[%lld]' vs. %s",
				(long long)k->index, type);
	default:
		return loc_fail(&w->c, DW_VAR_BAD_MEMBER, "invalid access '[...]' vs. %s", type);
	}
}

/* The object is a pointer or a reference: goes on to what it refers to. */
static bool dereference(struct walk *w)
{
	access_op_vec pointer = { 0 };
	struct dw_type target;

	if (!push_number(w, type_address_size(w->c.file), false, &pointer))
		return false;
	type_target(&w->type, &target);
	w->type = target;
	w->in_memory = true;
	w->address = pointer;
	return true;
}

static bool is_reference(const struct dw_type *t)
{
	return type_tag(t) == DW_TAG_reference_type || type_tag(t) == DW_TAG_rvalue_reference_type;
}

static bool follow_references(struct walk *w)
{
	struct dw_type t = w->type;

	type_strip(&t);
	while (is_reference(&t)) {
		w->type = t;
		if (!dereference(w))
			return false;
		t = w->type;
		type_strip(&t);
	}
	return true;
}

struct member_path {
	Dwarf_Die dies[16]; /* anonymous structs and base classes on the way, then the member */
	unsigned n;
};

static bool find_member(const struct dw_type *type, const char *name, struct member_path *path)
{
	Dwarf_Die die = type->die, child;

	if (path->n == sizeof(path->dies) / sizeof(*path->dies))
		return false;
	for (int next = dwarf_child(&die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *child_name = dwarf_diename(&child);
		struct dw_type inner;

		if (tag != DW_TAG_member && tag != DW_TAG_inheritance && tag != DW_TAG_variable)
			continue;
		path->dies[path->n++] = child;
		if (child_name && tag != DW_TAG_inheritance) {
			if (!strcmp(child_name, name))
				return true;
		} else {
			type_of(type->file, &child, &inner);
			type_strip(&inner);
			if (type_is_aggregate(&inner) && find_member(&inner, name, path))
				return true;
		}
		path->n--;
	}
	return false;
}

static void member_names(struct arena *a, const struct dw_type *type, name_vec *out, unsigned depth)
{
	Dwarf_Die die = type->die, child;

	for (int next = dwarf_child(&die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		const char *name = dwarf_diename(&child);
		struct dw_type inner;

		if (tag != DW_TAG_member && tag != DW_TAG_inheritance)
			continue;
		if (name && tag == DW_TAG_member) {
			VEC_PUSH(a, out, name);
			continue;
		}
		type_of(type->file, &child, &inner);
		type_strip(&inner);
		if (type_is_aggregate(&inner) && depth < 16)
			member_names(a, &inner, out, depth + 1);
	}
}

static void move_by(struct walk *w, uint64_t bytes)
{
	if (w->in_memory)
		add_constant(w, &w->address, (int64_t)bytes);
	else
		w->offset += bytes;
}

/* DWARF 2 counted a bit-field's offset from the most significant bit of its storage. */
static bool bit_field(struct walk *w, Dwarf_Die *member)
{
	Dwarf_Attribute attr;
	Dwarf_Word size, offset, storage;

	if (!dwarf_attr_integrate(member, DW_AT_bit_size, &attr) || dwarf_formudata(&attr, &size))
		return true;
	if (!size || size > 64)
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "a bit-field of %llu bits",
				(unsigned long long)size);
	w->bit_size = (unsigned)size;
	if (dwarf_attr_integrate(member, DW_AT_data_bit_offset, &attr)) {
		if (dwarf_formudata(&attr, &offset) == 0) {
			w->bit_offset = offset;
			return true;
		}
	} else if (dwarf_attr_integrate(member, DW_AT_bit_offset, &attr) &&
		   dwarf_formudata(&attr, &offset) == 0) {
		struct dw_type type;

		if (!dwarf_attr_integrate(member, DW_AT_byte_size, &attr) ||
		    dwarf_formudata(&attr, &storage)) {
			type_of(w->c.file, member, &type);
			if (!type_size(&type, &storage))
				storage = 4;
		}
		w->bit_offset = storage * 8 - offset - size;
		return true;
	}
	w->bit_offset = 0;
	return true;
}

static bool step_into(struct walk *w, Dwarf_Die *member)
{
	Dwarf_Attribute attr;
	uint64_t offset;
	Dwarf_Op *expr;
	size_t n;

	if (dwarf_tag(member) == DW_TAG_variable || dwarf_hasattr(member, DW_AT_external))
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"it is a static member; @var(\"CLASS::%s\") reads it",
				w->component->member);
	if (type_member_offset(member, &offset)) {
		move_by(w, offset);
	} else if (!dwarf_attr_integrate(member, DW_AT_data_member_location, &attr) ||
		   dwarf_getlocation(&attr, &expr, &n)) {
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "its offset can't be read");
	} else if (!w->in_memory) {
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"it is in a virtual base of an object in registers");
	} else if (!loc_expression(&w->c, &attr, expr, n, &w->address)) {
		return false;
	}
	if (!bit_field(w, member))
		return false;
	type_of(w->c.file, member, &w->type);
	return true;
}

static bool step_member(struct walk *w, const char *name, struct dw_var_result *out)
{
	struct member_path path = { .n = 0 };
	struct dw_type t = w->type;
	name_vec names = { 0 };

	type_strip(&t);
	while (type_tag(&t) == DW_TAG_pointer_type || is_reference(&t)) {
		struct dw_type target;

		type_target(&t, &target);
		type_strip(&target);
		if (!type_is_aggregate(&target) && type_tag(&target) != DW_TAG_pointer_type) {
			w->type = target;
			return bad_access(w);
		}
		w->type = t;
		if (!dereference(w))
			return false;
		t = w->type;
		type_strip(&t);
	}
	if (!type_is_aggregate(&t))
		return bad_access(w);
	w->type = t;
	if (!find_member(&t, name, &path)) {
		const char *text = type_text(w->c.arena, &t);

		if (dwarf_hasattr(&t.die, DW_AT_declaration))
			return loc_fail(&w->c, DW_VAR_BAD_MEMBER,
					"unable to find member '%s': %s is declared only, not defined, "
					"in this file", name, text);
		member_names(w->c.arena, &t, &names, 0);
		out->names = names.at;
		out->n_names = names.n;
		return loc_fail(&w->c, DW_VAR_BAD_MEMBER, "unable to find member '%s' for %s", name,
				text);
	}
	for (unsigned i = 0; i < path.n; i++)
		if (!step_into(w, &path.dies[i]))
			return false;
	return true;
}

static bool step_index(struct walk *w)
{
	const struct component *k = w->component;
	struct dw_type t, target;
	uint64_t size;

	if (!follow_references(w))
		return false;
	t = w->type;
	type_strip(&t);
	if (type_tag(&t) != DW_TAG_pointer_type && type_tag(&t) != DW_TAG_array_type)
		return bad_access(w);
	type_target(&t, &target);
	if (!type_size(&target, &size))
		return bad_access(w);
	w->type = t;
	if (type_tag(&t) == DW_TAG_pointer_type && !dereference(w))
		return false;
	w->type = target;
	if (k->kind == COMPONENT_INDEX) {
		if (w->in_memory)
			add_constant(w, &w->address, k->index * (int64_t)size);
		else if (k->index < 0)
			return bad_access(w);
		else
			w->offset += (uint64_t)k->index * size;
		return true;
	}
	if (!w->in_memory)
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"the array is not in memory here: its index must be a number");
	op_add(w->c.arena, &w->address, ACC_INDEX, w->n_indices++, (int64_t)size);
	return true;
}

static bool step(struct walk *w, const struct component *k, struct dw_var_result *out)
{
	w->component = k;
	if (w->bit_size)
		return bad_access(w);
	switch (k->kind) {
	case COMPONENT_MEMBER:
		return step_member(w, k->member, out);
	case COMPONENT_INDEX:
	case COMPONENT_EXPR_INDEX:
		return step_index(w);
	case COMPONENT_PRETTY:
	case COMPONENT_PRETTY_DEEP:
		break;
	}
	return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "pretty-printing is not an access");
}

/* ---- the end of the walk ---- */

static void set_store(struct walk *w, uint64_t size, struct access_path *path)
{
	const struct place_piece *p;
	uint64_t left;

	path->store_reg = -1;
	if (w->in_memory) {
		path->store_size = (unsigned)size;
		path->n_address_ops = w->address.n;
		return;
	}
	p = piece_at(w, w->offset, &left);
	if (!p || w->offset != p->at || left < size || size > 8)
		return;
	if (p->kind == PLACE_REGISTER) {
		path->store_size = (unsigned)size;
		path->store_reg = p->reg;
	} else if (p->kind == PLACE_VALUE && p->ops.n == 1 && p->ops.at[0].kind == ACC_RETVAL) {
		path->store_size = (unsigned)size;
		path->store_reg = 0; /* rax */
	}
}

/* Loads the smallest naturally sized unit that holds the whole field. */
static bool finish_bit_field(struct walk *w, struct access_path *path)
{
	bool is_signed = type_is_signed(&w->type);
	uint64_t start = 0, size = 0, first = w->bit_offset / 8;
	uint64_t last = (w->bit_offset + w->bit_size - 1) / 8;

	for (size = 1; size <= 8; size *= 2) {
		start = first / size * size;
		if (last < start + size)
			break;
	}
	if (size > 8) { /* a packed field across two units */
		start = first;
		size = last - first < 8 ? 8 : 0;
	}
	if (!size)
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "a bit-field over 9 bytes");
	move_by(w, start);
	if (!push_number(w, size, false, &path->ops))
		return false;
	set_store(w, size, path);
	path->store_bits = w->bit_size;
	path->store_bit_at = (unsigned)(w->bit_offset - start * 8);
	op_add(w->c.arena, &path->ops, is_signed ? ACC_SBITS : ACC_BITS,
	       w->bit_size, (int64_t)(w->bit_offset - start * 8));
	return true;
}

static bool finish_address(struct walk *w, struct access_path *path)
{
	if (!follow_references(w))
		return false;
	if (w->bit_size)
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "a bit-field has no address");
	if (!w->in_memory)
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"it is in a register here and has no address");
	add_ops(w, &path->ops, &w->address);
	return true;
}

static const char *first_member(const struct dw_type *type)
{
	Dwarf_Die die = type->die, child;

	for (int next = dwarf_child(&die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child))
		if (dwarf_tag(&child) == DW_TAG_member && dwarf_diename(&child))
			return dwarf_diename(&child);
	return NULL;
}

static bool refuse_aggregate(struct walk *w, const struct dw_type *t)
{
	const char *member = first_member(t), *text = type_text(w->c.arena, t);

	return loc_fail(&w->c, DW_VAR_BAD_MEMBER,
			"'%s' is being accessed instead of a member%s%s%s", text,
			member ? " such as '->" : "", member ? member : "", member ? "'" : "");
}

static bool finish_value(struct walk *w, struct access_path *path)
{
	access_op_vec *ops = &path->ops;
	Dwarf_Attribute attr;
	Dwarf_Word encoding = 0;
	struct dw_type t;
	uint64_t size;

	if (!follow_references(w))
		return false;
	if (w->bit_size)
		return finish_bit_field(w, path);
	t = w->type;
	type_strip(&t);
	if (type_is_aggregate(&t))
		return refuse_aggregate(w, &t);
	if (type_tag(&t) == DW_TAG_array_type) {
		if (!w->in_memory)
			return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
					"the array is not in memory here and has no address");
		add_ops(w, ops, &w->address);
		return true;
	}
	if (type_tag(&t) == DW_TAG_subroutine_type) { /* *fn is fn */
		return finish_address(w, path);
	}
	if (!type_size(&t, &size))
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "a value of type '%s' can't be read",
				type_text(w->c.arena, &w->type));
	if (type_tag(&t) == DW_TAG_base_type && !t.known)
		dwarf_formudata(dwarf_attr(&t.die, DW_AT_encoding, &attr), &encoding);
	if (size > 8)
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"values of more than 64 bits (type '%s') can't be read",
				type_text(w->c.arena, &w->type));
	if (encoding == DW_ATE_complex_float || encoding == DW_ATE_decimal_float ||
	    (encoding == DW_ATE_float && size < 4) || !is_power_of_2(size))
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "values of type '%s' are not supported",
				type_text(w->c.arena, &w->type));
	if (!push_number(w, size, type_is_signed(&t), ops))
		return false;
	if (encoding == DW_ATE_float && size == 4)
		op_add(w->c.arena, ops, ACC_FLOAT, 0, 0);
	else
		set_store(w, size, path);
	return true;
}

void walk_finish(struct walk *w, const component_vec *components, bool is_address,
		 struct dw_var_result *out)
{
	struct arena *a = w->c.arena;
	struct access_path *path;
	bool ok = true;
	size_t i = 0;

	for (; components && i < components->n && ok; i++)
		ok = step(w, &components->at[i], out);
	if (!ok) {
		out->bad_component = i - 1;
		out->error = w->c.error;
		out->why = w->c.why;
		return;
	}
	path = ARENA_NEW(a, struct access_path);
	path->store_reg = -1;
	path->text = w->name;
	path->result = ACCESS_VALUE;
	out->bad_component = components ? components->n : 0;
	ok = is_address ? finish_address(w, path) : finish_value(w, path);
	out->type_text = type_text(a, &w->type);
	out->type = arena_memdup(a, &w->type, sizeof(w->type));
	if (!ok) {
		out->error = w->c.error;
		out->why = w->c.why;
		return;
	}
	path->type = out->type;
	if (is_address) {
		struct dw_type *pointer = arena_memdup(a, out->type, sizeof(*pointer));

		pointer->pointers++;
		path->type = pointer;
	}
	out->error = DW_VAR_OK;
	out->path = path;
}
