/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bodies, in the script's own language:
 *
 *	long        printf("n=%d\n", n)
 *	string      printf("s=\"%#s\"\n", s)
 *	array       foreach (v = [i, j] in a-) printf("a[%#d,\"%#s\"]=%d\n", i, j, v)
 *	statistic   if (@count(x) == 0) printf("x @count=0x0\n")
 *	            else printf("x @count=%#d @min=%#d @max=%#d @sum=%#d @avg=%#d\n", ...)
 */
#include "translator/unread.h"

#include <string.h>

#include "translator/session.h"

struct maker {
	struct session *s;
	struct arena *a;
	struct probe *probe;
	struct var *global;
};

static struct expr *typed(struct expr *e, enum type type)
{
	e->type = type;
	return e;
}

static struct expr *symbol(struct maker *m, struct var *v)
{
	struct expr *e = typed(expr_symbol(m->a, m->global->loc, v->name), v->type);

	e->symbol.var = v;
	return e;
}

static struct expr *number(struct maker *m, int64_t value)
{
	return typed(expr_number(m->a, m->global->loc, value), TY_LONG);
}

static struct var *local(struct maker *m, const char *name, enum type type)
{
	struct var *v = ARENA_NEW(m->a, struct var);

	v->kind = VAR_LOCAL;
	v->name = name;
	v->loc = m->global->loc;
	v->type = type;
	v->is_synthetic = v->is_read = v->is_written = true;
	VEC_PUSH(m->a, &m->probe->locals, v);
	return v;
}

static struct expr *new_print(struct maker *m)
{
	struct expr *e = typed(expr_new(m->a, EXPR_PRINT, m->global->loc), TY_LONG);

	e->print.has_format = true;
	e->print.format = "";
	return e;
}

static void add_text(struct maker *m, struct expr *print, const char *text)
{
	struct print_part part = { .conv = CONV_LITERAL, .text = text, .text_len = strlen(text) };

	VEC_PUSH(m->a, &print->print.parts, part);
}

/* %#d or "%#s" */
static void add_value(struct maker *m, struct expr *print, struct expr *value)
{
	struct print_part part = { .conv = CONV_SIGNED, .flags = PRINT_ALT };

	if (value->type == TY_STRING) {
		part.conv = CONV_STRING;
		add_text(m, print, "\"");
	}
	VEC_PUSH(m->a, &print->print.parts, part);
	VEC_PUSH(m->a, &print->print.args, value);
	if (value->type == TY_STRING)
		add_text(m, print, "\"");
}

static struct stmt *statement(struct maker *m, struct expr *e)
{
	struct stmt *s = stmt_new(m->a, STMT_EXPR, m->global->loc);

	s->expr.expr = e;
	return s;
}

static void add_statop(struct maker *m, struct expr *print, const char *text, enum statop op,
		       struct expr *stat)
{
	struct expr *e = typed(expr_new(m->a, EXPR_STATOP, m->global->loc), TY_LONG);

	e->statop.op = op;
	e->statop.stat = stat;
	m->global->stat_ops |= 1u << op;
	add_text(m, print, text);
	add_value(m, print, e);
}

/* Behind the name: the numbers of a statistic.  STAT is shared by the five of them. */
static void add_statistic(struct maker *m, struct expr *print, struct expr *stat)
{
	add_statop(m, print, " @count=", STATOP_COUNT, stat);
	add_statop(m, print, " @min=", STATOP_MIN, stat);
	add_statop(m, print, " @max=", STATOP_MAX, stat);
	add_statop(m, print, " @sum=", STATOP_SUM, stat);
	add_statop(m, print, " @avg=", STATOP_AVG, stat);
	add_text(m, print, "\n");
}

static struct stmt *print_array(struct maker *m)
{
	struct var *v = m->global;
	struct expr *print = new_print(m);
	struct stmt *loop = stmt_new(m->a, STMT_FOREACH, v->loc);

	loop->foreach.array = symbol(m, v);
	loop->foreach.sort_column = 0;
	loop->foreach.sort = SORT_DOWN;
	add_text(m, print, v->name);
	for (int i = 0; i < v->arity; i++) {
		struct var *key = local(m, arena_printf(m->a, "key%d", i), v->key_types[i]);

		VEC_PUSH(m->a, &loop->foreach.keys, symbol(m, key));
		add_text(m, print, i ? "," : "[");
		add_value(m, print, symbol(m, key));
	}
	add_text(m, print, "]");
	if (v->type == TY_STAT) {
		struct expr *element = typed(expr_new(m->a, EXPR_INDEX, v->loc), TY_STAT);

		element->index.name = v->name;
		element->index.var = v;
		VEC_EACH(&loop->foreach.keys, i)
			VEC_PUSH(m->a, &element->index.keys,
				 symbol(m, loop->foreach.keys.at[i]->symbol.var));
		add_statistic(m, print, element);
	} else {
		struct var *value = local(m, "value", v->type);

		loop->foreach.value = symbol(m, value);
		add_text(m, print, "=");
		add_value(m, print, symbol(m, value));
		add_text(m, print, "\n");
	}
	loop->foreach.body = statement(m, print);
	return loop;
}

static struct stmt *print_statistic(struct maker *m)
{
	struct expr *full = new_print(m), *empty = new_print(m), *count;
	struct stmt *branch = stmt_new(m->a, STMT_IF, m->global->loc);

	add_text(m, full, m->global->name);
	add_statistic(m, full, symbol(m, m->global));
	add_text(m, empty, m->global->name);
	add_text(m, empty, " @count=0x0\n");
	count = typed(expr_new(m->a, EXPR_STATOP, m->global->loc), TY_LONG);
	count->statop.op = STATOP_COUNT;
	count->statop.stat = symbol(m, m->global);
	branch->if_.cond = typed(expr_binary(m->a, EXPR_COMPARE, m->global->loc, OP_EQ, count,
					     number(m, 0)), TY_LONG);
	branch->if_.then = statement(m, empty);
	branch->if_.otherwise = statement(m, full);
	return branch;
}

static struct stmt *print_scalar(struct maker *m)
{
	struct expr *print = new_print(m);

	add_text(m, print, m->global->name);
	add_text(m, print, "=");
	add_value(m, print, symbol(m, m->global));
	add_text(m, print, "\n");
	return statement(m, print);
}

struct probe *unread_add_probe(struct session *s, struct var *v)
{
	struct probe *p = ARENA_NEW(s->arena, struct probe);
	struct maker m = { .s = s, .a = s->arena, .probe = p, .global = v };

	p->loc = v->loc;
	p->name = p->pn = "end";
	p->row.kind = PROBE_END;
	p->id = (unsigned)s->probes.n;
	p->body = v->arity > 0 ? print_array(&m) :
		  v->type == TY_STAT ? print_statistic(&m) : print_scalar(&m);
	VEC_PUSH(s->arena, &s->probes, p);
	return p;
}
