// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan PROGRAM FUNCTION...: writes a struct site_recipe for the entry of each function to
 * standard output, for ctl to give to the engine in the virtual machine.
 */
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "translator/insn/insn.h"

static Elf *elf;
static const unsigned char *image;

static bool find_symbol(const char *name, GElf_Sym *symbol)
{
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
		GElf_Shdr header;
		Elf_Data *data = elf_getdata(section, NULL);

		gelf_getshdr(section, &header);
		if (header.sh_type != SHT_SYMTAB)
			continue;
		for (int i = 0; gelf_getsym(data, i, symbol); i++)
			if (strcmp(elf_strptr(elf, header.sh_link, symbol->st_name), name) == 0)
				return true;
	}
	return false;
}

static uint64_t file_offset(uint64_t address)
{
	GElf_Phdr p;

	for (int i = 0; gelf_getphdr(elf, i, &p); i++)
		if (p.p_type == PT_LOAD && address - p.p_vaddr < p.p_filesz)
			return address - p.p_vaddr + p.p_offset;
	return 0;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new("plan");
	int fd = argc > 2 ? open(argv[1], O_RDONLY) : -1;

	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	image = elf ? (const unsigned char *)elf_rawfile(elf, NULL) : NULL;
	if (!image)
		return 2;
	for (int i = 2; i < argc; i++) {
		struct site_recipe r = {0};
		struct insn_code code;
		uint64_t nearest;
		const char *why;
		GElf_Sym s;

		if (!find_symbol(argv[i], &s)) {
			fprintf(stderr, "plan: no function %s\n", argv[i]);
			return 1;
		}
		code = (struct insn_code){
			.bytes = image + file_offset(s.st_value), .size = s.st_size,
			.address = s.st_value, .is_whole = true,
			.is_32bit = gelf_getclass(elf) == ELFCLASS32};
		if (!insn_plan(a, &code, 0, INSN_BREAKPOINT_ONLY, &r, &why, &nearest)) {
			fprintf(stderr, "plan: %s: %s\n", argv[i], why);
			return 1;
		}
		r.offset = file_offset(s.st_value);
		r.address = s.st_value;
		fwrite(&r, sizeof(r), 1, stdout);
	}
	return 0;
}
