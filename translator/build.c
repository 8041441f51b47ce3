/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass build: C text to a loadable object.
 *
 * Needs    c_text, the precompiled runtime.
 * Leaves   object_path, in the cache or in the temporary directory; module_name.
 * Refuses  embedded C that the compiler rejects, in the compiler's words.
 *
 * User runtime: one run of the compiler on the script's own text, one of the
 * linker against libtapster_rt.a.  The result must be free of relocations, which the
 * link script asserts.  A script with its own MAXSTRINGLEN needs a runtime of
 * that size: it is compiled once and cached as well.
 *
 * Kernel runtime: build_kernel.c.
 */
#include "translator/build_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "config.h"
#include "translator/cache.h"
#include "translator/messages.h"
#include "translator/passes.h"
#include "translator/session.h"

void build_add(struct session *s, arg_vec *args, const char *arg)
{
	VEC_PUSH(s->arena, args, arg);
}

void build_add_words(struct session *s, arg_vec *args, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n)
			build_add(s, args, arena_strndup(s->arena, words, n));
		words += n + (words[n] == ' ');
	}
}

/* ---- running tools ---- */

const char *build_joined(struct session *s, const arg_vec *args)
{
	const char *text = "";

	for (size_t i = 0; i < args->n && args->at[i]; i++)
		text = arena_printf(s->arena, "%s%s%s", text, i ? " " : "", args->at[i]);
	return text;
}

/* The tool's words, one diagnostic for each line that is an error. */
static void report_output(struct session *s, const char *tool, const char *text)
{
	unsigned n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *line = arena_strndup(s->arena, text, len);

		if (strstr(line, "error:")) {
			diag_error(&s->diag, (struct loc){ 0 }, E_COMPILER, line);
			n++;
		}
		text += len + (text[len] == '\n');
	}
	if (!n)
		diag_error(&s->diag, (struct loc){ 0 }, E_TOOL_FAILED, tool);
}

bool build_run(struct session *s, arg_vec *args)
{
	struct sys_spawn spawn = { 0 };
	struct buf output;
	int status;
	bool ok;

	build_add(s, args, NULL);
	log_at(&s->log, 2, "Running %s", build_joined(s, args));
	buf_init(&output);
	spawn.argv = args->at;
	spawn.out = &output;
	status = sys_run(&spawn);
	ok = status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (status < 0) {
		diag_error(&s->diag, (struct loc){ 0 }, E_TOOL_MISSING, args->at[0], strerror(-status));
		diag_note(&s->diag, (struct loc){ 0 },
			  "scripts are compiled by gcc and ld; on Debian: apt-get install gcc");
	} else if (!ok) {
		report_output(s, args->at[0], output.data);
		log_at(&s->log, 1, "%s", output.data);
	}
	buf_fini(&output);
	return ok;
}

void build_add_defines(struct session *s, arg_vec *args)
{
	if (session_max_string(s) != DEFAULT_STRING)
		build_add(s, args, arena_printf(s->arena, "-DMAXSTRINGLEN=%u", session_max_string(s)));
	/* the others for api.h (HIST_ELISION) and for embedded C */
	VEC_EACH(&s->opt.defines, i) {
		const struct text_option *o = &s->opt.defines.at[i];

		if (strcmp(o->name, "MAXSTRINGLEN"))
			build_add(s, args, arena_printf(s->arena, "-D%s=%s", o->name, o->value ? o->value : "1"));
	}
}

static void add_compiler(struct session *s, arg_vec *args)
{
	/* api.h is included as runtime/api.h */
	build_add(s, args, TAPSTER_CC);
	build_add(s, args, "-pipe");
	build_add_words(s, args, TAPSTER_RT_CFLAGS);
	build_add(s, args, arena_printf(s->arena, "-I%s/..", s->paths.runtime_dir));
	build_add_defines(s, args);
}

/* Those that speak of how a script is written rather than of an error in C. */
#define NO_WARNINGS "-Wno-unused -Wno-tautological-compare -Wno-bool-compare" \
	" -Wno-bool-operation -Wno-overflow -Wno-maybe-uninitialized -Wno-array-bounds"

void build_add_script_flags(struct session *s, arg_vec *args)
{
	build_add_words(s, args, NO_WARNINGS);
	/* handlers have 16 KB of stack, of which RT_STACK_ROOM is left to one frame and the runtime */
	build_add(s, args, "-Werror=frame-larger-than=3072");
	/* variables of different blocks share their room only when told to, else that limit is soon hit */
	if (s->is_large)
		build_add_words(s, args, "-Og -fno-inline --param min-size-for-stack-sharing=0 -DRT_OUT_OF_LINE");
}

static void add_script_compiler(struct session *s, arg_vec *args)
{
	add_compiler(s, args);
	/* what is ours is free of warnings, and looking for them takes a fifth of the time */
	build_add_words(s, args, s->is_large && !s->opt.guru ? "-Werror" : "-Wall -Werror");
	build_add_script_flags(s, args);
	VEC_EACH(&s->opt.build_flags, i)
		build_add(s, args, s->opt.build_flags.at[i]);
}

/* ---- the runtime for another MAXSTRINGLEN ---- */

static bool compile_folder(struct session *s, const char *folder, arg_vec *objects)
{
	const char *dir = arena_printf(s->arena, "%s/%s", s->paths.runtime_dir, folder);
	struct dirent *entry;
	DIR *d = opendir(dir);
	bool ok = true;

	if (!d) {
		diag_error(&s->diag, (struct loc){ 0 }, E_RUNTIME_SOURCES, session_max_string(s), dir,
			   strerror(errno));
		return false;
	}
	while (ok && (entry = readdir(d))) {
		const char *dot = strrchr(entry->d_name, '.'), *object;
		arg_vec args = { 0 };

		if (!dot || (strcmp(dot, ".c") && strcmp(dot, ".S")))
			continue;
		/* of the user runtime, the part that lives in the target */
		if (!strcmp(folder, "user") && strncmp(entry->d_name, "target_", 7) &&
		    strcmp(dot, ".S"))
			continue;
		object = arena_printf(s->arena, "%s/rt_%s.o", s->temp_dir, entry->d_name);
		add_compiler(s, &args);
		build_add_words(s, &args, "-w -c -o");
		build_add(s, &args, object);
		build_add(s, &args, arena_printf(s->arena, "%s/%s", dir, entry->d_name));
		ok = build_run(s, &args);
		build_add(s, objects, object);
	}
	closedir(d);
	return ok;
}

/* The archive to link with: the precompiled one where it fits; NULL: reported. */
static const char *runtime_archive(struct session *s)
{
	const char *standard = arena_printf(s->arena, "%s/libtapster_rt.a", s->paths.user_runtime);
	const char *name, *path, *cached;
	struct cache_key key;
	arg_vec args = { 0 };

	if (session_max_string(s) == DEFAULT_STRING)
		return standard;
	cache_key_init(&key);
	cache_key_add_file(&key, standard);
	cache_key_adds(&key, TAPSTER_RT_CFLAGS);
	name = arena_printf(s->arena, "rt_%u_%s.a", session_max_string(s),
			    cache_key_text(s->arena, &key));
	path = cache_find(s->arena, s->paths.cache_read, name);
	if (path)
		return path;
	path = arena_printf(s->arena, "%s/libtapster_rt.a", s->temp_dir);
	build_add_words(s, &args, "ar crs");
	build_add(s, &args, path);
	if (!compile_folder(s, "core", &args) || !compile_folder(s, "user", &args) ||
	    !build_run(s, &args))
		return NULL;
	cached = cache_put(s->arena, s->paths.cache_dir, name, path);
	return cached ? cached : path;
}

/* ---- the object ---- */

bool build_copy(struct session *s, const char *from, const char *to)
{
	struct buf data;
	int err;

	buf_init(&data);
	err = sys_read_file(from, &data);
	if (!err)
		err = sys_write_file_atomic(to, data.data, data.len, 0644);
	buf_fini(&data);
	if (err)
		diag_error(&s->diag, (struct loc){ 0 }, E_WRITE, to, strerror(-err));
	return !err;
}

bool build_write_text(struct session *s, const char *path)
{
	int err = sys_write_file_atomic(path, s->c_text, s->c_text_len, 0600);

	if (err)
		diag_error(&s->diag, (struct loc){ 0 }, E_WRITE, path, strerror(-err));
	return !err;
}

static bool compile(struct session *s, const char *source, const char *object)
{
	arg_vec args = { 0 };

	add_script_compiler(s, &args);
	build_add(s, &args, "-c");
	build_add(s, &args, "-o");
	build_add(s, &args, object);
	build_add(s, &args, source);
	return build_run(s, &args);
}

static bool link_object(struct session *s, const char *object, const char *path)
{
	const char *archive = runtime_archive(s);
	arg_vec args = { 0 };

	if (!archive)
		return false;
	build_add_words(s, &args, "ld -shared -nostdlib -Bsymbolic --gc-sections -z noexecstack"
			    " --build-id=none -T");
	build_add(s, &args, arena_printf(s->arena, "%s/object.ld", s->paths.user_runtime));
	build_add(s, &args, "-o");
	build_add(s, &args, path);
	build_add(s, &args, object);
	build_add(s, &args, archive);
	return build_run(s, &args);
}

/* Everything that the object is made from. */
static const char *object_key(struct session *s)
{
	struct cache_key key;
	arg_vec args = { 0 };

	add_script_compiler(s, &args);
	build_add(s, &args, NULL);
	cache_key_init(&key);
	cache_key_add(&key, s->c_text, s->c_text_len);
	cache_key_adds(&key, build_joined(s, &args));
	cache_key_adds(&key, __VERSION__);
	cache_key_add_file(&key, arena_printf(s->arena, "%s/libtapster_rt.a", s->paths.user_runtime));
	cache_key_add_file(&key, arena_printf(s->arena, "%s/object.ld", s->paths.user_runtime));
	cache_key_add_file(&key, arena_printf(s->arena, "%s/api.h", s->paths.runtime_dir));
	return cache_key_text(s->arena, &key);
}

static bool build_user(struct session *s)
{
	const char *name = arena_printf(s->arena, "tapster_%s.so", object_key(s));
	const char *dir, *source, *object, *cached;

	s->object_path = cache_find(s->arena, s->paths.cache_read, name);
	s->from_cache = s->object_path;
	if (s->from_cache && !s->opt.keep_temp)
		return true;

	dir = session_temp_dir(s);
	if (!dir)
		return false;
	source = arena_printf(s->arena, "%s/script.c", dir);
	object = arena_printf(s->arena, "%s/script.o", dir);
	if (!build_write_text(s, source))
		return false;
	if (s->from_cache)
		return true;
	s->object_path = arena_printf(s->arena, "%s/%s", dir, name);
	if (!compile(s, source, object) || !link_object(s, object, s->object_path))
		return false;
	cached = cache_put(s->arena, s->paths.cache_dir, name, s->object_path);
	if (cached)
		s->object_path = cached;
	return true;
}

/* -m NAME: a copy in the current directory, as stap makes it. */
static bool copy_named(struct session *s)
{
	const char *path = arena_printf(s->arena, "%s.so", s->opt.module_name);

	if (!build_copy(s, s->object_path, path))
		return false;
	s->object_path = path;
	return true;
}

bool pass_build(struct session *s)
{
	if (s->runtime == RUNTIME_KERNEL)
		return build_kernel(s);
	if (!build_user(s))
		return false;
	s->module_name = s->opt.module_name ? s->opt.module_name : "tapster";
	return !s->opt.module_name || copy_named(s);
}
