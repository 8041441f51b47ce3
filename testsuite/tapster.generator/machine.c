/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes: aliases, the order in which they run, what is said of their errors. */
#include "machine_int.h"

#include <stdlib.h>
#include <string.h>

static void report(struct machine *m)
{
	struct diag_place place;

	m->outcome->n_errors++;
	if (!m->where.file) { /* error() */
		buf_printf(&m->outcome->errors, "ERROR: %s\n", m->message);
		return;
	}
	sources_locate(m->sources, m->where, &place);
	buf_printf(&m->outcome->errors, "ERROR: %s near %s at %s:%u:%u\n", m->message,
		   diag_token(m->arena, place.text + place.column - 1, place.text_len), place.file, place.line, place.column);
}

/* One point of one probe, with the aliases that lead there. */
struct start {
	const struct decl *probe;
	const struct point *point;
	const char *name; /* of the point itself */
	bool has_number;
	int64_t number;
	size_t sequence; /* in the text */
	stmt_vec bodies;
	expr_vec conditions;
};
typedef VEC(struct start *) start_vec;

static const struct decl *alias_of(struct machine *m, const char *name)
{
	VEC_EACH(&m->script->decls, i) {
		const struct decl *d = m->script->decls.at[i];

		if (d->kind == DECL_ALIAS && d->probe.names.at[0]->parts.at[0].name == name)
			return d;
	}
	return NULL;
}

/* Each point that an alias has stands for itself, with the alias's body before or behind. */
static void add_starts(struct machine *m, const struct decl *probe, const struct point *p,
		       const struct start *outer, start_vec *out)
{
	const struct point_part *part = &p->parts.at[0];
	const struct decl *alias = alias_of(m, part->name);
	struct start *s = arena_memdup(m->arena, outer, sizeof(*outer));
	stmt_vec bodies = { 0 };

	if (p->condition)
		VEC_PUSH(m->arena, &s->conditions, p->condition);
	if (alias) {
		if (!alias->probe.is_alias_epilogue)
			VEC_PUSH(m->arena, &bodies, alias->probe.body);
		VEC_EACH(&s->bodies, i)
			VEC_PUSH(m->arena, &bodies, s->bodies.at[i]);
		if (alias->probe.is_alias_epilogue)
			VEC_PUSH(m->arena, &bodies, alias->probe.body);
		s->bodies = bodies;
		VEC_EACH(&alias->probe.points, i)
			add_starts(m, probe, alias->probe.points.at[i], s, out);
		return;
	}
	s->name = part->name;
	s->has_number = part->has_arg;
	s->number = part->has_arg ? part->arg->number.value : 0;
	s->sequence = out->n;
	VEC_PUSH(m->arena, out, s);
}

static void run_start(struct machine *m, const struct start *s)
{
	struct frame frame = { 0 };
	enum flow flow = GO;
	bool is_wanted = true;

	m->frame = &frame;
	m->point = s->has_number ? arena_printf(m->arena, "%s(%lld)", s->name, (long long)s->number) : s->name;
	m->nesting = m->steps = 0;
	m->failed = m->is_fatal = m->has_match = false;
	VEC_EACH(&s->conditions, i)
		is_wanted &= !m->failed && eval(m, s->conditions.at[i]).n;
	for (size_t i = 0; is_wanted && i < s->bodies.n && flow == GO && !m->failed; i++)
		flow = run(m, s->bodies.at[i]);
	if (m->failed)
		report(m);
}

static int by_order(const void *a, const void *b)
{
	const struct start *x = *(struct start *const *)a, *y = *(struct start *const *)b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* Globals that are never read, which names tell (machine.h), are printed by end probes of the
 * number 0, which are the last of these. */
static void print_all_unread(struct machine *m)
{
	VEC_EACH(&m->script->decls, i) {
		const struct decl *d = m->script->decls.at[i];

		if (d->kind == DECL_GLOBAL && d->global.var->name[0] == 'u')
			print_unread(m, map_find(&m->globals, d->global.var->name));
	}
}

/* All that there is at points of that name, by their numbers; those from FIRST to LAST. */
static void run_probes(struct machine *m, const start_vec *all, const char *name, int64_t first, int64_t last)
{
	start_vec starts = { 0 };

	VEC_EACH(all, i)
		if (!strcmp(all->at[i]->name, name) && all->at[i]->number >= first && all->at[i]->number <= last)
			VEC_PUSH(m->arena, &starts, all->at[i]);
	if (starts.n)
		qsort(starts.at, starts.n, sizeof(*starts.at), by_order);
	VEC_EACH(&starts, i) {
		if (strcmp(name, "begin") == 0 && m->exits)
			return;
		if (strcmp(name, "error") && m->outcome->n_errors > m->limits->max_errors)
			return;
		if (m->outcome->is_endless)
			return;
		run_start(m, starts.at[i]);
	}
}

static void add_global(struct machine *m, const struct var *v, const struct map *initial)
{
	struct global *g = ARENA_NEW(m->arena, struct global);
	const struct value *given = map_find(initial, v->name);

	g->decl = v;
	g->value = empty_value(v->name);
	if (given)
		g->value = *given;
	else if (v->init && v->init->kind == EXPR_STRING)
		g->value.s = v->init->string.text;
	else if (v->init)
		g->value.n = v->init->number.value;
	g->table.wraps = v->wraps;
	g->table.is_sized = v->size;
	g->table.capacity = (size_t)(v->size ? v->size->number.value : m->limits->max_entries);
	map_put(&m->globals, v->name, g);
}

void machine_run(struct arena *a, const struct syntax_file *script, struct sources *sources,
		 const struct limits *limits, const struct map *initial, struct outcome *outcome)
{
	struct machine m = {
		.arena = a, .sources = sources, .limits = limits, .outcome = outcome, .script = script,
	};
	start_vec starts = { 0 };

	map_init(&m.globals, a);
	VEC_EACH(&script->decls, i) {
		const struct decl *d = script->decls.at[i];
		struct start outer = { .probe = d };

		if (d->kind == DECL_GLOBAL)
			add_global(&m, d->global.var, initial);
		if (d->kind != DECL_PROBE)
			continue;
		VEC_PUSH(a, &outer.bodies, d->probe.body);
		VEC_EACH(&d->probe.points, k)
			add_starts(&m, d, d->probe.points.at[k], &outer, &starts);
	}
	run_probes(&m, &starts, "begin", INT64_MIN, INT64_MAX);
	run_probes(&m, &starts, "end", INT64_MIN, 0);
	if (outcome->n_errors <= limits->max_errors)
		print_all_unread(&m);
	run_probes(&m, &starts, "end", 1, INT64_MAX);
	if (outcome->n_errors > limits->max_errors)
		run_probes(&m, &starts, "error", INT64_MIN, INT64_MAX);
	if (outcome->n_errors)
		buf_printf(&outcome->errors, "WARNING: Number of errors: %u, skipped probes: 0\n", outcome->n_errors);
}
