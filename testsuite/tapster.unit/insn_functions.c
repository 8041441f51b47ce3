/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans the entry of every function of some Debian binaries.  About all can be entered
 * by a jump; and none of those is jumped into by anything in the file: direct
 * branches and taken addresses of all functions, relocations, and symbols are looked
 * at, one by one and independently of what the planner looks at.
 *
 * TAPSTER_BINARIES=PATH:PATH names others; TAPSTER_VERBOSE lists what has no jump.
 */
#include "translator/insn/insn_int.h"

#include "testsuite/tapster.unit/image.h"
#include "testsuite/tapster.unit/unit.h"

#define REASONS_MAX 32

struct plans {
	struct image *image;
	struct image_function *functions;
	struct site_recipe *recipes;
	size_t n;
};

static struct {
	size_t functions, jumps, hops, breakpoints, refused, entered;
	struct {
		const char *why;
		size_t n;
	} reasons[REASONS_MAX];
} total;

static void count_reason(const char *why)
{
	for (size_t i = 0; i < REASONS_MAX; i++) {
		if (!total.reasons[i].why)
			total.reasons[i].why = why;
		if (!strcmp(total.reasons[i].why, why)) {
			total.reasons[i].n++;
			return;
		}
	}
}

static void plan_one(struct arena *a, struct plans *p, const struct insn_text *text, size_t i)
{
	const struct image_function *f = &p->functions[i];
	struct site_recipe *r = &p->recipes[i];
	const char *why = NULL;
	uint64_t nearest;
	size_t left;
	struct insn_code code = {
		.bytes = image_at(p->image, f->address, &left),
		.size = f->size,
		.address = f->address,
		.is_whole = true,
		.text = text,
	};

	if (!code.bytes || left < code.size)
		return;
	if (i + 1 < p->n && f[1].address > f->address + f->size &&
	    f[1].address - f->address <= left)
		code.padding_after = f[1].address - f->address - f->size;
	total.functions++;
	if (!insn_plan(a, &code, 0, INSN_JUMP_IF_POSSIBLE, r, &why, &nearest)) {
		total.refused++;
		r->flags = 0;
	} else if (!(r->flags & SITE_JUMP_OK)) {
		total.breakpoints++;
	} else if (r->hop) {
		total.hops++;
	} else {
		total.jumps++;
	}
	if (why)
		count_reason(why);
	if (why && getenv("TAPSTER_VERBOSE"))
		printf("%#llx: %s\n", (unsigned long long)f->address, why);
}

/* ADDRESS is gone to: it isn't behind the first byte of what a jump covers. */
static void check_target(const struct plans *p, uint64_t address, const char *how)
{
	size_t low = 0, high = p->n;
	const struct site_recipe *r;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->functions[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return;
	r = &p->recipes[low - 1];
	if (r->flags & SITE_JUMP_OK && address - r->address < r->cover) {
		total.entered++;
		printf("failed %s: %#llx is %s, in the cover of %#llx\n", unit_name,
		       (unsigned long long)address, how, (unsigned long long)r->address);
		unit_failures++;
	}
}

static void check_function(const struct plans *p, const struct x86_decoder *d, size_t i)
{
	const struct image_function *f = &p->functions[i];
	struct x86_insn insn;
	uint64_t address;
	size_t left;
	const uint8_t *bytes = image_at(p->image, f->address, &left);

	if (!bytes || left < f->size)
		return;
	for (size_t at = 0; at < f->size; at += insn.z.length) {
		if (!x86_decode(d, bytes + at, f->size - at, f->address + at, &insn)) {
			insn.z.length = 1;
			continue;
		}
		if (insn.target)
			check_target(p, insn.target, "a branch's target");
		if (insn.z.mnemonic == ZYDIS_MNEMONIC_LEA && x86_is_rip_relative(&insn, &address))
			check_target(p, address, "a taken address");
	}
}

static void check_tables(const struct plans *p)
{
	const uint8_t *bytes = p->image->bytes;
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)bytes;
	const Elf64_Shdr *s = (const Elf64_Shdr *)(bytes + e->e_shoff);

	for (unsigned i = 0; i < e->e_shnum; i++) {
		const Elf64_Rela *rela = (const Elf64_Rela *)(bytes + s[i].sh_offset);
		const Elf64_Sym *sym = (const Elf64_Sym *)(bytes + s[i].sh_offset);

		if (s[i].sh_type == SHT_RELA)
			for (size_t k = 0; k < s[i].sh_size / sizeof(*rela); k++)
				if (ELF64_R_TYPE(rela[k].r_info) == R_X86_64_RELATIVE)
					check_target(p, (uint64_t)rela[k].r_addend, "in a table");
		if (s[i].sh_type == SHT_DYNSYM || s[i].sh_type == SHT_SYMTAB)
			for (size_t k = 0; k < s[i].sh_size / sizeof(*sym); k++)
				if (ELF64_ST_TYPE(sym[k].st_info) == STT_FUNC)
					check_target(p, sym[k].st_value, "a symbol");
	}
}

static void tell_pointers(const struct image *im, struct insn_text *text)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)im->bytes;
	const Elf64_Shdr *s = (const Elf64_Shdr *)(im->bytes + e->e_shoff);

	if (e->e_type != ET_DYN)
		return;
	for (unsigned i = 0; i < e->e_shnum; i++) {
		const Elf64_Rela *rela = (const Elf64_Rela *)(im->bytes + s[i].sh_offset);

		if (s[i].sh_type == SHT_RELA)
			for (size_t k = 0; k < s[i].sh_size / sizeof(*rela); k++)
				if (ELF64_R_TYPE(rela[k].r_info) == R_X86_64_RELATIVE)
					insn_text_add_pointer(text, (uint64_t)rela[k].r_addend);
	}
	insn_text_set_pointers_known(text);
}

static void plan_file(const char *path)
{
	struct arena *a = arena_new("file");
	struct x86_decoder d;
	struct image im;
	struct plans p = {.image = &im};
	struct insn_text *text;

	if (!image_open(&im, path)) {
		arena_free(a);
		return;
	}
	p.n = image_functions(&im, &p.functions);
	p.recipes = calloc(p.n + 1, sizeof(*p.recipes));
	x86_decoder_init(&d, false);
	if (p.n) {
		text = insn_text_new(a, image_read, &im, p.functions[0].address);
		tell_pointers(&im, text);
		for (size_t i = 0; i < p.n; i++)
			plan_one(a, &p, text, i);
		for (size_t i = 0; i < p.n; i++)
			check_function(&p, &d, i);
		check_tables(&p);
	}
	free(p.recipes);
	free(p.functions);
	image_close(&im);
	arena_free(a);
}

static double percent(size_t n)
{
	return 100.0 * (double)n / (double)total.functions;
}

static void debian_binaries(void)
{
	const char *files = getenv("TAPSTER_BINARIES");
	char *list = strdup(files ? files
				  : "/lib/x86_64-linux-gnu/libc.so.6:/bin/bash:/usr/bin/python3:"
				    "/usr/bin/gdb:/lib/x86_64-linux-gnu/libcrypto.so.3:"
				    "/lib/x86_64-linux-gnu/libstdc++.so.6:/usr/bin/perl:"
				    "/usr/bin/git:/usr/sbin/nginx:/bin/busybox");

	for (char *path = strtok(list, ":"); path; path = strtok(NULL, ":"))
		plan_file(path);
	free(list);
	if (!CHECK(total.functions))
		return;
	printf("%zu functions: jump %.2f %%, hop %.2f %%, breakpoint %.2f %%, refused %.2f %%\n",
	       total.functions, percent(total.jumps), percent(total.hops),
	       percent(total.breakpoints), percent(total.refused));
	for (size_t i = 0; i < REASONS_MAX && total.reasons[i].why; i++)
		printf("%7zu: %s\n", total.reasons[i].n, total.reasons[i].why);
	CHECK(percent(total.jumps + total.hops) > 98);
	CHECK_INT(total.refused, 0);
	CHECK_INT(total.entered, 0);
}

UNIT_MAIN(TEST(debian_binaries))
