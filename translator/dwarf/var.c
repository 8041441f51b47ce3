/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * $name->member[index] -> access path.
 *
 * The walk keeps where the object is (an address computed by ops, or a place
 * of pieces in registers and constants) and its type; each component moves
 * both.  At the end the object is loaded, or its address left.
 */
#include "translator/dwarf/dw_int.h"

#include <string.h>

struct walk {
	struct loc_context c;
	struct dw_type type;
	bool in_memory;
	access_op_vec address;  /* IN_MEMORY */
	struct dw_place place;  /* else: the object, or what it is a part of ... */
	uint64_t offset;        /* ... from this byte */
	unsigned bit_size;      /* 0: not a bit-field ... */
	uint64_t bit_offset;    /* ... else from the start of the containing object */
	int64_t n_indices;      /* run-time indices so far */
	const struct component *component; /* at work on, for messages */
	const char *name;       /* as the script has it, for messages */
};

static void set_place(struct walk *w, const struct dw_place *place)
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
	case PLACE_OTHER:
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"it is in a vector or floating-point register");
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

typedef VEC(const char *) name_vec;

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
	Dwarf_Word offset;
	Dwarf_Op *expr;
	size_t n;

	if (dwarf_tag(member) == DW_TAG_variable || dwarf_hasattr(member, DW_AT_external))
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
				"it is a static member; @var(\"CLASS::%s\") reads it",
				w->component->member);
	if (dwarf_attr_integrate(member, DW_AT_data_member_location, &attr)) {
		if (dwarf_formudata(&attr, &offset) == 0) {
			move_by(w, offset);
		} else if (dwarf_getlocation(&attr, &expr, &n)) {
			return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "its offset can't be read");
		} else if (n == 1 && expr->atom == DW_OP_plus_uconst) {
			move_by(w, expr->number);
		} else if (!w->in_memory) {
			return loc_fail(&w->c, DW_VAR_UNSUPPORTED,
					"it is in a virtual base of an object in registers");
		} else if (!loc_expression(&w->c, &attr, expr, n, &w->address)) {
			return false;
		}
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
	if (p && p->kind == PLACE_REGISTER && w->offset == p->at && left >= size) {
		path->store_size = (unsigned)size;
		path->store_reg = p->reg;
	}
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
	    (encoding == DW_ATE_float && size != 8) || !is_power_of_2(size))
		return loc_fail(&w->c, DW_VAR_UNSUPPORTED, "values of type '%s' are not supported",
				type_text(w->c.arena, &w->type));
	if (!push_number(w, size, type_is_signed(&t), ops))
		return false;
	set_store(w, size, path);
	return true;
}

static void finish(struct walk *w, const component_vec *components, bool is_address,
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
	if (!(is_address ? finish_address(w, path) : finish_value(w, path))) {
		out->error = w->c.error;
		out->why = w->c.why;
		return;
	}
	out->error = DW_VAR_OK;
	out->path = path;
	out->type_text = type_text(a, &w->type);
	out->type = arena_memdup(a, &w->type, sizeof(w->type));
}

/* ---- $name ---- */

struct named {
	const char *name;
	Dwarf_Die die;
	bool is_found;
};

static bool is_named(void *data, Dwarf_Die *die)
{
	struct named *n = data;
	const char *name = dwarf_diename(die);

	if (!name || strcmp(name, n->name))
		return false;
	n->die = *die;
	n->is_found = true;
	return true;
}

struct collected {
	struct arena *arena;
	name_vec names;
};

static bool collect(void *data, Dwarf_Die *die)
{
	struct collected *k = data;
	const char *name = dwarf_diename(die);

	if (name)
		VEC_PUSH(k->arena, &k->names, arena_printf(k->arena, "$%s", name));
	return false;
}

static void failed(struct walk *w, struct dw_var_result *out)
{
	out->error = w->c.error;
	out->why = w->c.why;
}

/*
 * At the entry of a function the calling convention says where the parameters are, unless
 * the compiler has changed the signature of a function that nobody else calls: then the
 * symbol is a clone's (foo.isra.0), or the function is local and some parameter is gone.
 */
static bool follows_convention(struct walk *w)
{
	const struct dw_symbol *s = symbol_at(w->c.file, w->c.pc);
	Dwarf_Die child;

	if (s && strchr(s->name, '.'))
		return false;
	if (s && s->bind != STB_LOCAL)
		return true;
	for (int next = dwarf_child(w->c.frame, &child); next == 0;
	     next = dwarf_siblingof(&child, &child))
		if (dwarf_tag(&child) == DW_TAG_formal_parameter &&
		    !dwarf_hasattr(&child, DW_AT_location))
			return false;
	return true;
}

/* DWARF describes frames as they are behind the prologue: where a parameter is in memory,
 * or is not known, its location at the entry is that of the convention. */
static bool parameter_at_entry(struct walk *w, Dwarf_Die *die, bool is_located,
			       struct dw_place *place)
{
	struct loc_context before = w->c;
	struct dw_place by_convention = { 0 };

	if (!w->c.is_entry || !w->c.frame || dwarf_tag(die) != DW_TAG_formal_parameter)
		return is_located;
	if (is_located && (place->pieces.n != 1 || place->pieces.at[0].size ||
			   place->pieces.at[0].kind == PLACE_MEMORY))
		is_located = false; /* or in part only */
	if (is_located || !follows_convention(w))
		return is_located || place->pieces.n;
	if (abi_parameter(&w->c, w->c.frame, die, &by_convention)) {
		*place = by_convention;
		return true;
	}
	if (place->pieces.n)
		return true;
	if (before.why)
		w->c = before;
	return false;
}

static bool constant_value(struct walk *w, Dwarf_Die *die, struct dw_place *place)
{
	struct place_piece piece = { .kind = PLACE_VALUE };
	Dwarf_Attribute attr;
	Dwarf_Sword value;
	Dwarf_Word unsigned_value;
	Dwarf_Block block;

	if (!dwarf_attr_integrate(die, DW_AT_const_value, &attr))
		return false;
	if (dwarf_formblock(&attr, &block) == 0) {
		piece.kind = PLACE_BYTES;
		piece.bytes = block.data;
		piece.n_bytes = block.length;
	} else if (type_is_signed(&w->type) && dwarf_formsdata(&attr, &value) == 0) {
		op_add(w->c.arena, &piece.ops, ACC_CONST, value, 0);
	} else if (dwarf_formudata(&attr, &unsigned_value) == 0) {
		op_add(w->c.arena, &piece.ops, ACC_CONST, (int64_t)unsigned_value, 0);
	} else {
		return false;
	}
	VEC_PUSH(w->c.arena, &place->pieces, piece);
	return true;
}

/* A variable declared in this unit ("extern int x") is defined in another one. */
static bool find_definition(struct dw_file *f, Dwarf_Die *die);

static bool locate_variable(struct walk *w, Dwarf_Die *die, struct dw_place *place)
{
	Dwarf_Attribute attr;

	if (dwarf_hasattr(die, DW_AT_declaration) && !dwarf_hasattr(die, DW_AT_location) &&
	    !find_definition(w->c.file, die))
		return loc_fail(&w->c, DW_VAR_NO_LOCATION, "it is defined in another object");
	type_of(w->c.file, die, &w->type);
	if (dwarf_attr_integrate(die, DW_AT_location, &attr)) {
		bool is_located = loc_resolve(&w->c, &attr, place);

		if (!is_located)
			place->pieces.n = 0;
		return parameter_at_entry(w, die, is_located, place);
	}
	if (constant_value(w, die, place))
		return true;
	loc_fail(&w->c, DW_VAR_NO_LOCATION, "it was optimised out");
	return parameter_at_entry(w, die, false, place);
}

static void begin(struct walk *w, struct dw_file *f, struct arena *a, const char *name)
{
	memset(w, 0, sizeof(*w));
	w->c.file = f;
	w->c.arena = a;
	w->name = name;
}

static bool return_place(struct walk *w, const struct dw_scope *scope, struct dw_place *place)
{
	const struct dw_func_die *d = scope->func->die;
	Dwarf_Die func;

	if (!scope->is_return)
		return loc_fail(&w->c, DW_VAR_NOT_FOUND, "$return is known in .return probes only");
	if (!d)
		return loc_fail(&w->c, DW_VAR_NO_DWARF,
				"there is no debug information about function '%s'",
				scope->func->name);
	func = d->die;
	type_of(w->c.file, &func, &w->type);
	if (!w->type.has_die)
		return loc_fail(&w->c, DW_VAR_NOT_FOUND, "function '%s' returns nothing",
				scope->func->name);
	return abi_return(&w->c, &w->type, place);
}

static void not_found(struct walk *w, const struct dw_scope *scope, const char *name,
		      struct dw_var_result *out)
{
	struct collected k = { .arena = w->c.arena };

	scope_each(scope, false, collect, &k);
	out->names = k.names.at;
	out->n_names = k.names.n;
	out->error = DW_VAR_NOT_FOUND;
	out->why = arena_printf(w->c.arena, "unable to find local '%s' near pc 0x%llx in %s", name,
				(unsigned long long)w->c.pc, scope->func->name);
}

static void main_var(struct walk *w, const struct dw_scope *scope, const char *name,
		     const component_vec *components, bool is_address, struct dw_var_result *out)
{
	static const char *const names[] = { "$argc", "$argv", "$envp" };
	struct dw_place place = { 0 };
	const char *text = NULL;

	if (!abi_main_parameter(&w->c, name, &place, &text)) {
		out->error = DW_VAR_NOT_FOUND;
		out->why = arena_printf(w->c.arena,
					"main has no debug information: only its arguments are known");
		out->names = names;
		out->n_names = 3;
		return;
	}
	if (!scope->is_return && scope->pc != scope->func->address) {
		out->error = DW_VAR_NO_LOCATION;
		out->why = "the arguments of main are known at its entry only";
		return;
	}
	w->type.known = text[0] == 'i' ? TYPE_INT : TYPE_CHAR;
	w->type.pointers = text[0] == 'i' ? 0 : 2;
	set_place(w, &place);
	finish(w, components, is_address, out);
}

void dw_var(const struct dw_scope *scope, const char *name, const component_vec *components,
	    bool is_address, struct arena *a, struct dw_var_result *out)
{
	const struct dw_func *func = scope->func;
	const struct dw_func_die *d = func->die;
	struct named named = { .name = name };
	struct dw_place place = { 0 };
	Dwarf_Die frame;
	struct walk w;

	memset(out, 0, sizeof(*out));
	begin(&w, func->file, a, arena_printf(a, "$%s", name));
	w.type.file = func->file;
	w.c.pc = scope->is_return ? func->address : scope->pc;
	w.c.is_entry = w.c.pc == func->address && !func->is_inlined;
	if (!strcmp(name, "return")) {
		if (!return_place(&w, scope, &place)) {
			failed(&w, out);
			return;
		}
		set_place(&w, &place);
		finish(&w, components, is_address, out);
		return;
	}
	if (!d && func->is_stripped_main) {
		main_var(&w, scope, name, components, is_address, out);
		return;
	}
	if (!d) {
		out->error = DW_VAR_NO_DWARF;
		out->why = arena_printf(a, "there is no debug information about function '%s' (%s)",
					func->name, dw_describe(func->file));
		return;
	}
	frame = d->frame;
	w.c.frame = &frame;
	if (!scope_each(scope, true, is_named, &named)) {
		not_found(&w, scope, name, out);
		return;
	}
	if (!locate_variable(&w, &named.die, &place)) {
		failed(&w, out);
		return;
	}
	set_place(&w, &place);
	finish(&w, components, is_address, out);
}

/* ---- @var ---- */

struct global_query {
	const char *name; /* last part of the qualified name */
	const char *unit; /* file part; NULL any */
	Dwarf_Die die, declaration;
	bool is_found, is_declared;
};

/* The unit that declares DIE: with link-time optimisation, not the one it is in. */
static bool is_from_unit(Dwarf_Die *die, const char *pattern)
{
	Dwarf_Attribute attr;
	Dwarf_Die origin = *die, unit;
	const char *name;

	if (!pattern)
		return true;
	if (dwarf_attr(die, DW_AT_abstract_origin, &attr))
		dwarf_formref_die(&attr, &origin);
	name = unit_die(origin.cu, &unit) ? dwarf_diename(&unit) : NULL;
	return name && source_matches(name, pattern);
}

static bool search_globals(struct global_query *q, Dwarf_Die *scope)
{
	Dwarf_Die child;

	for (int next = dwarf_child(scope, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		const char *name;

		if (dwarf_tag(&child) == DW_TAG_namespace && search_globals(q, &child))
			return true;
		if (dwarf_tag(&child) != DW_TAG_variable)
			continue;
		name = dwarf_diename(&child);
		if (!name || strcmp(name, q->name) || !is_from_unit(&child, q->unit))
			continue;
		if (dwarf_hasattr(&child, DW_AT_location) ||
		    dwarf_hasattr_integrate(&child, DW_AT_const_value)) {
			q->die = child;
			q->is_found = true;
			return true;
		}
		q->declaration = child;
		q->is_declared = true;
	}
	return false;
}

static void find_global(struct dw_file *f, struct global_query *q)
{
	unit_vec units = { 0 };
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	if (units_mentioning(f, q->name, &units)) {
		VEC_EACH(&units, i)
			if (unit_die(units.at[i], &unit) && search_globals(q, &unit))
				return;
		return;
	}
	while (unit_next(f, &cu, &unit))
		if (search_globals(q, &unit))
			return;
}

static bool find_definition(struct dw_file *f, Dwarf_Die *die)
{
	struct global_query q = { .name = dwarf_diename(die) };

	if (q.name)
		find_global(f, &q);
	if (q.is_found)
		*die = q.die;
	return q.is_found;
}

void dw_global_var(struct dw_file *f, const char *spec, const component_vec *components,
		   bool is_address, struct arena *a, struct dw_var_result *out)
{
	const char *at = strchr(spec, '@'), *colons;
	struct global_query q = { .unit = at ? at + 1 : NULL };
	struct dw_place place = { 0 };
	struct walk w;

	memset(out, 0, sizeof(*out));
	begin(&w, f, a, arena_printf(a, "@var(\"%s\")", spec));
	if (!dw_has_dwarf(f)) {
		out->error = DW_VAR_NO_DWARF;
		out->why = arena_printf(a, "there is no debug information for %s (%s)", f->info.path,
					dw_describe(f));
		return;
	}
	q.name = at ? arena_strndup(a, spec, (size_t)(at - spec)) : spec;
	colons = strstr(q.name, "::") ? strrchr(q.name, ':') + 1 : NULL;
	if (colons)
		q.name = colons;
	find_global(f, &q);
	if (!q.is_found) {
		out->error = q.is_declared ? DW_VAR_NO_LOCATION : DW_VAR_NOT_FOUND;
		out->why = q.is_declared
			? arena_printf(a, "global '%s' is declared, not defined, in %s", spec,
				       f->info.path)
			: arena_printf(a, "unable to find global '%s' in %s", spec, f->info.path);
		return;
	}
	if (!locate_variable(&w, &q.die, &place)) {
		failed(&w, out);
		return;
	}
	set_place(&w, &place);
	finish(&w, components, is_address, out);
}

/* ---- @cast ---- */

void dw_cast(struct dw_file *f, const char *type_name, const component_vec *components,
	     bool is_address, struct arena *a, struct dw_var_result *out)
{
	struct place_piece base = { .kind = PLACE_VALUE };
	struct dw_type type;
	struct walk w;

	memset(out, 0, sizeof(*out));
	begin(&w, f, a, arena_printf(a, "@cast(..., \"%s\")", type_name));
	if (!dw_has_dwarf(f)) {
		out->error = DW_VAR_NO_DWARF;
		out->why = arena_printf(a, "there is no debug information for %s (%s)", f->info.path,
					dw_describe(f));
		return;
	}
	if (!type_lookup(f, type_name, &type)) {
		out->error = DW_VAR_NOT_FOUND;
		out->why = arena_printf(a, "type definition '%s' not found in '%s'", type_name,
					f->info.path);
		return;
	}
	w.type = type;
	if (type.pointers) {
		/* "foo*": the operand is such a pointer */
		op_add(a, &base.ops, ACC_BASE, 0, 0);
		VEC_PUSH(a, &w.place.pieces, base);
	} else {
		/* "foo": the operand points to such an object */
		w.in_memory = true;
		op_add(a, &w.address, ACC_BASE, 0, 0);
	}
	finish(&w, components, is_address, out);
}
