/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Return addresses in the frames around a place.  Which frames they are is known before the
 * program runs - the caller asks about a certain chain of calls -, so that each frame's
 * description (.eh_frame) is read here, and what remains is arithmetic on the stack pointer
 * and, where functions keep it, the frame pointer.
 */
#include "translator/dwarf/dw_int.h"

enum { REG_RBP = 6, REG_RSP = 7 };

struct frame {
	access_op_vec cfa;           /* where it begins: the caller's stack pointer ... */
	access_op_vec frame_pointer; /* ... and frame pointer */
};

/* OPS, which count from the registers of a frame, in terms of those of the frames in it. */
static bool substitute(struct loc_context *c, const access_op_vec *ops, const struct frame *inner,
		       access_op_vec *out)
{
	VEC_EACH(ops, i) {
		const struct access_op *op = &ops->at[i];
		const access_op_vec *value = &inner->cfa;

		if (op->kind != ACC_REG) {
			VEC_PUSH(c->arena, out, *op);
			continue;
		}
		if (op->arg == REG_RBP)
			value = &inner->frame_pointer;
		if ((op->arg != REG_RSP && op->arg != REG_RBP) || !value->n)
			return loc_fail(c, DW_VAR_UNSUPPORTED,
					"a frame is found by a register that is lost");
		VEC_EACH(value, k)
			VEC_PUSH(c->arena, out, value->at[k]);
		op_add(c->arena, out, ACC_CONST, op->arg2, 0);
		op_add(c->arena, out, ACC_ADD, 0, 0);
	}
	return true;
}

/* The frame around INNER, which returns to ADDRESS in it. */
static bool outer_frame(struct loc_context *c, uint64_t address, const struct frame *inner,
			struct frame *out)
{
	struct frame own = { { 0 }, { 0 } };

	c->is_entry = false;
	c->pc = address - 1; /* of the call: behind it another function may begin */
	return cfi_frame(c, &own.cfa, &own.frame_pointer) &&
	       substitute(c, &own.cfa, inner, &out->cfa) &&
	       substitute(c, &own.frame_pointer, inner, &out->frame_pointer);
}

struct access_path *dw_called_from(const struct dw_scope *scope, const uint64_t *returns, size_t n,
				   struct arena *a, const char **why)
{
	const struct dw_func *func = scope->func;
	struct loc_context c = { .file = func->file, .arena = a, .pc = scope->pc,
				 .is_entry = scope->pc == func->address && !func->is_inlined };
	unsigned word = type_address_size(func->file);
	struct access_path *path = ARENA_NEW(a, struct access_path);
	struct frame frame = { { 0 }, { 0 } };
	bool ok = cfi_frame(&c, &frame.cfa, &frame.frame_pointer);

	for (size_t i = 0; ok && i + 1 < n; i++) {
		struct frame inner = frame;

		frame = (struct frame){ { 0 }, { 0 } };
		ok = outer_frame(&c, returns[i], &inner, &frame);
	}
	if (!ok) {
		*why = c.why;
		return NULL;
	}
	path->ops = frame.cfa;
	op_add(a, &path->ops, ACC_CONST, -(int64_t)word, 0);
	op_add(a, &path->ops, ACC_ADD, 0, 0);
	op_add(a, &path->ops, ACC_RETURN_AT, word, 0);
	op_add(a, &path->ops, ACC_STATIC, (int64_t)returns[n - 1], 0);
	op_add(a, &path->ops, ACC_EQ, 0, 0);
	path->text = "return address";
	return path;
}
