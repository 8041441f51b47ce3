/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass build for the kernel runtime: kbuild against the headers of a kernel, the
 * running one or that of -r.
 *
 * The runtime is compiled once per kernel and MAXSTRINGLEN and kept in the cache
 * as one relocatable object; it is neither linked nor looked at by objtool as a
 * whole, so that a script's module is put together from script and runtime as if
 * both were compiled with it.
 */
#include "translator/build_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	for (size_t i = 0; i < n; i++)
		build_add(s, &args, goals[i]);
	/* a make that we are run by has its own ideas of these */
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	unsetenv("MFLAGS");
	return build_run(s, &args);
}

/* ---- the runtime's object ---- */

typedef VEC(const char *) name_vec;

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the sources in runtime/FOLDER that belong into a module, sorted. */
static name_vec sources_of(struct session *s, const char *folder, bool has_sites)
{
	DIR *d = opendir(arena_printf(s->arena, "%s/%s", s->paths.runtime_dir, folder));
	const char *not = has_sites ? "no_sites.c" : "sites.c";
	name_vec names = { 0 };
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		size_t n = strlen(entry->d_name);

		if (n < 3 || strcmp(entry->d_name + n - 2, ".c") || !strcmp(entry->d_name, not))
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
}

static const char *const shared_headers[] = {
	"api.h", "api.def", "object.h", "port.h", "site.h", "core/core_int.h", "kernel/kernel.h",
	"kernel/compat.h", "kernel/transport.h", "uprobes/uprobes.h",
};

static const char *runtime_key(struct session *s, const struct kernel_tree *k, bool has_sites)
{
	static const char *const folders[] = { "core", "kernel" };
	const size_t n_headers = sizeof(shared_headers) / sizeof(*shared_headers);
	struct cache_key key;

	cache_key_init(&key);
	add_tree_key(&key, s, k);
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

/* The runtime for this kernel as one object; NULL: reported. */
static const char *runtime_object(struct session *s, const struct kernel_tree *k, bool has_sites)
{
	const char *name = arena_printf(s->arena, "rt_%s.o", runtime_key(s, k, has_sites));
	const char *path = s->opt.use_cache ? cache_find(s->arena, s->paths.cache_dir, name) : NULL;
	const char *dir, *cached, *list = "";
	name_vec objects = { 0 };
	arg_vec args = { 0 };

	if (path)
		return path;
	log_at(&s->log, 1, "Compiling the kernel runtime for %s.", k->release);
	dir = make_dir(s, "runtime");
	if (!dir || !link_sources(s, dir, "core", has_sites, &objects) ||
	    !link_sources(s, dir, "kernel", has_sites, &objects))
		return NULL;
	path = arena_printf(s->arena, "%s/%s", dir, name);
	VEC_EACH(&objects, i)
		list = arena_printf(s->arena, "%s %s", list, objects.at[i]);
	/* parts of a module that is never linked: its undefined symbols are the script's */
	if (!write_file(s, arena_printf(s->arena, "%s/Kbuild", dir),
			arena_printf(s->arena, "%s\nobj-m := runtime.o\nruntime-y :=%s\n", flags(s), list)) ||
	    !make(s, k, dir, objects.at, objects.n))
		return NULL;
	build_add_words(s, &args, "ld -r -o");
	build_add(s, &args, path);
	VEC_EACH(&objects, i)
		build_add(s, &args, arena_printf(s->arena, "%s/%s", dir, objects.at[i]));
	if (!build_run(s, &args))
		return NULL;
	cached = s->opt.use_cache ? cache_put(s->arena, s->paths.cache_dir, name, path) : NULL;
	return cached ? cached : path;
}

/* ---- the engine ---- */

struct engine {
	const char *module, *symbols; /* tapster_uprobes.ko and its Module.symvers */
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
	VEC_PUSH(s->arena, &names, "Kbuild");
	VEC_EACH(&names, i)
		cache_key_add_file(&key, arena_printf(s->arena, "%s/uprobes/%s", s->paths.runtime_dir, names.at[i]));
	return cache_key_text(s->arena, &key);
}

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
	const char *key = engine_key(s, k), *cache = s->opt.use_cache ? s->paths.cache_dir : NULL;
	const char *module = arena_printf(s->arena, "engine_%s.ko", key);
	const char *symbols = arena_printf(s->arena, "engine_%s.symvers", key);
	const char *dir, *cached;

	e->module = cache_find(s->arena, cache, module);
	e->symbols = cache_find(s->arena, cache, symbols);
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

static const char *module_key(struct session *s, const struct kernel_tree *k, const char *runtime)
{
	struct cache_key key;
	arg_vec args = { 0 };

	build_add_defines(s, &args);
	build_add(s, &args, NULL);
	cache_key_init(&key);
	add_tree_key(&key, s, k);
	cache_key_adds(&key, runtime);
	if (s->sites.n)
		cache_key_adds(&key, engine_key(s, k));
	cache_key_adds(&key, build_joined(s, &args));
	cache_key_adds(&key, s->opt.module_name ? s->opt.module_name : "");
	cache_key_add(&key, s->c_text, s->c_text_len);
	return cache_key_text(s->arena, &key);
}

static const char *module_kbuild(struct session *s, const char *name)
{
	arg_vec args = { 0 };

	build_add_defines(s, &args);
	build_add(s, &args, NULL);
	return arena_printf(s->arena,
			    "%s %s -Wno-declaration-after-statement " BUILD_NO_WARNINGS "\n"
			    "obj-m := %s.o\n%s-y := %s_script.o %s_runtime.o\n",
			    flags(s), build_joined(s, &args), name, name, name, name);
}

/* E: NULL in scripts that probe no program. */
static bool compile(struct session *s, const struct kernel_tree *k, const char *runtime, const struct engine *e,
		    const char *name)
{
	const char *dir = make_dir(s, "module"), *goals[2] = { "modules", NULL };

	if (e)
		goals[1] = arena_printf(s->arena, "KBUILD_EXTRA_SYMBOLS=%s", e->symbols);

	return dir && build_write_text(s, arena_printf(s->arena, "%s/%s_script.c", dir, name)) &&
	       build_copy(s, runtime, arena_printf(s->arena, "%s/%s_runtime.o_shipped", dir, name)) &&
	       /* modpost wants to know what each object was made by */
	       write_file(s, arena_printf(s->arena, "%s/.%s_runtime.o.cmd", dir, name), "\n") &&
	       write_file(s, arena_printf(s->arena, "%s/Kbuild", dir), module_kbuild(s, name)) &&
	       make(s, k, dir, goals, e ? 2 : 1);
}

bool build_kernel(struct session *s)
{
	bool has_sites = s->sites.n > 0;
	const char *runtime, *key, *file, *cached;
	struct engine e;
	struct kernel_tree k;

	if (!find_kernel(s, &k) || (has_sites && !find_engine(s, &k, &e)))
		return false;
	s->engine_path = has_sites ? e.module : NULL;
	runtime = runtime_object(s, &k, has_sites);
	if (!runtime)
		return false;
	key = module_key(s, &k, runtime);
	s->module_name = s->opt.module_name ? s->opt.module_name : arena_printf(s->arena, "tapster_%.24s", key);
	file = arena_printf(s->arena, "tapster_%s.ko", key);
	s->object_path = s->opt.use_cache ? cache_find(s->arena, s->paths.cache_dir, file) : NULL;
	s->from_cache = s->object_path;
	if (!s->from_cache) {
		if (!compile(s, &k, runtime, has_sites ? &e : NULL, s->module_name))
			return false;
		s->object_path = arena_printf(s->arena, "%s/module/%s.ko", s->temp_dir, s->module_name);
		cached = s->opt.use_cache ? cache_put(s->arena, s->paths.cache_dir, file, s->object_path) : NULL;
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
