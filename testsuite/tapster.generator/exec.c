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

enum { FEW = 30 }; /* with a limit of so many, no more are sorted */

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

/*
 * By insertion: equal ones stay in their order.  With FIRST elements wanted, few, each
 * moves only if it belongs among these.  The table keeps the order.
 */
static void sort_elements(const struct sorting *o, struct element **at, size_t n, size_t first)
{
	for (size_t i = 1; i < n; i++) {
		struct element *e = at[i];
		size_t k = 0;

		while (k < i && k < first &&
		       (int)o->s->foreach.sort * value_compare(sort_value(o, at[k]), sort_value(o, e)) <= 0)
			k++;
		if (k == first)
			continue;
		memmove(at + k + 1, at + k, (i - k) * sizeof(*at));
		at[k] = e;
	}
}

/* Where E stands; N: nowhere. */
static size_t position(const struct table *t, const struct element *e)
{
	size_t i = 0;

	while (i < t->elements.n && t->elements.at[i] != e)
		i++;
	return i;
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

/* Of a histogram: the numbers of its buckets, also when nothing is in any. */
static enum flow run_buckets(struct machine *m, const struct stmt *s)
{
	struct histogram h = histogram_of(s->foreach.array);
	size_t n = histogram_buckets(&h);
	enum flow flow = GO;

	samples_of(m, s->foreach.array->hist.stat); /* which may fail */
	for (size_t i = 0; i < n && !m->failed && flow != BREAK; i++) {
		struct place p;

		find_place(m, s->foreach.keys.at[0], &p);
		store(m, &p, number((int64_t)i));
		flow = step(m, s->loc) ? GO : run(m, s->foreach.body);
		if (flow == NEXT || flow == RETURN)
			return flow;
	}
	return GO;
}

static enum flow run_array(struct machine *m, const struct stmt *s)
{
	const char *name = s->foreach.array->symbol.name;
	struct sorting order = { s, s->foreach.sort_column, name[1] == 'q' };
	struct value keys[MAX_KEYS];
	bool fixed[MAX_KEYS] = { false };
	int64_t limit = INT64_MAX, rounds = 0;
	struct table *t;

	eval_keys(m, &s->foreach.slice, keys, fixed);
	if (s->foreach.limit && !m->failed)
		limit = eval(m, s->foreach.limit).n;
	if (m->failed)
		return GO;
	t = table_of(m, name, s->foreach.keys.n);
	if (s->foreach.sort && limit > 0)
		sort_elements(&order, t->elements.at, t->elements.n, limit > FEW ? SIZE_MAX : (size_t)limit);
	/* a loop inside may sort the table again: what follows is what follows then */
	for (size_t i = 0; i < t->elements.n && rounds < limit && !m->failed; i++) {
		const struct element *e = t->elements.at[i];
		enum flow flow;

		rounds++; /* elements outside of the slice count, too */
		if (!element_matches(t, e, keys, fixed))
			continue;
		flow = step(m, s->loc) ? GO : run_round(m, s, e);
		if (flow == BREAK)
			break;
		if (flow == NEXT || flow == RETURN)
			return flow;
		i = position(t, e);
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
		return s->foreach.array->kind == EXPR_HIST ? run_buckets(m, s) : run_array(m, s);
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
