/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two functions do the same where their parameters and bodies are printed alike, and
 * the names in them mean the same: in one file they do, private ones too.  Merged
 * functions may make others alike that call them, so it is done until nothing
 * changes.  (Handlers are merged where they are printed: emit/probe.c.)
 */
#include "translator/merge.h"

#include "base/buf.h"
#include "base/map.h"
#include "lang/ast_print.h"
#include "translator/session.h"

static const char *text_of(struct session *s, const struct decl *d)
{
	struct buf text;
	const char *copy;

	buf_init(&text);
	buf_printf(&text, "%u %d(", d->loc.file, (int)d->function.return_type);
	VEC_EACH(&d->function.params, i)
		buf_printf(&text, "%s:%d ", d->function.params.at[i].name,
			   (int)d->function.params.at[i].var->type);
	buf_addc(&text, ')');
	ast_print_stmt(&text, d->function.body, 0);
	copy = arena_strndup(s->arena, text.data, text.len);
	buf_fini(&text);
	return copy;
}

/* A copy for one probe names its target variables. */
static bool can_merge(const struct decl *d)
{
	return d->function.body && !d->function.probe;
}

struct redirection {
	struct ast_walker walker; /* first: the callbacks get it back */
	struct decl **instead;    /* by function.id */
	bool changed;
};

static void on_expr(struct ast_walker *w, struct expr **slot)
{
	struct redirection *r = (struct redirection *)w;
	struct expr *e = *slot;

	if (e->kind == EXPR_CALL)
		VEC_EACH(&e->call.callees, i) {
			struct decl *d = r->instead[e->call.callees.at[i]->function.id];

			if (!d)
				continue;
			e->call.callees.at[i] = d;
			e->call.name = d->name;
		}
	ast_walk_expr(w, e);
}

static void on_stmt(struct ast_walker *w, struct stmt **slot)
{
	if (*slot)
		ast_walk_stmt(w, *slot);
}

static bool merge_once(struct session *s)
{
	struct redirection r = {
		.walker = { .expr = on_expr, .stmt = on_stmt },
		.instead = ARENA_ARRAY(s->arena, s->functions.n + 1, struct decl *),
	};
	struct map firsts;
	size_t n = 0;

	map_init(&firsts, s->arena);
	VEC_EACH(&s->functions, i) {
		struct decl *d = s->functions.at[i];
		const char *text;

		d->function.id = i;
		if (!can_merge(d))
			continue;
		text = text_of(s, d);
		r.instead[i] = map_find(&firsts, text);
		if (!r.instead[i])
			map_put(&firsts, text, d);
		r.changed |= r.instead[i] != NULL;
	}
	if (!r.changed)
		return false;
	VEC_EACH(&s->probes, i)
		on_stmt(&r.walker, &s->probes.at[i]->body);
	VEC_EACH(&s->functions, i)
		on_stmt(&r.walker, &s->functions.at[i]->function.body);
	VEC_EACH(&s->functions, i)
		if (!r.instead[i])
			s->functions.at[n++] = s->functions.at[i];
	s->functions.n = n;
	return true;
}

void merge_functions(struct session *s)
{
	while (merge_once(s))
		;
}
