/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handlers that do the same, wherever they were written and wherever they run.
 *
 * They are told by their C, the last and only thing that says all: two handlers are the same where it
 * is, but for their own names and the places in the script that errors would name.  Whatever sets probes
 * apart - where variables are, locks, budgets, what is done at the entry of a function - is in that text, or is
 * asked of the probe's row at run time (pp(), the ledger).  The first of them is printed and runs for all.
 *
 * Its places are those of its own text.  Where another's differ, script_places has lists that say which
 * of the first's stands for which of the other's; they are looked into when an error is reported.
 */
#include "translator/emit/emit_int.h"

struct original {
	const struct probe *probe;
	uint32_t *places; /* in the text's order */
};

void share_init(struct emit *e)
{
	size_t n = e->s->probes.n + 1;

	map_init(&e->originals, e->a);
	map_init(&e->translations, e->a);
	e->handlers = ARENA_ARRAY(e->a, n, const struct probe *);
	e->places_of = ARENA_ARRAY(e->a, n, uint32_t);
	VEC_PUSH(e->a, &e->script_places, 0); /* the list of those that need none */
}

/*
 * The list that leads from the places FROM to the places TO, as an offset in script_places.  False: there is
 * none, for one place would have to stand for two.
 */
static bool translate(struct emit *e, const uint32_t *from, const uint32_t *to, size_t n, uint32_t *list)
{
	const char *text = "";
	size_t begin = e->script_places.n;
	bool ok = true;

	*list = 0;
	for (size_t i = 0; ok && i < n; i++) {
		bool is_known = false;

		for (size_t k = 0; k < i && !is_known; k++) {
			is_known = from[k] == from[i];
			ok = !is_known || to[k] == to[i];
		}
		if (is_known || from[i] == to[i])
			continue;
		VEC_PUSH(e->a, &e->script_places, from[i]);
		VEC_PUSH(e->a, &e->script_places, to[i]);
		text = arena_printf(e->a, "%s%u %u ", text, from[i], to[i]);
	}
	if (ok && *text) {
		*list = (uint32_t)(uintptr_t)map_find(&e->translations, text);
		if (!*list) {
			VEC_PUSH(e->a, &e->script_places, 0);
			*list = (uint32_t)begin;
			map_put(&e->translations, text, (void *)(uintptr_t)begin);
			return true;
		}
	}
	e->script_places.n = begin;
	return ok;
}

void share_begin(struct emit *e)
{
	out_part_begin(&e->o);
	e->places.n = 0;
	e->n_labels = 0;
}

void share_end(struct emit *e, const struct probe *p)
{
	struct original *o;
	struct buf text;

	e->handlers[p->id] = p;
	if (e->s->opt.unoptimized)
		return;
	buf_init(&text);
	out_part_text(&e->o, &text);
	o = map_find(&e->originals, text.data);
	if (o && translate(e, o->places, e->places.at, e->places.n, &e->places_of[p->id])) {
		e->handlers[p->id] = o->probe;
		out_part_drop(&e->o);
	} else {
		o = ARENA_NEW(e->a, struct original);
		o->probe = p;
		o->places = arena_memdup(e->a, e->places.at, e->places.n * sizeof(*o->places));
		map_put(&e->originals, arena_strndup(e->a, text.data, text.len), o);
	}
	buf_fini(&text);
}

void emit_places(struct emit *e)
{
	emit_number_table(e, "const uint32_t script_places[]", e->script_places.at, e->script_places.n);
}
