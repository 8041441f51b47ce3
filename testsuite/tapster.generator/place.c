/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Variables, elements, statistics. */
#include "machine_int.h"

struct value empty_value(const char *name)
{
	name += name[0] == 'u'; /* unread */
	name += name[0] == 'a' || name[0] == 'f';
	return (struct value){ .s = name[0] == 's' ? "" : NULL };
}

struct value *local_of(struct machine *m, const char *name)
{
	struct local *l;

	VEC_EACH(&m->frame->locals, i)
		if (m->frame->locals.at[i]->name == name)
			return &m->frame->locals.at[i]->value;
	l = ARENA_NEW(m->arena, struct local);
	l->name = name;
	l->value = empty_value(name);
	VEC_PUSH(m->arena, &m->frame->locals, l);
	return &l->value;
}

void eval_keys(struct machine *m, const expr_vec *keys, struct value *out, bool *fixed)
{
	for (size_t i = 0; i < keys->n && !m->failed; i++) {
		if (fixed)
			fixed[i] = keys->at[i] != NULL;
		if (keys->at[i])
			out[i] = eval(m, keys->at[i]);
	}
}

struct table *table_of(struct machine *m, const char *name, size_t n_keys)
{
	struct global *g = map_find(&m->globals, name);

	g->table.n_keys = n_keys;
	return &g->table;
}

void find_place(struct machine *m, const struct expr *e, struct place *p)
{
	struct global *g;

	*p = (struct place){ .loc = e->loc };
	if (e->kind == EXPR_INDEX) {
		p->name = e->index.name;
		p->table = table_of(m, p->name, e->index.keys.n);
		eval_keys(m, &e->index.keys, p->keys, NULL);
		return;
	}
	p->name = e->symbol.name;
	g = map_find(&m->globals, p->name);
	p->value = g ? &g->value : local_of(m, p->name);
	p->samples = g ? &g->samples : NULL;
}

struct value load(const struct place *p)
{
	struct element *e;

	if (!p->table)
		return *p->value;
	e = table_find(p->table, p->keys);
	return e ? e->value : empty_value(p->name);
}

static struct element *insert(struct machine *m, const struct place *p)
{
	struct element *e = table_get(m->arena, p->table, p->keys, empty_value(p->name));

	if (!e && !p->table->is_sized)
		fail(m, p->loc, "Array overflow, check MAXMAPENTRIES");
	else if (!e)
		fail(m, p->loc, arena_printf(m->arena, "Array overflow, check size limit (%zu)",
					     p->table->capacity));
	return e;
}

void store(struct machine *m, const struct place *p, struct value v)
{
	struct element *e;

	if (!p->table) {
		*p->value = v;
		return;
	}
	e = insert(m, p);
	if (e)
		e->value = v;
}

void add_sample(struct machine *m, const struct place *p, int64_t n)
{
	struct element *e = p->table ? insert(m, p) : NULL;

	if (!m->failed)
		VEC_PUSH(m->arena, &(e ? &e->samples : p->samples)->at, n);
}

const struct samples *samples_of(struct machine *m, const struct expr *e)
{
	static const struct samples none;
	struct element *element;
	struct place p;

	find_place(m, e, &p);
	if (!p.table)
		return p.samples;
	element = table_find(p.table, p.keys);
	return element ? &element->samples : &none;
}
