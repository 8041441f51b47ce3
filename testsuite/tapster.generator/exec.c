/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements. */
#include "machine_int.h"

#include <stdlib.h>
#include <string.h>

/* A truth that the flow depends on; false after an error. */
static bool holds(struct machine *m, const struct expr *cond)
{
	return !cond || (eval(m, cond).n && !m->failed);
}

static enum flow run_block(struct machine *m, const struct stmt *s)
{
	enum flow flow = GO;

	for (size_t i = 0; i < s->block.body.n && flow == GO && !m->failed; i++)
		flow = run(m, s->block.body.at[i]);
	return flow;
}

/* "while (1)" is only generated where it doesn't end by itself. */
static bool is_endless(const struct stmt *s)
{
	return s->kind == STMT_WHILE && s->loop.cond->kind == EXPR_NUMBER && s->loop.cond->number.value;
}

static enum flow run_loop(struct machine *m, const struct stmt *s)
{
	if (is_endless(s)) {
		fail(m, s->loop.body->loc, "MAXACTION exceeded");
		m->is_fatal = true;
		return GO;
	}
	if (s->loop.init)
		eval(m, s->loop.init);
	while (!m->failed && holds(m, s->loop.cond)) {
		enum flow flow = run(m, s->loop.body);

		if (flow == BREAK)
			break;
		if (flow == NEXT || flow == RETURN)
			return flow;
		if (s->loop.step && !m->failed)
			eval(m, s->loop.step);
	}
	return GO;
}

/* ---- foreach ---- */

struct sorting {
	const struct stmt *s;
	int column; /* -1 none, 0 the value, else a key */
	bool is_stat;
};

static struct value sort_value(const struct sorting *o, const struct element *e)
{
	if (o->column > 0)
		return e->keys[o->column - 1];
	if (o->is_stat)
		return number(samples_extract(&e->samples, o->s->foreach.has_sort_statop ?
					      o->s->foreach.sort_statop : STATOP_COUNT, 0, true));
	return e->value;
}

/* By insertion: equal ones stay in their order. */
static void sort_elements(const struct sorting *o, struct element **at, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct element *e = at[i];
		size_t k = i;

		while (k && (int)o->s->foreach.sort * value_compare(sort_value(o, at[k - 1]),
								    sort_value(o, e)) > 0) {
			at[k] = at[k - 1];
			k--;
		}
		at[k] = e;
	}
}

static enum flow run_round(struct machine *m, const struct stmt *s, const struct element *e)
{
	for (size_t i = 0; i < s->foreach.keys.n; i++) {
		struct place p;

		find_place(m, s->foreach.keys.at[i], &p);
		store(m, &p, e->keys[i]);
	}
	if (s->foreach.value) {
		struct place p;

		find_place(m, s->foreach.value, &p);
		store(m, &p, e->value);
	}
	return run(m, s->foreach.body);
}

static enum flow run_foreach(struct machine *m, const struct stmt *s)
{
	const char *name = s->foreach.array->symbol.name;
	struct sorting order = { s, s->foreach.sort_column, name[1] == 'q' };
	struct value keys[MAX_KEYS];
	bool fixed[MAX_KEYS] = { false };
	int64_t limit = INT64_MAX;
	struct element **at;
	struct table *t;
	size_t n = 0;

	eval_keys(m, &s->foreach.slice, keys, fixed);
	if (s->foreach.limit && !m->failed)
		limit = eval(m, s->foreach.limit).n;
	if (m->failed)
		return GO;
	t = table_of(m, name, s->foreach.keys.n);
	if (s->foreach.sort) /* the array stays in that order */
		sort_elements(&order, t->elements.at, t->elements.n);
	at = ARENA_ARRAY(m->arena, t->elements.n + 1, struct element *);
	VEC_EACH(&t->elements, i)
		if (element_matches(t, t->elements.at[i], keys, fixed))
			at[n++] = t->elements.at[i];
	for (size_t i = 0; i < n && (int64_t)i < limit && !m->failed; i++) {
		enum flow flow = step(m, s->loc) ? GO : run_round(m, s, at[i]);

		if (flow == BREAK)
			break;
		if (flow == NEXT || flow == RETURN)
			return flow;
	}
	return GO;
}

static enum flow run_delete(struct machine *m, const struct expr *e)
{
	struct value keys[MAX_KEYS];
	bool fixed[MAX_KEYS];
	struct global *g;

	if (e->kind == EXPR_INDEX) {
		eval_keys(m, &e->index.keys, keys, fixed);
		if (!m->failed)
			table_delete(table_of(m, e->index.name, e->index.keys.n), keys, fixed);
		return GO;
	}
	g = map_find(&m->globals, e->symbol.name);
	if (!g) {
		*local_of(m, e->symbol.name) = empty_value(e->symbol.name);
		return GO;
	}
	g->value = empty_value(e->symbol.name);
	g->samples.at.n = 0;
	g->table.elements.n = 0;
	return GO;
}

static enum flow run_try(struct machine *m, const struct stmt *s)
{
	unsigned nesting = m->nesting;
	struct frame *frame = m->frame;
	enum flow flow = run(m, s->try_.body);
	struct place p;

	if (!m->failed || m->is_fatal)
		return flow;
	m->failed = false;
	m->nesting = nesting;
	m->frame = frame;
	if (s->try_.caught) {
		find_place(m, s->try_.caught, &p);
		store(m, &p, value_string(m->arena, m->limits, m->message, strlen(m->message)));
	}
	return run(m, s->try_.handler);
}

enum flow run(struct machine *m, const struct stmt *s)
{
	if (step(m, s->loc))
		return GO;
	switch ((int)s->kind) {
	case STMT_NULL:
		return GO;
	case STMT_BLOCK:
		return run_block(m, s);
	case STMT_EXPR:
		eval(m, s->expr.expr);
		return GO;
	case STMT_IF:
		if (holds(m, s->if_.cond))
			return run(m, s->if_.then);
		return s->if_.otherwise && !m->failed ? run(m, s->if_.otherwise) : GO;
	case STMT_WHILE:
	case STMT_FOR:
		return run_loop(m, s);
	case STMT_FOREACH:
		return run_foreach(m, s);
	case STMT_RETURN:
		if (s->expr.expr) {
			struct value v = eval(m, s->expr.expr);

			if (!m->failed)
				m->frame->result = v;
		}
		return RETURN;
	case STMT_DELETE:
		return run_delete(m, s->expr.expr);
	case STMT_NEXT:
		return NEXT;
	case STMT_BREAK:
		return BREAK;
	case STMT_CONTINUE:
		return CONTINUE;
	case STMT_TRY:
		return run_try(m, s);
	}
	abort();
}
