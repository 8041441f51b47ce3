/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "translator/dwarf/dw.h"
#include "translator/messages.h"

enum { DEFAULT_STRING = 512, MAX_MAP_ENTRIES = 2048 };

void session_init(struct session *s, const struct options *opt, struct arena *a)
{
	*s = (struct session){
		.opt = *opt,
		.log = { .verbose = opt->verbose[0] },
		.arena = a,
		.scratch = arena_new("a pass"),
		.runtime = opt->runtime,
		.names = intern_new(a),
		.sources = sources_new(a),
	};
	diag_init(&s->diag, a, sources_locate, s->sources);
	s->diag.verbose = opt->verbose[0];
	s->diag.color = opt->color;
	s->diag.no_warnings = opt->no_warnings;
	s->diag.warnings_as_errors = opt->warnings_as_errors;
}

void session_fini(struct session *s)
{
	if (s->temp_dir && s->opt.keep_temp)
		fprintf(stderr, "Keeping temporary directory \"%s\"\n", s->temp_dir);
	else if (s->temp_dir)
		sys_remove_tree(s->temp_dir);
	if (s->dw)
		dw_free(s->dw);
	arena_free(s->scratch);
}

int session_verbose(const struct session *s, unsigned pass)
{
	return s->opt.verbose[0] + s->opt.verbose[pass];
}

const char *session_temp_dir(struct session *s)
{
	char *path;
	int err;

	if (s->temp_dir)
		return s->temp_dir;
	err = sys_temp_dir(s->arena, s->opt.temp_dir, "tapster", &path);
	if (err) {
		diag_error(&s->diag, (struct loc){ 0 }, E_TEMP_DIR, strerror(-err));
		return NULL;
	}
	s->temp_dir = path;
	log_at(&s->log, 2, "Created temporary directory \"%s\"", path);
	return path;
}

const char *session_privilege(const struct session *s)
{
	static const char *const names[] = { "stapdev", "stapsys", "stapusr" };

	return names[s->opt.privilege];
}

int64_t session_limit(const struct session *s, const char *name, int64_t fallback)
{
	int64_t n = fallback;

	/* the last one counts, as with a C compiler's -D */
	VEC_EACH(&s->opt.defines, i) {
		const struct text_option *o = &s->opt.defines.at[i];

		if (!strcmp(o->name, name))
			n = o->value ? strtoll(o->value, NULL, 0) : 1;
	}
	return n;
}

unsigned session_max_string(const struct session *s)
{
	return (unsigned)session_limit(s, "MAXSTRINGLEN", DEFAULT_STRING);
}

int64_t session_capacity(const struct session *s, const struct var *v)
{
	return v->size ? v->size->number.value : session_limit(s, "MAXMAPENTRIES", MAX_MAP_ENTRIES);
}

static void walk_on(struct ast_walker *w, struct stmt **slot)
{
	ast_walk_stmt(w, *slot);
}

void session_walk_bodies(struct session *s, void (*expr)(struct ast_walker *w, struct expr **slot))
{
	struct ast_walker w = { .expr = expr, .stmt = walk_on };

	VEC_EACH(&s->functions, i)
		if (s->functions.at[i]->function.body)
			ast_walk_stmt(&w, s->functions.at[i]->function.body);
	VEC_EACH(&s->probes, i)
		ast_walk_stmt(&w, s->probes.at[i]->body);
}

void session_note_silent(struct session *s, unsigned n)
{
	if (n)
		diag_note(&s->diag, (struct loc){ 0 }, "%u other probe%s of this point fail%s too", n,
			  n == 1 ? "" : "s", n == 1 ? "s" : "");
}
