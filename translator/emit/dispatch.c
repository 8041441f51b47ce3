/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions by which a runtime has handlers run: script_site and the like of runtime/object.h.
 *
 * What is done at a site is a chain of calls, with the numbers of the probes that they are for.
 * Many sites may have the same chain, but for the numbers: a wildcard's have.  So each chain is
 * printed once, and where some are shared, tables say which one an index has, and with which
 * numbers.  Thus text, the compiler's time, and what there is to be decided at a hit, grow with
 * the handlers that were written and not with the places where they run.
 */
#include "base/map.h"
#include "translator/emit/emit_int.h"

/* ---- functions that are a switch ---- */

/* A compiler's time for a function grows faster than the function: larger switches are two steps. */
enum { MOST_CASES = 64 };

void emit_switch_begin(struct emit *e, const char *prototype, const char *unused, const char *index)
{
	out(&e->o, "%s", prototype);
	out_open(&e->o, "%s", "");
	if (unused)
		out(&e->o, "%s", unused);
	out_open(&e->o, "switch (%s)", index);
}

void emit_switch_end(struct emit *e)
{
	out_label(&e->o, "default:");
	out(&e->o, "break;");
	out_close(&e->o, "");
	out_close(&e->o, "");
	out(&e->o, "%s", "");
}

/* ---- chains ---- */

struct call {
	const char *function; /* "p_3" */
	bool has_number;      /* it is told which probe it runs for */
	const struct probe *probe;
};
typedef VEC(struct call) call_vec;

#define NO_CHAIN UINT32_MAX

/* One function of the dispatch: what is done at each index. */
struct dispatch {
	const char *name, *index; /* "script_site", "site" */
	call_vec *at;
	size_t n;
	/* [find_chains] */
	uint32_t *chain_of;       /* NO_CHAIN: nothing is done */
	VEC(size_t) chains;       /* of each the first index that has it */
	size_t n_used;            /* indices where something is done */
	bool are_numbers_indices; /* the probe's number is the index */
};

static void dispatch_init(struct dispatch *d, struct emit *e, const char *name, const char *index, size_t n)
{
	*d = (struct dispatch){ .name = name, .index = index, .n = n };
	d->at = ARENA_ARRAY(e->a, n + 1, call_vec);
}

static void add(struct emit *e, struct dispatch *d, size_t index, const struct probe *p, const char *function,
		bool has_number)
{
	VEC_PUSH(e->a, &d->at[index], ((struct call){ function, has_number, p }));
}

/* process(PID): a site's other probes may be of other processes, and in the user runtime it
 * is armed in all that are traced. */
static int32_t meant(const struct probe *p)
{
	return p->row.kind == PROBE_SITE || p->row.kind == PROBE_RETURN ? p->row.pid : 0;
}

static const char *call_text(struct emit *e, const struct call *call, const char *number)
{
	const char *meant_only = meant(call->probe) ? arena_printf(e->a, "if (c->pid == %d) ", meant(call->probe)) : "";

	return arena_printf(e->a, call->has_number ? "%s%s(c, %s);" : "%s%s(c);", meant_only, call->function, number);
}

static void find_chains(struct emit *e, struct dispatch *d)
{
	struct map known; /* text -> number + 1 */

	map_init(&known, e->a);
	d->chain_of = ARENA_ARRAY(e->a, d->n + 1, uint32_t);
	d->are_numbers_indices = true;
	for (size_t i = 0; i < d->n; i++) {
		const char *text = "";
		uintptr_t chain;

		VEC_EACH(&d->at[i], k) {
			text = arena_printf(e->a, "%s%s", text, call_text(e, &d->at[i].at[k], ""));
			d->are_numbers_indices &= d->at[i].at[k].probe->id == i;
		}
		d->n_used += d->at[i].n > 0;
		chain = (uintptr_t)map_find(&known, text);
		if (!chain && d->at[i].n) {
			VEC_PUSH(e->a, &d->chains, i);
			chain = d->chains.n;
			map_put(&known, text, (void *)chain);
		}
		d->chain_of[i] = chain ? (uint32_t)chain - 1 : NO_CHAIN;
	}
}

/* Else each index is a case. */
static bool has_tables(const struct dispatch *d)
{
	return d->chains.n < d->n_used || d->chains.n > MOST_CASES;
}

/* ---- tables ---- */

void emit_number_table(struct emit *e, const char *declaration, const uint32_t *numbers, size_t n)
{
	enum { PER_LINE = 16 };

	out_open(&e->o, "%s =", declaration);
	for (size_t i = 0; i < n; i += PER_LINE) {
		const char *line = "";

		for (size_t k = i; k < n && k < i + PER_LINE; k++)
			line = arena_printf(e->a, "%s%s%u,", line, k > i ? " " : "", numbers[k]);
		out(&e->o, "%s", line);
	}
	out_close(&e->o, ";");
}

static void emit_table(struct emit *e, const char *name, const uint32_t *numbers, size_t n)
{
	emit_number_table(e, arena_printf(e->a, "static const uint32_t %s[]", name), numbers, n);
}

static void emit_tables(struct emit *e, const struct dispatch *d)
{
	uint32_t *first = ARENA_ARRAY(e->a, d->n + 1, uint32_t);
	VEC(uint32_t) numbers = { 0 };

	if (d->chains.n > 1)
		emit_table(e, arena_printf(e->a, "%s_chains", d->name), d->chain_of, d->n);
	if (d->are_numbers_indices)
		return;
	for (size_t i = 0; i < d->n; i++) {
		first[i] = (uint32_t)numbers.n;
		VEC_EACH(&d->at[i], k)
			if (d->at[i].at[k].has_number)
				VEC_PUSH(e->a, &numbers, d->at[i].at[k].probe->id);
	}
	if (!numbers.n)
		return;
	emit_table(e, arena_printf(e->a, "%s_probes", d->name), numbers.at, numbers.n);
	emit_table(e, arena_printf(e->a, "%s_first", d->name), first, d->n);
}

/* ---- the text ---- */

/* The calls of chain I. */
static void emit_chain(struct emit *e, const struct dispatch *d, size_t i)
{
	const call_vec *calls = &d->at[d->chains.at[i]];
	unsigned n = 0;

	VEC_EACH(calls, k) {
		const char *number = !has_tables(d) ? arena_printf(e->a, "%u", calls->at[k].probe->id) :
				     d->are_numbers_indices ? d->index :
				     arena_printf(e->a, "%s_probes[%s_first[%s] + %u]", d->name, d->name, d->index, n);

		n += calls->at[k].has_number;
		out(&e->o, "%s", call_text(e, &calls->at[k], number));
	}
}

static const char *prototype(struct emit *e, const struct dispatch *d, const char *before, const char *behind)
{
	return arena_printf(e->a, "%svoid %s%s(struct rt_context *c, uint32_t %s)", before, d->name, behind, d->index);
}

/* A switch that has a case for each of the chains FROM to END. */
static void emit_switch(struct emit *e, const struct dispatch *d, const char *prototype, const char *index, size_t from,
			size_t end)
{
	emit_switch_begin(e, prototype, from == end ? "(void)c;" : NULL, index);
	for (size_t i = from; i < end; i++) {
		out_label(&e->o, "case %zu:", has_tables(d) ? i : d->chains.at[i]);
		emit_chain(e, d, i);
		out(&e->o, "break;");
	}
	emit_switch_end(e);
}

static void emit_dispatcher(struct emit *e, struct dispatch *d)
{
	const char *whole = prototype(e, d, "", ""), *index = d->index;
	size_t n;

	find_chains(e, d);
	n = d->chains.n;
	if (has_tables(d)) {
		emit_tables(e, d);
		index = arena_printf(e->a, "%s_chains[%s]", d->name, d->index);
	}
	if (n > MOST_CASES) {
		for (size_t i = 0; i < n; i += MOST_CASES)
			emit_switch(e, d, prototype(e, d, "static ", arena_printf(e->a, "_%zu", i / MOST_CASES)), index, i,
				    i + MOST_CASES < n ? i + MOST_CASES : n);
		emit_switch_begin(e, whole, NULL, arena_printf(e->a, "%s / %d", index, MOST_CASES));
		for (size_t i = 0; i < n; i += MOST_CASES) {
			out_label(&e->o, "case %zu:", i / MOST_CASES);
			out(&e->o, "%s_%zu(c, %s);", d->name, i / MOST_CASES, d->index);
			out(&e->o, "break;");
		}
		emit_switch_end(e);
	} else if (n == 1 && has_tables(d)) {
		out(&e->o, "%s", whole);
		out_open(&e->o, "%s", "");
		emit_chain(e, d, 0);
		out_close(&e->o, "");
		out(&e->o, "%s", "");
	} else {
		emit_switch(e, d, whole, index, 0, n);
	}
}

/* ---- the five functions ---- */

static void add_run(struct emit *e, struct dispatch *d, size_t index, const struct probe *p)
{
	add(e, d, index, p, arena_printf(e->a, "p_%u", e->handlers[p->id]->id), true);
}

static void add_entry(struct emit *e, struct dispatch *d, size_t index, const struct probe *p)
{
	add(e, d, index, p, arena_printf(e->a, "p_%u_entry", e->handlers[p->id]->id), false);
}

void emit_dispatch(struct emit *e)
{
	size_t n = e->s->probes.n;
	struct dispatch site, returns, entry, look, other;

	dispatch_init(&site, e, "script_site", "site", e->s->sites.n);
	dispatch_init(&returns, e, "script_return", "probe", n);
	dispatch_init(&entry, e, "script_entry", "probe", n);
	dispatch_init(&look, e, "script_look", "probe", n);
	dispatch_init(&other, e, "script_probe", "probe", n);
	VEC_EACH(&e->s->probes, i) {
		const struct probe *p = e->s->probes.at[i];

		if (p->row.kind == PROBE_SITE)
			add_run(e, &site, p->site_index, p);
		else
			add_run(e, p->row.kind == PROBE_RETURN ? &returns : &other, i, p);
		if (p->row.kind == PROBE_RETURN && p->entries.n)
			add_entry(e, &site, p->site_index, p);
		if (probe_has_record(p) && p->entries.n)
			add_entry(e, &entry, i, p);
		if (probe_looks(e, p))
			add(e, &look, i, p, arena_printf(e->a, "p_%u_look", e->handlers[i]->id), true);
	}
	emit_dispatcher(e, &site);
	emit_dispatcher(e, &returns);
	if (e->s->runtime == RUNTIME_KERNEL) {
		emit_dispatcher(e, &entry);
		emit_dispatcher(e, &look);
	}
	emit_dispatcher(e, &other);
}
