/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses that a position-independent file has in its data: those that its
 * relative relocations tell of.  Code that is reached by nothing else (an entry of a
 * table of labels) is among them.
 */
#include "translator/dwarf/dw_int.h"

struct table {
	uint64_t address, size;
};

struct teller {
	struct dw_file *file;
	void (*tell)(void *data, uint64_t address);
	void *data;
};

/* By DT_ tags, which stripped files have, too; tables that aren't there have size 0. */
static bool find_tables(struct dw_file *f, struct table *rela, struct table *relr)
{
	GElf_Shdr shdr;
	GElf_Dyn dyn;
	Elf_Scn *scn = elf_find_section(f->elf.elf, ".dynamic", &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;

	if (!data)
		return false;
	for (int i = 0; gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		switch (dyn.d_tag) {
		case DT_RELA:
			rela->address = dyn.d_un.d_ptr;
			break;
		case DT_RELASZ:
			rela->size = dyn.d_un.d_val;
			break;
		case DT_RELR:
			relr->address = dyn.d_un.d_ptr;
			break;
		case DT_RELRSZ:
			relr->size = dyn.d_un.d_val;
			break;
		default:
			break;
		}
	}
	return true;
}

static bool tell_rela(const struct teller *t, struct table table)
{
	Elf64_Rela rela[256];

	while (table.size >= sizeof(*rela)) {
		size_t want = table.size < sizeof(rela) ? (size_t)table.size : sizeof(rela);
		size_t got = dw_read(t->file, table.address, rela, want) / sizeof(*rela);

		if (!got)
			return false;
		for (size_t i = 0; i < got; i++)
			if (ELF64_R_TYPE(rela[i].r_info) == R_X86_64_RELATIVE)
				t->tell(t->data, (uint64_t)rela[i].r_addend);
		table.address += got * sizeof(*rela);
		table.size -= got * sizeof(*rela);
	}
	return true;
}

static void tell_word(const struct teller *t, uint64_t at)
{
	uint64_t address;

	if (dw_read(t->file, at, &address, 8) == 8)
		t->tell(t->data, address);
}

/* gABI, "Relative Relocation Table": an even word is the address of a pointer, an odd one a
 * bit for each of the 63 words behind what came before. */
static bool tell_relr(const struct teller *t, struct table table)
{
	uint64_t word, at = 0;

	for (; table.size >= 8; table.address += 8, table.size -= 8) {
		if (dw_read(t->file, table.address, &word, 8) != 8)
			return false;
		if (!(word & 1)) {
			tell_word(t, word);
			at = word + 8;
			continue;
		}
		for (unsigned bit = 1; bit < 64; bit++)
			if (word >> bit & 1)
				tell_word(t, at + (bit - 1) * 8);
		at += 63 * 8;
	}
	return true;
}

bool dw_each_pointer(struct dw_file *f, void (*tell)(void *data, uint64_t address), void *data)
{
	struct teller t = { .file = f, .tell = tell, .data = data };
	struct table rela = { 0 }, relr = { 0 };
	GElf_Ehdr ehdr;

	return gelf_getehdr(f->elf.elf, &ehdr) && ehdr.e_type == ET_DYN &&
	       ehdr.e_machine == EM_X86_64 && find_tables(f, &rela, &relr) &&
	       tell_rela(&t, rela) && tell_relr(&t, relr);
}
