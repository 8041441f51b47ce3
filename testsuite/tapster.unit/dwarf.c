/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dw.h says of files: what is refused and how, facts, bytes, names, types.
 * Variables are tested on running programs, in tapster.dwarf.
 */
#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "translator/dwarf/dw.h"
#include "unit.h"

static struct arena *arena;
static struct dw *dw;
static char dir[] = "/tmp/tapster-dwarf-XXXXXX";

/* This program itself is what most tests look at. */
struct shape {
	const char *name;
	union {
		int number;
		char bytes[4];
	};
	int grid[2][3];
	const struct shape *next;
	enum { ROUND = 1 } kind;
	double weight;
};
volatile struct shape dwarf_shape = { .name = "shape" };

static struct dw_file *open_self(void)
{
	enum dw_open_error why;
	const char *text;

	return dw_open(dw, "/proc/self/exe", &why, &text);
}

static enum dw_open_error open_bytes(const char *name, const void *bytes, size_t size)
{
	const char *path = arena_printf(arena, "%s/%s", dir, name), *text;
	enum dw_open_error why;

	sys_write_file_atomic(path, bytes, size, 0600);
	dw_open(dw, path, &why, &text);
	CHECK(why == DW_OK || (text && *text));
	return why;
}

static void refusals(void)
{
	Elf64_Ehdr e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			 .e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			 .e_ehsize = sizeof(e) };
	enum dw_open_error why;
	const char *text;

	CHECK(!dw_open(dw, "/nonexistent/file", &why, &text));
	CHECK_INT(why, DW_NO_FILE);
	CHECK_STR(text, "No such file or directory");
	CHECK(!dw_open(dw, "/", &why, &text));
	CHECK_INT(why, DW_NO_FILE);
	CHECK_STR(text, "Is a directory");
	CHECK(!dw_open(dw, "/dev/null", &why, &text));
	CHECK_INT(why, DW_NO_FILE);
	CHECK_INT(open_bytes("empty", "", 0), DW_NOT_ELF);
	CHECK_INT(open_bytes("text", "#!/bin/sh\n", 10), DW_NOT_ELF);
	CHECK_INT(open_bytes("short", &e, 10), DW_NOT_ELF);
	CHECK_INT(open_bytes("bare", &e, sizeof(e)), DW_OK);
	e.e_type = ET_REL;
	CHECK_INT(open_bytes("object", &e, sizeof(e)), DW_NOT_EXECUTABLE);
	e.e_type = ET_CORE;
	CHECK_INT(open_bytes("core", &e, sizeof(e)), DW_NOT_EXECUTABLE);
	e.e_type = ET_DYN;
	e.e_machine = EM_AARCH64;
	CHECK_INT(open_bytes("arm", &e, sizeof(e)), DW_WRONG_MACHINE);
	dw_open(dw, arena_printf(arena, "%s/arm", dir), &why, &text);
	CHECK_STR(text, "ELF machine AARCH64");
}

static void debug_only(void)
{
	const char *path = arena_printf(arena, "%s/self.debug", dir), *text;
	const char *argv[] = { "objcopy", "--only-keep-debug", "/proc/self/exe", path, NULL };
	struct sys_spawn spawn = { .argv = argv };
	enum dw_open_error why;

	argv[2] = dw_info(open_self())->path;
	if (sys_run(&spawn))
		return;
	CHECK(!dw_open(dw, path, &why, &text));
	CHECK_INT(why, DW_NOT_EXECUTABLE);
}

static void facts(void)
{
	struct dw_file *f = open_self();
	const struct dw_info *info = dw_info(f);
	struct stat st;

	CHECK(f == open_self());
	stat(info->path, &st);
	CHECK_INT(info->size, st.st_size);
	CHECK_INT(info->inode, st.st_ino);
	CHECK(!info->is_32bit && info->is_dynamic && info->interpreter);
	CHECK(dw_has_dwarf(f) && dw_has_symtab(f));
	CHECK(!strncmp(dw_describe(f), "DWARF; ", 7));
}

static void bytes(void)
{
	struct dw_file *f = open_self();
	dw_func_vec found = { 0 };
	unsigned char code[16];
	uint64_t offset;

	if (!CHECK_INT(dw_find_functions(f, "bytes", DW_WANT_CALLABLE, &found), 1))
		return;
	CHECK(dw_file_offset(f, found.at[0].address, &offset));
	CHECK_INT(dw_read(f, found.at[0].address, code, sizeof(code)), sizeof(code));
	CHECK(!memcmp(code, (const void *)(uintptr_t)bytes, sizeof(code)));
	CHECK(!dw_file_offset(f, 0, &offset) && !dw_file_offset(f, UINT64_MAX, &offset));
	CHECK_INT(dw_read(f, UINT64_MAX - 4, code, sizeof(code)), 0);
}

static void names(void)
{
	struct dw_file *f = open_self();
	const char *const *all;
	size_t n = dw_function_names(f, &all);
	unsigned found = 0;
	struct dw_func func;
	dw_func_vec one = { 0 };

	for (size_t i = 0; i < n; i++) {
		found += !strcmp(all[i], "names") || !strcmp(all[i], "dw_open");
		CHECK(!i || strcmp(all[i - 1], all[i]) < 0);
	}
	CHECK_INT(found, 2);
	CHECK_INT(dw_find_functions(f, "dw_open", DW_WANT_CALLABLE, &one), 1);
	CHECK_STR(one.at[0].name, "dw_open");
	CHECK(one.at[0].from_dwarf && strstr(one.at[0].decl_file, "translator/dwarf/open.c"));
	CHECK(dw_func_at(f, one.at[0].address + 5, &func));
	CHECK_STR(func.name, "dw_open");
	CHECK_INT(func.address, one.at[0].address);
	CHECK(!dw_func_at(f, 1, &func));
	one.n = 0;
	CHECK_INT(dw_find_functions(f, "no_such_function", DW_WANT_CALLABLE, &one), 0);
	CHECK(!dw_why_absent(f, "no_such_function"));
	CHECK_STR(dw_why_absent(f, "realpath"), "defined in another object");
	CHECK_INT(dw_find_functions(f, "dw_open@open.c", DW_WANT_CALLABLE, &one), 1);
	CHECK_INT(dw_find_functions(f, "dw_open@dwarf/open.c", DW_WANT_CALLABLE, &one), 1);
	CHECK_INT(dw_find_functions(f, "dw_open@close.c", DW_WANT_CALLABLE, &one), 0);
	CHECK(dw_find_functions(f, "dw_*", DW_WANT_CALLABLE, &one) >= 15);
}

static const struct dw_member *member(const struct dw_type_info *info, const char *name)
{
	for (size_t i = 0; i < info->n_members; i++)
		if (info->members[i].name && !strcmp(info->members[i].name, name))
			return &info->members[i];
	return NULL;
}

static void types(void)
{
	struct dw_file *f = open_self();
	component_vec none = { 0 };
	struct dw_var_result r;
	struct dw_type_info shape, info;

	dw_global_var(f, "dwarf_shape", &none, true, arena, &r);
	if (!CHECK_INT(r.error, DW_VAR_OK))
		return;
	CHECK_STR(r.type_text, "struct shape volatile");
	dw_type_info(r.type, arena, &shape);
	CHECK_INT(shape.kind, DW_TYPE_STRUCT);
	CHECK_INT(shape.size, sizeof(struct shape));
	CHECK_INT(shape.n_members, 6);
	CHECK(!shape.members[1].name);
	dw_type_info(shape.members[1].type, arena, &info);
	CHECK_INT(info.kind, DW_TYPE_UNION);
	dw_type_info(member(&shape, "name")->type, arena, &info);
	CHECK_INT(info.kind, DW_TYPE_POINTER);
	CHECK_STR(info.text, "char const*");
	dw_type_info(info.target, arena, &info);
	CHECK_INT(info.kind, DW_TYPE_CHAR);
	dw_type_info(member(&shape, "grid")->type, arena, &info);
	CHECK_INT(info.kind, DW_TYPE_ARRAY);
	CHECK_INT(info.count, 2);
	dw_type_info(info.target, arena, &info);
	CHECK_INT(info.count, 3);
	dw_type_info(info.target, arena, &info);
	CHECK_INT(info.kind, DW_TYPE_INTEGER);
	CHECK(info.is_signed);
	dw_type_info(member(&shape, "kind")->type, arena, &info);
	CHECK_INT(info.kind, DW_TYPE_ENUM);
	dw_type_info(member(&shape, "weight")->type, arena, &info);
	CHECK_INT(info.kind, DW_TYPE_FLOAT);
}

/* Damaged debug information gives wrong answers, not crashes. */
static void damage(void)
{
	struct buf image;
	unsigned seed = 1;
	char *copy;

	buf_init(&image);
	if (!CHECK_INT(sys_read_file(dw_info(open_self())->path, &image), 0))
		return;
	copy = malloc(image.len);
	for (unsigned round = 0; round < 12; round++) {
		struct arena *a = arena_new("damage");
		struct dw *damaged = dw_new(a);
		const char *path = arena_printf(a, "%s/damaged", dir), *text;
		dw_func_vec found = { 0 };
		enum dw_open_error why;
		struct dw_file *f;

		memcpy(copy, image.data, image.len);
		for (unsigned i = 0; i < 300; i++) {
			seed = seed * 1103515245 + 12345;
			copy[256 + seed % (image.len - 256)] = (char)(seed >> 16);
		}
		sys_write_file_atomic(path, copy, image.len, 0600);
		f = dw_open(damaged, path, &why, &text);
		if (f) {
			dw_find_functions(f, "dw_*", DW_WANT_CALLABLE | DW_WANT_INLINED, &found);
			VEC_EACH(&found, i) {
				struct dw_scope scope = { &found.at[i], found.at[i].probe_address, 0 };
				dw_var_name_vec visible = { 0 };
				struct dw_var_result r;

				dw_visible(&scope, &visible);
				VEC_EACH(&visible, k)
					dw_var(&scope, visible.at[k].name, NULL, false, a, &r);
			}
			dw_describe(f);
		}
		dw_free(damaged);
		arena_free(a);
	}
	free(copy);
	buf_fini(&image);
}

static void speed(void)
{
	struct timespec before, after;
	enum dw_open_error why;
	const char *text;
	long best = 1000000;

	for (unsigned i = 0; i < 10; i++) {
		struct arena *a = arena_new("speed");
		struct dw *fresh;
		long us;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
		fresh = dw_new(a);
		dw_open(fresh, "/bin/ls", &why, &text);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
		us = (after.tv_sec - before.tv_sec) * 1000000 +
		     (after.tv_nsec - before.tv_nsec) / 1000;
		if (us < best)
			best = us;
		dw_free(fresh);
		arena_free(a);
	}
	CHECK(best < 2000);
}

static void clean_up(void)
{
	sys_remove_tree(dir);
}

static void set_up(void)
{
	arena = arena_new("dwarf");
	dw = dw_new(arena);
	CHECK(mkdtemp(dir) != NULL);
}

UNIT_MAIN(TEST(set_up), TEST(refusals), TEST(debug_only), TEST(facts), TEST(bytes), TEST(names),
	  TEST(types), TEST(damage), TEST(speed), TEST(clean_up))
