/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols of a file, functions and data, as a table by which the names of
 * addresses are found at run time.
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>
#include <string.h>

/* Variables; their names in .symtab may have a version behind them. */
static size_t add_objects(struct dw_file *f, Elf *elf, unsigned type, dw_symbol_vec *out)
{
	struct arena *a = f->dw->arena;
	size_t before = out->n;
	Elf_Scn *scn = NULL;

	while (elf && (scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != type || !shdr.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		for (size_t i = 1; data && i < data->d_size / shdr.sh_entsize; i++) {
			GElf_Sym sym;
			const char *name;

			if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF ||
			    GELF_ST_TYPE(sym.st_info) != STT_OBJECT || !sym.st_size || !sym.st_value)
				continue;
			name = elf_strptr(elf, shdr.sh_link, sym.st_name);
			if (name && name[0])
				VEC_PUSH(a, out, ((struct dw_symbol_name){
					arena_strndup(a, name, strcspn(name, "@")), sym.st_value,
					sym.st_size }));
		}
	}
	return out->n - before;
}

static void find_extent(const struct dw_file *f, uint64_t *low, uint64_t *size)
{
	uint64_t high = 0;

	*low = UINT64_MAX;
	for (size_t i = 0; i < f->n_segments; i++) {
		const struct dw_segment *s = &f->segments[i];

		if (s->address < *low)
			*low = s->address & ~UINT64_C(4095);
		if (s->address + s->mem_size > high)
			high = s->address + s->mem_size;
	}
	if (!high)
		*low = 0;
	*size = high - *low;
}

/* By address; at one address functions, which come first, before variables. */
static int compare(const void *pa, const void *pb)
{
	const struct dw_symbol_name *a = *(const struct dw_symbol_name *const *)pa;
	const struct dw_symbol_name *b = *(const struct dw_symbol_name *const *)pb;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a < b ? -1 : a > b;
}

void dw_symbols(struct dw_file *f, dw_symbol_vec *out, uint64_t *low, uint64_t *size)
{
	struct arena *a = f->dw->arena;
	dw_symbol_vec all = { 0 };
	const struct dw_symbol_name **sorted;

	find_extent(f, low, size);
	symbols_read(f);
	VEC_EACH(&f->symbols, i) {
		const struct dw_symbol *s = &f->symbols.at[i];

		if (s->address && !s->is_alias && s->kind != SYMBOL_UNDEFINED)
			VEC_PUSH(a, &all, ((struct dw_symbol_name){ s->name, s->address, s->size }));
	}
	if (!add_objects(f, f->elf.elf, SHT_SYMTAB, &all) && f->debug.elf)
		add_objects(f, f->debug.elf, SHT_SYMTAB, &all);
	add_objects(f, f->elf.elf, SHT_DYNSYM, &all);
	if (!all.n)
		return;
	sorted = ARENA_ARRAY(a, all.n, const struct dw_symbol_name *);
	VEC_EACH(&all, i)
		sorted[i] = &all.at[i];
	qsort(sorted, all.n, sizeof(*sorted), compare);
	VEC_EACH(&all, i)
		if (sorted[i]->address - *low < *size &&
		    (!out->n || VEC_LAST(out).address != sorted[i]->address))
			VEC_PUSH(a, out, *sorted[i]);
}
