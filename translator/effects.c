/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass effects: what each probe and function does to the globals.
 *
 * Needs    the final tree: names resolved, dead code gone.
 * Leaves   effects of every function (with all that it calls) and probe; ids of
 *          globals, functions; is_read and is_written of variables; is_recursive; end
 *          probes that print the globals which nobody reads.
 * Refuses  nothing.
 *
 * A function's effects are those of its own body joined with its callees',
 * repeated until nothing grows: the call graph may have cycles.
 */
#include "translator/effects.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "translator/passes.h"
#include "translator/session.h"
#include "translator/unread.h"

/* One body on the way. */
struct scan {
	struct session *session;
	struct effects *effects;
};

static void touch(struct session *s, struct effects *effects, struct var *v, unsigned use, bool in_loop)
{
	struct global_use *g;

	if (use & (USE_READ | USE_DELETE)) /* nobody wants to see at the end what is deleted */
		v->is_read = true;
	if (use & USE_WRITE && !v->is_written) {
		v->is_written = true;
		if (v->kind == VAR_GLOBAL)
			VEC_PUSH(s->arena, &s->written, v);
	}
	if (v->kind != VAR_GLOBAL)
		return;
	g = &effects->uses[v->id];
	if (g->touches || in_loop)
		g->is_repeated = true;
	g->touches |= use & ~(USE_OLD | USE_DELETE);
}

static void on_var(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	struct scan *w = u->data;

	(void)e;
	touch(w->session, w->effects, v, use, u->loops > 0);
}

static void on_call(struct uses *u, struct expr *call)
{
	struct scan *w = u->data;

	VEC_EACH(&call->call.callees, i) {
		VEC_PUSH(w->session->arena, &w->effects->callees, call->call.callees.at[i]);
		if (u->loops) /* counts as two calls */
			VEC_PUSH(w->session->arena, &w->effects->callees, call->call.callees.at[i]);
	}
}

/* "pragma:read:NAME" in embedded C. */
static bool has_pragma(const char *code, uint32_t len, const char *what, const char *name)
{
	size_t n_what = strlen(what), n_name = strlen(name);

	for (size_t i = 0; i + n_what + n_name <= len; i++)
		if (!memcmp(code + i, what, n_what) && !memcmp(code + i + n_what, name, n_name) &&
		    (i + n_what + n_name == len || code[i + n_what + n_name] <= ' ' ||
		     code[i + n_what + n_name] == '*'))
			return true;
	return false;
}

static void on_embedded(struct uses *u, const char *code, uint32_t len)
{
	struct scan *w = u->data;

	VEC_EACH(&w->session->globals, i) {
		struct var *v = w->session->globals.at[i];

		if (has_pragma(code, len, "pragma:read:", v->name))
			touch(w->session, w->effects, v, USE_READ, u->loops > 0);
		if (has_pragma(code, len, "pragma:write:", v->name))
			touch(w->session, w->effects, v, USE_CHANGE, u->loops > 0);
	}
}

static struct effects *scan(struct session *s, struct expr *condition, struct stmt *body)
{
	struct scan w = { .session = s, .effects = ARENA_NEW(s->arena, struct effects) };
	struct uses u = { .on_var = on_var, .on_call = on_call, .on_embedded = on_embedded, .data = &w };

	w.effects->n = s->globals.n;
	w.effects->uses = ARENA_ARRAY(s->arena, s->globals.n + 1, struct global_use);
	if (condition)
		uses_expr(&u, condition);
	uses_stmt(&u, body);
	w.effects->prints = u.prints;
	w.effects->acts = u.acts;
	return w.effects;
}

static bool join_flag(bool *into, bool callee)
{
	bool grew = callee && !*into;

	*into |= callee;
	return grew;
}

/* What a call adds to the caller's effects; true when something grew. */
static bool join(struct effects *into, const struct effects *callee)
{
	bool grew = false;

	for (size_t i = 0; i < into->n; i++) {
		struct global_use *to = &into->uses[i];
		const struct global_use *from = &callee->uses[i];
		struct global_use old = *to;

		if (!from->touches)
			continue;
		to->is_repeated |= from->is_repeated;
		to->touches |= from->touches;
		grew |= to->touches != old.touches || to->is_repeated != old.is_repeated;
	}
	grew |= join_flag(&into->prints, callee->prints);
	grew |= join_flag(&into->acts, callee->acts);
	return grew;
}

/*
 * A global that is touched both by a body and by its callees, or by two calls, is
 * touched repeatedly.  Counted once, after the callees' sets are complete.
 */
static void mark_repeated(struct effects *e, const struct effects *own, const decl_vec *callees)
{
	for (size_t i = 0; i < e->n; i++) {
		unsigned n = own->uses[i].touches != 0;

		VEC_EACH(callees, k)
			n += callees->at[k]->function.effects->uses[i].touches != 0;
		if (n > 1)
			e->uses[i].is_repeated = true;
	}
}

struct node {
	struct decl *decl; /* NULL: a probe */
	struct effects *effects;
	struct effects own;
	bool is_seen; /* by reaches() */
};

static bool reaches(struct node *nodes, unsigned from, const struct decl *target)
{
	if (nodes[from].is_seen)
		return false;
	nodes[from].is_seen = true;
	VEC_EACH(&nodes[from].effects->callees, i) {
		const struct decl *callee = nodes[from].effects->callees.at[i];

		if (callee == target || reaches(nodes, callee->function.id, target))
			return true;
	}
	return false;
}

/* The longest way down from D, with the function that closes a circle counted again; in many steps, or
 * a part of them. */
static unsigned deepest(struct node *nodes, const struct decl *d, unsigned *steps, bool *is_recursive)
{
	struct node *node = &nodes[d->function.id];
	unsigned most = 0;

	if (node->is_seen) {
		*is_recursive = true;
		return 1;
	}
	if (!*steps)
		return 1;
	--*steps;
	node->is_seen = true;
	VEC_EACH(&node->effects->callees, i) {
		unsigned depth = deepest(nodes, node->effects->callees.at[i], steps, is_recursive);

		if (depth > most)
			most = depth;
	}
	node->is_seen = false;
	return most + 1;
}

enum { RECURSION_BONUS = 10, DEEPEST_STEPS = 100000 };

/* As many nested calls as the script needs, and some more if it has recursive functions. */
static unsigned default_nesting(struct session *s, struct node *nodes)
{
	unsigned most = 0, steps = DEEPEST_STEPS;
	bool is_recursive = false;

	VEC_EACH(&s->functions, i)
		nodes[i].is_seen = false;
	VEC_EACH(&s->probes, i)
		VEC_EACH(&s->probes.at[i]->effects->callees, k) {
			unsigned depth = deepest(nodes, s->probes.at[i]->effects->callees.at[k], &steps, &is_recursive);

			if (depth > most)
				most = depth;
		}
	return most + 1 + (is_recursive ? RECURSION_BONUS : 0);
}

static void node_init(struct node *node, struct session *s, struct effects *effects)
{
	node->effects = effects;
	node->own = *effects;
	node->own.uses = arena_memdup(s->arena, effects->uses, (effects->n + 1) * sizeof(*effects->uses));
}

static void scan_probe(struct session *s, struct probe *p, struct node *node)
{
	struct effects *effects = scan(s, p->condition, p->body);

	p->effects = effects;
	node_init(node, s, effects);
}

static void scan_function(struct session *s, struct decl *d, struct node *node)
{
	struct effects *effects = scan(s, NULL, d->function.body);

	d->function.effects = effects;
	node->decl = d;
	node_init(node, s, effects);
}

/* Those that are written and never read get an end probe each that prints them, in the order in which
 * the probes, then the functions by their names, write them, as in SystemTap. */
static void print_unread(struct session *s, struct node *probe_nodes)
{
	VEC_EACH(&s->written, i) {
		struct var *v = s->written.at[i];
		struct probe *p;

		if (v->is_read || v->is_synthetic || (v->owner && v->owner->is_tapset))
			continue;
		p = unread_add_probe(s, v);
		scan_probe(s, p, &probe_nodes[p->id]);
	}
}

/* Until nothing grows. */
static void join_all(struct node *nodes, size_t n)
{
	bool grew;

	do {
		grew = false;
		for (size_t i = 0; i < n; i++)
			VEC_EACH(&nodes[i].effects->callees, k)
				grew |= join(nodes[i].effects,
					     nodes[i].effects->callees.at[k]->function.effects);
	} while (grew);
}

/* Prune asked a similar question of an earlier tree. */
static void forget(struct var *const *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i]->is_read = at[i]->is_written = false;
}

static int compare_names(const void *a, const void *b)
{
	const struct decl *x = *(struct decl *const *)a, *y = *(struct decl *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->function.id > y->function.id) - (x->function.id < y->function.id);
}

/* ---- conditions ---- */

enum { WATCHES = 32 };

struct watching {
	uint32_t n;  /* globals that have a watch */
	uint32_t *of; /* the condition's */
};

static void watch_var(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	struct watching *w = u->data;

	(void)use, (void)e;
	if (v->kind == VAR_GLOBAL && !v->watch)
		v->watch = 1u << w->n++ % WATCHES;
	*w->of |= v->watch;
}

/* A site may rest while its probes' conditions are false (runtime/kernel/rest.c): until one of
 * the globals that they read is written. */
static void watch_conditions(struct session *s)
{
	struct watching w = { 0 };
	struct uses u = { .on_var = watch_var, .data = &w };

	VEC_EACH(&s->globals, i)
		s->globals.at[i]->watch = 0;
	VEC_EACH(&s->probes, i) {
		struct probe *p = s->probes.at[i];

		if (!p->condition || p->row.kind != PROBE_SITE)
			continue;
		w.of = &p->row.condition;
		uses_expr(&u, p->condition);
	}
}

uint32_t effects_watches(const struct session *s, const struct effects *e)
{
	uint32_t watches = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->uses[i].touches & USE_WRITE)
			watches |= s->globals.at[i]->watch;
	return watches;
}

bool pass_effects(struct session *s)
{
	size_t n_functions = s->functions.n, n_probes = s->probes.n, n;
	struct node *nodes = ARENA_ARRAY(s->arena, n_functions + n_probes + s->globals.n + 1, struct node);
	struct decl **by_name;

	forget(s->globals.at, s->globals.n);
	VEC_EACH(&s->globals, i)
		s->globals.at[i]->id = i;
	VEC_EACH(&s->functions, i) {
		struct decl *d = s->functions.at[i];

		d->function.id = i;
		forget(d->function.locals.at, d->function.locals.n);
		VEC_EACH(&d->function.params, k)
			if (d->function.params.at[k].var)
				d->function.params.at[k].var->is_written = false;
	}
	for (size_t i = 0; i < n_probes; i++)
		scan_probe(s, s->probes.at[i], &nodes[n_functions + i]);
	by_name = arena_memdup(s->arena, s->functions.at, n_functions * sizeof(*by_name));
	if (n_functions)
		qsort(by_name, n_functions, sizeof(*by_name), compare_names);
	for (size_t i = 0; i < n_functions; i++)
		scan_function(s, by_name[i], &nodes[by_name[i]->function.id]);
	print_unread(s, nodes + n_functions);

	n = n_functions + s->probes.n;
	join_all(nodes, n);
	for (unsigned i = 0; i < n_functions; i++) {
		for (size_t k = 0; k < n_functions; k++)
			nodes[k].is_seen = false;
		nodes[i].decl->function.is_recursive = reaches(nodes, i, nodes[i].decl);
	}
	s->max_nesting = default_nesting(s, nodes);
	for (size_t i = 0; i < n; i++)
		mark_repeated(nodes[i].effects, &nodes[i].own, &nodes[i].effects->callees);
	join_all(nodes, n); /* the marks */
	watch_conditions(s);
	return true;
}

/* ---- questions of one expression ---- */

struct question {
	const struct var *var;
	unsigned use;
	bool answer;
};

static void ask_var(struct uses *u, struct var *v, unsigned use, struct expr *e)
{
	struct question *q = u->data;

	(void)e;
	q->answer |= v == q->var && use & q->use;
}

static void ask_call(struct uses *u, struct expr *call)
{
	struct question *q = u->data;

	VEC_EACH(&call->call.callees, i)
		q->answer |= q->var->kind == VAR_GLOBAL &&
			     call->call.callees.at[i]->function.effects->uses[q->var->id].touches & q->use;
}

static void ask_embedded(struct uses *u, const char *code, uint32_t len)
{
	struct question *q = u->data;

	if (q->var->kind == VAR_GLOBAL)
		q->answer |= (q->use & USE_READ && has_pragma(code, len, "pragma:read:", q->var->name)) ||
			     (q->use & USE_WRITE && has_pragma(code, len, "pragma:write:", q->var->name));
}

static bool ask(const struct expr *e, const struct var *v, unsigned use)
{
	struct question q = { .var = v, .use = use };
	struct uses u = { .on_var = ask_var, .on_call = ask_call, .on_embedded = ask_embedded, .data = &q };

	if (e)
		uses_expr(&u, (struct expr *)e);
	return q.answer;
}

bool effects_writes(const struct expr *e, const struct var *v)
{
	return ask(e, v, USE_WRITE);
}

bool effects_touches(const struct expr *e, const struct var *v)
{
	return ask(e, v, USE_READ | USE_WRITE);
}
