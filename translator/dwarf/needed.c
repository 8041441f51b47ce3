/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The libraries that a file asks the loader for: DT_NEEDED and DT_RUNPATH of its .dynamic. */
#include "translator/dwarf/dw_int.h"

const struct dw_needed *dw_needed(struct dw_file *f)
{
	struct arena *a = f->dw->arena;
	struct dw_needed *needed = ARENA_NEW(a, struct dw_needed);
	Elf *elf = f->elf.elf;
	GElf_Shdr shdr;
	Elf_Scn *scn = elf_find_section(elf, ".dynamic", &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		const char *text;

		if (dyn.d_tag != DT_NEEDED && dyn.d_tag != DT_RUNPATH && dyn.d_tag != DT_RPATH)
			continue;
		text = elf_strptr(elf, shdr.sh_link, dyn.d_un.d_val);
		if (!text)
			continue;
		text = arena_strdup(a, text);
		if (dyn.d_tag == DT_NEEDED)
			VEC_PUSH(a, &needed->names, text);
		else if (!needed->run_path || dyn.d_tag == DT_RUNPATH)
			needed->run_path = text;
	}
	return needed;
}
