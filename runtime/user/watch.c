/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Breakpoints that the supervisor needs for itself.
 *
 * The dynamic linker calls _dl_debug_state, which does nothing, whenever it has
 * changed the list of libraries (glibc and musl; it is there for debuggers).  It
 * is watched when libraries may come that matter.
 *
 * Unwinders look at return addresses, and must see the real ones where a return
 * probe has replaced them.  Where a probe of the script is on the same instruction, its breakpoint
 * serves for both.  They are libgcc's and LLVM's, which have the same
 * interface, in a library or linked into the program; pthread_exit, cancellation
 * and backtrace() come by them too.  Where an exception is caught, or the
 * unwinder's caller goes on, debug registers stop the thread again, so that the
 * frames which are left get their return probes back.
 */
#include "runtime/user/space_int.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNWIND_BACKTRACE = 4, BEGIN_CATCH, N_SYMBOLS };
static const char *const symbols[N_SYMBOLS] = {
	"_Unwind_RaiseException", "_Unwind_Resume", "_Unwind_Resume_or_Rethrow",
	"_Unwind_ForcedUnwind", [UNWIND_BACKTRACE] = "_Unwind_Backtrace",
	[BEGIN_CATCH] = "__cxa_begin_catch"
};

/* ---- symbols of a file ---- */

struct elf {
	const char *bytes;
	size_t size;
};

static bool elf_open(struct elf *e, const struct space *sp, const char *path)
{
	char full[4200];
	struct stat st;
	snprintf(full, sizeof full, "/proc/%d/root%s", sp->pid, path);
	int fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	e->bytes = MAP_FAILED;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > (off_t)sizeof(Elf64_Ehdr))
		e->bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (e->bytes == MAP_FAILED)
		return false;
	e->size = (size_t)st.st_size;
	const Elf64_Ehdr *eh = (const void *)e->bytes;
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 && eh->e_ident[EI_CLASS] == ELFCLASS64 &&
	    eh->e_shoff <= e->size && e->size - eh->e_shoff >= (size_t)eh->e_shnum * sizeof(Elf64_Shdr) &&
	    eh->e_phoff <= e->size && e->size - eh->e_phoff >= (size_t)eh->e_phnum * sizeof(Elf64_Phdr))
		return true;
	munmap((void *)(uintptr_t)e->bytes, e->size);
	return false;
}

static void elf_close(struct elf *e)
{
	munmap((void *)(uintptr_t)e->bytes, e->size);
}

/* What is mapped at START, from the file's beginning, lies at this distance from its own addresses. */
static uint64_t elf_bias(const struct elf *e, uint64_t start)
{
	const Elf64_Ehdr *eh = (const void *)e->bytes;
	const Elf64_Phdr *ph = (const void *)(e->bytes + eh->e_phoff);
	for (int i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0)
			return start - ph[i].p_vaddr;
	return start;
}

/* Looks N names up; VALUES[i] stays 0 for one that is not there. */
static void elf_symbols(const struct elf *e, const char *const *names, unsigned n, uint64_t *values)
{
	const Elf64_Ehdr *eh = (const void *)e->bytes;
	const Elf64_Shdr *sh = (const void *)(e->bytes + eh->e_shoff);
	for (int i = 0; i < eh->e_shnum; i++) {
		if ((sh[i].sh_type != SHT_SYMTAB && sh[i].sh_type != SHT_DYNSYM) ||
		    sh[i].sh_link >= eh->e_shnum)
			continue;
		const Elf64_Shdr *str = &sh[sh[i].sh_link];
		if (sh[i].sh_offset > e->size || e->size - sh[i].sh_offset < sh[i].sh_size ||
		    str->sh_offset > e->size || e->size - str->sh_offset < str->sh_size ||
		    !str->sh_size || e->bytes[str->sh_offset + str->sh_size - 1])
			continue;
		const Elf64_Sym *syms = (const void *)(e->bytes + sh[i].sh_offset);
		const char *text = e->bytes + str->sh_offset;
		for (size_t k = 0; k < sh[i].sh_size / sizeof *syms; k++) {
			if (syms[k].st_shndx == SHN_UNDEF || syms[k].st_name >= str->sh_size ||
			    text[syms[k].st_name] != '_')
				continue;
			for (unsigned j = 0; j < n; j++)
				if (strcmp(text + syms[k].st_name, names[j]) == 0)
					values[j] = syms[k].st_value;
		}
	}
}

/* ---- what to watch ---- */

static bool add(const struct space *sp, struct space_watch *list, unsigned *n, unsigned max,
		uint64_t address, enum watch_reason why)
{
	static const uint8_t endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	uint8_t code[8] = { 0 };
	struct space_watch w = { .w = { .address = address }, .why = why };
	const struct patch *p = space_find(sp, address);
	if (*n + sp->n_watches >= max || space_find_watch(sp, address) ||
	    remote_read(&sp->mem, address, code, sizeof code))
		return false;
	if (p && p->kind != PATCH_NONE) {
		w.w.does = USER_WATCH_SITE;
		list[(*n)++] = w;
		return true;
	}
	const uint8_t *after = memcmp(code, endbr64, 4) == 0 ? code + 4 : code;
	w.w.original = code[0];
	if (why == WATCH_LINKER && (after[0] == 0xc3 || (after[0] == 0xf3 && after[1] == 0xc3)))
		w.w.does = USER_WATCH_RETURN;
	else if (why != WATCH_LINKER && after != code)
		w.w.does = USER_WATCH_ENDBR;
	else if (why != WATCH_LINKER && code[0] == 0x55)
		w.w.does = USER_WATCH_PUSH_BP;
	else
		return false;
	list[(*n)++] = w;
	return true;
}

/* May a library bring sites: is there a file with sites of which nothing is mapped? */
static bool may_come_later(const struct space_env *env, const struct space *sp)
{
	const struct image *im = env->im;
	for (uint32_t f = 0; f < im->info->n_files; f++) {
		bool here = !env->files[f].exists || !env->files[f].is_wanted;
		for (size_t i = 0; i < sp->n_patches && !here; i++)
			here = im->sites[sp->patches[i].site].file == f;
		if (!here)
			return true;
	}
	return false;
}

static void watch_linker(struct space *sp, const struct maps *m, struct space_watch *list,
			 unsigned *n, unsigned max)
{
	static const char *const name[] = { "_dl_debug_state" };
	uint64_t linker = maps_auxv(sp->pid, AT_BASE), value = 0;
	const struct mapping *map = linker ? maps_find(m, linker) : NULL;
	struct elf e;
	if (!map || !elf_open(&e, sp, map->path))
		return;
	elf_symbols(&e, name, 1, &value);
	if (value)
		add(sp, list, n, max, elf_bias(&e, map->start - map->offset) + value, WATCH_LINKER);
	elf_close(&e);
}

static void add_landing(struct space *sp, uint64_t address)
{
	for (unsigned i = 0; i < sp->n_landings; i++)
		if (sp->landings[i] == address)
			return;
	if (sp->n_landings < LANDINGS_MAX)
		sp->landings[sp->n_landings++] = address;
}

static void watch_unwinders(struct space *sp, const struct mapping *map, struct space_watch *list,
			    unsigned *n, unsigned max)
{
	uint64_t values[N_SYMBOLS] = { 0 };
	struct elf e;
	if (!elf_open(&e, sp, map->path))
		return;
	elf_symbols(&e, symbols, N_SYMBOLS, values);
	uint64_t bias = elf_bias(&e, map->start);
	for (unsigned i = 0; i < BEGIN_CATCH; i++)
		if (values[i])
			add(sp, list, n, max, bias + values[i],
			    i == UNWIND_BACKTRACE ? WATCH_TRACE : WATCH_THROW);
	if (values[BEGIN_CATCH])
		add_landing(sp, bias + values[BEGIN_CATCH]);
	elf_close(&e);
}

unsigned watch_missing(const struct space_env *env, struct space *sp, const struct maps *m,
		       struct space_watch *list, unsigned max)
{
	unsigned n = 0;
	char link[64], program[4096];
	bool asks_modules = env->im->info->flags & SCRIPT_MODULES;
	if (!sp->has_linker_watch &&
	    (may_come_later(env, sp) || ((env->has_returns || asks_modules) && sp->n_patches)))
		watch_linker(sp, m, list, &n, max);
	if (!env->has_returns || !sp->n_patches)
		return n;
	snprintf(link, sizeof link, "/proc/%d/exe", sp->pid);
	ssize_t len = readlink(link, program, sizeof program - 1);
	program[len > 0 ? len : 0] = '\0';
	for (size_t i = 0; i < m->n; i++) {
		const struct mapping *map = &m->at[i];
		const char *base = strrchr(map->path, '/');
		if (!base || map->offset || !map->inode)
			continue;
		if (strncmp(base, "/libgcc_s", 9) == 0 || strncmp(base, "/libunwind", 10) == 0 ||
		    strncmp(base, "/libstdc++", 10) == 0 || strncmp(base, "/libc++abi", 10) == 0 ||
		    (!sp->has_program_watch && strcmp(map->path, program) == 0))
			watch_unwinders(sp, map, list, &n, max);
	}
	return n;
}

static void drop(struct space *sp, unsigned i)
{
	if (sp->watches[i].why == WATCH_LINKER)
		sp->has_linker_watch = false;
	else
		sp->has_program_watch = false;
	memmove(&sp->watches[i], &sp->watches[i + 1], (--sp->n_watches - i) * sizeof sp->watches[i]);
}

void watch_drop_lost(struct space *sp)
{
	for (unsigned i = sp->n_watches; i-- > 0;) {
		const struct user_watch *w = &sp->watches[i].w;
		uint8_t now;
		if (w->does == USER_WATCH_SITE ? !space_find(sp, w->address) :
		    remote_read(&sp->mem, w->address, &now, 1) || now != 0xcc)
			drop(sp, i);
	}
}

void watch_give_way(struct space *sp, uint64_t address)
{
	for (unsigned i = sp->n_watches; i-- > 0;) {
		const struct user_watch *w = &sp->watches[i].w;
		if (w->address != address || w->does == USER_WATCH_SITE)
			continue;
		remote_write(&sp->mem, address, &w->original, 1);
		drop(sp, i);
	}
}

int watch_install(const struct space_env *env, struct space *sp, const struct space_watch *list,
		  unsigned n)
{
	static const uint8_t brk = 0xcc;
	struct user_watch table[USER_WATCHES_MAX] = { 0 };
	unsigned first = sp->n_watches;
	for (unsigned i = 0; i < n; i++)
		sp->watches[sp->n_watches++] = list[i];
	for (unsigned i = 0; i < sp->n_watches; i++) {
		if (sp->watches[i].w.does != USER_WATCH_SITE)
			table[i] = sp->watches[i].w;
		if (sp->watches[i].why == WATCH_LINKER)
			sp->has_linker_watch = true;
	}
	if (env->has_returns && sp->n_patches)
		sp->has_program_watch = true;
	if (!sp->base)
		return 0;
	int err = SPACE_WRITE_PROCESS(env->im, sp, watches, table);
	for (unsigned i = first; !err && i < sp->n_watches; i++)
		err = sp->watches[i].w.does == USER_WATCH_SITE ?
			      space_make_break(env->im, sp, sp->watches[i].w.address) :
			      remote_write(&sp->mem, sp->watches[i].w.address, &brk, 1);
	return err;
}

const struct space_watch *space_find_watch(const struct space *sp, uint64_t address)
{
	for (unsigned i = 0; i < sp->n_watches; i++)
		if (sp->watches[i].w.address == address)
			return &sp->watches[i];
	return NULL;
}
