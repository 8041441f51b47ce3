/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where thread-local variables are (ELF Handling For Thread-Local Storage, variant II): an
 * executable's below the thread pointer, at a distance that the linker has fixed.  A library's
 * where the loader has put its block, which the library itself must find out too: by a word
 * of its global offset table that holds a variable's distance from the thread pointer
 * (R_X86_64_TPOFF64), or the number of the block in the thread's vector of blocks
 * (R_X86_64_DTPMOD64; the vector's layout is glibc's).  One such word is enough.
 */
#include "translator/dwarf/dw_int.h"

enum { VECTOR_AT = 8, VECTOR_ENTRY = 16 }; /* tcbhead_t.dtv, sizeof(dtv_t) */

/* The symbol's offset in the block; false where it is of another file. */
static bool own_symbol(Elf_Data *symbols, uint64_t index, int64_t *offset)
{
	GElf_Sym sym;

	*offset = 0;
	if (!index)
		return true;
	if (!symbols || !gelf_getsym(symbols, (int)index, &sym) || sym.st_shndx == SHN_UNDEF)
		return false;
	*offset = (int64_t)sym.st_value;
	return true;
}

static void look_at(struct dw_file *f, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	Elf_Scn *linked = elf_getscn(f->elf.elf, shdr->sh_link);
	Elf_Data *data = elf_getdata(scn, NULL), *symbols = linked ? elf_getdata(linked, NULL) : NULL;
	GElf_Rela rela;
	int64_t offset;

	for (int i = 0; data && gelf_getrela(data, i, &rela); i++) {
		uint64_t type = GELF_R_TYPE(rela.r_info);

		if ((type != R_X86_64_TPOFF64 && type != R_X86_64_DTPMOD64) ||
		    !own_symbol(symbols, GELF_R_SYM(rela.r_info), &offset))
			continue;
		if (type == R_X86_64_TPOFF64) {
			f->tls_slot = TLS_SLOT_DISTANCE;
			f->tls_slot_offset = offset + rela.r_addend;
		} else if (f->tls_slot == TLS_SLOT_NONE) {
			f->tls_slot = TLS_SLOT_NUMBER;
		} else {
			continue;
		}
		f->tls_slot_address = rela.r_offset;
	}
}

static void find_slot(struct dw_file *f)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	if (f->looked_for_tls_slot)
		return;
	f->looked_for_tls_slot = true;
	while ((scn = elf_nextscn(f->elf.elf, scn)))
		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_RELA)
			look_at(f, scn, &shdr);
}

/* On OPS is the variable's offset in its block; it becomes its address. */
bool tls_push_address(struct loc_context *c, access_op_vec *ops)
{
	struct dw_file *f = c->file;
	struct arena *a = c->arena;

	if (f->info.is_32bit)
		return loc_fail(c, DW_VAR_UNSUPPORTED, "it is a thread-local variable of a 32-bit program");
	if (f->tls_below) {
		op_add(a, ops, ACC_THREAD, 0, 0);
		op_add(a, ops, ACC_CONST, -(int64_t)f->tls_below, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		return true;
	}
	find_slot(f);
	switch (f->tls_slot) {
	case TLS_SLOT_DISTANCE:
		op_add(a, ops, ACC_THREAD, 0, 0);
		op_add(a, ops, ACC_STATIC, (int64_t)f->tls_slot_address, 0);
		op_add(a, ops, ACC_LOAD, 8, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		op_add(a, ops, ACC_CONST, -f->tls_slot_offset, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		return true;
	case TLS_SLOT_NUMBER:
		op_add(a, ops, ACC_THREAD, 0, 0);
		op_add(a, ops, ACC_CONST, VECTOR_AT, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		op_add(a, ops, ACC_LOAD, 8, 0);
		op_add(a, ops, ACC_STATIC, (int64_t)f->tls_slot_address, 0);
		op_add(a, ops, ACC_LOAD, 8, 0);
		op_add(a, ops, ACC_CONST, VECTOR_ENTRY, 0);
		op_add(a, ops, ACC_MUL, 0, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		op_add(a, ops, ACC_LOAD, 8, 0);
		op_add(a, ops, ACC_ADD, 0, 0);
		return true;
	case TLS_SLOT_NONE:
		break;
	}
	return loc_fail(c, DW_VAR_UNSUPPORTED,
			"it is thread-local, and the library has no word that says where");
}
