/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tapset search path, index of names, parsing on demand: see library.h.
 */
#include "translator/library.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/sys.h"
#include "translator/kernel/tree.h"

struct library_file {
	const char *path;
	const char *text;
	size_t len;
	bool is_macro_file;
	bool is_parsed;
	struct syntax_file *tree; /* NULL for macro files */
};
typedef VEC(struct library_file *) file_vec;

struct library {
	struct session *session;
	struct library *of_kernel; /* the kernel runtime's own part; NULL: not asked for yet */
	bool is_read;
	VEC(struct library_file *) files;
	/* by kind of name: name -> file_vec of the files that may declare it */
	struct map index[LIBRARY_MACRO + 1];
	struct map macros; /* name -> struct macro, of the parsed .stpm files */
	const char *kernel_config; /* the text; NULL: not read yet */
};

/* ---- the scan for names ---- */

struct scan {
	struct library *l;
	struct library_file *file;
	const char *p, *end;
};

enum scan_token { SCAN_END, SCAN_WORD, SCAN_STRING, SCAN_OTHER };
struct scan_word {
	enum scan_token kind;
	const char *text;
	size_t len; /* SCAN_OTHER: 1, or 2 for "%(", "%{" and "+=" */
};

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '@';
}

static void skip_to(struct scan *s, const char *closing)
{
	const char *found = memmem(s->p, (size_t)(s->end - s->p), closing, strlen(closing));

	s->p = found ? found + strlen(closing) : s->end;
}

static void skip_line(struct scan *s)
{
	const char *newline = memchr(s->p, '\n', (size_t)(s->end - s->p));

	s->p = newline ? newline + 1 : s->end;
}

static bool starts(const struct scan *s, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(s->end - s->p) >= n && !memcmp(s->p, text, n);
}

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end) {
		if (isspace((unsigned char)*s->p))
			s->p++;
		else if (*s->p == '#' || starts(s, "//"))
			skip_line(s);
		else if (starts(s, "/*"))
			skip_to(s, "*/");
		else if (starts(s, "%{"))
			skip_to(s, "%}");
		else
			return;
	}
}

static struct scan_word scan_next(struct scan *s)
{
	skip_blanks(s);
	struct scan_word w = { .kind = SCAN_END, .text = s->p };

	if (s->p >= s->end)
		return w;
	if (is_word_char(*s->p)) {
		w.kind = SCAN_WORD;
		while (s->p < s->end && is_word_char(*s->p))
			s->p++;
	} else if (*s->p == '"') {
		w.kind = SCAN_STRING;
		for (s->p++; s->p < s->end && *s->p != '"' && *s->p != '\n'; s->p++)
			if (*s->p == '\\' && s->p + 1 < s->end)
				s->p++;
		if (s->p < s->end)
			s->p++;
	} else {
		w.kind = SCAN_OTHER;
		s->p += starts(s, "%(") || starts(s, "%)") || starts(s, "+=") ? 2 : 1;
	}
	w.len = (size_t)(s->p - w.text);
	return w;
}

static struct scan_word scan_peek(struct scan *s)
{
	const char *p = s->p;
	struct scan_word w = scan_next(s);

	s->p = p;
	return w;
}

static bool word_is(struct scan_word w, const char *text)
{
	return w.len == strlen(text) && !memcmp(w.text, text, w.len);
}

/* Behind an opening brace: to behind the one that closes it. */
static void skip_braces(struct scan *s)
{
	for (int depth = 1; depth;) {
		struct scan_word w = scan_next(s);

		if (w.kind == SCAN_END)
			return;
		if (word_is(w, "{"))
			depth++;
		else if (word_is(w, "}"))
			depth--;
	}
}

static void index_add(struct scan *s, enum library_name_kind kind, struct scan_word w)
{
	struct session *session = s->l->session;
	const char *name = intern_n(session->names, w.text, w.len);
	file_vec *files = map_find(&s->l->index[kind], name);

	if (!files) {
		files = ARENA_NEW(session->arena, file_vec);
		map_put(&s->l->index[kind], name, files);
	}
	if (!files->n || VEC_LAST(files) != s->file)
		VEC_PUSH(session->arena, files, s->file);
}

/* global a, b[10] = ..., c%: names stand at the beginning and after commas. */
static void scan_globals(struct scan *s, bool is_private)
{
	for (;;) {
		struct scan_word w = scan_next(s);

		if (w.kind != SCAN_WORD)
			return;
		if (!is_private)
			index_add(s, LIBRARY_GLOBAL, w);
		for (;;) { /* size and initialiser */
			w = scan_peek(s);
			if (word_is(w, "%") || word_is(w, "[") || word_is(w, "]") ||
			    word_is(w, "-")) {
				scan_next(s);
			} else if (word_is(w, "=")) {
				scan_next(s);
			} else if (w.kind == SCAN_STRING ||
				   (w.kind == SCAN_WORD && isdigit((unsigned char)*w.text))) {
				scan_next(s);
			} else {
				break;
			}
		}
		if (!word_is(w, ","))
			return;
		scan_next(s);
	}
}

/*
 * Behind "probe": the names before "=" and "+=".  A brace that begins a component
 * belongs to {a,b}; one behind a component is the body's.
 */
static void scan_probe(struct scan *s)
{
	struct scan_word first = { .kind = SCAN_END };
	bool at_component = true;

	for (;;) {
		struct scan_word w = scan_next(s);

		if (w.kind == SCAN_END)
			return;
		if (word_is(w, "{") && at_component) {
			skip_braces(s);
			at_component = false;
		} else if (word_is(w, "{")) {
			skip_braces(s);
			return;
		} else if (word_is(w, "=") || word_is(w, "+=")) {
			if (first.kind == SCAN_WORD)
				index_add(s, LIBRARY_ALIAS, first);
			first.kind = SCAN_END;
			at_component = true;
		} else if (word_is(w, ",")) {
			first.kind = SCAN_END;
			at_component = true;
		} else if (word_is(w, ".")) {
			at_component = true;
		} else {
			if (w.kind == SCAN_WORD && first.kind == SCAN_END && at_component)
				first = w;
			at_component = false;
		}
	}
}

static void scan_file(struct library *l, struct library_file *file)
{
	struct scan s = { .l = l, .file = file, .p = file->text, .end = file->text + file->len };
	bool is_private = false;

	for (;;) {
		struct scan_word w = scan_next(&s);
		bool was_private = is_private;

		is_private = false;
		if (w.kind == SCAN_END)
			return;
		if (file->is_macro_file) {
			if (word_is(w, "@define"))
				index_add(&s, LIBRARY_MACRO, scan_next(&s));
		} else if (word_is(w, "private")) {
			struct scan_word next = scan_peek(&s);

			is_private = true;
			if (next.kind == SCAN_WORD && !word_is(next, "global") &&
			    !word_is(next, "function"))
				scan_globals(&s, true);
		} else if (word_is(w, "function")) {
			w = scan_next(&s);
			if (w.kind == SCAN_WORD && !was_private)
				index_add(&s, LIBRARY_FUNCTION, w);
		} else if (word_is(w, "global")) {
			scan_globals(&s, was_private);
		} else if (word_is(w, "probe")) {
			scan_probe(&s);
		} else if (word_is(w, "{")) {
			skip_braces(&s);
		}
	}
}

/* ---- the files ---- */

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && !strcmp(name + n - m, suffix);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_file(struct library *l, const char *path, bool is_macro_file)
{
	struct arena *a = l->session->arena;
	struct buf text;

	buf_init(&text);
	if (sys_read_file(path, &text) == 0) {
		struct library_file *f = ARENA_NEW(a, struct library_file);

		f->path = path;
		f->text = arena_strndup(a, text.data, text.len);
		f->len = text.len;
		f->is_macro_file = is_macro_file;
		VEC_PUSH(a, &l->files, f);
		scan_file(l, f);
	}
	buf_fini(&text);
}

static void add_directory(struct library *l, const char *path)
{
	struct arena *a = l->session->arena;
	VEC(const char *) names = { 0 };
	DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (has_suffix(entry->d_name, ".stp") || has_suffix(entry->d_name, ".stpm"))
			VEC_PUSH(a, &names, arena_strdup(a, entry->d_name));
	closedir(d);
	if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), by_name);
	VEC_EACH(&names, i)
		add_file(l, arena_printf(a, "%s/%s", path, names.at[i]),
			 has_suffix(names.at[i], ".stpm"));
}

static const char *kernel_release(struct session *s)
{
	struct utsname u;

	if (s->opt.kernel_release)
		return s->opt.kernel_release;
	return uname(&u) == 0 ? arena_strdup(s->arena, u.release) : "";
}

/* "6.1.0-56-amd64", "6.1.0", "6.1": each itself and with the architecture. */
static void add_versions(struct library *l, const char *dir)
{
	struct arena *a = l->session->arena;
	char *version = arena_strdup(a, kernel_release(l->session));
	char *cut;

	if (strchr(version, '/')) /* -r gave a build directory: versions are not known */
		return;
	while (*version) {
		add_directory(l, arena_printf(a, "%s/%s/%s", dir, version, "x86_64"));
		add_directory(l, arena_printf(a, "%s/%s", dir, version));
		cut = strchr(version, '-');
		if (!cut) {
			cut = strrchr(version, '.');
			if (!cut || cut == strchr(version, '.'))
				return;
		}
		*cut = '\0';
	}
}

static const char *runtime_name(const struct session *s)
{
	return s->opt.runtime == RUNTIME_KERNEL ? "kernel" : "user";
}

static void add_root(struct library *l, const char *dir)
{
	struct arena *a = l->session->arena;

	add_versions(l, dir);
	add_directory(l, arena_printf(a, "%s/%s/x86_64", dir, runtime_name(l->session)));
	add_directory(l, arena_printf(a, "%s/%s", dir, runtime_name(l->session)));
	add_directory(l, arena_printf(a, "%s/x86_64", dir));
	add_directory(l, dir);
}

/* Calls ADD with each root of the path. */
static void each_root(struct library *l, void (*add)(struct library *l, const char *dir))
{
	struct session *s = l->session;

	if (s->paths.tapset_dir)
		add(l, s->paths.tapset_dir);
	VEC_EACH(&s->opt.tapset_dirs, i)
		add(l, s->opt.tapset_dirs.at[i]);
}

static void read_all(struct library *l)
{
	struct session *s = l->session;

	if (l->is_read)
		return;
	l->is_read = true;
	each_root(l, add_root);
	log_at(&s->log, 2, "Library: %zu files, %zu functions, %zu globals, %zu alias families.",
	       l->files.n, l->index[LIBRARY_FUNCTION].n, l->index[LIBRARY_GLOBAL].n,
	       l->index[LIBRARY_ALIAS].n);
}

struct library *library_new(struct session *s)
{
	struct library *l = ARENA_NEW(s->arena, struct library);

	l->session = s;
	for (int kind = 0; kind <= LIBRARY_MACRO; kind++)
		map_init(&l->index[kind], s->arena);
	map_init(&l->macros, s->arena);
	return l;
}

static void add_kernel_root(struct library *l, const char *dir)
{
	struct arena *a = l->session->arena;

	add_directory(l, arena_printf(a, "%s/kernel/x86_64", dir));
	add_directory(l, arena_printf(a, "%s/kernel", dir));
}

bool library_is_of_kernel(struct library *l, enum library_name_kind kind, const char *name)
{
	if (l->session->opt.runtime == RUNTIME_KERNEL)
		return false;
	if (!l->of_kernel) {
		l->of_kernel = library_new(l->session);
		l->of_kernel->is_read = true;
		each_root(l->of_kernel, add_kernel_root);
	}
	return map_find(&l->of_kernel->index[kind], name);
}

/* ---- parsing ---- */

static struct macro *env_macro(void *data, const char *name)
{
	struct session *s = data;

	return s->library ? library_macro(s->library, name) : NULL;
}

/* With the quotes that the kernel's .config has around a string. */
static const char *env_config(void *data, const char *name)
{
	struct session *s = data;
	const char *line = arena_printf(s->arena, "\n%s=", name), *at;

	if (!s->library->kernel_config)
		s->library->kernel_config = kernel_tree_config(s);
	at = strstr(s->library->kernel_config, line);
	if (!at)
		return NULL;
	at += strlen(line);
	return arena_strndup(s->arena, at, strcspn(at, "\n"));
}

void library_parse_env(struct session *s, struct parse_env *env)
{
	*env = (struct parse_env){
		.arena = s->arena,
		.names = s->names,
		.sources = s->sources,
		.diag = &s->diag,
		.kernel_release = kernel_release(s),
		.version = s->opt.compatible ? s->opt.compatible : SYSTEMTAP_VERSION,
		.arch = "x86_64",
		.runtime = runtime_name(s),
		.privilege = session_privilege(s),
		.guru = s->opt.guru,
		.kernel_config = env_config,
		.library_macro = env_macro,
		.data = s,
		.args = s->opt.args.at,
		.n_args = s->opt.args.n,
		.args_used = s->args_used,
	};
}

static void parse_file(struct library *l, struct library_file *f)
{
	struct session *s = l->session;
	struct parse_env env;

	if (f->is_parsed)
		return;
	f->is_parsed = true; /* before the parse: a macro file may use macros of its own */
	uint32_t source = sources_add(s->sources, &(struct source){
		.name = f->path,
		.text = f->text,
		.len = (uint32_t)f->len,
		.is_tapset = true,
		.is_privileged = true,
	});
	library_parse_env(s, &env);
	if (f->is_macro_file) {
		parse_macros(&env, source, &l->macros);
		return;
	}
	f->tree = parse_source(&env, source);
	f->tree->is_tapset = true;
	log_at(&s->log, 3, "Parsed %s: %zu declarations.", f->path, f->tree->decls.n);
}

static const file_vec *files_with(struct library *l, enum library_name_kind kind,
				  const char *name)
{
	read_all(l);
	const file_vec *files = map_find(&l->index[kind], name);

	if (files)
		VEC_EACH(files, i)
			parse_file(l, files->at[i]);
	return files;
}

void library_functions(struct library *l, const char *name, decl_vec *out)
{
	const file_vec *files = files_with(l, LIBRARY_FUNCTION, name);

	for (size_t i = 0; files && i < files->n; i++) {
		decl_vec *decls = &files->at[i]->tree->decls;

		VEC_EACH(decls, k) {
			struct decl *d = decls->at[k];

			if (d->kind == DECL_FUNCTION && d->name == name && !d->is_private)
				VEC_PUSH(l->session->arena, out, d);
		}
	}
}

struct decl *library_global(struct library *l, const char *name)
{
	const file_vec *files = files_with(l, LIBRARY_GLOBAL, name);

	for (size_t i = 0; files && i < files->n; i++) {
		decl_vec *decls = &files->at[i]->tree->decls;

		VEC_EACH(decls, k) {
			struct decl *d = decls->at[k];

			if (d->kind == DECL_GLOBAL && d->name == name && !d->is_private)
				return d;
		}
	}
	return NULL;
}

static void aliases_of(struct library *l, const char *name, decl_vec *out)
{
	const file_vec *files = files_with(l, LIBRARY_ALIAS, name);

	for (size_t i = 0; files && i < files->n; i++) {
		decl_vec *decls = &files->at[i]->tree->decls;

		VEC_EACH(decls, k) {
			struct decl *d = decls->at[k];

			if (d->kind != DECL_ALIAS)
				continue;
			VEC_EACH(&d->probe.names, n) {
				if (d->probe.names.at[n]->parts.at[0].name == name) {
					VEC_PUSH(l->session->arena, out, d);
					break;
				}
			}
		}
	}
}

void library_aliases(struct library *l, const char *name, decl_vec *out)
{
	if (!strchr(name, '*')) {
		aliases_of(l, name, out);
		return;
	}
	read_all(l);
	for (size_t i = 0; i < l->index[LIBRARY_ALIAS].n; i++) {
		const char *candidate = l->index[LIBRARY_ALIAS].entries[i].key;

		if (fnmatch(name, candidate, 0) == 0)
			aliases_of(l, candidate, out);
	}
}

struct macro *library_macro(struct library *l, const char *name)
{
	name = intern(l->session->names, name);
	files_with(l, LIBRARY_MACRO, name);
	return map_find(&l->macros, name);
}

struct syntax_file *library_file_of(struct library *l, const struct decl *d)
{
	VEC_EACH(&l->files, i) {
		struct syntax_file *tree = l->files.at[i]->tree;

		if (!tree)
			continue;
		VEC_EACH(&tree->decls, k)
			if (tree->decls.at[k] == d)
				return tree;
	}
	return NULL;
}

size_t library_names(struct library *l, enum library_name_kind kind, const char *const **names)
{
	read_all(l);
	const struct map *index = &l->index[kind];
	const char **out = ARENA_ARRAY(l->session->arena, index->n + 1, const char *);

	for (size_t i = 0; i < index->n; i++)
		out[i] = index->entries[i].key;
	*names = out;
	return index->n;
}
