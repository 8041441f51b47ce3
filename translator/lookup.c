/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking up globals and functions: see lookup.h. */
#include "translator/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "translator/expand.h"
#include "translator/library.h"
#include "translator/near.h"
#include "translator/placed.h"
#include "translator/point_messages.h"

/* The file in which the text at LOC was written or, for a macro's, used. */
static uint32_t file_of(const struct session *s, struct loc loc)
{
	const struct source *source = sources_get(s->sources, loc.file);

	while (source && source->parent.file) {
		loc = source->parent;
		source = sources_get(s->sources, loc.file);
	}
	return loc.file;
}

static const struct syntax_file *tapset_at(const struct session *s, uint32_t source)
{
	VEC_EACH(&s->used_files, i)
		if (s->used_files.at[i]->source == source)
			return s->used_files.at[i];
	return NULL;
}

static struct var *global_in(const struct syntax_file *f, const char *name, bool also_private)
{
	VEC_EACH(&f->decls, i) {
		struct decl *d = f->decls.at[i];

		if (d->kind == DECL_GLOBAL && d->global.var->name == name &&
		    (also_private || !d->is_private))
			return d->global.var;
	}
	return NULL;
}

/* Our own library means its own globals: a script may call its as it likes. */
static bool is_ours(const struct session *s, uint32_t file)
{
	const struct source *source = sources_get(s->sources, file);
	const char *dir = s->paths.tapset_dir;

	return source && dir && !strncmp(source->name, dir, strlen(dir)) && source->name[strlen(dir)] == '/';
}

static void use_global(struct session *s, struct var *v)
{
	VEC_EACH(&s->globals, i)
		if (s->globals.at[i] == v)
			return;
	VEC_PUSH(s->arena, &s->globals, v);
}

struct var *lookup_find_global(struct session *s, const char *name, struct loc loc)
{
	uint32_t source = file_of(s, loc);
	const struct syntax_file *tapset = tapset_at(s, source);
	struct var *v = tapset ? global_in(tapset, name, true) : NULL;
	bool has_script = !tapset || !is_ours(s, source);

	for (size_t i = 0; !v && has_script && i < s->user_files.n; i++)
		v = global_in(s->user_files.at[i], name, s->user_files.at[i]->source == source);
	if (!v) {
		struct decl *d = library_global(s->library, name);

		if (!d)
			return NULL;
		expand_use_file_of(s, d);
		v = d->global.var;
	}
	use_global(s, v);
	return v;
}

static void functions_in(struct session *s, const struct syntax_file *f, const char *name,
			 bool also_private, decl_vec *out)
{
	VEC_EACH(&f->decls, i) {
		struct decl *d = f->decls.at[i];

		if (d->kind == DECL_FUNCTION && d->name == name && (also_private || !d->is_private))
			VEC_PUSH(s->arena, out, d);
	}
}

static void keep_arity(decl_vec *functions, size_t n_args)
{
	size_t kept = 0;

	VEC_EACH(functions, i)
		if (functions->at[i]->function.params.n == n_args)
			functions->at[kept++] = functions->at[i];
	functions->n = kept;
}

/* ---- functions ---- */

const char *lookup_similar_functions(struct session *s, const char *name)
{
	const char *const *library;
	size_t n_library = library_names(s->library, LIBRARY_FUNCTION, &library);
	VEC(const char *) names = { 0 };

	VEC_EACH(&s->user_files, f) {
		const decl_vec *decls = &s->user_files.at[f]->decls;

		VEC_EACH(decls, i)
			if (decls->at[i]->kind == DECL_FUNCTION)
				VEC_PUSH(s->arena, &names, decls->at[i]->name);
	}
	for (size_t i = 0; i < n_library; i++)
		VEC_PUSH(s->arena, &names, library[i]);
	return near_similar(s->arena, "similar", name, names.at, names.n);
}

/* Sets has_next, which callers want to know before the body is resolved. */
static void look_for_next(struct ast_walker *w, struct stmt **slot)
{
	const struct stmt *s = *slot;

	if (s->kind == STMT_NEXT ||
	    (s->kind == STMT_EMBEDDED && memmem(s->embedded.code, s->embedded.len, "STAP_NEXT", 9)))
		*(bool *)w->data = true;
	ast_walk_stmt(w, *slot);
}

static void use_function(struct session *s, struct decl *d)
{
	struct ast_walker w = { .stmt = look_for_next, .data = &d->function.has_next };

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i] == d)
			return;
	VEC_PUSH(s->arena, &s->functions, d);
	if (d->is_tapset)
		expand_use_file_of(s, d);
	look_for_next(&w, &d->function.body);
}

/* By priority, then by order of definition. */
static void order_overloads(struct session *s, struct probe *p, decl_vec *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct decl *d = f->at[i];
		size_t k = i;

		for (; k > 0 && f->at[k - 1]->function.priority > d->function.priority; k--)
			f->at[k] = f->at[k - 1];
		f->at[k] = d;
	}
	VEC_EACH(f, i) {
		if (p && placed_is(s, f->at[i]))
			f->at[i] = placed_copy(s, f->at[i], p);
		use_function(s, f->at[i]);
	}
}

/* Where a function may come from, the nearest first. */
enum place { OWN_FILE, SCRIPT, LIBRARY, PLACES };

static void functions_at(struct session *s, enum place place, const char *name, struct loc loc,
			 decl_vec *out)
{
	uint32_t source = file_of(s, loc);
	const struct syntax_file *tapset = tapset_at(s, source);

	switch (place) {
	case OWN_FILE:
		if (tapset)
			functions_in(s, tapset, name, true, out);
		break;
	case SCRIPT:
		VEC_EACH(&s->user_files, i)
			functions_in(s, s->user_files.at[i], name,
				     s->user_files.at[i]->source == source, out);
		break;
	case LIBRARY:
		library_functions(s->library, name, out);
		break;
	case PLACES:
		break;
	}
}

/* *OTHER: one of the name, with any number of parameters. */
static void find_candidates(struct session *s, const char *name, struct loc loc, size_t n_args,
			    decl_vec *out, struct decl **other)
{
	*other = NULL;
	for (enum place place = OWN_FILE; place < PLACES && !out->n; place++) {
		functions_at(s, place, name, loc, out);
		if (out->n)
			*other = VEC_LAST(out);
		keep_arity(out, n_args);
		if (place == SCRIPT && out->n) { /* the library's are tried behind the script's */
			functions_at(s, LIBRARY, name, loc, out);
			keep_arity(out, n_args);
		}
	}
}

void lookup_candidates(struct session *s, const char *name, struct loc loc, size_t n_args,
		       decl_vec *out)
{
	struct decl *other;

	find_candidates(s, name, loc, n_args, out, &other);
}

void lookup_find_functions(struct session *s, const char *name, struct loc loc, size_t n_args,
			   struct probe *p, decl_vec *out, struct decl **other)
{
	find_candidates(s, name, loc, n_args, out, other);
	order_overloads(s, p, out);
}

/* ---- globals and -G ---- */

static bool is_decimal(const char *text)
{
	char *end;

	strtoll(text, &end, 0);
	return *text && !*end;
}

static void set_global(struct session *s, const struct text_option *o)
{
	const char *name = intern(s->names, o->name);
	struct loc nowhere = { 0 };
	struct var *v = NULL;
	VEC(const char *) names = { 0 };

	for (size_t i = 0; !v && i < s->user_files.n; i++)
		v = global_in(s->user_files.at[i], name, true);
	if (!v) {
		struct decl *d = library_global(s->library, name);

		v = d ? d->global.var : NULL;
	}
	if (!v) {
		VEC_EACH(&s->globals, i)
			VEC_PUSH(s->arena, &names, s->globals.at[i]->name);
		diag_error(&s->diag, nowhere, E_GLOBAL_OPTION, name,
			   near_similar(s->arena, "similar", name, names.at, names.n));
		return;
	}
	if (v->size) {
		diag_error(&s->diag, nowhere, E_GLOBAL_OPTION_ARRAY, name);
		return;
	}
	if (o->value && is_decimal(o->value) && (!v->init || v->init->kind == EXPR_NUMBER)) {
		v->init = expr_number(s->arena, v->loc, strtoll(o->value, NULL, 0));
	} else {
		const char *value = o->value ? o->value : "";

		v->init = expr_string(s->arena, v->loc, value, (uint32_t)strlen(value));
	}
}

static void collect_embedded(struct session *s, const struct syntax_file *f)
{
	VEC_EACH(&f->decls, i)
		if (f->decls.at[i]->kind == DECL_EMBEDDED)
			VEC_PUSH(s->arena, &s->embedded, f->decls.at[i]);
}

void lookup_declare_globals(struct session *s)
{
	VEC_EACH(&s->user_files, f)
		VEC_EACH(&s->user_files.at[f]->decls, i)
			if (s->user_files.at[f]->decls.at[i]->kind == DECL_GLOBAL)
				use_global(s, s->user_files.at[f]->decls.at[i]->global.var);
	VEC_EACH(&s->opt.globals, i)
		set_global(s, &s->opt.globals.at[i]);
}

void lookup_collect_embedded(struct session *s)
{
	VEC_EACH(&s->user_files, i)
		collect_embedded(s, s->user_files.at[i]);
	VEC_EACH(&s->used_files, i)
		collect_embedded(s, s->used_files.at[i]);
}
