/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stubs of the procedure linkage table.  A stub jumps through a slot of the global offset
 * table; the relocation of that slot names the function (psABI 5.2), or, for an indirect
 * function of the file itself, the function that chooses it.
 */
#include "translator/dwarf/dw_int.h"

#include <fnmatch.h>
#include <string.h>

#include "translator/insn/insn.h"

enum { ENTRY_SIZE = 16, SHORT_ENTRY_SIZE = 8 };

static const char *const sections[] = { ".plt.sec", ".plt", ".plt.got", ".iplt" };
enum { N_SECTIONS = sizeof(sections) / sizeof(*sections) };

/* ---- names of slots ---- */

static const char *slot_name(struct dw_file *f, Elf_Data *symbols, uint32_t names,
			     const GElf_Rela *rela)
{
	bool is_32bit = f->info.is_32bit;
	uint64_t type = GELF_R_TYPE(rela->r_info);
	const struct dw_symbol *s;
	GElf_Sym sym;

	if (type == (is_32bit ? R_386_JMP_SLOT : R_X86_64_JUMP_SLOT) ||
	    type == (is_32bit ? R_386_GLOB_DAT : R_X86_64_GLOB_DAT))
		return symbols && gelf_getsym(symbols, (int)GELF_R_SYM(rela->r_info), &sym) ?
		       elf_strptr(f->elf.elf, names, sym.st_name) : NULL;
	if (is_32bit || type != R_X86_64_IRELATIVE)
		return NULL;
	s = symbol_at(f, (uint64_t)rela->r_addend);
	return s && s->kind == SYMBOL_IFUNC ? s->name : NULL;
}

static bool get_relocation(Elf_Data *data, uint32_t type, int i, GElf_Rela *out)
{
	GElf_Rel rel;

	if (type == SHT_RELA)
		return gelf_getrela(data, i, out);
	if (!gelf_getrel(data, i, &rel))
		return false;
	*out = (GElf_Rela){ .r_offset = rel.r_offset, .r_info = rel.r_info };
	return true;
}

static void read_relocations(struct dw_file *f, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	struct arena *a = f->dw->arena;
	Elf_Data *data = elf_getdata(scn, NULL), *symbols = NULL;
	GElf_Shdr table = { 0 };
	GElf_Rela rela;

	scn = elf_getscn(f->elf.elf, shdr->sh_link);
	if (scn && gelf_getshdr(scn, &table) && table.sh_type == SHT_DYNSYM)
		symbols = elf_getdata(scn, NULL);
	for (int i = 0; data && get_relocation(data, shdr->sh_type, i, &rela); i++) {
		const char *name = slot_name(f, symbols, table.sh_link, &rela);

		if (name && *name)
			map_put(&f->slots, arena_printf(a, "%llx", (unsigned long long)rela.r_offset),
				(char *)name);
	}
}

static void read_slots(struct dw_file *f)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	if (f->has_read_slots)
		return;
	f->has_read_slots = true;
	map_init(&f->slots, f->dw->arena);
	while ((scn = elf_nextscn(f->elf.elf, scn)))
		if (gelf_getshdr(scn, &shdr) &&
		    (shdr.sh_type == SHT_RELA || shdr.sh_type == SHT_REL))
			read_relocations(f, scn, &shdr);
}

/* ---- stubs ---- */

/* The function that the stub at ADDRESS calls, or NULL. */
static const char *stub_name(struct dw_file *f, uint64_t address, size_t size)
{
	uint8_t bytes[ENTRY_SIZE];
	struct insn_code code = { .bytes = bytes, .address = address,
				  .is_32bit = f->info.is_32bit };
	uint64_t slot;
	char key[20];

	code.size = dw_read(f, address, bytes, size);
	if (!insn_stub_slot(&code, &slot))
		return NULL;
	read_slots(f);
	snprintf(key, sizeof(key), "%llx", (unsigned long long)slot);
	return map_find(&f->slots, key);
}

static bool find_section(struct dw_file *f, const char *name, GElf_Shdr *shdr, size_t *entry_size)
{
	if (!elf_find_section(f->elf.elf, name, shdr))
		return false;
	*entry_size = shdr->sh_entsize == SHORT_ENTRY_SIZE ? SHORT_ENTRY_SIZE : ENTRY_SIZE;
	return true;
}

static struct dw_func stub(struct dw_file *f, const char *name, uint64_t address, size_t size)
{
	return (struct dw_func){
		.file = f,
		.name = name,
		.address = address,
		.probe_address = address,
		.size = size,
		.is_plt = true,
	};
}

bool plt_at(struct dw_file *f, uint64_t address, struct dw_func *out)
{
	for (unsigned i = 0; i < N_SECTIONS; i++) {
		const char *name;
		GElf_Shdr shdr;
		uint64_t start;
		size_t size;

		if (!find_section(f, sections[i], &shdr, &size) || address < shdr.sh_addr ||
		    address - shdr.sh_addr >= shdr.sh_size)
			continue;
		start = address - (address - shdr.sh_addr) % size;
		name = stub_name(f, start, size);
		*out = stub(f, name ? arena_printf(f->dw->arena, "%s@plt", name) : sections[i],
			    start, size);
		return true;
	}
	return false;
}

static bool has_stub_of(const dw_func_vec *out, size_t first, const char *name)
{
	for (size_t i = first; i < out->n; i++)
		if (!strcmp(out->at[i].name, name))
			return true;
	return false;
}

/* Where there is a .plt.sec, its stubs are what is called, and those of .plt only resolve. */
size_t dw_plt_stubs(struct dw_file *f, const char *pattern, dw_func_vec *out)
{
	size_t first = out->n;

	for (unsigned i = 0; i < N_SECTIONS; i++) {
		GElf_Shdr shdr;
		size_t size;

		if (!find_section(f, sections[i], &shdr, &size))
			continue;
		for (uint64_t at = 0; at + size <= shdr.sh_size; at += size) {
			const char *name = stub_name(f, shdr.sh_addr + at, size);

			if (name && fnmatch(pattern, name, 0) == 0 && !has_stub_of(out, first, name))
				VEC_PUSH(f->dw->arena, out, stub(f, name, shdr.sh_addr + at, size));
		}
	}
	return out->n - first;
}
