/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the calling conventions (System V psABI for x86-64 section 3.2.3, and
 * for i386 section 2.2.3) say where DWARF says nothing: the parameters of main
 * in a stripped program, the parameters of unoptimised code before its
 * prologue has stored them, and the return value.
 */
#include "translator/dwarf/dw_int.h"

#include <string.h>

enum { RAX = 0, RDX = 1, RCX = 2, RSI = 4, RDI = 5, RSP = 7, R8 = 8, R9 = 9 };
static const int integer_registers[] = { RDI, RSI, RDX, RCX, R8, R9 };
enum { N_INTEGER = 6, N_SSE = 8 };

/* Classes of the eightbytes of a type. */
enum class { NO_CLASS, INTEGER, SSE, MEMORY, X87 };

static enum class merge(enum class a, enum class b)
{
	if (a == b || b == NO_CLASS)
		return a;
	if (a == NO_CLASS)
		return b;
	if (a == MEMORY || b == MEMORY)
		return MEMORY;
	if (a == INTEGER || b == INTEGER)
		return INTEGER;
	if (a == X87 || b == X87)
		return MEMORY;
	return SSE;
}

static void classify(const struct dw_type *type, uint64_t at, enum class out[2], unsigned depth);

static void classify_members(const struct dw_type *type, uint64_t at, enum class out[2],
			     unsigned depth)
{
	Dwarf_Die die = type->die, child;

	for (int next = dwarf_child(&die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		int tag = dwarf_tag(&child);
		struct dw_type member;
		Dwarf_Attribute attr;
		Dwarf_Word offset = 0;

		if (tag != DW_TAG_member && tag != DW_TAG_inheritance)
			continue;
		if (dwarf_hasattr(&child, DW_AT_external)) /* a static member */
			continue;
		if (dwarf_hasattr(&child, DW_AT_virtuality)) {
			out[0] = MEMORY;
			return;
		}
		if (dwarf_attr(&child, DW_AT_data_bit_offset, &attr)) {
			if (dwarf_formudata(&attr, &offset) == 0)
				offset /= 8;
		} else if (!type_member_offset(&child, &offset)) {
			out[0] = MEMORY;
			return;
		}
		type_of(type->file, &child, &member);
		classify(&member, at + offset, out, depth + 1);
	}
}

static void classify_array(const struct dw_type *type, uint64_t at, enum class out[2],
			   unsigned depth)
{
	struct dw_type element;
	uint64_t size, element_size;
	Dwarf_Die die = type->die;

	if (dwarf_hasattr(&die, DW_AT_GNU_vector)) { /* one register, whatever its size */
		out[at / 8] = merge(out[at / 8], SSE);
		return;
	}
	type_of(type->file, &die, &element);
	if (!type_size(type, &size) || !type_size(&element, &element_size) || !element_size)
		return;
	for (uint64_t i = 0; i < size / element_size; i++)
		classify(&element, at + i * element_size, out, depth + 1);
}

static void classify(const struct dw_type *type, uint64_t at, enum class out[2], unsigned depth)
{
	struct dw_type t = *type;
	enum class class = INTEGER;
	Dwarf_Attribute attr;
	Dwarf_Word encoding = 0;
	uint64_t size;

	type_strip(&t);
	if (depth > 16 || at >= 16 || !type_size(&t, &size) || at + size > 16) {
		out[0] = MEMORY;
		return;
	}
	if (type_is_aggregate(&t)) {
		classify_members(&t, at, out, depth);
		return;
	}
	if (type_tag(&t) == DW_TAG_array_type) {
		classify_array(&t, at, out, depth);
		return;
	}
	if (type_tag(&t) == DW_TAG_base_type && !t.known)
		dwarf_formudata(dwarf_attr(&t.die, DW_AT_encoding, &attr), &encoding);
	if (encoding == DW_ATE_complex_float && size == 32)
		class = MEMORY;
	else if (encoding == DW_ATE_float && size == 16)
		class = X87; /* long double; __float128 is told apart by nothing: refused too */
	else if (encoding == DW_ATE_float || encoding == DW_ATE_complex_float ||
		 encoding == DW_ATE_decimal_float)
		class = SSE;
	out[at / 8] = merge(out[at / 8], class);
	if (size + at % 8 > 8)
		out[1] = merge(out[1], class);
}

static bool is_trivial(const struct dw_type *type, unsigned depth);

/* A constructor from a reference to the class itself. */
static bool is_copy_constructor(struct dw_file *f, Dwarf_Die *class, Dwarf_Die *func)
{
	const char *name = dwarf_diename(func), *class_name = dwarf_diename(class);
	struct dw_type param, target;
	Dwarf_Die child;

	if (!name || !class_name || strcmp(name, class_name))
		return false;
	for (int next = dwarf_child(func, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		if (dwarf_tag(&child) != DW_TAG_formal_parameter ||
		    dwarf_hasattr(&child, DW_AT_artificial))
			continue;
		type_of(f, &child, &param);
		if (type_tag(&param) != DW_TAG_reference_type &&
		    type_tag(&param) != DW_TAG_rvalue_reference_type)
			return false;
		type_target(&param, &target);
		type_strip(&target);
		return dwarf_diename(&target.die) && !strcmp(dwarf_diename(&target.die), class_name);
	}
	return false;
}

static bool is_trivial_function(struct dw_file *f, Dwarf_Die *class, Dwarf_Die *func)
{
	const char *name = dwarf_diename(func);
	Dwarf_Attribute attr;
	Dwarf_Word defaulted;

	if (dwarf_hasattr(func, DW_AT_virtuality))
		return false;
	if (dwarf_hasattr(func, DW_AT_artificial) ||
	    (dwarf_attr(func, DW_AT_defaulted, &attr) &&
	     dwarf_formudata(&attr, &defaulted) == 0 && defaulted == DW_DEFAULTED_in_class))
		return true;
	return !(name && name[0] == '~') && !is_copy_constructor(f, class, func);
}

static bool is_trivial(const struct dw_type *type, unsigned depth)
{
	struct dw_type t = *type, part;
	Dwarf_Die child;

	type_strip(&t);
	while (type_tag(&t) == DW_TAG_array_type) {
		type_target(&t, &part);
		t = part;
		type_strip(&t);
	}
	if (!type_is_aggregate(&t) || depth > 16)
		return true;
	for (int next = dwarf_child(&t.die, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		switch (dwarf_tag(&child)) {
		case DW_TAG_subprogram:
			if (!is_trivial_function(t.file, &t.die, &child))
				return false;
			break;
		case DW_TAG_inheritance:
			if (dwarf_hasattr(&child, DW_AT_virtuality))
				return false;
			__attribute__((fallthrough));
		case DW_TAG_member:
			type_of(t.file, &child, &part);
			if (!dwarf_hasattr(&child, DW_AT_external) && !is_trivial(&part, depth + 1))
				return false;
			break;
		default:
			break;
		}
	}
	return true;
}

/* A C++ object with its own copy constructor or destructor goes by reference (Itanium C++
 * ABI 3.1.2.3).  clang says so; otherwise the class has to be looked at. */
static bool is_passed_by_reference(const struct dw_type *type)
{
	struct dw_type t = *type;
	Dwarf_Attribute attr;
	Dwarf_Word convention;

	type_strip(&t);
	if (!type_is_aggregate(&t))
		return false;
	if (dwarf_attr(&t.die, DW_AT_calling_convention, &attr) &&
	    dwarf_formudata(&attr, &convention) == 0)
		return convention == DW_CC_pass_by_reference;
	return !is_trivial(&t, 0);
}

static void add_register(struct loc_context *c, struct dw_place *out, int reg, uint64_t at,
			 uint64_t size)
{
	struct place_piece piece = { .kind = PLACE_REGISTER, .reg = reg, .at = at, .size = size };

	VEC_PUSH(c->arena, &out->pieces, piece);
}

static void add_stack(struct loc_context *c, struct dw_place *out, uint64_t at_offset)
{
	struct place_piece piece = { .kind = PLACE_MEMORY };

	op_add(c->arena, &piece.ops, ACC_REG, RSP, (int64_t)at_offset);
	VEC_PUSH(c->arena, &out->pieces, piece);
}

struct passing {
	unsigned n_integer, n_sse;
	uint64_t stack; /* offset from the stack pointer at the entry */
};

/* One piece for each eightbyte, in the next of REGISTERS if it is an integer, or in vector registers
 * from VECTOR on. */
static void add_eightbytes(struct loc_context *c, struct dw_place *out, const enum class class[2],
			   const int *registers, int vector)
{
	for (unsigned i = 0; i < 2 && class[i] != NO_CLASS; i++) {
		struct place_piece piece = { .kind = PLACE_OTHER, .at = 8 * i,
					     .size = class[1] == NO_CLASS ? 0 : 8 };

		if (class[i] == INTEGER) {
			piece.kind = PLACE_REGISTER;
			piece.reg = *registers++;
		} else if (class[i] == SSE && !c->file->info.is_32bit) {
			piece.kind = PLACE_VECTOR;
			piece.reg = vector++;
		}
		VEC_PUSH(c->arena, &out->pieces, piece);
	}
}

static uint64_t align_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) / to * to;
}

/* The address of the object takes the place of an integer. */
static void pass_address(struct loc_context *c, struct passing *p, struct dw_place *out)
{
	struct place_piece piece = { .kind = PLACE_MEMORY };

	if (p->n_integer < N_INTEGER) {
		op_add(c->arena, &piece.ops, ACC_REG, integer_registers[p->n_integer++], 0);
	} else {
		op_add(c->arena, &piece.ops, ACC_REG, RSP, (int64_t)p->stack);
		op_add(c->arena, &piece.ops, ACC_LOAD, 8, 0);
		p->stack += 8;
	}
	if (out)
		VEC_PUSH(c->arena, &out->pieces, piece);
}

/* Takes the registers or the stack of the next parameter; with OUT says which. */
static bool pass(struct loc_context *c, struct passing *p, const struct dw_type *type,
		 struct dw_place *out)
{
	enum class class[2] = { NO_CLASS, NO_CLASS };
	struct dw_type t = *type;
	unsigned n_integer = 0, n_sse = 0;
	uint64_t size;

	type_strip(&t);
	if (!type_size(&t, &size))
		return loc_fail(c, DW_VAR_UNSUPPORTED, "the size of a parameter is not known");
	if (c->file->info.is_32bit) {
		if (out)
			add_stack(c, out, p->stack);
		p->stack += align_up(size, 4);
		return true;
	}
	if (is_passed_by_reference(&t)) {
		pass_address(c, p, out);
		return true;
	}
	classify(&t, 0, class, 0);
	for (unsigned i = 0; i < 2; i++) {
		n_integer += class[i] == INTEGER;
		n_sse += class[i] == SSE;
	}
	if (class[0] == MEMORY || class[1] == MEMORY || class[0] == X87 ||
	    p->n_integer + n_integer > N_INTEGER || p->n_sse + n_sse > N_SSE) {
		if (class[0] == X87)
			p->stack = align_up(p->stack - 8, 16) + 8;
		if (out)
			add_stack(c, out, p->stack);
		p->stack += align_up(size, 8);
		return true;
	}
	if (out)
		add_eightbytes(c, out, class, integer_registers + p->n_integer, (int)p->n_sse);
	p->n_integer += n_integer;
	p->n_sse += n_sse;
	return true;
}

static bool returns_in_memory(struct dw_file *f, Dwarf_Die *func)
{
	enum class class[2] = { NO_CLASS, NO_CLASS };
	struct dw_type t;

	type_of(f, func, &t);
	if (!t.has_die)
		return false;
	if (is_passed_by_reference(&t))
		return true;
	type_strip(&t);
	if (f->info.is_32bit)
		return type_is_aggregate(&t);
	classify(&t, 0, class, 0);
	return class[0] == MEMORY || class[1] == MEMORY;
}

static bool refuse_convention(struct loc_context *c)
{
	return loc_fail(c, DW_VAR_UNSUPPORTED,
			"its language has a calling convention of its own");
}

/* Fits into one integer register in every language but those of CONVENTION_OTHER. */
static bool is_scalar(const struct dw_type *type)
{
	struct dw_type t = *type;
	uint64_t size;

	type_strip(&t);
	switch (type_tag(&t)) {
	case DW_TAG_base_type:
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
	case DW_TAG_enumeration_type:
		return type_size(&t, &size) && size <= 8;
	default:
		return false;
	}
}

static bool has_only_scalars(struct dw_file *f, Dwarf_Die *func)
{
	struct dw_type type;
	Dwarf_Die child;

	type_of(f, func, &type);
	if (type.has_die && !is_scalar(&type))
		return false;
	for (int next = dwarf_child(func, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		type_of(f, &child, &type);
		if (dwarf_tag(&child) == DW_TAG_formal_parameter && !is_scalar(&type))
			return false;
	}
	return true;
}

static bool is_by_convention(struct dw_file *f, Dwarf_Die *func)
{
	Dwarf_Die unit;

	switch (unit_die(func->cu, &unit) ? unit_convention(&unit) : CONVENTION_OTHER) {
	case CONVENTION_C:
		return true;
	case CONVENTION_SCALARS:
		return has_only_scalars(f, func);
	case CONVENTION_OTHER:
		break;
	}
	return false;
}

bool abi_parameter(struct loc_context *c, Dwarf_Die *func, Dwarf_Die *param, struct dw_place *out)
{
	unsigned word = c->file->info.is_32bit ? 4 : 8;
	struct passing p = { .stack = word };
	Dwarf_Die child;

	if (!is_by_convention(c->file, func))
		return refuse_convention(c);
	if (returns_in_memory(c->file, func)) {
		if (word == 4)
			p.stack += 4;
		else
			p.n_integer = 1;
	}
	for (int next = dwarf_child(func, &child); next == 0;
	     next = dwarf_siblingof(&child, &child)) {
		struct dw_type type;
		bool is_it = child.addr == param->addr;

		if (dwarf_tag(&child) != DW_TAG_formal_parameter)
			continue;
		type_of(c->file, &child, &type);
		if (!pass(c, &p, &type, is_it ? out : NULL))
			return false;
		if (is_it)
			return true;
	}
	return loc_fail(c, DW_VAR_NO_LOCATION, "it is not a parameter");
}

/* The first word that is an integer is in rax, the second one in rdx. */
static void return_in_registers(struct loc_context *c, uint64_t size, const enum class class[2],
				struct dw_place *out)
{
	static const int registers[] = { RAX, RDX };

	if (c->file->info.is_32bit && size <= 4) {
		add_register(c, out, RAX, 0, 0);
	} else if (c->file->info.is_32bit) {
		add_register(c, out, RAX, 0, 4);
		add_register(c, out, RDX, 4, 4);
	} else {
		add_eightbytes(c, out, class, registers, 0);
	}
	VEC_EACH(&out->pieces, i) {
		struct place_piece *p = &out->pieces.at[i];

		if (p->kind != PLACE_REGISTER || p->reg != RAX)
			continue;
		p->kind = PLACE_VALUE;
		op_add(c->arena, &p->ops, ACC_RETVAL, 0, 0);
	}
}

bool abi_return(struct loc_context *c, Dwarf_Die *func, const struct dw_type *type,
		struct dw_place *out)
{
	enum class class[2] = { NO_CLASS, NO_CLASS };
	struct place_piece memory = { .kind = PLACE_MEMORY };
	struct dw_type t = *type;
	uint64_t size;

	if (func && !is_by_convention(c->file, func))
		return refuse_convention(c);
	type_strip(&t);
	if (!type_size(&t, &size))
		return loc_fail(c, DW_VAR_UNSUPPORTED, "the size of the return value is not known");
	classify(&t, 0, class, 0);
	if (class[0] == X87 || class[1] == X87 ||
	    (class[0] == SSE && c->file->info.is_32bit && !type_is_aggregate(&t)))
		return loc_fail(c, DW_VAR_UNSUPPORTED,
				"a return value of type '%s' is in a floating-point register",
				type_text(c->arena, type));
	if (class[0] == MEMORY || class[1] == MEMORY || is_passed_by_reference(&t) ||
	    (c->file->info.is_32bit && type_is_aggregate(&t))) {
		/* rax holds the address of the object */
		op_add(c->arena, &memory.ops, ACC_RETVAL, 0, 0);
		VEC_PUSH(c->arena, &out->pieces, memory);
		return true;
	}
	return_in_registers(c, size, class, out);
	return true;
}

bool abi_main_parameter(struct loc_context *c, const char *name, struct dw_place *out,
			const char **type_text)
{
	static const struct {
		const char *name, *type;
	} params[] = { { "argc", "int" }, { "argv", "char**" }, { "envp", "char**" } };

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(params[i].name, name))
			continue;
		*type_text = params[i].type;
		if (c->file->info.is_32bit)
			add_stack(c, out, 4 + 4 * i);
		else
			add_register(c, out, integer_registers[i], 0, 0);
		return true;
	}
	return false;
}
