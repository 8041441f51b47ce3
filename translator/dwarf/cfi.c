/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canonical frame address at a place, and the caller's frame pointer, from
 * .debug_frame or .eh_frame; at the entry of a function they are known without them.
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>

enum { REG_EBP = 5, REG_RBP = 6, REG_RSP = 7 }; /* as DWARF counts */

/* .eh_frame is in the program itself: a separate debug file has it without contents. */
static void find_cfi(struct dw_file *f)
{
	if (f->looked_for_cfi)
		return;
	f->looked_for_cfi = true;
	if (f->dwarf)
		f->cfi_debug = dwarf_getcfi(f->dwarf);
	f->cfi_eh = dwarf_getcfi_elf(f->elf.elf);
}

/* The one of .debug_frame belongs to the Dwarf, and goes with it. */
void cfi_close(struct dw_file *f)
{
	if (f->cfi_eh)
		dwarf_cfi_end(f->cfi_eh);
	f->cfi_eh = NULL;
}

/* What register REG, the frame pointer, was in the caller; nothing where that is not known. */
static bool push_caller_register(struct loc_context *c, Dwarf_Frame *frame, unsigned reg,
				 const access_op_vec *cfa, access_op_vec *out)
{
	unsigned word = type_address_size(c->file);
	struct access_op own = { ACC_REG, REG_RBP, 0 };
	Dwarf_Op space[3], *expr;
	size_t n;

	if (dwarf_frame_register(frame, (int)reg, space, &expr, &n))
		return false;
	if (!expr) { /* the frame has not changed it */
		VEC_PUSH(c->arena, out, own);
		return true;
	}
	if (!n)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (expr[i].atom != DW_OP_call_frame_cfa) {
			if (expr[i].atom == DW_OP_stack_value)
				return true;
			if (!loc_expression(c, NULL, &expr[i], 1, out))
				return false;
			continue;
		}
		VEC_EACH(cfa, k)
			VEC_PUSH(c->arena, out, cfa->at[k]);
	}
	op_add(c->arena, out, ACC_LOAD, word, 0);
	return true;
}

/* FRAME_POINTER may be NULL. */
static bool push_from(struct loc_context *c, Dwarf_CFI *cfi, access_op_vec *cfa,
		      access_op_vec *frame_pointer)
{
	Dwarf_Frame *frame;
	Dwarf_Op *expr;
	size_t n;
	bool ok;

	if (!cfi || dwarf_cfi_addrframe(cfi, c->pc, &frame))
		return false;
	ok = dwarf_frame_cfa(frame, &expr, &n) == 0 && n &&
	     loc_expression(c, NULL, expr, n, cfa);
	if (ok && frame_pointer)
		ok = push_caller_register(c, frame, c->file->info.is_32bit ? REG_EBP : REG_RBP, cfa,
					  frame_pointer);
	free(frame);
	return ok;
}

bool cfi_frame(struct loc_context *c, access_op_vec *cfa, access_op_vec *frame_pointer)
{
	size_t before = cfa->n, before_pointer = frame_pointer ? frame_pointer->n : 0;
	Dwarf_CFI *from[2];

	if (c->is_entry) {
		op_add(c->arena, cfa, ACC_REG, REG_RSP, type_address_size(c->file));
		if (frame_pointer)
			op_add(c->arena, frame_pointer, ACC_REG, REG_RBP, 0);
		return true;
	}
	find_cfi(c->file);
	from[0] = c->file->cfi_debug;
	from[1] = c->file->cfi_eh;
	for (unsigned i = 0; i < 2; i++) {
		if (push_from(c, from[i], cfa, frame_pointer))
			return true;
		cfa->n = before;
		if (frame_pointer)
			frame_pointer->n = before_pointer;
	}
	return loc_fail(c, DW_VAR_NO_LOCATION, "there is no call frame information at 0x%llx",
			(unsigned long long)c->pc);
}

bool cfi_push_cfa(struct loc_context *c, access_op_vec *ops)
{
	return cfi_frame(c, ops, NULL);
}
