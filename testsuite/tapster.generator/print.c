/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print and its forms; what is printed of globals that nobody reads. */
#include "machine_int.h"

#include <string.h>

struct histogram histogram_of(const struct expr *e)
{
	return (struct histogram){ e->hist.kind, e->hist.low, e->hist.high, e->hist.interval };
}

static void put_plain(struct buf *out, struct value v)
{
	if (v.s)
		buf_adds(out, v.s);
	else
		buf_printf(out, "%lld", (long long)v.n);
}

static int64_t take_size(enum print_size kind, int constant, const struct value **args)
{
	switch (kind) {
	case SIZE_NONE: return 0;
	case SIZE_CONST: return constant;
	case SIZE_ARG: return (*args)++->n;
	}
	return 0;
}

/* At most 4095 is generated as an address, where there is no memory. */
static void read_fault(struct machine *m, const struct expr *e, struct value address)
{
	fail(m, e->loc, arena_printf(m->arena, "read fault [man error::fault] at 0x%llx",
				     (unsigned long long)address.n));
}

/* Of the parts that show memory: how much, or whether it is there. */
static void check_memory(struct machine *m, const struct expr *e, const struct value *args, bool sizes)
{
	const struct value *first = args;

	VEC_EACH(&e->print.parts, i) {
		const struct print_part *p = &e->print.parts.at[i];
		int64_t n;

		if (p->conv == CONV_LITERAL)
			continue;
		take_size(p->width_kind, p->width, &args);
		n = take_size(p->precision_kind, p->precision, &args);
		if (p->conv != CONV_MEMORY && p->conv != CONV_MEMORY_HEX) {
			args++;
			continue;
		}
		if (!sizes)
			read_fault(m, e, *args);
		else if (n < 0 || n > 4096)
			fail(m, p->precision_kind == SIZE_ARG ? e->print.args.at[args - 1 - first]->loc : e->loc,
			     arena_printf(m->arena, "%lld is too many bytes for a memory dump", (long long)n));
		args++;
	}
}

/* Fields are at most WIDEST wide. */
static void print_format(struct buf *out, const struct expr *e, const struct value *args, int64_t widest)
{
	VEC_EACH(&e->print.parts, i) {
		const struct print_part *p = &e->print.parts.at[i];
		int64_t width = take_size(p->width_kind, p->width, &args);
		int64_t precision = take_size(p->precision_kind, p->precision, &args);

		if (p->precision_kind == SIZE_NONE)
			precision = -1;
		else if (p->conv == CONV_STRING && precision < 0) /* of "*" */
			precision = 0;
		if (width > widest)
			width = widest;
		format_part(out, p, width, p->width_kind != SIZE_NONE, precision,
			    p->conv == CONV_LITERAL ? number(0) : *args++);
	}
}

static void print_values(struct buf *out, const struct expr *e, const struct value *args)
{
	VEC_EACH(&e->print.args, i) {
		if (i && e->print.has_delimiter)
			buf_adds(out, e->print.delimiter);
		put_plain(out, args[i]);
	}
	if (e->print.has_newline)
		buf_addc(out, '\n');
}

static struct value print_histogram(struct machine *m, const struct expr *e, struct loc print)
{
	struct histogram h = histogram_of(e);
	const struct samples *s = samples_of(m, e->hist.stat);

	if (m->failed)
		return number(0);
	if (!s->at.n)
		return fail(m, print, "empty aggregate");
	histogram_print(&h, s, &m->outcome->out);
	return number(0);
}

struct value eval_print(struct machine *m, const struct expr *e)
{
	struct value *args, v = number(0);
	struct buf text;

	if (e->print.histogram)
		return print_histogram(m, e->print.histogram, e->loc);
	args = ARENA_ARRAY(m->arena, e->print.args.n + 1, struct value);
	eval_keys(m, &e->print.args, args, NULL);
	if (m->failed)
		return number(0);
	check_memory(m, e, args, true);
	check_memory(m, e, args, false);
	if (m->failed)
		return number(0);
	buf_init(&text);
	if (e->print.has_format)
		print_format(&text, e, args, e->print.to_string ? (int64_t)m->limits->max_string : INT64_MAX);
	else
		print_values(&text, e, args);
	if (e->print.to_string)
		v = value_string(m->arena, m->limits, text.data, text.len);
	else
		buf_add(&m->outcome->out, text.data, text.len);
	buf_fini(&text);
	return v;
}


/* ---- unread globals ---- */

static void print_one(struct machine *m, struct value v)
{
	if (v.s)
		buf_printf(&m->outcome->out, "\"%s\"", v.s);
	else
		put_plain(&m->outcome->out, v);
}

static void print_samples(struct machine *m, const struct samples *s, bool is_element)
{
	static const struct {
		const char *name;
		enum statop op;
	} all[] = {
		{ "count", STATOP_COUNT }, { "min", STATOP_MIN }, { "max", STATOP_MAX },
		{ "sum", STATOP_SUM }, { "avg", STATOP_AVG },
	};

	if (!s->at.n) {
		buf_adds(&m->outcome->out, " @count=0x0\n");
		return;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		buf_printf(&m->outcome->out, " @%s=%lld", all[i].name,
			   (long long)samples_extract(s, all[i].op, 0, is_element));
	buf_addc(&m->outcome->out, '\n');
}

static void print_element(struct machine *m, const struct global *g, const struct element *e)
{
	buf_adds(&m->outcome->out, g->decl->name);
	for (size_t i = 0; i < g->table.n_keys; i++) {
		buf_addc(&m->outcome->out, i ? ',' : '[');
		print_one(m, e->keys[i]);
	}
	buf_addc(&m->outcome->out, ']');
	if (e->samples.at.n) {
		print_samples(m, &e->samples, true);
		return;
	}
	buf_addc(&m->outcome->out, '=');
	print_one(m, e->value);
	buf_addc(&m->outcome->out, '\n');
}

static struct value rank(const struct element *e)
{
	return e->samples.at.n ? number((int64_t)e->samples.at.n) : e->value;
}

void print_unread(struct machine *m, const struct global *g)
{
	const struct table *t = &g->table;
	struct element **at;

	if (!strncmp(g->decl->name, "uq", 2)) {
		buf_adds(&m->outcome->out, g->decl->name);
		print_samples(m, &g->samples, false);
		return;
	}
	if (g->decl->name[1] != 'a') {
		buf_printf(&m->outcome->out, "%s=", g->decl->name);
		print_one(m, g->value);
		buf_addc(&m->outcome->out, '\n');
		return;
	}
	/* the greatest first, equal ones in their order */
	at = arena_memdup(m->arena, t->elements.at, t->elements.n * sizeof(*at));
	for (size_t i = 0; i < t->elements.n; i++) {
		size_t best = i;
		struct element *e;

		for (size_t k = i + 1; k < t->elements.n; k++)
			if (value_compare(rank(at[k]), rank(at[best])) > 0)
				best = k;
		e = at[best];
		memmove(at + i + 1, at + i, (best - i) * sizeof(*at));
		at[i] = e;
		print_element(m, g, e);
	}
}
