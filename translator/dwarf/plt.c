/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stubs of the procedure linkage table.  The entries of .plt.sec, and those of
 * .plt behind its first one, are in the order of .rela.plt (psABI 5.2).
 */
#include "translator/dwarf/dw_int.h"

#include <string.h>

enum { ENTRY_SIZE = 16 };

static const char *symbol_of_slot(struct dw_file *f, uint64_t slot)
{
	Elf *elf = f->elf.elf;
	bool is_rela = !f->info.is_32bit;
	GElf_Shdr shdr, symbols;
	Elf_Scn *scn = elf_find_section(elf, is_rela ? ".rela.plt" : ".rel.plt", &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	uint64_t info;
	GElf_Sym sym;
	GElf_Rela rela;
	GElf_Rel rel;

	if (!data || slot > INT32_MAX)
		return NULL;
	if (is_rela) {
		if (!gelf_getrela(data, (int)slot, &rela))
			return NULL;
		info = rela.r_info;
	} else {
		if (!gelf_getrel(data, (int)slot, &rel))
			return NULL;
		info = rel.r_info;
	}
	scn = elf_getscn(elf, shdr.sh_link);
	data = scn ? elf_getdata(scn, NULL) : NULL;
	if (!data || !gelf_getshdr(scn, &symbols) ||
	    !gelf_getsym(data, (int)GELF_R_SYM(info), &sym))
		return NULL;
	return elf_strptr(elf, symbols.sh_link, sym.st_name);
}

bool plt_at(struct dw_file *f, uint64_t address, struct dw_func *out)
{
	static const char *const sections[] = { ".plt.sec", ".plt", ".plt.got", ".iplt" };
	const char *name = NULL;
	GElf_Shdr shdr;
	uint64_t slot;
	unsigned i;

	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (elf_find_section(f->elf.elf, sections[i], &shdr) &&
		    address >= shdr.sh_addr && address - shdr.sh_addr < shdr.sh_size)
			break;
	if (i == sizeof(sections) / sizeof(*sections))
		return false;
	slot = (address - shdr.sh_addr) / ENTRY_SIZE;
	if (i == 0)
		name = symbol_of_slot(f, slot);
	else if (i == 1 && slot)
		name = symbol_of_slot(f, slot - 1);
	memset(out, 0, sizeof(*out));
	out->file = f;
	out->name = name && *name ? arena_printf(f->dw->arena, "%s@plt", name) : sections[i];
	out->address = out->probe_address = shdr.sh_addr + slot * ENTRY_SIZE;
	out->size = ENTRY_SIZE;
	out->is_plt = true;
	return true;
}
