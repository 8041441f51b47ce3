/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions, statements and probes.  An error makes FAILED true; whoever has
 * called for a value looks at it before going on, so that evaluation stops at
 * once, in the order of the text.
 */
#include "machine.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum flow { GO, BREAK, CONTINUE, NEXT, RETURN };

struct global {
	const struct var *decl;
	struct value value;
	struct samples samples;
	struct table table;
};

struct local {
	const char *name;
	struct value value;
};

/* A running probe or function. */
struct frame {
	VEC(struct local *) locals;
	struct value result;
};

struct machine {
	struct arena *arena;
	struct sources *sources;
	const struct limits *limits;
	struct outcome *outcome;
	const struct syntax_file *script;
	struct map globals; /* struct global */
	struct frame *frame;
	unsigned nesting, steps;
	bool exits;

	bool failed, is_fatal; /* fatal: no catch catches it */
	const char *message;
	struct loc where;

	/* of the last =~ */
	bool has_match;
	const char *subject;
	regmatch_t groups[MAX_KEYS];
	size_t n_groups;
};

static struct value eval(struct machine *m, const struct expr *e);
static enum flow run(struct machine *m, const struct stmt *s);

static struct value number(int64_t n)
{
	return (struct value){ .n = n };
}

static struct value fail(struct machine *m, struct loc where, const char *message)
{
	if (!m->failed) {
		m->failed = true;
		m->message = message;
		m->where = where;
	}
	return number(0);
}

/* True: it has taken too long, and everything ends. */
static bool step(struct machine *m, struct loc where)
{
	if (++m->steps <= m->limits->max_steps)
		return m->failed;
	m->outcome->is_endless = m->is_fatal = true;
	fail(m, where, "endless");
	return true;
}

/* 0 or "" by the first letter of the name, of an array's value by the second. */
static struct value empty_value(const char *name)
{
	if (name[0] == 'a' || name[0] == 'f')
		name++;
	return (struct value){ .s = name[0] == 's' ? "" : NULL };
}

/* ---- places ---- */

/* What can be assigned to, found before the value is computed. */
struct place {
	struct loc loc;
	struct value *value; /* of a scalar */
	struct samples *samples;
	struct table *table; /* of an element */
	const char *name;
	struct value keys[MAX_KEYS];
};

static struct value *local_of(struct machine *m, const char *name)
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

static void eval_keys(struct machine *m, const expr_vec *keys, struct value *out, bool *fixed)
{
	for (size_t i = 0; i < keys->n && !m->failed; i++) {
		if (fixed)
			fixed[i] = keys->at[i] != NULL;
		if (keys->at[i])
			out[i] = eval(m, keys->at[i]);
	}
}

static struct table *table_of(struct machine *m, const char *name, size_t n_keys)
{
	struct global *g = map_find(&m->globals, name);

	g->table.n_keys = n_keys;
	return &g->table;
}

static void find_place(struct machine *m, const struct expr *e, struct place *p)
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

static struct value load(const struct place *p)
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

	if (!e)
		fail(m, p->loc, arena_printf(m->arena, "Array overflow, check size limit (%zu)",
					     p->table->capacity));
	return e;
}

static void store(struct machine *m, const struct place *p, struct value v)
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

/* Of a statistic, or of an element that is one; what there is none of is empty. */
static const struct samples *samples_of(struct machine *m, const struct expr *e)
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

/* ---- operators ---- */

static struct value divide(struct machine *m, struct loc loc, enum op op, int64_t a, int64_t b)
{
	if (!b)
		return fail(m, loc, "division by 0");
	if (b == -1)
		return number(op == OP_DIV ? (int64_t)-(uint64_t)a : 0);
	return number(op == OP_DIV ? a / b : a % b);
}

static struct value concat(struct machine *m, struct value a, struct value b)
{
	const char *s = arena_printf(m->arena, "%s%s", a.s, b.s);

	return value_string(m->arena, m->limits, s, strlen(s));
}

static struct value compute(struct machine *m, struct loc loc, enum op op, struct value a, struct value b)
{
	uint64_t x = (uint64_t)a.n, y = (uint64_t)b.n;

	switch ((int)op) {
	case OP_ADD: return number((int64_t)(x + y));
	case OP_SUB: return number((int64_t)(x - y));
	case OP_MUL: return number((int64_t)(x * y));
	case OP_DIV:
	case OP_MOD: return divide(m, loc, op, a.n, b.n);
	case OP_AND: return number(a.n & b.n);
	case OP_OR: return number(a.n | b.n);
	case OP_XOR: return number(a.n ^ b.n);
	case OP_SHL: return number((int64_t)(x << y % 64));
	case OP_SHR: return number(a.n >> y % 64);
	case OP_USHR: return number((int64_t)(x >> y % 64));
	case OP_EQ: return number(value_compare(a, b) == 0);
	case OP_NE: return number(value_compare(a, b) != 0);
	case OP_LT: return number(value_compare(a, b) < 0);
	case OP_LE: return number(value_compare(a, b) <= 0);
	case OP_GT: return number(value_compare(a, b) > 0);
	case OP_GE: return number(value_compare(a, b) >= 0);
	case OP_CONCAT: return concat(m, a, b);
	}
	abort();
}

static struct value eval_binary(struct machine *m, const struct expr *e)
{
	struct value a = eval(m, e->binary.left), b;

	if (m->failed)
		return a;
	b = eval(m, e->binary.right);
	return m->failed ? b : compute(m, e->loc, e->binary.op, a, b);
}

static struct value eval_logical(struct machine *m, const struct expr *e)
{
	struct value a = eval(m, e->binary.left);

	if (m->failed || !a.n == (e->binary.op == OP_LAND))
		return number(a.n != 0);
	return number(eval(m, e->binary.right).n != 0);
}

static struct value eval_unary(struct machine *m, const struct expr *e)
{
	struct value v = eval(m, e->unary.operand);

	switch ((int)e->unary.op) {
	case OP_NEG: return number((int64_t)-(uint64_t)v.n);
	case OP_NOT: return number(!v.n);
	case OP_COMPL: return number(~v.n);
	}
	return v;
}

static struct value eval_incdec(struct machine *m, const struct expr *e)
{
	struct value before, after;
	struct place p;

	find_place(m, e->incdec.operand, &p);
	if (m->failed)
		return number(0);
	before = load(&p);
	after = number((int64_t)((uint64_t)before.n + (e->incdec.op == OP_INC ? 1 : -1ull)));
	store(m, &p, after);
	return e->incdec.is_postfix ? before : after;
}

/* The place first, then the value; what was there before is read last. */
static struct value eval_assign(struct machine *m, const struct expr *e)
{
	struct element *element;
	struct place p;
	struct value v;

	find_place(m, e->assign.target, &p);
	if (m->failed)
		return number(0);
	v = eval(m, e->assign.value);
	if (m->failed)
		return v;
	if (e->assign.op == OP_STAT) {
		element = p.table ? insert(m, &p) : NULL;
		if (!m->failed)
			VEC_PUSH(m->arena, &(p.table ? &element->samples : p.samples)->at, v.n);
		return v;
	}
	if (e->assign.op != OP_NONE) /* where SystemTap says that a division has failed */
		v = compute(m, e->assign.value->loc, e->assign.op, load(&p), v);
	if (!m->failed)
		store(m, &p, v);
	return v;
}

static struct value eval_in(struct machine *m, const struct expr *e)
{
	struct value keys[MAX_KEYS];
	bool fixed[MAX_KEYS];
	struct table *t;

	eval_keys(m, &e->in.keys, keys, fixed);
	if (m->failed)
		return number(0);
	t = table_of(m, e->in.array->symbol.name, e->in.keys.n);
	VEC_EACH(&t->elements, i)
		if (element_matches(t, t->elements.at[i], keys, fixed))
			return number(1);
	return number(0);
}

static struct value eval_regex(struct machine *m, const struct expr *e)
{
	struct value s = eval(m, e->regex.left);
	regex_t re;

	if (m->failed)
		return s;
	if (regcomp(&re, e->regex.pattern, REG_EXTENDED))
		abort();
	m->subject = s.s;
	m->n_groups = re.re_nsub + 1;
	m->has_match = !regexec(&re, s.s, MAX_KEYS, m->groups, 0);
	regfree(&re);
	return number(m->has_match == (e->regex.op == OP_MATCH));
}

/* ---- statistics ---- */

static struct value eval_statop(struct machine *m, const struct expr *e)
{
	const struct samples *s = samples_of(m, e->statop.stat);

	if (m->failed)
		return number(0);
	if (!s->at.n && e->statop.op != STATOP_COUNT && e->statop.op != STATOP_SUM)
		return fail(m, e->loc, "empty aggregate");
	return number(samples_extract(s, e->statop.op, e->statop.shift,
				      e->statop.stat->kind == EXPR_INDEX));
}

static struct histogram histogram_of(const struct expr *e)
{
	return (struct histogram){ e->hist.kind, e->hist.low, e->hist.high, e->hist.interval };
}

static struct value eval_bucket(struct machine *m, const struct expr *e)
{
	struct histogram h = histogram_of(e->index.hist);
	const struct samples *s = samples_of(m, e->index.hist->hist.stat);
	struct value i;

	if (m->failed)
		return number(0);
	i = eval(m, e->index.keys.at[0]);
	if (m->failed)
		return i;
	if (!s->at.n)
		return fail(m, e->loc, "empty aggregate");
	if (i.n < 0 || i.n >= (int64_t)histogram_buckets(&h))
		return fail(m, e->loc, "histogram index out of range");
	return number(histogram_count(&h, s, (size_t)i.n));
}

/* ---- print ---- */

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

static void print_format(struct buf *out, const struct expr *e, const struct value *args)
{
	VEC_EACH(&e->print.parts, i) {
		const struct print_part *p = &e->print.parts.at[i];
		int64_t width = take_size(p->width_kind, p->width, &args);
		int64_t precision = take_size(p->precision_kind, p->precision, &args);

		if (p->precision_kind == SIZE_NONE)
			precision = -1;
		else if (p->conv == CONV_STRING && precision < 0) /* of "*" */
			precision = 0;
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

static struct value print_histogram(struct machine *m, const struct expr *e)
{
	struct histogram h = histogram_of(e);
	const struct samples *s = samples_of(m, e->hist.stat);

	if (m->failed)
		return number(0);
	if (!s->at.n)
		return fail(m, e->loc, "empty aggregate");
	histogram_print(&h, s, &m->outcome->out);
	return number(0);
}

static struct value eval_print(struct machine *m, const struct expr *e)
{
	struct value *args, v = number(0);
	struct buf text;

	if (e->print.histogram)
		return print_histogram(m, e->print.histogram);
	args = ARENA_ARRAY(m->arena, e->print.args.n + 1, struct value);
	eval_keys(m, &e->print.args, args, NULL);
	if (m->failed)
		return number(0);
	buf_init(&text);
	if (e->print.has_format)
		print_format(&text, e, args);
	else
		print_values(&text, e, args);
	if (e->print.to_string)
		v = value_string(m->arena, m->limits, text.data, text.len);
	else
		buf_add(&m->outcome->out, text.data, text.len);
	buf_fini(&text);
	return v;
}

/* ---- calls ---- */

static struct value substring(struct machine *m, const char *s, int64_t start, int64_t n)
{
	if (start < 0 || n <= 0 || start >= (int64_t)strlen(s))
		return (struct value){ .s = "" };
	return value_string(m->arena, m->limits, s + start, (size_t)n);
}

static struct value matched(struct machine *m, struct loc loc, int64_t i)
{
	if (!m->has_match)
		return fail(m, loc, arena_printf(m->arena,
			"Attempted to get subexpression %lld from failed match", (long long)i));
	if (i < 0 || i >= (int64_t)m->n_groups)
		return fail(m, loc, arena_printf(m->arena,
			"Attempted to get nonexistent subexpression %lld", (long long)i));
	if (m->groups[i].rm_so < 0)
		return (struct value){ .s = "" };
	return value_string(m->arena, m->limits, m->subject + m->groups[i].rm_so,
			    (size_t)(m->groups[i].rm_eo - m->groups[i].rm_so));
}

/* Those of the library that generate.c calls. */
static struct value call_library(struct machine *m, const struct expr *e, const struct value *args)
{
	const char *name = e->call.name;

	if (!strcmp(name, "strlen"))
		return number((int64_t)strlen(args[0].s));
	if (!strcmp(name, "substr"))
		return substring(m, args[0].s, args[1].n, args[2].n);
	if (!strcmp(name, "isinstr"))
		return number(strstr(args[0].s, args[1].s) != NULL);
	if (!strcmp(name, "strtol"))
		return number(strtoll(args[0].s, NULL, (int)args[1].n));
	if (!strcmp(name, "matched"))
		return matched(m, e->loc, args[0].n);
	if (!strcmp(name, "ngroups"))
		return number((int64_t)m->n_groups);
	if (!strcmp(name, "error"))
		return fail(m, (struct loc){ 0 }, args[0].s);
	if (!strcmp(name, "exit")) {
		m->exits = true;
		return number(0);
	}
	abort();
}

static int by_priority(const void *a, const void *b)
{
	const struct decl *x = *(struct decl *const *)a, *y = *(struct decl *const *)b;

	if (x->function.priority != y->function.priority)
		return x->function.priority < y->function.priority ? -1 : 1;
	return (x->loc.offset > y->loc.offset) - (x->loc.offset < y->loc.offset);
}

/* Those of that name and number of parameters, in the order in which they are tried. */
static void overloads(struct machine *m, const struct expr *e, decl_vec *out)
{
	*out = (decl_vec){ 0 };
	VEC_EACH(&m->script->decls, i) {
		struct decl *d = m->script->decls.at[i];

		if (d->kind == DECL_FUNCTION && d->name == e->call.name &&
		    d->function.params.n == e->call.args.n)
			VEC_PUSH(m->arena, out, d);
	}
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), by_priority);
}

static enum flow call_one(struct machine *m, const struct decl *f, const struct value *args,
			  struct value *result)
{
	struct frame frame = { .result = empty_value(f->name) }, *caller = m->frame;
	enum flow flow;

	m->frame = &frame;
	VEC_EACH(&f->function.params, i)
		*local_of(m, f->function.params.at[i].name) = args[i];
	flow = run(m, f->function.body);
	m->frame = caller;
	*result = frame.result;
	return flow;
}

static struct value eval_call(struct machine *m, const struct expr *e)
{
	struct value *args = ARENA_ARRAY(m->arena, e->call.args.n + 1, struct value), v;
	enum flow flow = NEXT;
	decl_vec callees;

	eval_keys(m, &e->call.args, args, NULL);
	if (m->failed)
		return number(0);
	overloads(m, e, &callees);
	if (!callees.n)
		return call_library(m, e, args);
	for (size_t i = 0; i < callees.n && flow == NEXT && !m->failed; i++) {
		if (m->nesting == m->limits->max_nesting)
			return fail(m, callees.at[i]->loc, "MAXNESTING exceeded");
		m->nesting++;
		flow = call_one(m, callees.at[i], args, &v);
		m->nesting--;
	}
	if (flow == NEXT && !m->failed)
		return fail(m, e->loc, "all functions exhausted");
	return v;
}

static struct value eval(struct machine *m, const struct expr *e)
{
	struct place p;

	if (step(m, e->loc))
		return number(0);
	switch ((int)e->kind) {
	case EXPR_NUMBER:
		return number(e->number.value);
	case EXPR_STRING:
		return (struct value){ .s = arena_strndup(m->arena, e->string.text, e->string.len) };
	case EXPR_INDEX:
		if (e->index.hist)
			return eval_bucket(m, e);
		/* fall through */
	case EXPR_SYMBOL:
		find_place(m, e, &p);
		return m->failed ? number(0) : load(&p);
	case EXPR_CALL:
		return eval_call(m, e);
	case EXPR_UNARY:
		return eval_unary(m, e);
	case EXPR_INCDEC:
		return eval_incdec(m, e);
	case EXPR_BINARY:
	case EXPR_COMPARE:
	case EXPR_CONCAT:
		return eval_binary(m, e);
	case EXPR_LOGICAL:
		return eval_logical(m, e);
	case EXPR_REGEX:
		return eval_regex(m, e);
	case EXPR_TERNARY:
		return eval(m, eval(m, e->ternary.cond).n ? e->ternary.then : e->ternary.otherwise);
	case EXPR_ASSIGN:
		return eval_assign(m, e);
	case EXPR_IN:
		return eval_in(m, e);
	case EXPR_PRINT:
		return eval_print(m, e);
	case EXPR_STATOP:
		return eval_statop(m, e);
	}
	abort();
}

/* ---- statements ---- */

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

static enum flow run_loop(struct machine *m, const struct stmt *s)
{
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
	at = ARENA_ARRAY(m->arena, t->elements.n + 1, struct element *);
	VEC_EACH(&t->elements, i)
		if (element_matches(t, t->elements.at[i], keys, fixed))
			at[n++] = t->elements.at[i];
	if (s->foreach.sort)
		sort_elements(&order, at, n);
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

static enum flow run(struct machine *m, const struct stmt *s)
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

/* ---- probes ---- */

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

static void run_probe(struct machine *m, const struct decl *d)
{
	struct frame frame = { 0 };

	m->frame = &frame;
	m->nesting = m->steps = 0;
	m->failed = m->is_fatal = m->has_match = false;
	run(m, d->probe.body);
	if (m->failed)
		report(m);
}

struct start {
	const struct decl *probe;
	int64_t order;
};

static int by_order(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->probe->loc.offset > y->probe->loc.offset) - (x->probe->loc.offset < y->probe->loc.offset);
}

/* All probes at the point NAME, by its number. */
static void run_probes(struct machine *m, const char *name)
{
	VEC(struct start) starts = { 0 };

	VEC_EACH(&m->script->decls, i) {
		const struct decl *d = m->script->decls.at[i];
		const struct point_part *part;

		if (d->kind != DECL_PROBE)
			continue;
		part = &d->probe.points.at[0]->parts.at[0];
		if (!strcmp(part->name, name))
			VEC_PUSH(m->arena, &starts, ((struct start){
				d, part->has_arg ? part->arg->number.value : 0 }));
	}
	if (starts.n)
		qsort(starts.at, starts.n, sizeof(*starts.at), by_order);
	VEC_EACH(&starts, i) {
		if (strcmp(name, "begin") == 0 && m->exits)
			return;
		if (strcmp(name, "error") && m->outcome->n_errors > m->limits->max_errors)
			return;
		if (m->outcome->is_endless)
			return;
		run_probe(m, starts.at[i].probe);
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
	g->table.capacity = (size_t)(v->size ? v->size->number.value : m->limits->max_entries);
	map_put(&m->globals, v->name, g);
}

void machine_run(struct arena *a, const struct syntax_file *script, struct sources *sources,
		 const struct limits *limits, const struct map *initial, struct outcome *outcome)
{
	struct machine m = {
		.arena = a, .sources = sources, .limits = limits, .outcome = outcome, .script = script,
	};

	map_init(&m.globals, a);
	VEC_EACH(&script->decls, i)
		if (script->decls.at[i]->kind == DECL_GLOBAL)
			add_global(&m, script->decls.at[i]->global.var, initial);
	run_probes(&m, "begin");
	run_probes(&m, "end");
	if (outcome->n_errors > limits->max_errors)
		run_probes(&m, "error");
}
