// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan PROGRAM FUNCTION...: writes a struct site_recipe for the entry of each function to
 * standard output, for ctl to give to the engine in the virtual machine.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "translator/insn/insn.h"

static const unsigned char *image;

static const Elf64_Sym *find_symbol(const char *name)
{
	const Elf64_Ehdr *e = (const void *)image;
	const Elf64_Shdr *sections = (const void *)(image + e->e_shoff);

	for (unsigned i = 0; i < e->e_shnum; i++) {
		const Elf64_Shdr *s = &sections[i];
		const Elf64_Sym *symbols = (const void *)(image + s->sh_offset);

		if (s->sh_type != SHT_SYMTAB)
			continue;
		for (size_t k = 0; k < s->sh_size / sizeof(*symbols); k++)
			if (strcmp((const char *)image + sections[s->sh_link].sh_offset +
					   symbols[k].st_name, name) == 0)
				return &symbols[k];
	}
	return NULL;
}

static uint64_t file_offset(uint64_t address)
{
	const Elf64_Ehdr *e = (const void *)image;
	const Elf64_Phdr *p = (const void *)(image + e->e_phoff);

	for (unsigned i = 0; i < e->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && address - p[i].p_vaddr < p[i].p_filesz)
			return address - p[i].p_vaddr + p[i].p_offset;
	return 0;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new("plan");
	int fd = argc > 2 ? open(argv[1], O_RDONLY) : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return 2;
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	for (int i = 2; i < argc; i++) {
		const Elf64_Sym *s = find_symbol(argv[i]);
		struct site_recipe r = {0};
		struct insn_code code;
		uint64_t nearest;
		const char *why;

		if (!s) {
			fprintf(stderr, "plan: no function %s\n", argv[i]);
			return 1;
		}
		code = (struct insn_code){
			.bytes = image + file_offset(s->st_value), .size = s->st_size,
			.address = s->st_value, .is_whole = true};
		if (!insn_plan(a, &code, 0, INSN_BREAKPOINT_ONLY, &r, &why, &nearest)) {
			fprintf(stderr, "plan: %s: %s\n", argv[i], why);
			return 1;
		}
		r.offset = file_offset(s->st_value);
		r.address = s->st_value;
		fwrite(&r, sizeof(r), 1, stdout);
	}
	return 0;
}
