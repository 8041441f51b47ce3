/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements. */
#include "gen_int.h"

void line(struct gen *g)
{
	put(g, "\n");
	for (unsigned i = 0; i < g->indent; i++)
		put(g, "\t");
}

static void block(struct gen *g, unsigned depth)
{
	put(g, "{");
	g->indent++;
	for (unsigned n = 1 + below(g, 3); n; n--) {
		line(g);
		statement(g, depth);
	}
	g->indent--;
	line(g);
	put(g, "}");
}

static void loop_body(struct gen *g, unsigned depth)
{
	g->loops++;
	block(g, depth);
	g->loops--;
}

/* A loop that ends, by a variable that nothing else changes: i0, i1 ... are numbers. */
static void loop(struct gen *g, unsigned depth)
{
	unsigned i = g->counter++, n = 1 + below(g, 6);

	switch (below(g, 4)) {
	case 0:
		put(g, "for (ni%u = 0; ni%u < %u; ni%u++) ", i, i, n, i);
		loop_body(g, depth);
		break;
	case 1:
		put(g, "ni%u = %u; while (ni%u-- > 0 && ", i, n, i);
		g->loops++;
		number(g, 1);
		g->loops--;
		put(g, ") ");
		loop_body(g, depth);
		break;
	case 2:
		put(g, "for (ni%u = %u; ; ni%u -= 2) { if (ni%u < 0) break; ", i, n, i, i);
		g->loops++;
		statement(g, depth);
		g->loops--;
		put(g, " }");
		break;
	default:
		put(g, "ni%u = 0; for (", i);
		if (one_in(g, 2))
			assignment(g, 1);
		put(g, "; ni%u < %u; ", i, n);
		g->loops++;
		if (one_in(g, 2))
			assignment(g, 1);
		put(g, ") { ni%u++; ", i);
		statement(g, depth);
		put(g, " }");
		g->loops--;
	}
}

void show_keys(struct gen *g, const char *what, const struct array *a, char last)
{
	put(g, "printf(\"%s", what);
	for (unsigned i = 0; i < a->n_keys; i++)
		put(g, a->keys[i] == 's' ? " %%s" : " %%d");
	if (last)
		put(g, last == 's' ? " %%s" : " %%d");
	put(g, "\\n\"");
}

static void foreach(struct gen *g, unsigned depth)
{
	struct array *a = any_array(g, "nsq"[below(g, 3)], false);
	unsigned index;
	bool is_sorted = false; /* by one of its keys or its value, at most */
	bool has_value, was_locked;

	if (!a) {
		put(g, NOTHING);
		return;
	}
	index = (unsigned)(a - g->arrays);
	was_locked = g->locked >> index & 1;
	g->locked |= 1u << index;
	has_value = a->type != 'q' && one_in(g, 2);
	put(g, "foreach (");
	if (has_value) {
		put(g, "%cv%u", a->type, g->loops);
		if (one_in(g, 4)) {
			put(g, "%c", "+-"[below(g, 2)]);
			is_sorted = true;
		}
		put(g, " = ");
	}
	put(g, "[");
	for (unsigned i = 0; i < a->n_keys; i++) {
		put(g, "%s%ck%u_%u", i ? ", " : "", a->keys[i], i, g->loops);
		if (!is_sorted && one_in(g, 4)) {
			put(g, "%c", "+-"[below(g, 2)]);
			is_sorted = true;
		}
	}
	put(g, "] in %s", a->name);
	if (a->n_keys > 1 && one_in(g, 3))
		keys(g, a, 0, 2);
	if (!is_sorted && one_in(g, 3)) {
		if (a->type == 'q' && one_in(g, 2))
			put(g, " @%s", PICK(g, ((const char *[]){ "count", "sum", "min", "max", "avg" })));
		put(g, "%c", "+-"[below(g, 2)]);
	}
	if (one_in(g, 4)) {
		put(g, " limit ");
		if (one_in(g, 2))
			put(g, "%u", below(g, 5));
		else
			number(g, 1);
	}
	put(g, ") {");
	g->indent++;
	line(g);
	show_keys(g, "k", a, has_value ? a->type : 0);
	for (unsigned i = 0; i < a->n_keys; i++)
		put(g, ", %ck%u_%u", a->keys[i], i, g->loops);
	if (has_value)
		put(g, ", %cv%u", a->type, g->loops);
	put(g, ");");
	line(g);
	loop_body(g, depth);
	g->indent--;
	line(g);
	put(g, "}");
	if (!was_locked)
		g->locked &= ~(1u << index);
}

static void try_catch(struct gen *g, unsigned depth)
{
	put(g, "try ");
	block(g, depth);
	if (one_in(g, 3)) {
		put(g, " catch ");
		block(g, depth);
		return;
	}
	put(g, " catch (");
	variable(g, 's');
	put(g, ") ");
	block(g, depth);
}

static void delete(struct gen *g)
{
	struct array *a = any_array(g, "nsq"[below(g, 3)], true);

	put(g, "delete ");
	if (g->locked && one_in(g, 6)) { /* the only thing that may happen to the array of a loop */
		unsigned index = (unsigned)__builtin_ctz(g->locked);

		put(g, "%s", g->arrays[index].name);
		g->writes |= 1u << index;
	} else if (!a) {
		put(g, "%cg%u_%llu", "ns"[below(g, 2)], below(g, N_GLOBALS), (unsigned long long)g->seed);
	} else if (one_in(g, 6)) {
		put(g, "%s", a->name);
	} else {
		put(g, "%s", a->name);
		keys(g, a, 1, a->n_keys > 1 && one_in(g, 3) ? 3 : 0);
	}
	put(g, ";");
}

static void sample(struct gen *g, unsigned depth)
{
	const struct array *a = any_stat(g, true);

	if (!a) {
		put(g, NOTHING);
		return;
	}
	if (!g->loops && one_in(g, 6)) { /* many, for bars that have to be scaled */
		unsigned i = g->counter++;

		put(g, "for (ni%u = 0; ni%u < %u; ni%u++) ", i, i, 30 + below(g, 150), i);
		stat_place(g, a, 0);
		put(g, " <<< ni%u * %u %% %u - %u;", i, 1 + below(g, 9), 1 + below(g, 200), below(g, 60));
		return;
	}
	stat_place(g, a, depth);
	put(g, " <<< ");
	if (one_in(g, 5)) {
		edge(g);
		put(g, ";");
	} else if (one_in(g, 3)) {
		put(g, "(");
		number(g, depth);
		put(g, ") %% 100000;");
	} else {
		put(g, "%d;", (int)below(g, 200) - 60);
	}
}

static void print(struct gen *g, unsigned depth)
{
	const struct array *a;
	char types[32];

	switch (below(g, 6)) {
	case 0:
		put(g, "print(");
		values(g, 1, depth);
		break;
	case 1:
		put(g, "println(");
		values(g, 1 + below(g, 3), depth);
		break;
	case 2:
		put(g, "printdln(");
		delimiter(g);
		values(g, 2 + below(g, 3), depth);
		break;
	case 3:
		a = any_stat(g, false);
		if (a && a->hist) {
			put(g, "print(");
			histogram(g, a, depth);
			break;
		}
		/* fall through */
	default:
		put(g, "printf(");
		format(g, types);
		format_arguments(g, types, depth);
	}
	put(g, ");");
}

static void match(struct gen *g)
{
	put(g, "if (");
	string(g, 1);
	put(g, " =~ ");
	regex_with_groups(g);
	put(g, ") println(\"match \", matched(0), \"|\", matched(%u), \"|\", ngroups());", below(g, 4));
	if (one_in(g, 3))
		put(g, " else println(\"no match \", matched(%u));", below(g, 2));
}

/* A string that becomes as long as one may be, or nearly. */
static void grow(struct gen *g)
{
	unsigned i = g->counter++, s = below(g, N_STRINGS), n = below(g, N_NUMBERS);

	if (g->loops) {
		put(g, NOTHING);
		return;
	}
	put(g, "for (ni%u = 0; ni%u < %u; ni%u++) s%u .= ", i, i, 2 + below(g, 14), i, s);
	if (one_in(g, 2))
		put(g, "s%u . ", s);
	string_literal(g);
	put(g, ";");
	line(g);
	put(g, "n%u = strlen(s%u);", n, s);
	line(g);
	put(g, "println(n%u, \" \", substr(s%u, n%u - %u, %u), \"|\", substr(s%u . \"%c\", n%u, 2));", n, s, n,
	    below(g, 12), below(g, 20), s, "xyz"[below(g, 3)], n);
}

/* What a statistic has, all of it. */
static void buckets(struct gen *g)
{
	const struct array *a = any_stat(g, false);
	unsigned i = g->counter++;

	if (!a || !a->hist || g->loops) {
		put(g, NOTHING);
		return;
	}
	put(g, "foreach (ni%u in ", i);
	histogram(g, a, 0);
	put(g, ") if (");
	histogram(g, a, 0);
	put(g, "[ni%u]) println(ni%u, \"*\", ", i, i);
	histogram(g, a, 0);
	put(g, "[ni%u]);", i);
}

/* A global that nobody reads: it is printed at the end. */
static void write_unread(struct gen *g)
{
	unsigned long long seed = g->seed;

	if (!g->has_unread) {
		put(g, NOTHING);
		return;
	}
	switch (below(g, 6)) {
	case 0:
		put(g, "un_%llu %s ", seed, PICK(g, ((const char *[]){ "=", "+=", "-=", "*=" })));
		number(g, 2);
		break;
	case 1:
		put(g, "us_%llu %s ", seed, one_in(g, 2) ? "=" : ".=");
		string(g, 2);
		break;
	case 2:
		put(g, "uan_%llu[", seed);
		string(g, 1);
		put(g, ", %u] %s ", below(g, 3), one_in(g, 2) ? "=" : "+=");
		number(g, 2);
		break;
	case 3:
		put(g, "uas_%llu[%u] = ", seed, below(g, 5));
		string(g, 2);
		break;
	case 4:
		put(g, "uq_%llu <<< (", seed);
		number(g, 2);
		put(g, ") %% 1000000");
		break;
	default:
		put(g, "uaq_%llu[%u] <<< %d", seed, below(g, 4), (int)below(g, 100) - 50);
	}
	put(g, ";");
}

/* What can't be caught, or is an error of the script's own. */
static void raise(struct gen *g)
{
	put(g, "if (");
	number(g, 1);
	put(g, " == %u) ", below(g, 6));
	if (one_in(g, 8)) {
		put(g, "while (1) n0++;");
		return;
	}
	put(g, "error(sprintf(\"mine %%d\", ");
	number(g, 2);
	put(g, "));");
}

static void leave(struct gen *g)
{
	switch (below(g, 4)) {
	case 0:
		put(g, "%s", g->loops ? "break;" : NOTHING);
		break;
	case 1:
		put(g, "%s", g->loops ? "continue;" : NOTHING);
		break;
	case 2:
		if (!g->self || one_in(g, 4)) {
			put(g, "%s", g->self ? NOTHING : "next;");
			break;
		}
		/* fall through */
	default:
		if (!g->self) {
			put(g, NOTHING);
			break;
		}
		put(g, "return ");
		if (g->self->result != 'v')
			value(g, g->self->result, 2);
		put(g, ";");
	}
}

void statement(struct gen *g, unsigned depth)
{
	if (!depth) {
		put(g, "printf(\"at %u %%d\\n\", ", below(g, 1000));
		number(g, 2);
		put(g, ");");
		return;
	}
	depth--;
	switch (below(g, 28)) {
	case 25:
		grow(g);
		break;
	case 26:
		buckets(g);
		break;
	case 27:
		try_catch(g, depth);
		break;
	case 22:
		raise(g);
		break;
	case 23:
	case 24:
		write_unread(g);
		break;
	case 0:
	case 1:
	case 2:
		assignment(g, 3);
		put(g, ";");
		break;
	case 3:
	case 4:
		place(g, 's', 2);
		put(g, " %s ", one_in(g, 3) ? ".=" : "=");
		string(g, 3);
		put(g, ";");
		break;
	case 5:
	case 6:
	case 7:
		print(g, 2);
		break;
	case 8:
	case 9:
		put(g, "if (");
		number(g, 3);
		put(g, ") ");
		if (one_in(g, 2)) {
			block(g, depth);
		} else {
			g->indent++;
			statement(g, depth);
			g->indent--;
			/* an "if" of its own would take the "else" */
			break;
		}
		if (one_in(g, 2)) {
			put(g, " else ");
			block(g, depth);
		}
		break;
	case 10:
	case 11:
		loop(g, depth);
		break;
	case 12:
	case 13:
		foreach(g, depth);
		break;
	case 14:
		try_catch(g, depth);
		break;
	case 15:
		delete(g);
		break;
	case 16:
	case 17:
		sample(g, 2);
		break;
	case 18:
		match(g);
		break;
	case 19:
		put(g, "if (");
		number(g, 1);
		put(g, ") ");
		leave(g);
		break;
	case 20:
		if (call(g, 'v', 2))
			put(g, ";");
		else
			block(g, depth);
		break;
	default:
		place(g, 'n', 2);
		put(g, "%s;", one_in(g, 2) ? "++" : "--");
	}
}
