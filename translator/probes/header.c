/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An empty library is compiled from nothing but the #include, with the debug information of
 * types that nobody uses.  The cache knows it by the text that the preprocessor makes of it.
 */
#include "translator/probes/header.h"

#include <string.h>

#include "base/sys.h"
#include "translator/cache.h"
#include "translator/point_messages.h"

/* False: OUTPUT says why. */
static bool run_compiler(struct session *s, const char *source, const char *const *more,
			 struct buf *output)
{
	VEC(const char *) args = { 0 };
	struct sys_spawn spawn = { .out = output };

	VEC_PUSH(s->arena, &args, "gcc");
	VEC_PUSH(s->arena, &args, "-w");
	for (; *more; more++)
		VEC_PUSH(s->arena, &args, *more);
	VEC_PUSH(s->arena, &args, source);
	VEC_PUSH(s->arena, &args, NULL);
	spawn.argv = args.at;
	return sys_run(&spawn) == 0;
}

static const char *key_of(struct session *s, const struct buf *text)
{
	struct cache_key key;

	cache_key_init(&key);
	cache_key_add(&key, text->data, text->len);
	return cache_key_text(s->arena, &key);
}

/* Path of the library, or NULL, where OUTPUT says why. */
static const char *compile(struct session *s, const char *include, struct buf *output)
{
	static const char *const preprocess[] = { "-E", "-P", NULL };
	const char *dir = session_temp_dir(s), *cache = s->paths.cache_dir;
	const char *source, *name, *path, *cached;
	struct buf text;
	bool ok;

	if (!dir)
		return NULL;
	buf_init(&text);
	source = arena_printf(s->arena, "%s/types.c", dir);
	ok = !sys_write_file_atomic(source, include, strlen(include), 0600) &&
	     run_compiler(s, source, preprocess, &text);
	if (!ok) {
		buf_adds(output, text.data ? text.data : "");
		buf_fini(&text);
		return NULL;
	}
	name = arena_printf(s->arena, "types_%s.so", key_of(s, &text));
	buf_fini(&text);
	path = cache_find(s->arena, s->paths.cache_read, name);
	if (path)
		return path;
	path = arena_printf(s->arena, "%s/%s", dir, name);
	if (!run_compiler(s, source,
			  (const char *const[]){ "-g", "-fno-eliminate-unused-debug-types", "-shared",
						 "-nostdlib", "-o", path, NULL }, output))
		return NULL;
	cached = cache_put(s->arena, cache, name, path);
	return cached ? cached : path;
}

struct dw_file *header_types(struct session *s, const char *name, struct loc loc, bool quiet)
{
	enum dw_open_error why;
	struct dw_file *file = NULL;
	const char *text, *path;
	struct buf output;

	buf_init(&output);
	path = compile(s, arena_printf(s->arena, "#include %s\n", name), &output);
	if (path)
		file = dw_open(s->dw, path, &why, &text);
	if (!file && !quiet) {
		diag_error(&s->diag, loc, E_HEADER, name);
		if (output.len)
			diag_note(&s->diag, (struct loc){ 0 }, "%.*s",
				  (int)strcspn(output.data, "\n"), output.data);
	}
	buf_fini(&output);
	return file;
}
