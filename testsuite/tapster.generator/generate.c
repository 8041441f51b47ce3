/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Declarations; the script as a whole. */
#include "gen_int.h"

#include <stdio.h>
#include <string.h>

/* One that a histogram is printed of in few lines, or in many; whole intervals. */
static void choose_histogram(struct gen *g, struct array *a)
{
	static const int linear[][3] = {
		{ -20, 110, 10 }, { -40, 60, 10 }, { 0, 150, 10 }, { 0, 1, 1 }, { -100, 100, 5 }, { 0, 50, 50 },
		{ -1000000, 1000000, 50000 }, { 1000000, 2000000, 1000000 }, { -64, -32, 1 }, { 0, 9, 3 },
	};
	const int *p = PICK(g, linear);

	if (one_in(g, 2)) {
		a->hist = "@hist_log(";
		strcpy(a->hist_end, ")");
		return;
	}
	a->hist = "@hist_linear(";
	snprintf(a->hist_end, sizeof(a->hist_end), ", %d, %d, %d)", p[0], p[1], p[2]);
}

static void declare_globals(struct gen *g)
{
	static const char *const sizes[] = { "", "", "[4]", "[30]", "%[3]", "%[5]", "[2]", "%[1]", "[1]", "%" };
	unsigned long long seed = g->seed;

	g->n_arrays = 1 + below(g, MAX_ARRAYS);
	g->n_stats = below(g, 3);
	put(g, "%sglobal ", one_in(g, 6) ? "private " : "");
	for (unsigned i = 0; i < N_GLOBALS; i++) {
		put(g, "ng%u_%llu", i, seed);
		if (one_in(g, 3))
			put(g, " = %d", (int)below(g, 100) - 50);
		put(g, ", sg%u_%llu", i, seed);
		if (one_in(g, 3))
			put(g, " = \"init%u\"", i);
		put(g, ", ");
	}
	for (unsigned i = 0; i < g->n_arrays + g->n_stats; i++) {
		struct array *a = i < g->n_arrays ? &g->arrays[i] : &g->stats[i - g->n_arrays];

		a->type = i < g->n_arrays ? "nnsqn"[below(g, 5)] : 'q';
		a->n_keys = i >= g->n_arrays ? 0 : one_in(g, 8) ? 1 + below(g, 9) : 1 + below(g, 3);
		for (unsigned k = 0; k < a->n_keys; k++)
			a->keys[k] = "nns"[below(g, 3)];
		snprintf(a->name, sizeof(a->name), "%s%c%u_%llu", a->n_keys ? "a" : "", a->type, i, seed);
		if (a->type == 'q' && !one_in(g, 4))
			choose_histogram(g, a);
		if (a->type == 'q' && one_in(g, 3))
			a->shift = 1 + below(g, 6);
		put(g, "%s%s%s", i ? ", " : "", a->name, a->n_keys ? PICK(g, sizes) : "");
	}
	put(g, "\n");
	g->has_unread = one_in(g, 2);
	if (g->has_unread)
		put(g, "global un_%llu, us_%llu, uan_%llu%s, uas_%llu, uq_%llu, uaq_%llu\n", seed, seed, seed,
		    PICK(g, sizes), seed, seed, seed);
	put(g, "@define larger_%llu(a, b) %%( (@a > @b ? @a : @b) %%)\n", seed);
	put(g, "@define largest_%llu(a, b, c) %%( @larger_%llu(@larger_%llu(@a, @b), @c) %%)\n", seed, seed, seed);
	put(g, "@define twice_%llu(s) %%( (@s . @s) %%) @define constant_%llu %%( %d %%)\n", seed, seed,
	    (int)below(g, 100) - 50);
}

/* Each is written at least once, in this order. */
static void write_all_unread(struct gen *g)
{
	unsigned long long seed = g->seed;

	put(g, "\n\tun_%llu = %d; us_%llu = \"\"; uan_%llu[\"a\", 1] = 2; uas_%llu[1] = \"x\"; uq_%llu <<< 1; uaq_%llu[1] <<< 7",
	    seed, (int)below(g, 100) - 50, seed, seed, seed, seed, seed);
}

/* At the end of a body: shows all locals, and so gives them their types. */
static void show_locals(struct gen *g)
{
	line(g);
	put(g, "printf(\"");
	for (unsigned i = 0; i < N_NUMBERS; i++)
		put(g, "%%d ");
	for (unsigned i = 0; i < N_STRINGS; i++)
		put(g, "%%s ");
	for (unsigned i = 0; g->self && g->self->params[i]; i++)
		put(g, g->self->params[i] == 's' ? "%%s " : "%%d ");
	put(g, "\\n\"");
	for (unsigned i = 0; i < N_NUMBERS; i++)
		put(g, ", n%u", i);
	for (unsigned i = 0; i < N_STRINGS; i++)
		put(g, ", s%u", i);
	for (unsigned i = 0; g->self && g->self->params[i]; i++)
		put(g, ", %cp%u", g->self->params[i], i);
	put(g, ");");
	line(g);
	for (unsigned i = 0; i < N_NUMBERS; i++)
		put(g, "n%u = %u; ", i, i);
	for (unsigned i = 0; i < N_STRINGS; i++)
		put(g, "s%u = \"%u\"; ", i, i);
}

static void body(struct gen *g, unsigned statements)
{
	g->counter = 0;
	g->is_slow = false;
	g->indent = 1;
	for (unsigned i = 0; i < N_NUMBERS && one_in(g, 2); i++)
		put(g, "%sn%u = %d;", i ? " " : "\n\t", i, (int)below(g, 9) - 2);
	for (unsigned i = 0; i < N_STRINGS && one_in(g, 2); i++) {
		put(g, "%ss%u = ", i ? " " : "\n\t", i);
		string_literal(g);
		put(g, ";");
	}
	while (statements--) {
		bool is_guarded = !g->self && !one_in(g, 4); /* an error ends only this statement */

		line(g);
		put(g, is_guarded ? "try { " : "");
		statement(g, MAX_DEPTH);
		if (is_guarded)
			put(g, " } catch (s0) { println(\"caught \", s0); }");
	}
	show_locals(g);
}

static void signature(struct gen *g, const struct function *f)
{
	static const struct {
		char letter;
		const char *type;
	} types[] = { { 'n', ":long" }, { 's', ":string" } };

	put(g, "%sfunction %s", one_in(g, 8) ? "private " : "", f->name);
	if (f->result != 'v')
		put(g, "%s", types[f->result == 's'].type);
	put(g, "(");
	for (unsigned i = 0; f->params[i]; i++)
		put(g, "%s%cp%u%s", i ? ", " : "", f->params[i], i, types[f->params[i] == 's'].type);
	put(g, ")");
}

/* Sometimes that of one before, which has another number of parameters. */
static void choose_name(struct gen *g, struct function *f)
{
	const struct function *before = g->n_functions ? &g->functions[below(g, g->n_functions)] : NULL;
	bool clashes = !before || before->result != f->result || !one_in(g, 3);

	for (unsigned i = 0; !clashes && i < g->n_functions; i++)
		clashes = !strcmp(g->functions[i].name, before->name) &&
			  strlen(g->functions[i].params) == strlen(f->params);
	if (clashes)
		snprintf(f->name, sizeof(f->name), "f%c%u_%llu", f->result, g->n_functions, (unsigned long long)g->seed);
	else
		strcpy(f->name, before->name);
}

/* Of those with overloads all but perhaps the last may say next. */
static void declare_function(struct gen *g)
{
	struct function *f = &g->functions[g->n_functions];
	unsigned n = one_in(g, 4) ? 2 : 1, n_params = below(g, MAX_PARAMS + 1);

	f->result = "nnssv"[below(g, 5)];
	for (unsigned i = 0; i < n_params; i++)
		f->params[i] = "ns"[below(g, 2)];
	choose_name(g, f);
	f->recurs = f->params[0] == 'n' && one_in(g, 2);
	g->self = f;
	for (unsigned i = 0; i < n; i++) {
		signature(g, f);
		if (n > 1 && one_in(g, 2))
			put(g, ":%u", 1 + below(g, 4));
		put(g, " {");
		g->locked = g->writes = g->loops = 0;
		if (i + 1 < n || one_in(g, 10)) {
			/* a function that does nothing else is taken away */
			put(g, "\n\t" NOTHING " if (");
			number(g, 1);
			put(g, ") next;");
		}
		body(g, 1 + below(g, 3));
		if (f->result != 'v') {
			line(g);
			put(g, "return ");
			value(g, f->result, 2);
			put(g, ";");
		}
		put(g, "\n}\n");
		f->writes |= g->writes;
		f->is_slow |= g->is_slow || f->recurs;
	}
	g->n_functions++;
	g->self = NULL;
}

static void show_statistic(struct gen *g, const struct array *a)
{
	const char *name = a->name;

	put(g, "\tprintdln(\" \", \"%s\", @count(%s), @sum(%s));\n", name, name, name);
	put(g, "\tif (@count(%s)) printdln(\" \", @min(%s), @max(%s), @avg(%s), @variance(%s", name, name, name,
	    name, name);
	put(g, a->shift ? ", %u));\n" : "));\n", a->shift);
	if (a->hist)
		put(g, "\tif (@count(%s)) print(%s%s%s);\n", name, a->hist, name, a->hist_end);
}

/* All that is left in the globals. */
static void show_globals(struct gen *g)
{
	unsigned long long seed = g->seed;

	for (unsigned i = 0; i < N_GLOBALS; i++)
		put(g, "\tprintf(\"g%u %%d %%s\\n\", ng%u_%llu, sg%u_%llu);\n", i, i, seed, i, seed);
	for (unsigned i = 0; i < g->n_arrays; i++) {
		struct array *a = &g->arrays[i];

		put(g, "\tforeach (");
		put(g, "[");
		for (unsigned k = 0; k < a->n_keys; k++)
			put(g, "%s%ck%u", k ? ", " : "", a->keys[k], k);
		put(g, "] in %s) ", a->name);
		show_keys(g, a->name, a, a->type);
		for (unsigned k = 0; k < a->n_keys; k++)
			put(g, ", %ck%u", a->keys[k], k);
		put(g, a->type == 'q' ? ", @count(%s[" : ", %s[", a->name);
		for (unsigned k = 0; k < a->n_keys; k++)
			put(g, "%s%ck%u", k ? ", " : "", a->keys[k], k);
		put(g, a->type == 'q' ? "]));\n" : "]);\n");
	}
	for (unsigned i = 0; i < g->n_stats; i++)
		show_statistic(g, &g->stats[i]);
}

/* The name of the point that the script's first probe is at: itself, or an alias of it. */
static void declare_alias(struct gen *g, char name[40])
{
	unsigned long long seed = g->seed;
	bool has_unread = g->has_unread;

	snprintf(name, 40, "begin(%llu)", seed);
	if (!one_in(g, 4))
		return;
	snprintf(name, 40, "alias_%llu", seed);
	put(g, "probe %s %s begin(%llu) {", name, one_in(g, 2) ? "=" : "+=", seed);
	if (one_in(g, 3)) {
		put(g, "\n\tif (");
		number(g, 1);
		put(g, ") next");
	}
	g->has_unread = false; /* they are printed in the order in which the first probe writes them */
	body(g, 1 + below(g, 2));
	g->has_unread = has_unread;
	put(g, "\n}\n");
}

static void declare_end(struct gen *g)
{
	unsigned long long seed = g->seed;

	put(g, "probe end(%llu)", seed);
	if (one_in(g, 4)) {
		put(g, ", end(-%llu)", seed);
	}
	if (one_in(g, 3))
		put(g, " if (ng0_%llu %s 5)", seed, one_in(g, 2) ? ">" : "<");
	put(g, " {\n\tprintln(\"@@ \", pp());");
	body(g, 2 + below(g, 3));
	put(g, "\n}\n");
}

void generate(uint64_t seed, struct buf *out)
{
	struct gen g = { .c = chance_from(seed), .out = out, .seed = seed };
	unsigned long long name = seed;
	char point[40];

	declare_globals(&g);
	for (unsigned n = below(&g, MAX_FUNCTIONS); n; n--)
		declare_function(&g);
	g.locked = 0;
	declare_alias(&g, point);
	put(&g, "probe %s {\n\tprintln(\"@@ %llu\");", point, name);
	if (g.has_unread)
		write_all_unread(&g);
	body(&g, 3 + below(&g, 8));
	put(&g, "\n}\nprobe begin(%llu) {\n\tprintln(\"@@ globals of %llu\");\n", name, name);
	show_globals(&g);
	put(&g, "}\n");
	if (one_in(&g, 3))
		declare_end(&g);
	if (one_in(&g, 8))
		put(&g, "probe error { println(\"@@ error %llu\") }\n", name);
}
