/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function symbols of a file, from whichever table knows most: its own
 * .symtab, that of the separate debug file, that in .gnu_debugdata, and
 * .dynsym.  Sorted by address; names at one address are ordered by how good
 * they are for a reader (global before weak before local, then as in the
 * table), and only the first is not an alias.
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>
#include <string.h>

#include "translator/insn/insn.h"

static bool is_code_address(const struct dw_file *f, uint64_t address)
{
	for (size_t i = 0; i < f->n_segments; i++) {
		const struct dw_segment *s = &f->segments[i];

		if (s->is_exec && address >= s->address && address - s->address < s->file_size)
			return true;
	}
	return false;
}

/* Assemblers mark places in code with labels that are no function's name. */
static bool is_label_name(const char *name)
{
	return name[0] && name[0] != '.' && name[0] != '$' &&
	       strcmp(name, "_end") && strcmp(name, "_etext") && strcmp(name, "etext") &&
	       strcmp(name, "__etext");
}

static bool classify(const struct dw_file *f, const GElf_Sym *sym, struct dw_symbol *out)
{
	bool is_undefined = sym->st_shndx == SHN_UNDEF;

	out->address = is_undefined ? 0 : sym->st_value;
	out->size = sym->st_size;
	out->bind = GELF_ST_BIND(sym->st_info);
	switch (GELF_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
		out->kind = is_undefined ? SYMBOL_UNDEFINED : SYMBOL_FUNC;
		break;
	case STT_GNU_IFUNC:
		out->kind = is_undefined ? SYMBOL_UNDEFINED : SYMBOL_IFUNC;
		break;
	case STT_NOTYPE:
		if (is_undefined || out->bind == STB_LOCAL || !is_label_name(out->name))
			return false;
		out->kind = SYMBOL_LABEL;
		break;
	default:
		return false;
	}
	return is_undefined || is_code_address(f, out->address);
}

/* .symtab has the version behind the name, .dynsym in .gnu.version. */
static void take_version(struct arena *a, struct dw_symbol *s, Elf_Data *versions, size_t i)
{
	const char *at = strchr(s->name, '@');
	GElf_Versym version;

	if (at) {
		s->is_old = at[1] != '@';
		s->name = arena_strndup(a, s->name, (size_t)(at - s->name));
	} else if (versions && gelf_getversym(versions, (int)i, &version)) {
		s->is_old = version & 0x8000;
	}
}

static size_t read_table(struct dw_file *f, Elf *elf, unsigned type)
{
	struct arena *a = f->dw->arena;
	Elf_Scn *scn = NULL, *version_scn = NULL;
	Elf_Data *versions = NULL;
	size_t before = f->symbols.n;
	GElf_Shdr unused;

	if (elf && type == SHT_DYNSYM)
		version_scn = elf_find_section(elf, ".gnu.version", &unused);
	if (version_scn)
		versions = elf_getdata(version_scn, NULL);

	while (elf && (scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		Elf_Data *data;
		size_t n;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != type || !shdr.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		if (!data)
			continue;
		n = data->d_size / shdr.sh_entsize;
		for (size_t i = 1; i < n; i++) {
			struct dw_symbol s = { 0 };
			GElf_Sym sym;

			if (!gelf_getsym(data, (int)i, &sym))
				continue;
			s.name = elf_strptr(elf, shdr.sh_link, sym.st_name);
			if (!s.name || !s.name[0] || !classify(f, &sym, &s))
				continue;
			take_version(a, &s, versions, i);
			VEC_PUSH(a, &f->symbols, s);
		}
	}
	return f->symbols.n - before;
}

static int rank(const struct dw_symbol *s)
{
	int bind = s->bind == STB_GLOBAL ? 0 : s->bind == STB_WEAK ? 1 : 2;

	return (s->kind == SYMBOL_LABEL ? 4 : 0) + bind;
}

static int compare_symbols(const void *pa, const void *pb)
{
	const struct dw_symbol *a = pa, *b = pb;
	int c;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	/* fewer leading underscores, then the alphabet: any order, but always the same */
	c = (a->name[0] == '_') - (b->name[0] == '_');
	return c ? c : strcmp(a->name, b->name);
}

/* Tables overlap: .dynsym repeats much of .symtab. */
static void drop_repeats(struct dw_file *f)
{
	size_t to = 0;

	VEC_EACH(&f->symbols, i) {
		struct dw_symbol *s = &f->symbols.at[i];
		struct dw_symbol *last = to ? &f->symbols.at[to - 1] : NULL;

		if (last && last->address == s->address && !strcmp(last->name, s->name))
			continue;
		s->is_alias = last && s->address && last->address == s->address;
		f->symbols.at[to++] = *s;
	}
	f->symbols.n = to;
}

void symbols_read(struct dw_file *f)
{
	if (f->has_read_symbols)
		return;
	f->has_read_symbols = true;
	debug_find(f);
	f->symbols_from = ".dynsym";
	if (read_table(f, f->elf.elf, SHT_SYMTAB))
		f->symbols_from = ".symtab";
	else if (f->debug.elf && read_table(f, f->debug.elf, SHT_SYMTAB))
		f->symbols_from = "the .symtab of the separate debug file";
	else if (f->mini.elf && read_table(f, f->mini.elf, SHT_SYMTAB))
		f->symbols_from = ".gnu_debugdata";
	read_table(f, f->elf.elf, SHT_DYNSYM);
	if (f->symbols.n)
		qsort(f->symbols.at, f->symbols.n, sizeof(*f->symbols.at), compare_symbols);
	drop_repeats(f);
}

size_t symbol_lower_bound(const struct dw_file *f, uint64_t address)
{
	size_t low = 0, high = f->symbols.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->symbols.at[mid].address < address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct dw_symbol *symbol_at(struct dw_file *f, uint64_t address)
{
	size_t i;

	symbols_read(f);
	i = symbol_lower_bound(f, address);
	if (!address || i == f->symbols.n || f->symbols.at[i].address != address)
		return NULL;
	return &f->symbols.at[i];
}

const struct dw_symbol *symbol_around(struct dw_file *f, uint64_t address)
{
	size_t i;

	symbols_read(f);
	i = symbol_lower_bound(f, address + 1);
	/* Nested ranges don't occur, but a zero-size symbol may stand inside a function. */
	for (unsigned tries = 0; i-- > 0 && tries < 16; tries++) {
		const struct dw_symbol *s = &f->symbols.at[i];

		if (!s->address)
			break;
		if (address - s->address < s->size)
			return symbol_at(f, s->address);
		if (!s->size && s->kind == SYMBOL_FUNC)
			return symbol_at(f, s->address);
	}
	return NULL;
}

bool symbol_is_piece(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && (strstr(dot, ".cold") || strstr(dot, ".part."));
}

size_t symbol_base_length(const char *name)
{
	static const char *const suffixes[] = { ".isra.", ".constprop.", ".lto_priv.", ".llvm.",
						".localalias" };
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		const char *at = strstr(name, suffixes[i]);

		if (at && at > name && (size_t)(at - name) < length)
			length = (size_t)(at - name);
	}
	return length;
}

static size_t read_code(void *data, uint64_t address, void *buf, size_t size)
{
	return dw_read(data, address, buf, size);
}

uint64_t symbol_stripped_main(struct dw_file *f)
{
	if (f->looked_for_main)
		return f->stripped_main;
	f->looked_for_main = true;
	if (is_code_address(f, f->info.entry))
		f->stripped_main = insn_find_main(read_code, f, f->info.entry, f->info.is_32bit);
	if (!is_code_address(f, f->stripped_main))
		f->stripped_main = 0;
	return f->stripped_main;
}
