/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass build for the kernel runtime: kbuild against the headers of a kernel, the
 * running one or that of -r.
 *
 * The runtime is compiled once per kernel and MAXSTRINGLEN and kept in the cache
 * (struct kit); a script's module is put together from script and runtime as if both were
 * compiled with it.
 */
#include "translator/build_int.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "config.h"
#include "translator/cache.h"
#include "translator/kernel/tree.h"
#include "translator/messages.h"
#include "translator/passes.h"
#include "translator/session.h"

/* ---- the kernel's headers ---- */

static bool find_kernel(struct session *s, struct kernel_tree *k)
{
	const char *config;

	kernel_tree_find(s, k);
	config = kernel_tree_file(s, k, "include/config/auto.conf");
	if (!config || access(arena_printf(s->arena, "%s/Makefile", k->headers), R_OK)) {
		diag_error(&s->diag, (struct loc){ 0 }, E_NO_HEADERS, k->release, k->headers,
			   arena_printf(s->arena, "linux-headers-%s", *k->release == '/' ? "RELEASE" : k->release));
		return false;
	}
	if (!strstr(config, "\nCONFIG_MODULES=y\n")) {
		diag_error(&s->diag, (struct loc){ 0 }, E_NO_MODULES, k->release);
		return false;
	}
	return true;
}

/* ---- running kbuild ---- */

static bool write_file(struct session *s, const char *path, const char *text)
{
	int err = sys_write_file_atomic(path, text, strlen(text), 0600);

	if (err)
		diag_error(&s->diag, (struct loc){ 0 }, E_WRITE, path, strerror(-err));
	return !err;
}

static const char *make_dir(struct session *s, const char *name)
{
	const char *top = session_temp_dir(s), *dir;
	int err;

	if (!top)
		return NULL;
	dir = arena_printf(s->arena, "%s/%s", top, name);
	err = sys_mkdirs(dir, 0700);
	if (err)
		diag_error(&s->diag, (struct loc){ 0 }, E_TEMP_DIR, strerror(-err));
	return err ? NULL : dir;
}

/* Flags of both parts.  Debug information of a module is of no use to anybody here. */
static const char *flags(struct session *s)
{
	return arena_printf(s->arena, "ccflags-y := -I%s/.. -fno-strict-aliasing -fwrapv -g0 -DMAXSTRINGLEN=%u",
			    s->paths.runtime_dir, session_max_string(s));
}

static bool make(struct session *s, const struct kernel_tree *k, const char *dir, const char *const *goals,
		 size_t n)
{
	arg_vec args = { 0 };

	build_add_words(s, &args, "make -s -j2 --no-print-directory CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS=-g0 -C");
	build_add(s, &args, k->headers);
	build_add(s, &args, arena_printf(s->arena, "M=%s", dir));
	VEC_EACH(&s->opt.build_flags, i)
		build_add(s, &args, s->opt.build_flags.at[i]);
	for (size_t i = 0; i < n; i++)
		build_add(s, &args, goals[i]);
	/* a make that we are run by has its own ideas of these */
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	unsetenv("MFLAGS");
	return build_run(s, &args);
}

/* ---- the runtime's sources ---- */

typedef VEC(const char *) name_vec;

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_for_others(const char *source, bool has_sites)
{
	if (has_sites)
		return !strcmp(source, "no_sites.c");
	return !strcmp(source, "sites.c") || !strcmp(source, "rest.c");
}

/* Names of the sources in runtime/FOLDER that belong into a module, sorted. */
static name_vec sources_of(struct session *s, const char *folder, bool has_sites)
{
	DIR *d = opendir(arena_printf(s->arena, "%s/%s", s->paths.runtime_dir, folder));
	name_vec names = { 0 };
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		size_t n = strlen(entry->d_name);

		if (n < 3 || strcmp(entry->d_name + n - 2, ".c") || is_for_others(entry->d_name, has_sites))
			continue;
		if (!strcmp(folder, "core") && !strcmp(entry->d_name, "mem.c")) /* the kernel has it */
			continue;
		VEC_PUSH(s->arena, &names, arena_strdup(s->arena, entry->d_name));
	}
	if (d)
		closedir(d);
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), by_name);
	return names;
}

static void add_tree_key(struct cache_key *key, struct session *s, const struct kernel_tree *k)
{
	cache_key_adds(key, k->release);
	cache_key_add_file(key, arena_printf(s->arena, "%s/include/config/auto.conf", k->headers));
	cache_key_add_file(key, arena_printf(s->arena, "%s/Module.symvers", k->headers));
	cache_key_adds(key, __VERSION__);
	cache_key_adds(key, flags(s));
	VEC_EACH(&s->opt.build_flags, i)
		cache_key_adds(key, s->opt.build_flags.at[i]);
}

static const char *const shared_headers[] = {
	"api.h", "api.def", "object.h", "output.h", "port.h", "site.h", "core/core_int.h", "kernel/kernel.h",
	"kernel/compat.h", "kernel/embedded.h", "kernel/transport.h", "uprobes/uprobes.h",
};

static const char *engine_key(struct session *s, const struct kernel_tree *k)
{
	name_vec names = sources_of(s, "uprobes", true);
	struct cache_key key;

	cache_key_init(&key);
	add_tree_key(&key, s, k);
	VEC_PUSH(s->arena, &names, "uprobes.h");
	VEC_PUSH(s->arena, &names, "uprobes_int.h");
	VEC_PUSH(s->arena, &names, "../site.h");
	VEC_PUSH(s->arena, &names, "../kernel/compat.h");
	VEC_PUSH(s->arena, &names, "Kbuild");
	VEC_EACH(&names, i)
		cache_key_add_file(&key, arena_printf(s->arena, "%s/uprobes/%s", s->paths.runtime_dir, names.at[i]));
	return cache_key_text(s->arena, &key);
}

static const char *runtime_key(struct session *s, const struct kernel_tree *k, bool has_sites)
{
	static const char *const folders[] = { "core", "kernel" };
	const size_t n_headers = sizeof(shared_headers) / sizeof(*shared_headers);
	struct cache_key key;

	cache_key_init(&key);
	add_tree_key(&key, s, k);
	if (has_sites)
		cache_key_adds(&key, engine_key(s, k)); /* versions of its symbols are in there */
	for (size_t i = 0; i < n_headers; i++)
		cache_key_add_file(&key, arena_printf(s->arena, "%s/%s", s->paths.runtime_dir, shared_headers[i]));
	for (size_t f = 0; f < 2; f++) {
		name_vec names = sources_of(s, folders[f], has_sites);

		VEC_EACH(&names, i)
			cache_key_add_file(&key, arena_printf(s->arena, "%s/%s/%s", s->paths.runtime_dir,
							      folders[f], names.at[i]));
	}
	return cache_key_text(s->arena, &key);
}

/* Links to the sources, so that the objects lie beside them in DIR; their names for kbuild. */
static bool link_sources(struct session *s, const char *dir, const char *folder, bool has_sites, name_vec *objects)
{
	name_vec names = sources_of(s, folder, has_sites);

	VEC_EACH(&names, i) {
		const char *path = arena_printf(s->arena, "%s/%s_%s", dir, folder, names.at[i]);
		const char *target = arena_printf(s->arena, "%s/%s/%s", s->paths.runtime_dir, folder, names.at[i]);

		if (symlink(target, path)) {
			diag_error(&s->diag, (struct loc){ 0 }, E_WRITE, path, "symlink");
			return false;
		}
		VEC_PUSH(s->arena, objects, arena_printf(s->arena, "%s_%.*s.o", folder,
							 (int)strlen(names.at[i]) - 2, names.at[i]));
	}
	return true;
}

/* ---- the kit: the runtime, and how to make a module with it ---- */

/*
 * Kbuild compiles the runtime, once per kernel, as a module of its own, whose
 * script is missing (modpost only warns of that).  What it did is kept in the cache:
 * the objects, as an archive; the object that modpost's C file became, which has the
 * versions of all that the runtime imports, under a long name that each module's
 * replaces; and its commands, as a shell script that does the same for a script's C.
 * So a module costs one run of the compiler and two of the linker.
 *
 * Embedded C may import what the runtime doesn't: then kbuild does it all again.
 */
#define KIT "tapster_kit_with_a_name_as_long_as_a_module_can_have_it"
static_assert(sizeof(KIT) == 56, "MODULE_NAME_LEN");

#define COMMON ".module-common.o" /* since 6.12; the same for all modules */

struct kit {
	const char *archive, *module_object, *common_object, *recipe; /* paths */
};

static const char *replaced(struct session *s, const char *text, const char *what, const char *with)
{
	const char *at = strstr(text, what), *done = "";

	for (; at; at = strstr(text, what)) {
		done = arena_printf(s->arena, "%s%.*s%s", done, (int)(at - text), text, with);
		text = at + strlen(what);
	}
	return arena_printf(s->arena, "%s%s", done, text);
}

/* The command by which kbuild made DIR/NAME, as a shell takes it; NULL: it is not there. */
static const char *recorded(struct session *s, const char *dir, const char *name)
{
	const char *at = NULL;
	struct buf text;

	buf_init(&text);
	if (!sys_read_file(arena_printf(s->arena, "%s/.%s.cmd", dir, name), &text) &&
	    (!strncmp(text.data, "cmd_", 4) || !strncmp(text.data, "savedcmd_", 9)))
		at = strstr(text.data, " := ");
	at = at ? arena_strndup(s->arena, at + 4, strcspn(at + 4, "\n")) : NULL;
	buf_fini(&text);
	if (!at)
		return NULL;
	at = replaced(s, at, "$(pound)", "#");
	return replaced(s, at, "$$", "$");
}

/* Where a module is made: $dir; its name: $name. */
static const char *kit_recipe(struct session *s, const struct kernel_tree *k, const char *dir)
{
	const char *cc = recorded(s, dir, "kernel_module.o"), *link = recorded(s, dir, KIT ".o");
	const char *final = recorded(s, dir, KIT ".ko"), *all;

	if (!cc || !link || !final || !strstr(cc, " -c -o "))
		return NULL;
	cc = replaced(s, cc, " -c -o ", " $flags -c -o ");
	cc = replaced(s, cc, arena_printf(s->arena, "%s/kernel_module", dir), "$dir/script");
	cc = replaced(s, cc, arena_printf(s->arena, "%s/.kernel_module", dir), "$dir/.script");
	link = replaced(s, link, arena_printf(s->arena, "@%s/" KIT ".mod", dir),
			"-u init_module $dir/script.o $archive");
	link = replaced(s, link, arena_printf(s->arena, "%s/" KIT ".o", dir), "$dir/module.o");
	final = replaced(s, final, arena_printf(s->arena, "%s/" KIT ".mod.o", dir), "$dir/module.mod.o");
	final = replaced(s, final, arena_printf(s->arena, "%s/" KIT, dir), "$dir/module");
	final = replaced(s, final, arena_printf(s->arena, "%s/" COMMON, dir), "$common");
	all = arena_printf(s->arena, "set -e\nexport SRCARCH=x86 # for objtool\ncd %s\n{ %s; }\n{ %s; }\n{ %s; }\n", k->headers, cc, link, final);
	return strstr(all, dir) ? NULL : all; /* something that we don't know of */
}

/* Compiles it in DIR. */
static bool compile_kit(struct session *s, const struct kernel_tree *k, const char *dir, const char *symbols,
			const struct kit *kit)
{
	const char *goals[3] = { "modules", "KBUILD_MODPOST_WARN=1", NULL }, *recipe, *list = "";
	bool has_sites = symbols;
	name_vec objects = { 0 };
	arg_vec args = { 0 };

	if (!link_sources(s, dir, "core", has_sites, &objects) || !link_sources(s, dir, "kernel", has_sites, &objects))
		return false;
	VEC_EACH(&objects, i)
		list = arena_printf(s->arena, "%s %s", list, objects.at[i]);
	if (has_sites)
		goals[2] = arena_printf(s->arena, "KBUILD_EXTRA_SYMBOLS=%s", symbols);
	if (!write_file(s, arena_printf(s->arena, "%s/Kbuild", dir),
			arena_printf(s->arena, "%s -Werror=frame-larger-than=2048\nobj-m := " KIT ".o\n" KIT "-y :=%s\n",
				     flags(s), list)) ||
	    !make(s, k, dir, goals, has_sites ? 3 : 2))
		return false;
	build_add_words(s, &args, "ar crs");
	build_add(s, &args, kit->archive);
	VEC_EACH(&objects, i)
		build_add(s, &args, arena_printf(s->arena, "%s/%s", dir, objects.at[i]));
	recipe = kit_recipe(s, k, dir);
	if (access(kit->common_object, R_OK) && !write_file(s, kit->common_object, ""))
		return false;
	/* an empty recipe: kbuild makes each module */
	return build_run(s, &args) && write_file(s, kit->recipe, recipe ? recipe : "");
}

/* SYMBOLS: the engine's, of scripts with sites; else NULL.  False: reported. */
static bool find_kit(struct session *s, const struct kernel_tree *k, const char *symbols, struct kit *kit)
{
	const char *key = runtime_key(s, k, symbols), *cache = s->paths.cache_dir;
	const char *name[4] = { arena_printf(s->arena, "kit_%s.a", key), arena_printf(s->arena, "kit_%s.o", key),
				arena_printf(s->arena, "kit_%s.common.o", key),
				arena_printf(s->arena, "kit_%s.sh", key) };
	const char **path[4] = { &kit->archive, &kit->module_object, &kit->common_object, &kit->recipe };
	const char *dir;
	size_t n = 0;

	while (n < 4 && (*path[n] = cache_find(s->arena, s->paths.cache_read, name[n])))
		n++;
	if (n == 4)
		return true;
	log_at(&s->log, 1, "Compiling the kernel runtime for %s.", k->release);
	dir = make_dir(s, "runtime");
	if (!dir)
		return false;
	kit->archive = arena_printf(s->arena, "%s/kit.a", dir);
	kit->module_object = arena_printf(s->arena, "%s/" KIT ".mod.o", dir);
	kit->common_object = arena_printf(s->arena, "%s/" COMMON, dir);
	kit->recipe = arena_printf(s->arena, "%s/kit.sh", dir);
	if (!compile_kit(s, k, dir, symbols, kit))
		return false;
	for (n = 0; n < 4; n++) {
		const char *cached = cache_put(s->arena, cache, name[n], *path[n]);

		*path[n] = cached ? cached : *path[n];
	}
	return true;
}

/* ---- the engine ---- */

struct engine {
	const char *module, *symbols; /* tapster_uprobes.ko and its Module.symvers */
};

static bool compile_engine(struct session *s, const struct kernel_tree *k, const char *dir)
{
	const char *from = arena_printf(s->arena, "%s/uprobes", s->paths.runtime_dir);
	const char *goals[2] = { arena_printf(s->arena, "TAPSTER_SOURCE=%s/..", s->paths.runtime_dir), "modules" };
	struct dirent *entry;
	DIR *d = opendir(from);
	bool ok = d;

	while (d && ok && (entry = readdir(d)))
		if (*entry->d_name != '.')
			ok = !symlink(arena_printf(s->arena, "%s/%s", from, entry->d_name),
				      arena_printf(s->arena, "%s/%s", dir, entry->d_name));
	if (d)
		closedir(d);
	if (!ok) {
		diag_error(&s->diag, (struct loc){ 0 }, E_WRITE, dir, strerror(errno));
		return false;
	}
	return make(s, k, dir, goals, 2);
}

/* The engine for this kernel, out of the cache or just made; false: reported. */
static bool find_engine(struct session *s, const struct kernel_tree *k, struct engine *e)
{
	const char *key = engine_key(s, k), *cache = s->paths.cache_dir;
	const char *module = arena_printf(s->arena, "engine_%s.ko", key);
	const char *symbols = arena_printf(s->arena, "engine_%s.symvers", key);
	const char *dir, *cached;

	e->module = cache_find(s->arena, s->paths.cache_read, module);
	e->symbols = cache_find(s->arena, s->paths.cache_read, symbols);
	if (e->module && e->symbols)
		return true;
	log_at(&s->log, 1, "Compiling the engine for %s.", k->release);
	dir = make_dir(s, "engine");
	if (!dir || !compile_engine(s, k, dir))
		return false;
	e->module = arena_printf(s->arena, "%s/tapster_uprobes.ko", dir);
	e->symbols = arena_printf(s->arena, "%s/Module.symvers", dir);
	cached = cache_put(s->arena, cache, module, e->module);
	e->module = cached ? cached : e->module;
	cached = cache_put(s->arena, cache, symbols, e->symbols);
	e->symbols = cached ? cached : e->symbols;
	return true;
}

/* ---- the module ---- */

/* Those of a script beside the ones of the runtime. */
static const char *script_flags(struct session *s)
{
	arg_vec args = { 0 };

	build_add_defines(s, &args);
	build_add_words(s, &args, "-Wno-declaration-after-statement");
	build_add_script_flags(s, &args);
	build_add(s, &args, NULL);
	return build_joined(s, &args);
}

static const char *module_key(struct session *s, const struct kernel_tree *k, const char *runtime)
{
	struct cache_key key;

	cache_key_init(&key);
	add_tree_key(&key, s, k);
	cache_key_adds(&key, runtime);
	if (s->sites.n)
		cache_key_adds(&key, engine_key(s, k));
	cache_key_adds(&key, script_flags(s));
	cache_key_adds(&key, s->opt.module_name ? s->opt.module_name : "");
	cache_key_add(&key, s->c_text, s->c_text_len);
	return cache_key_text(s->arena, &key);
}

/* The module says which file of the cache is its engine, for taprun. */
static bool write_script(struct session *s, const char *path, const struct engine *e)
{
	const char *slash = e ? strrchr(e->module, '/') : NULL;

	if (!e)
		return build_write_text(s, path);
	return write_file(s, path,
			  arena_printf(s->arena,
				       "%s\nstatic const char engine_file[] __attribute__((used, section(\".modinfo\"))) =\n"
				       "\t\"tapster_engine=%s\";\n",
				       s->c_text, slash ? slash + 1 : e->module));
}

/* Kbuild does it all. */
static bool make_module(struct session *s, const struct kernel_tree *k, const struct kit *kit, const struct engine *e,
			const char *dir, const char *name)
{
	const char *goals[2] = { "modules", NULL };
	arg_vec args = { 0 };

	if (e)
		goals[1] = arena_printf(s->arena, "KBUILD_EXTRA_SYMBOLS=%s", e->symbols);
	build_add_words(s, &args, "ld -r -o");
	build_add(s, &args, arena_printf(s->arena, "%s/%s_runtime.o_shipped", dir, name));
	build_add(s, &args, "--whole-archive");
	build_add(s, &args, kit->archive);
	return build_run(s, &args) && write_script(s, arena_printf(s->arena, "%s/%s_script.c", dir, name), e) &&
	       /* modpost wants to know what each object was made by */
	       write_file(s, arena_printf(s->arena, "%s/.%s_runtime.o.cmd", dir, name), "\n") &&
	       write_file(s, arena_printf(s->arena, "%s/Kbuild", dir),
			  arena_printf(s->arena, "%s %s\nobj-m := %s.o\n%s-y := %s_script.o %s_runtime.o\n", flags(s),
				       script_flags(s), name, name, name, name)) &&
	       make(s, k, dir, goals, e ? 2 : 1);
}

/* What kbuild did for the kit is done for the script. */
static bool repeat_module(struct session *s, const struct kit *kit, const struct engine *e, const char *dir,
			  const char *name)
{
	char in_place[sizeof(KIT)] = "";
	struct buf object;
	arg_vec args = { 0 };
	bool ok;

	snprintf(in_place, sizeof(in_place), "%s", name);
	buf_init(&object);
	ok = !sys_read_file(kit->module_object, &object);
	for (char *at = object.data; ok && (at = memmem(at, (size_t)(object.data + object.len - at), KIT, sizeof(KIT)));)
		memcpy(at, in_place, sizeof(KIT));
	ok = ok && !sys_write_file_atomic(arena_printf(s->arena, "%s/module.mod.o", dir), object.data, object.len, 0600);
	buf_fini(&object);
	if (!ok) {
		diag_error(&s->diag, (struct loc){ 0 }, E_WRITE, dir, strerror(errno));
		return false;
	}
	build_add(s, &args, "env");
	build_add(s, &args, arena_printf(s->arena, "dir=%s", dir));
	build_add(s, &args, arena_printf(s->arena, "archive=%s", kit->archive));
	build_add(s, &args, arena_printf(s->arena, "common=%s", kit->common_object));
	build_add(s, &args, arena_printf(s->arena, "flags=%s", script_flags(s)));
	build_add(s, &args, "sh");
	build_add(s, &args, kit->recipe);
	return write_script(s, arena_printf(s->arena, "%s/script.c", dir), e) && build_run(s, &args) &&
	       !rename(arena_printf(s->arena, "%s/module.ko", dir), arena_printf(s->arena, "%s/%s.ko", dir, name));
}

static bool has_recipe(const struct kit *kit)
{
	struct stat st;

	return !stat(kit->recipe, &st) && st.st_size;
}

/* E: NULL in scripts that probe no program. */
static bool compile(struct session *s, const struct kernel_tree *k, const struct kit *kit, const struct engine *e,
		    const char *name)
{
	const char *dir = make_dir(s, "module");
	bool is_foreign = s->opt.guru || s->opt.tapset_dirs.n; /* may have C of its own */

	if (!dir)
		return false;
	return is_foreign || !has_recipe(kit) ? make_module(s, k, kit, e, dir, name) :
						repeat_module(s, kit, e, dir, name);
}

bool build_kernel(struct session *s)
{
	bool has_sites = s->sites.n > 0;
	const char *key, *file, *cached;
	struct engine e;
	struct kit kit;
	struct kernel_tree k;

	if (!find_kernel(s, &k) || (has_sites && !find_engine(s, &k, &e)))
		return false;
	s->engine_path = has_sites ? e.module : NULL;
	if (!find_kit(s, &k, has_sites ? e.symbols : NULL, &kit))
		return false;
	key = module_key(s, &k, runtime_key(s, &k, has_sites));
	s->module_name = s->opt.module_name ? s->opt.module_name : arena_printf(s->arena, "tapster_%.24s", key);
	file = arena_printf(s->arena, "tapster_%s.ko", key);
	s->object_path = cache_find(s->arena, s->paths.cache_read, file);
	s->from_cache = s->object_path;
	if (!s->from_cache) {
		if (!compile(s, &k, &kit, has_sites ? &e : NULL, s->module_name))
			return false;
		s->object_path = arena_printf(s->arena, "%s/module/%s.ko", s->temp_dir, s->module_name);
		cached = cache_put(s->arena, s->paths.cache_dir, file, s->object_path);
		if (cached)
			s->object_path = cached;
	}
	if (s->opt.module_name) {
		file = arena_printf(s->arena, "%s.ko", s->opt.module_name);
		/* the engine beside it, where taprun looks */
		if (!build_copy(s, s->object_path, file) ||
		    (has_sites && !build_copy(s, e.module, "tapster_uprobes.ko")))
			return false;
		s->object_path = file;
	}
	return true;
}
