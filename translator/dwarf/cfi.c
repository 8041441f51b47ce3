/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canonical frame address at a place, from .debug_frame or .eh_frame; at
 * the entry of a function it is known without them.
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>

enum { REG_RSP = 7 };

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

static bool push_from(struct loc_context *c, Dwarf_CFI *cfi, access_op_vec *ops)
{
	Dwarf_Frame *frame;
	Dwarf_Op *expr;
	size_t n;
	bool ok;

	if (!cfi || dwarf_cfi_addrframe(cfi, c->pc, &frame))
		return false;
	ok = dwarf_frame_cfa(frame, &expr, &n) == 0 && n &&
	     loc_expression(c, NULL, expr, n, ops);
	free(frame);
	return ok;
}

bool cfi_push_cfa(struct loc_context *c, access_op_vec *ops)
{
	size_t before = ops->n;

	if (c->is_entry) {
		op_add(c->arena, ops, ACC_REG, REG_RSP, c->file->info.is_32bit ? 4 : 8);
		return true;
	}
	find_cfi(c->file);
	if (push_from(c, c->file->cfi_debug, ops))
		return true;
	ops->n = before;
	if (push_from(c, c->file->cfi_eh, ops))
		return true;
	ops->n = before;
	return loc_fail(c, DW_VAR_NO_LOCATION, "there is no call frame information at 0x%llx",
			(unsigned long long)c->pc);
}
