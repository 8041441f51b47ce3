/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gen_int.h"

#include <string.h>

void value(struct gen *g, char type, unsigned depth)
{
	if (type == 's')
		string(g, depth);
	else
		number(g, depth);
}

/* ---- leaves ---- */

void number_literal(struct gen *g)
{
	static const char *const edges[] = {
		"0", "1", "-1", "2", "63", "64", "65", "255", "0x7fffffff", "-2147483648", "4294967296",
		"9223372036854775807", "(-9223372036854775807 - 1)", "0777", "-64",
	};

	if (one_in(g, 4))
		put(g, "%s", PICK(g, edges));
	else
		put(g, "%d", (int)below(g, 12) - (one_in(g, 4) ? 6 : 0));
}

void edge(struct gen *g)
{
	static const char *const edges[] = {
		"9223372036854775807", "(-9223372036854775807 - 1)", "-9223372036854775807", "4611686018427387904",
		"4611686018427387903", "-4611686018427387905", "4294967296", "-4294967295", "1000000", "1023", "1024",
		"-1024", "-1025", "0", "1", "-1",
	};

	put(g, "%s", PICK(g, edges));
}

void string_literal(struct gen *g)
{
	static const char *const words[] = {
		"", "a", "b", "ab", "abc", "B", "key", "x1", "12", "-7", "0x1f", "aaaaaaaaaaaaaaaaaaaa",
		"tab\\t", "line\\n", "quote\\\"", "back\\\\slash", "\\x01\\377", "foo bar", "%d", "zz",
	};

	put(g, "\"%s\"", PICK(g, words));
}

void variable(struct gen *g, char type)
{
	if (g->self && one_in(g, 3)) {
		unsigned i = below(g, MAX_PARAMS);

		/* the first parameter of a function that recurs counts down */
		if (i < strlen(g->self->params) && g->self->params[i] == type && !(g->self->recurs && !i)) {
			put(g, "%cp%u", type, i);
			return;
		}
	}
	if (one_in(g, 3))
		put(g, "%cg%u_%llu", type, below(g, N_GLOBALS), (unsigned long long)g->seed);
	else
		put(g, "%c%u", type, below(g, type == 'n' ? N_NUMBERS : N_STRINGS));
}

/* ---- elements ---- */

struct array *any_array(struct gen *g, char type, bool to_write)
{
	for (unsigned i = 0, at = below(g, MAX_ARRAYS); i < MAX_ARRAYS; i++, at++) {
		unsigned k = at % MAX_ARRAYS;

		if (k < g->n_arrays && g->arrays[k].type == type && !(to_write && g->locked >> k & 1)) {
			if (to_write)
				g->writes |= 1u << k;
			return &g->arrays[k];
		}
	}
	return NULL;
}

static void key(struct gen *g, char type, unsigned depth)
{
	if (one_in(g, 3)) {
		value(g, type, depth ? depth - 1 : 0);
	} else if (type == 'n') {
		put(g, "%u", below(g, 5));
	} else {
		put(g, "\"%c\"", "abcd"[below(g, 4)]);
	}
}

void keys(struct gen *g, const struct array *a, unsigned depth, unsigned stars)
{
	put(g, "[");
	for (unsigned i = 0; i < a->n_keys; i++) {
		if (i)
			put(g, ", ");
		if (stars && one_in(g, stars))
			put(g, "*");
		else
			key(g, a->keys[i], depth);
	}
	put(g, "]");
}

static void element(struct gen *g, const struct array *a, unsigned depth)
{
	put(g, "%s", a->name);
	keys(g, a, depth, 0);
}

void place(struct gen *g, char type, unsigned depth)
{
	struct array *a = one_in(g, 3) ? any_array(g, type, true) : NULL;

	if (a)
		element(g, a, depth);
	else
		variable(g, type);
}

const struct array *any_stat(struct gen *g, bool to_write)
{
	if (one_in(g, 2) && g->n_stats)
		return &g->stats[below(g, g->n_stats)];
	return any_array(g, 'q', to_write);
}

void stat_place(struct gen *g, const struct array *a, unsigned depth)
{
	if (a->n_keys)
		element(g, a, depth);
	else
		put(g, "%s", a->name);
}

/* ---- calls ---- */

static struct function *any_function(struct gen *g, char result)
{
	for (unsigned i = 0, at = below(g, MAX_FUNCTIONS); i < MAX_FUNCTIONS; i++, at++) {
		struct function *f = &g->functions[at % MAX_FUNCTIONS];

		if (at % MAX_FUNCTIONS < g->n_functions && f->result == result && !(f->writes & g->locked) &&
		    f != g->self && !(g->loops && f->is_slow))
			return f;
	}
	return NULL;
}

static void arguments(struct gen *g, const struct function *f, unsigned depth)
{
	put(g, "(");
	for (unsigned i = 0; f->params[i]; i++) {
		if (i)
			put(g, ", ");
		if (!i && f->recurs) {
			put(g, "(");
			number(g, depth);
			put(g, ") & %u", one_in(g, 10) ? 31 : 3);
		} else {
			value(g, f->params[i], depth);
		}
	}
	put(g, ")");
}

bool call(struct gen *g, char result, unsigned depth)
{
	struct function *f;

	/* itself, with a smaller first argument */
	if (g->self && g->self->recurs && g->self->result == result && !g->loops && one_in(g, 3) &&
	    !(g->locked)) {
		put(g, "(np0 > 0 ? %s(np0 - 1", g->self->name);
		for (unsigned i = 1; g->self->params[i]; i++) {
			put(g, ", ");
			value(g, g->self->params[i], 0);
		}
		put(g, ") : ");
		value(g, result, 0);
		put(g, ")");
		return true;
	}
	f = any_function(g, result);
	if (!f)
		return false;
	g->writes |= f->writes;
	g->is_slow |= f->is_slow || g->loops;
	put(g, "%s", f->name);
	arguments(g, f, depth);
	return true;
}

/* ---- expressions ---- */

/* Constants are not shifted by constants that are too large: SystemTap does that in another way
 * than it does at run time. */
static bool is_shift(const char *op)
{
	return !strncmp(op, "<<", 2) || !strncmp(op, ">>", 2);
}

static void chain(struct gen *g)
{
	static const char *const ops[] = {
		"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>", "<", "<=", "==", "!=", ">", ">=",
		"&&", "||",
	};

	const char *op = "";

	for (unsigned n = 2 + below(g, 4); n; n--) {
		if (one_in(g, 4))
			put(g, "%s ", PICK(g, ((const char *[]){ "-", "!", "~", "+" })));
		if (one_in(g, 3) && !is_shift(op)) {
			number_literal(g);
		} else {
			variable(g, 'n');
			if (one_in(g, 6))
				put(g, "%s", one_in(g, 2) ? "++" : "--");
		}
		op = PICK(g, ops);
		if (n > 1)
			put(g, " %s ", op);
	}
}

void assignment(struct gen *g, unsigned depth)
{
	static const char *const ops[] = {
		"=", "=", "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=",
	};

	const char *op = PICK(g, ops);

	place(g, 'n', depth);
	put(g, " %s ", op);
	/* an error is at the divisor, or at what is left of it when constants are folded */
	if (*op == '/' || *op == '%')
		variable(g, 'n');
	else
		number(g, depth);
}

static void membership(struct gen *g, unsigned depth)
{
	const struct array *a = any_array(g, "nsq"[below(g, 3)], false);

	if (!a) {
		number_literal(g);
		return;
	}
	put(g, "(");
	keys(g, a, depth, a->n_keys > 1 ? 4 : 0);
	put(g, " in %s)", a->name);
}

void histogram(struct gen *g, const struct array *a, unsigned depth)
{
	put(g, "%s", a->hist);
	stat_place(g, a, depth);
	put(g, "%s", a->hist_end);
}

static void statistic(struct gen *g, unsigned depth)
{
	static const char *const extractors[] = { "count", "count", "sum", "min", "max", "avg", "variance" };
	const struct array *a = any_stat(g, false);
	const char *op = PICK(g, extractors);

	if (!a) {
		number_literal(g);
		return;
	}
	if (a->hist && one_in(g, 4)) {
		histogram(g, a, depth);
		if (one_in(g, 6))
			put(g, "[%u]", below(g, 130));
		else
			put(g, "[%u]", a->hist[7] == 'i' || one_in(g, 3) ? below(g, 8) : 60 + below(g, 12));
		return;
	}
	put(g, "@%s(", op);
	stat_place(g, a, depth);
	if (a->shift && !strcmp(op, "variance"))
		put(g, ", %u", a->shift);
	put(g, ")");
}

static void number_leaf(struct gen *g)
{
	if (one_in(g, 3))
		number_literal(g);
	else
		variable(g, 'n');
}

/* What is called with strings. */
static void number_function(struct gen *g, unsigned depth)
{
	static const struct {
		const char *head, *between, *tail;
	} calls[] = {
		{ "strlen(", NULL, ")" }, { "isinstr(", ", ", ")" }, { "strtol(", NULL, ", 10)" },
		{ "strtol(", NULL, ", 16)" }, { "strpos(", ", ", ")" }, { "isdigit(", NULL, ")" },
	};
	unsigned i = below(g, sizeof(calls) / sizeof(*calls) + 1);

	if (i == sizeof(calls) / sizeof(*calls)) {
		put(g, "stringat(");
		string(g, depth);
		put(g, ", ");
		number(g, 0);
		put(g, ")");
		return;
	}
	put(g, "%s", calls[i].head);
	string(g, depth);
	if (calls[i].between) {
		put(g, "%s", calls[i].between);
		string(g, depth);
	}
	put(g, "%s", calls[i].tail);
}

/* The macros that each script has: their arguments are used more than once, and must not have effects. */
static void macro(struct gen *g)
{
	unsigned long long seed = g->seed;
	unsigned n = 1 + below(g, 3);

	if (n == 1) {
		put(g, "@constant_%llu", seed);
		return;
	}
	put(g, "@%s_%llu(", n == 2 ? "larger" : "largest", seed);
	for (unsigned i = 0; i < n; i++) {
		put(g, "%s", i ? ", " : "");
		number_leaf(g);
	}
	put(g, ")");
}

void number(struct gen *g, unsigned depth)
{
	static const char *const ops[] = {
		"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>", "<", "<=", "==", "!=", ">", ">=",
		"&&", "||", "&&", "||", "+", "-",
	};
	const char *op;
	struct array *a;

	if (!depth || one_in(g, 6)) {
		number_leaf(g);
		return;
	}
	depth--;
	switch (below(g, 17)) {
	case 16:
		macro(g);
		break;
	case 0:
	case 1:
	case 2:
	case 3:
		op = PICK(g, ops);
		put(g, "(");
		number(g, depth);
		put(g, " %s ", op);
		if (is_shift(op))
			variable(g, 'n');
		else
			number(g, depth);
		put(g, ")");
		break;
	case 4:
		put(g, "(");
		chain(g);
		put(g, ")");
		break;
	case 5:
		put(g, "%s(", PICK(g, ((const char *[]){ "-", "!", "~", "+" })));
		number(g, depth);
		put(g, ")");
		break;
	case 6:
		if (one_in(g, 2)) {
			put(g, "(%s", one_in(g, 2) ? "++" : "--");
			place(g, 'n', depth);
			put(g, ")");
		} else {
			place(g, 'n', depth);
			put(g, "%s", one_in(g, 2) ? "++" : "--");
		}
		break;
	case 7:
		put(g, "(");
		assignment(g, depth);
		put(g, ")");
		break;
	case 8:
		put(g, "(");
		number(g, depth);
		put(g, " ? ");
		number(g, depth);
		put(g, " : ");
		number(g, depth);
		put(g, ")");
		break;
	case 9:
		put(g, "(");
		string(g, depth);
		put(g, " %s ", PICK(g, ((const char *[]){ "==", "!=", "<", "<=", ">", ">=" })));
		string(g, depth);
		put(g, ")");
		break;
	case 10:
		membership(g, depth);
		break;
	case 11:
		statistic(g, depth);
		break;
	case 12:
		if (!call(g, 'n', depth))
			number_leaf(g);
		break;
	case 13:
		number_function(g, depth);
		break;
	case 14:
		put(g, "(");
		string(g, depth);
		put(g, " %s ", one_in(g, 3) ? "!~" : "=~");
		regex(g);
		put(g, ")");
		break;
	default:
		a = any_array(g, 'n', false);
		if (a)
			element(g, a, depth);
		else
			number_leaf(g);
	}
}

static void string_leaf(struct gen *g)
{
	if (one_in(g, 3))
		string_literal(g);
	else
		variable(g, 's');
}

static void string_function(struct gen *g, unsigned depth)
{
	switch (below(g, 8)) {
	case 6:
		put(g, "@twice_%llu(", (unsigned long long)g->seed);
		string_leaf(g);
		break;
	case 7:
		put(g, "matched(%u", below(g, 4));
		break;
	case 0:
		put(g, "str_replace(");
		string(g, depth);
		put(g, ", ");
		string(g, 0);
		put(g, ", ");
		string(g, 0);
		break;
	case 1:
		put(g, "text_str(");
		string(g, depth);
		break;
	case 2:
		put(g, "tokenize(");
		string(g, depth);
		put(g, ", \"%s\"", PICK(g, ((const char *[]){ " ", "a", ",; ", "bk", "" })));
		break;
	case 3:
		if (!g->self) {
			put(g, "pp(");
			break;
		}
		/* fall through */
	default:
		put(g, "substr(");
		string(g, depth);
		put(g, ", ");
		number(g, 0);
		put(g, ", ");
		number(g, 0);
	}
	put(g, ")");
}

void string(struct gen *g, unsigned depth)
{
	struct array *a;
	char types[32];

	if (!depth || one_in(g, 5)) {
		string_leaf(g);
		return;
	}
	depth--;
	switch (below(g, 9)) {
	case 0:
	case 1:
		put(g, "(");
		for (unsigned n = 2 + below(g, 3); n; n--) {
			string(g, depth);
			put(g, n > 1 ? " . " : ")");
		}
		break;
	case 2:
		put(g, "(");
		number(g, depth);
		put(g, " ? ");
		string(g, depth);
		put(g, " : ");
		string(g, depth);
		put(g, ")");
		break;
	case 3:
		put(g, "(");
		place(g, 's', depth);
		put(g, " %s ", one_in(g, 2) ? "=" : ".=");
		string(g, depth);
		put(g, ")");
		break;
	case 4:
		put(g, "sprintf(");
		format(g, types);
		format_arguments(g, types, depth);
		put(g, ")");
		break;
	case 5:
		switch (below(g, 3)) {
		case 0:
			put(g, "sprint(");
			values(g, 1 + below(g, 3), depth);
			break;
		case 1:
			put(g, "sprintln(");
			values(g, 1 + below(g, 2), depth);
			break;
		default:
			put(g, "sprintd(");
			delimiter(g);
			values(g, 2 + below(g, 2), depth);
		}
		put(g, ")");
		break;
	case 6:
		string_function(g, depth);
		break;
	case 7:
		if (!call(g, 's', depth))
			string_leaf(g);
		break;
	default:
		a = any_array(g, 's', false);
		if (a)
			element(g, a, depth);
		else
			string_leaf(g);
	}
}
