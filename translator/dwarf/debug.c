/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the debug information of a file is: in itself; in a separate file,
 * found by build-id or by .gnu_debuglink; a symbol table alone in
 * .gnu_debugdata.  A separate file counts only if its build-id (or, without
 * build-ids, its CRC) agrees.  The network is never asked.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "translator/dwarf/dw_int.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEBUG_DIR "/usr/lib/debug"

static bool has_section(Elf *elf, const char *name)
{
	GElf_Shdr shdr;

	return elf_find_section(elf, name, &shdr) && shdr.sh_type != SHT_NOBITS &&
	       shdr.sh_size;
}

static bool has_debug_info(Elf *elf)
{
	return has_section(elf, ".debug_info") || has_section(elf, ".zdebug_info");
}

/* The CRC-32 of zlib and Ethernet, as .gnu_debuglink has it. */
static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t table[256];
	uint32_t crc = 0xffffffff;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
		table[i] = c;
	}
	for (size_t i = 0; i < n; i++)
		crc = table[(crc ^ p[i]) & 0xff] ^ (crc >> 8);
	return ~crc;
}

static bool has_build_id(struct dw_file *f, Elf *elf)
{
	const void *id;
	ssize_t size = dwelf_elf_gnu_build_id(elf, &id);

	return size > 0 && (size_t)size == f->info.build_id_size &&
	       !memcmp(id, f->info.build_id, (size_t)size);
}

/* With a build-id it alone decides; CRC NULL: only by build-id. */
static bool is_debug_of(struct dw_file *f, Elf *elf, const uint32_t *crc)
{
	size_t size;
	const char *image;

	if (elf_kind(elf) != ELF_K_ELF)
		return false;
	if (f->info.build_id_size)
		return has_build_id(f, elf);
	if (!crc)
		return false;
	image = elf_rawfile(elf, &size);
	return image && crc32_of((const uint8_t *)image, size) == *crc;
}

static bool try_debug_file(struct dw_file *f, const char *path, const uint32_t *crc)
{
	if (!elf_open_path(&f->debug, path))
		return false;
	if (is_debug_of(f, f->debug.elf, crc)) {
		f->debug_path = path;
		return true;
	}
	elf_close(&f->debug);
	return false;
}

static bool find_by_build_id(struct dw_file *f)
{
	struct arena *a = f->dw->arena;
	const uint8_t *id = f->info.build_id;
	char *hex;

	if (f->info.build_id_size < 2)
		return false;
	hex = arena_alloc(a, 2 * f->info.build_id_size + 1);
	for (size_t i = 0; i < f->info.build_id_size; i++) {
		hex[2 * i] = "0123456789abcdef"[id[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[id[i] & 15];
	}
	return try_debug_file(f, arena_printf(a, DEBUG_DIR "/.build-id/%.2s/%s.debug", hex, hex + 2),
			      NULL);
}

static bool find_by_debuglink(struct dw_file *f)
{
	struct arena *a = f->dw->arena;
	GElf_Word crc;
	const char *name = dwelf_elf_gnu_debuglink(f->elf.elf, &crc);
	const char *slash = strrchr(f->info.path, '/');
	int dir_len = slash ? (int)(slash - f->info.path) : 0;
	const char *dir = f->info.path;

	if (!name || strchr(name, '/'))
		return false;
	return try_debug_file(f, arena_printf(a, "%.*s/%s", dir_len, dir, name), &crc) ||
	       try_debug_file(f, arena_printf(a, "%.*s/.debug/%s", dir_len, dir, name), &crc) ||
	       try_debug_file(f, arena_printf(a, DEBUG_DIR "%.*s/%s", dir_len, dir, name), &crc);
}

/* .gnu_debugdata is an xz-compressed ELF file; libdwelf decompresses what a descriptor
 * holds. */
static void open_debugdata(struct dw_file *f)
{
	Elf_Data *data = elf_section_data(f->elf.elf, ".gnu_debugdata");

	if (!data)
		return;
	f->mini.fd = memfd_create("gnu_debugdata", MFD_CLOEXEC);
	if (f->mini.fd < 0)
		return;
	if (write(f->mini.fd, data->d_buf, data->d_size) == (ssize_t)data->d_size &&
	    lseek(f->mini.fd, 0, SEEK_SET) == 0) {
		f->mini.elf = dwelf_elf_begin(f->mini.fd);
		if (f->mini.elf && elf_kind(f->mini.elf) == ELF_K_ELF)
			return;
	}
	elf_close(&f->mini);
}

void debug_find(struct dw_file *f)
{
	bool has_own = has_debug_info(f->elf.elf);

	if (f->looked_for_debug)
		return;
	f->looked_for_debug = true;
	if (has_own)
		f->dwarf_elf = f->elf.elf;
	else if (find_by_build_id(f) || find_by_debuglink(f))
		f->dwarf_elf = has_debug_info(f->debug.elf) ? f->debug.elf : NULL;
	else
		open_debugdata(f);
	if (f->dwarf_elf)
		f->dwarf = dwarf_begin_elf(f->dwarf_elf, DWARF_C_READ, NULL);
	f->info.has_dwarf = f->dwarf;
	f->info.has_symtab = has_section(f->elf.elf, ".symtab") ||
			     (f->debug.elf && has_section(f->debug.elf, ".symtab")) ||
			     (f->mini.elf && has_section(f->mini.elf, ".symtab"));
}

void debug_close(struct dw_file *f)
{
	if (f->dwarf)
		dwarf_end(f->dwarf);
	f->dwarf = NULL;
	elf_close(&f->mini);
	elf_close(&f->debug);
}

bool dw_has_dwarf(struct dw_file *f)
{
	debug_find(f);
	return f->info.has_dwarf;
}

bool dw_has_symtab(struct dw_file *f)
{
	debug_find(f);
	return f->info.has_symtab;
}

const char *dw_describe(struct dw_file *f)
{
	struct arena *a = f->dw->arena;
	const char *dwarf, *names;
	size_t n = 0;

	symbols_read(f);
	VEC_EACH(&f->symbols, i)
		if (f->symbols.at[i].kind == SYMBOL_FUNC)
			n++;
	if (!f->dwarf)
		dwarf = f->info.has_symtab ? "no DWARF" : "stripped: no DWARF, no .symtab";
	else if (f->dwarf_elf == f->elf.elf)
		dwarf = "DWARF";
	else
		dwarf = arena_printf(a, "DWARF in %s", f->debug_path);
	names = n ? arena_printf(a, "%zu function names from %s", n, f->symbols_from)
		  : "no function names";
	return arena_printf(a, "%s; %s", dwarf, names);
}
