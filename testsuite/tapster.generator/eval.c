/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions. */
#include "machine_int.h"

#include <stdlib.h>
#include <string.h>

struct value fail(struct machine *m, struct loc where, const char *message)
{
	if (!m->failed) {
		m->failed = true;
		m->message = message;
		m->where = where;
	}
	return number(0);
}

bool step(struct machine *m, struct loc where)
{
	if (++m->steps <= m->limits->max_steps)
		return m->failed;
	m->outcome->is_endless = m->is_fatal = true;
	fail(m, where, "endless");
	return true;
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
	struct place p;
	struct value v;

	find_place(m, e->assign.target, &p);
	if (m->failed)
		return number(0);
	v = eval(m, e->assign.value);
	if (m->failed)
		return v;
	if (e->assign.op == OP_STAT) {
		add_sample(m, &p, v.n);
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

/* ---- calls ---- */

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

struct value eval(struct machine *m, const struct expr *e)
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
