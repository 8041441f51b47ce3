/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DWARF location descriptions -> places, DWARF expressions -> access ops.
 * Location lists are decided here, at the probe's address.  What depends on
 * the caller's frame (DW_OP_entry_value) can be answered at the entry only.
 */
#include "translator/dwarf/dw_int.h"

#include <stdarg.h>
#include <string.h>

bool loc_fail(struct loc_context *c, enum dw_var_error error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	c->error = error;
	c->why = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	return false;
}

void op_add(struct arena *a, access_op_vec *ops, enum access_op_kind kind, int64_t arg,
	    int64_t arg2)
{
	struct access_op op = { kind, arg, arg2 };

	VEC_PUSH(a, ops, op);
}

static void op(struct loc_context *c, access_op_vec *ops, enum access_op_kind kind, int64_t arg,
	       int64_t arg2)
{
	op_add(c->arena, ops, kind, arg, arg2);
}

/* i386 psABI table 2.14 -> x86-64 psABI figure 3.36. */
int loc_register(const struct dw_file *f, uint64_t number)
{
	static const int8_t from_i386[] = { 0, 2, 1, 3, 7, 6, 4, 5, 16 };

	if (!f->info.is_32bit)
		return number <= 16 ? (int)number : -1;
	return number < sizeof(from_i386) ? from_i386[number] : -1;
}

int loc_vector_register(const struct dw_file *f, uint64_t number)
{
	enum { XMM0 = 17, XMM15 = 32 }; /* x86-64 psABI figure 3.36 */

	return !f->info.is_32bit && number >= XMM0 && number <= XMM15 ? (int)(number - XMM0) : -1;
}

static bool push_register(struct loc_context *c, access_op_vec *ops, uint64_t number,
			  int64_t offset)
{
	int reg = loc_register(c->file, number);

	if (reg < 0)
		return loc_fail(c, DW_VAR_UNSUPPORTED,
				"it is in register %llu, which is not a general register",
				(unsigned long long)number);
	op(c, ops, ACC_REG, reg, offset);
	return true;
}

/* DW_OP_fbreg: the frame base is an address, or the value of a register. */
static bool push_frame_base(struct loc_context *c, access_op_vec *ops)
{
	Dwarf_Attribute attr;
	Dwarf_Op *expr;
	size_t n;

	if (!c->frame || !dwarf_attr_integrate(c->frame, DW_AT_frame_base, &attr))
		return loc_fail(c, DW_VAR_UNSUPPORTED, "its function has no frame base");
	if (dwarf_getlocation_addr(&attr, c->pc, &expr, &n, 1) != 1 || !n)
		return loc_fail(c, DW_VAR_NO_LOCATION, "the frame base is not known at 0x%llx",
				(unsigned long long)c->pc);
	if (n == 1 && expr->atom >= DW_OP_reg0 && expr->atom <= DW_OP_reg31)
		return push_register(c, ops, (uint64_t)expr->atom - DW_OP_reg0, 0);
	if (n == 1 && expr->atom == DW_OP_regx)
		return push_register(c, ops, expr->number, 0);
	return loc_expression(c, &attr, expr, n, ops);
}

/* DWARF 5 typed stack: integers of a base type, kept extended to 64 bits. */
static bool base_type(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr,
		      unsigned *size, bool *is_signed)
{
	Dwarf_Attribute form;
	Dwarf_Word encoding;
	Dwarf_Die die;

	*size = 8;
	*is_signed = false;
	if ((expr->atom == DW_OP_convert || expr->atom == DW_OP_reinterpret ||
	     expr->atom == DW_OP_GNU_convert || expr->atom == DW_OP_GNU_reinterpret) &&
	    !expr->number)
		return true;
	if (!attr || dwarf_getlocation_die(attr, expr, &die) ||
	    dwarf_formudata(dwarf_attr(&die, DW_AT_encoding, &form), &encoding) ||
	    dwarf_bytesize(&die) < 1)
		return loc_fail(c, DW_VAR_UNSUPPORTED, "its location has an unknown type");
	*size = (unsigned)dwarf_bytesize(&die);
	if (encoding == DW_ATE_float || *size > 8 || (*size & (*size - 1)))
		return loc_fail(c, DW_VAR_UNSUPPORTED,
				"its location is computed with values of type '%s'",
				dwarf_diename(&die) ? dwarf_diename(&die) : "?");
	*is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	return true;
}

static void extend(struct loc_context *c, access_op_vec *ops, unsigned size, bool is_signed)
{
	if (size < 8)
		op(c, ops, is_signed ? ACC_SEXT : ACC_ZEXT, size, 0);
}

static int64_t read_bytes(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n && i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return (int64_t)v;
}

static bool push_typed(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr,
		       access_op_vec *ops)
{
	unsigned size;
	bool is_signed;
	Dwarf_Block block = { 0 };

	if (!base_type(c, attr, expr, &size, &is_signed))
		return false;
	switch (expr->atom) {
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type:
		if (!push_register(c, ops, expr->number, 0))
			return false;
		break;
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type:
		op(c, ops, ACC_LOAD, size, is_signed);
		return true;
	case DW_OP_const_type:
	case DW_OP_GNU_const_type:
		if (dwarf_getlocation_implicit_value(attr, expr, &block))
			return loc_fail(c, DW_VAR_UNSUPPORTED, "its location has a bad constant");
		op(c, ops, ACC_CONST, read_bytes(block.data, block.length), 0);
		break;
	default:
		break;
	}
	extend(c, ops, size, is_signed);
	return true;
}

static bool push_entry_value(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr,
			     access_op_vec *ops)
{
	Dwarf_Attribute inner;
	Dwarf_Op *sub;
	size_t n;

	if (!c->is_entry)
		return loc_fail(c, DW_VAR_NO_LOCATION,
				"only its value at the function's entry is known here");
	if (!attr || dwarf_getlocation_attr(attr, expr, &inner) ||
	    dwarf_getlocation(&inner, &sub, &n) || !n)
		return loc_fail(c, DW_VAR_UNSUPPORTED, "its entry value can't be read");
	if (n == 1 && sub->atom >= DW_OP_reg0 && sub->atom <= DW_OP_reg31)
		return push_register(c, ops, (uint64_t)sub->atom - DW_OP_reg0, 0);
	return loc_expression(c, &inner, sub, n, ops);
}

static bool push_address(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr,
			 access_op_vec *ops, bool is_constant)
{
	Dwarf_Attribute indexed;
	Dwarf_Addr address;
	Dwarf_Word word;

	if (expr->atom == DW_OP_addr) {
		address = expr->number;
	} else if (!attr || dwarf_getlocation_attr(attr, expr, &indexed)) {
		return loc_fail(c, DW_VAR_UNSUPPORTED, "its address index can't be read");
	} else if (is_constant) {
		if (dwarf_formudata(&indexed, &word))
			return loc_fail(c, DW_VAR_UNSUPPORTED, "its constant can't be read");
		address = word;
	} else if (dwarf_formaddr(&indexed, &address)) {
		return loc_fail(c, DW_VAR_UNSUPPORTED, "its address index can't be read");
	}
	op(c, ops, is_constant ? ACC_CONST : ACC_STATIC, (int64_t)address, 0);
	return true;
}

static bool unsupported(struct loc_context *c, unsigned atom)
{
	return loc_fail(c, DW_VAR_UNSUPPORTED, "its location uses DWARF operation 0x%x", atom);
}

/*
 * A thread-local variable's expression is an offset, pushed as a constant or (with the
 * same meaning) as an address.  GCC 12 with -gsplit-dwarf has the variable's address in
 * the initialisation image there.
 */
static bool push_tls(struct loc_context *c, access_op_vec *ops)
{
	const struct dw_file *f = c->file;
	struct access_op *last = ops->n ? &VEC_LAST(ops) : NULL;
	uint64_t offset;

	if (!last || (last->kind != ACC_STATIC && last->kind != ACC_CONST))
		return unsupported(c, DW_OP_form_tls_address);
	last->kind = ACC_CONST;
	offset = (uint64_t)last->arg;
	if (offset >= f->tls_size && offset - f->tls_address < f->tls_size)
		last->arg -= (int64_t)f->tls_address;
	return tls_push_address(c, ops);
}

static enum access_op_kind plain_op(unsigned atom)
{
	switch (atom) {
	case DW_OP_abs: return ACC_ABS;
	case DW_OP_and: return ACC_AND;
	case DW_OP_div: return ACC_DIV;
	case DW_OP_minus: return ACC_SUB;
	case DW_OP_mod: return ACC_MOD;
	case DW_OP_mul: return ACC_MUL;
	case DW_OP_neg: return ACC_NEG;
	case DW_OP_not: return ACC_NOT;
	case DW_OP_or: return ACC_OR;
	case DW_OP_plus: return ACC_ADD;
	case DW_OP_shl: return ACC_SHL;
	case DW_OP_shr: return ACC_SHR;
	case DW_OP_shra: return ACC_SHRA;
	case DW_OP_xor: return ACC_XOR;
	case DW_OP_eq: return ACC_EQ;
	case DW_OP_ge: return ACC_GE;
	case DW_OP_gt: return ACC_GT;
	case DW_OP_le: return ACC_LE;
	case DW_OP_lt: return ACC_LT;
	case DW_OP_ne: return ACC_NE;
	case DW_OP_dup: return ACC_DUP;
	case DW_OP_drop: return ACC_DROP;
	case DW_OP_over: return ACC_OVER;
	case DW_OP_swap: return ACC_SWAP;
	case DW_OP_rot: return ACC_ROT;
	default: return ACC_CONST;
	}
}

static bool push_op(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr,
		    access_op_vec *ops)
{
	unsigned atom = expr->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) {
		op(c, ops, ACC_CONST, (int64_t)atom - DW_OP_lit0, 0);
		return true;
	}
	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		return push_register(c, ops, atom - DW_OP_breg0, (int64_t)expr->number);

	switch (atom) {
	case DW_OP_addr:
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index:
		return push_address(c, attr, expr, ops, false);
	case DW_OP_constx:
	case DW_OP_GNU_const_index:
		return push_address(c, attr, expr, ops, true);
	case DW_OP_const1u: case DW_OP_const1s: case DW_OP_const2u: case DW_OP_const2s:
	case DW_OP_const4u: case DW_OP_const4s: case DW_OP_const8u: case DW_OP_const8s:
	case DW_OP_constu: case DW_OP_consts:
		op(c, ops, ACC_CONST, (int64_t)expr->number, 0);
		return true;
	case DW_OP_bregx:
		return push_register(c, ops, expr->number, (int64_t)expr->number2);
	case DW_OP_fbreg:
		if (!push_frame_base(c, ops))
			return false;
		op(c, ops, ACC_CONST, (int64_t)expr->number, 0);
		op(c, ops, ACC_ADD, 0, 0);
		return true;
	case DW_OP_call_frame_cfa:
		return cfi_push_cfa(c, ops);
	case DW_OP_plus_uconst:
		op(c, ops, ACC_CONST, (int64_t)expr->number, 0);
		op(c, ops, ACC_ADD, 0, 0);
		return true;
	case DW_OP_deref:
		op(c, ops, ACC_LOAD, type_address_size(c->file), 0);
		return true;
	case DW_OP_deref_size:
		op(c, ops, ACC_LOAD, (int64_t)expr->number, 0);
		return true;
	case DW_OP_pick:
		op(c, ops, ACC_PICK, (int64_t)expr->number, 0);
		return true;
	case DW_OP_nop:
		return true;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address:
		return push_tls(c, ops);
	case DW_OP_push_object_address:
		if (!c->object)
			return unsupported(c, atom);
		VEC_EACH(c->object, i)
			VEC_PUSH(c->arena, ops, c->object->at[i]);
		return true;
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		return push_entry_value(c, attr, expr, ops);
	case DW_OP_convert: case DW_OP_GNU_convert:
	case DW_OP_reinterpret: case DW_OP_GNU_reinterpret:
	case DW_OP_regval_type: case DW_OP_GNU_regval_type:
	case DW_OP_deref_type: case DW_OP_GNU_deref_type:
	case DW_OP_const_type: case DW_OP_GNU_const_type:
		return push_typed(c, attr, expr, ops);
	case DW_OP_GNU_parameter_ref:
		return loc_fail(c, DW_VAR_NO_LOCATION, "it is a parameter that was optimised out");
	default:
		if (plain_op(atom) == ACC_CONST)
			return unsupported(c, atom);
		op(c, ops, plain_op(atom), 0, 0);
		return true;
	}
}

bool loc_expression(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr, size_t n,
		    access_op_vec *ops)
{
	for (size_t i = 0; i < n; i++)
		if (!push_op(c, attr, &expr[i], ops))
			return false;
	return true;
}

/* One piece: the operations up to DW_OP_piece or the end. */
static bool read_piece(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr, size_t n,
		       struct place_piece *out)
{
	Dwarf_Block block;

	if (!n) {
		out->kind = PLACE_NONE;
		return true;
	}
	if (n == 1 && ((expr->atom >= DW_OP_reg0 && expr->atom <= DW_OP_reg31) ||
		       expr->atom == DW_OP_regx)) {
		uint64_t number = expr->atom == DW_OP_regx ? expr->number
							   : (uint64_t)expr->atom - DW_OP_reg0;

		out->reg = loc_register(c->file, number);
		out->kind = PLACE_REGISTER;
		if (out->reg < 0) {
			out->reg = loc_vector_register(c->file, number);
			out->kind = out->reg < 0 ? PLACE_OTHER : PLACE_VECTOR;
		}
		return true;
	}
	if (n == 1 && expr->atom == DW_OP_implicit_value) {
		if (dwarf_getlocation_implicit_value(attr, expr, &block))
			return loc_fail(c, DW_VAR_UNSUPPORTED, "its constant value can't be read");
		out->kind = PLACE_BYTES;
		out->bytes = block.data;
		out->n_bytes = block.length;
		return true;
	}
	if (expr->atom == DW_OP_implicit_pointer || expr->atom == DW_OP_GNU_implicit_pointer)
		return loc_fail(c, DW_VAR_NO_LOCATION,
				"it points to an object that was optimised out");
	out->kind = PLACE_MEMORY;
	if (expr[n - 1].atom == DW_OP_stack_value) {
		out->kind = PLACE_VALUE;
		n--;
	}
	return loc_expression(c, attr, expr, n, &out->ops);
}

static bool read_description(struct loc_context *c, Dwarf_Attribute *attr, Dwarf_Op *expr,
			     size_t n, struct dw_place *out)
{
	uint64_t at = 0;
	size_t begin = 0;

	for (size_t i = 0; i < n; i++) {
		struct place_piece piece = { .at = at };

		if (expr[i].atom == DW_OP_bit_piece &&
		    (expr[i].number2 || (expr[i].number & 7)))
			return unsupported(c, expr[i].atom);
		if (expr[i].atom == DW_OP_piece)
			piece.size = expr[i].number;
		else if (expr[i].atom == DW_OP_bit_piece)
			piece.size = expr[i].number / 8;
		else
			continue;
		if (!read_piece(c, attr, expr + begin, i - begin, &piece))
			return false;
		VEC_PUSH(c->arena, &out->pieces, piece);
		at += piece.size;
		begin = i + 1;
	}
	if (begin < n) {
		struct place_piece piece = { .at = at };

		if (!read_piece(c, attr, expr + begin, n - begin, &piece))
			return false;
		VEC_PUSH(c->arena, &out->pieces, piece);
	}
	return true;
}

bool loc_is_list(Dwarf_Attribute *attr)
{
	switch (dwarf_whatform(attr)) {
	case DW_FORM_sec_offset:
	case DW_FORM_loclistx:
	case DW_FORM_data4: /* before DWARF 4 */
	case DW_FORM_data8:
		return true;
	default:
		return false;
	}
}

bool loc_resolve(struct loc_context *c, Dwarf_Attribute *attr, struct dw_place *out)
{
	Dwarf_Op *expr;
	size_t n;
	int found = dwarf_getlocation_addr(attr, c->pc, &expr, &n, 1);

	if (found < 0)
		return loc_fail(c, DW_VAR_UNSUPPORTED, "its location can't be read: %s",
				dwarf_errmsg(-1));
	if (!found)
		return loc_fail(c, DW_VAR_NO_LOCATION, "it has no location at 0x%llx",
				(unsigned long long)c->pc);
	if (!n)
		return loc_fail(c, DW_VAR_NO_LOCATION, "it was optimised out");
	return read_description(c, attr, expr, n, out);
}
