/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text is written as it is decided.  What may stand somewhere follows from the
 * types, which names tell (machine.h), and from a few rules of the language:
 *
 * - a foreach loop must not write its array, also not through a function: LOCKED
 *   is the set of arrays that must not be written, WRITES what a function writes;
 * - the compiler may take away what can't be noticed, and with it an error that it
 *   would have raised: so everything is read, all locals at the end of a body, and where
 *   there is nothing to do NOTHING is done, so that conditions are not unused;
 * - calls go to functions that stand before, or recur with a smaller number.
 */
#include "generate.h"

#include <stdarg.h>
#include <stdio.h>

#include <stdbool.h>
#include <string.h>

enum {
	MAX_ARRAYS = 5, MAX_FUNCTIONS = 8, MAX_PARAMS = 4, N_NUMBERS = 5, N_STRINGS = 3,
	N_GLOBALS = 3, MAX_DEPTH = 4,
};

#define NOTHING "print(\"\");"

struct array {
	char name[24];
	char type;     /* n, s, q */
	unsigned n_keys;
	char keys[10]; /* n, s */
	char hist[48]; /* of a statistic: "@hist_log(%s)" or such; "" none */
	unsigned shift;
};

struct function {
	char name[24];
	char result;   /* n, s, v */
	char params[MAX_PARAMS + 1];
	unsigned writes;
	bool recurs, is_slow;
};

struct gen {
	struct chance c;
	struct buf *out;
	uint64_t seed;
	struct array arrays[MAX_ARRAYS], stats[2];
	unsigned n_arrays, n_stats;
	struct function functions[MAX_FUNCTIONS];
	unsigned n_functions;
	/* of the body that is being written */
	struct function *self; /* NULL: a probe */
	unsigned locked, writes;
	unsigned loops;   /* around this statement */
	unsigned counter; /* of loop variables */
	bool is_slow;     /* calls in a loop */
	unsigned indent;
};

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

struct chance chance_from(uint64_t seed)
{
	return (struct chance){ mix(mix(seed + 1)) };
}

unsigned chance_below(struct chance *c, unsigned n)
{
	return (unsigned)(mix(c->state += 0x9e3779b97f4a7c15u) >> 32) % n;
}

static unsigned below(struct gen *g, unsigned n)
{
	return chance_below(&g->c, n);
}

static bool one_in(struct gen *g, unsigned n)
{
	return !below(g, n);
}

#define PICK(g, list) ((list)[below((g), sizeof(list) / sizeof(*(list)))])

__attribute__((format(printf, 2, 3))) static void put(struct gen *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(g->out, fmt, ap);
	va_end(ap);
}

static void number(struct gen *g, unsigned depth);
static void string(struct gen *g, unsigned depth);
static void statement(struct gen *g, unsigned depth);

static void value(struct gen *g, char type, unsigned depth)
{
	if (type == 's')
		string(g, depth);
	else
		number(g, depth);
}

/* ---- leaves ---- */

static void number_literal(struct gen *g)
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

static void string_literal(struct gen *g)
{
	static const char *const words[] = {
		"", "a", "b", "ab", "abc", "B", "key", "x1", "12", "-7", "0x1f", "aaaaaaaaaaaaaaaaaaaa",
		"tab\\t", "line\\n", "quote\\\"", "back\\\\slash", "\\x01\\377", "foo bar", "%d", "zz",
	};

	put(g, "\"%s\"", PICK(g, words));
}

/* A variable that can be read and written; of the parameters of the function, too. */
static void variable(struct gen *g, char type)
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

static struct array *any_array(struct gen *g, char type, bool to_write)
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

/* The keys; one in STARS is a star, if that isn't 0. */
static void keys(struct gen *g, const struct array *a, unsigned depth, unsigned stars)
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

/* A scalar or element that can be assigned to. */
static void place(struct gen *g, char type, unsigned depth)
{
	struct array *a = one_in(g, 3) ? any_array(g, type, true) : NULL;

	if (a)
		element(g, a, depth);
	else
		variable(g, type);
}

/* A statistic: scalar, or an element; NULL: of none. */
static const struct array *any_stat(struct gen *g, bool to_write)
{
	if (one_in(g, 2) && g->n_stats)
		return &g->stats[below(g, g->n_stats)];
	return any_array(g, 'q', to_write);
}

static void stat_place(struct gen *g, const struct array *a, unsigned depth)
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

static bool call(struct gen *g, char result, unsigned depth)
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

/* ---- printf ---- */

/* A format of some directives into the text, their types into TYPES. */
static void format(struct gen *g, char types[32])
{
	static const char *const numbers[] = {
		"%d", "%d", "%i", "%u", "%x", "%X", "%o", "%5d", "%-5d|", "%05d", "%+d", "% d", "%#x", "%#X",
		"%#o", "%08x", "%.3d", "%8.4d", "%-8.3x|", "%p", "%20p", "%-20p|", "%ld", "%c", "%3c", "%-3c|",
		"%#c", "%1b", "%2b", "%4b", "%8b", "%b", "%020d", "%.0d", "%-+5d", "%#20x", "%020x",
	};
	static const char *const strings[] = {
		"%s", "%s", "%s", "%5s", "%-5s|", "%.2s", "%6.3s", "%-6.1s|", "%#s", "%#12s", "%.0s",
	};
	static const char *const stars[] = { "%*d", "%.*d", "%*s", "%.*s", "%*.*s", "%*.*d", "%-*d|", "%*x" };
	unsigned n = 0;

	put(g, "\"");
	for (unsigned parts = 1 + below(g, 5); parts; parts--) {
		switch (below(g, 8)) {
		case 0:
			put(g, "%s", one_in(g, 2) ? "%%" : "text");
			break;
		case 1:
		case 2:
			put(g, "[%s]", PICK(g, strings));
			types[n++] = 's';
			break;
		case 3: {
			const char *star = PICK(g, stars);

			for (const char *s = star; *s; s++)
				if (*s == '*')
					types[n++] = '*';
			types[n++] = strchr(star, 's') ? 's' : 'n';
			put(g, "[%s]", star);
			break;
		}
		default: {
			const char *directive = PICK(g, numbers);

			if (!strcmp(directive, "%-+5d")) /* two flags: refused */
				directive = "%+5d";
			put(g, "[%s]", directive);
			types[n++] = 'n';
		}
		}
	}
	types[n] = '\0';
	put(g, "\"");
}

static void format_arguments(struct gen *g, const char *types, unsigned depth)
{
	for (; *types; types++) {
		put(g, ", ");
		if (*types == '*')
			put(g, "%d", (int)below(g, 24) - 8);
		else
			value(g, *types, depth);
	}
}

static void values(struct gen *g, unsigned n, unsigned depth)
{
	for (unsigned i = 0; i < n; i++) {
		put(g, i ? ", " : "");
		value(g, "ns"[below(g, 2)], depth);
	}
}

static void delimiter(struct gen *g)
{
	static const char *const texts[] = { "\", \"", "\"\"", "\"|\"", "\" and \\\\ \"", "\"%d\"" };

	put(g, "%s, ", PICK(g, texts));
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

static void assignment(struct gen *g, unsigned depth)
{
	static const char *const ops[] = {
		"=", "=", "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=",
	};

	place(g, 'n', depth);
	put(g, " %s ", PICK(g, ops));
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

static void statistic(struct gen *g, unsigned depth)
{
	static const char *const extractors[] = { "count", "count", "sum", "min", "max", "avg", "variance" };
	const struct array *a = any_stat(g, false);
	const char *op = PICK(g, extractors);

	if (!a) {
		number_literal(g);
		return;
	}
	if (*a->hist && one_in(g, 4)) {
		char hist[64];

		snprintf(hist, sizeof(hist), "%s", strchr(a->hist, '%') + 2); /* behind the name */
		put(g, "%.*s", (int)(strchr(a->hist, '%') - a->hist), a->hist);
		stat_place(g, a, depth);
		put(g, "%s[%u]", hist, one_in(g, 3) ? below(g, 8) : 60 + below(g, 12));
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

static void number(struct gen *g, unsigned depth)
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
	switch (below(g, 16)) {
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
		switch (below(g, 3)) {
		case 0:
			put(g, "strlen(");
			string(g, depth);
			put(g, ")");
			break;
		case 1:
			put(g, "isinstr(");
			string(g, depth);
			put(g, ", ");
			string(g, depth);
			put(g, ")");
			break;
		case 2:
			put(g, "strtol(");
			string(g, depth);
			put(g, ", 10)");
			break;
		}
		break;
	case 14:
		put(g, "(");
		string(g, depth);
		put(g, " %s \"%s\")", one_in(g, 3) ? "!~" : "=~",
		    PICK(g, ((const char *[]){ "a", "^a", "b$", "[a-c]+", "^$", "(a|b)c", "x?1", "[^a]", "a*b",
					       "(ab)+", "k.y", "o{2}", "^[0-9]+$", "a.*a" })));
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

static void string(struct gen *g, unsigned depth)
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
		put(g, "substr(");
		string(g, depth);
		put(g, ", ");
		number(g, 0);
		put(g, ", ");
		number(g, 0);
		put(g, ")");
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

/* ---- statements ---- */

static void line(struct gen *g)
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

/* The beginning of a printf of keys, and a value behind them: types are told by the format. */
static void show_keys(struct gen *g, const char *what, const struct array *a, char last)
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
	unsigned index, sorted = 0;
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
			sorted = 1;
		}
		put(g, " = ");
	}
	put(g, "[");
	for (unsigned i = 0; i < a->n_keys; i++) {
		put(g, "%s%ck%u_%u", i ? ", " : "", a->keys[i], i, g->loops);
		if (!sorted && one_in(g, 4)) {
			put(g, "%c", "+-"[below(g, 2)]);
			sorted = 1;
		}
	}
	put(g, "] in %s", a->name);
	if (a->n_keys > 1 && one_in(g, 3))
		keys(g, a, 0, 2);
	if (!sorted && one_in(g, 3)) {
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
	if (!a) {
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
	stat_place(g, a, depth);
	put(g, " <<< ");
	if (one_in(g, 3)) {
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
		if (a && *a->hist) {
			put(g, "print(%.*s", (int)(strchr(a->hist, '%') - a->hist), a->hist);
			stat_place(g, a, depth);
			put(g, "%s", strchr(a->hist, '%') + 2);
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
	static const char *const patterns[] = {
		"(a+)(b*)", "([a-z]+)([0-9]*)", "(.)(.)", "^(a)?(b)", "([^a]*)(a|b)", "(k)(e)(y)",
	};
	unsigned groups = below(g, 4);

	put(g, "if (");
	string(g, 1);
	put(g, " =~ \"%s\") println(\"match \", matched(0), \"|\", matched(%u), \" \", ngroups());",
	    PICK(g, patterns), groups > 2 ? 1 : groups);
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

static void statement(struct gen *g, unsigned depth)
{
	if (!depth) {
		put(g, "printf(\"at %u %%d\\n\", ", below(g, 1000));
		number(g, 2);
		put(g, ");");
		return;
	}
	depth--;
	switch (below(g, 22)) {
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

/* ---- declarations ---- */

static void declare_globals(struct gen *g)
{
	static const char *const sizes[] = { "", "", "[4]", "[30]", "%[3]", "%[5]", "[2]" };
	unsigned long long seed = g->seed;

	g->n_arrays = 1 + below(g, MAX_ARRAYS);
	g->n_stats = below(g, 3);
	put(g, "global ");
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
		if (a->type == 'q' && one_in(g, 2))
			snprintf(a->hist, sizeof(a->hist), "@hist_log(%%s)");
		else if (a->type == 'q' && one_in(g, 2))
			snprintf(a->hist, sizeof(a->hist), "@hist_linear(%%s, %d, %u, 10)", (int)below(g, 3) * -20,
				 50 + 10 * below(g, 6));
		if (a->type == 'q' && one_in(g, 3))
			a->shift = 1 + below(g, 6);
		put(g, "%s%s%s", i ? ", " : "", a->name, a->n_keys ? PICK(g, sizes) : "");
	}
	put(g, "\n");
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
	put(g, "\\n\"");
	for (unsigned i = 0; i < N_NUMBERS; i++)
		put(g, ", n%u", i);
	for (unsigned i = 0; i < N_STRINGS; i++)
		put(g, ", s%u", i);
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
		line(g);
		statement(g, MAX_DEPTH);
	}
	show_locals(g);
}

static void signature(struct gen *g, const struct function *f)
{
	static const struct {
		char letter;
		const char *type;
	} types[] = { { 'n', ":long" }, { 's', ":string" } };

	put(g, "function %s", f->name);
	if (f->result != 'v')
		put(g, "%s", types[f->result == 's'].type);
	put(g, "(");
	for (unsigned i = 0; f->params[i]; i++)
		put(g, "%s%cp%u%s", i ? ", " : "", f->params[i], i, types[f->params[i] == 's'].type);
	put(g, ")");
}

/* Of those with overloads all but perhaps the last may say next. */
static void declare_function(struct gen *g)
{
	struct function *f = &g->functions[g->n_functions];
	unsigned n = one_in(g, 4) ? 2 : 1, n_params = below(g, MAX_PARAMS + 1);

	f->result = "nnssv"[below(g, 5)];
	snprintf(f->name, sizeof(f->name), "f%c%u_%llu", f->result, g->n_functions, (unsigned long long)g->seed);
	for (unsigned i = 0; i < n_params; i++)
		f->params[i] = "ns"[below(g, 2)];
	f->recurs = f->params[0] == 'n' && one_in(g, 2);
	g->self = f;
	for (unsigned i = 0; i < n; i++) {
		signature(g, f);
		if (n > 1 && one_in(g, 2))
			put(g, ":%u", 1 + below(g, 4));
		put(g, " {");
		g->locked = g->writes = g->loops = 0;
		if (i + 1 < n || one_in(g, 10)) {
			put(g, "\n\tif (");
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
		put(g, "\tprintln(\"%s \", @count(%s), \" \", @sum(%s));\n", g->stats[i].name, g->stats[i].name,
		    g->stats[i].name);
}

void generate(uint64_t seed, struct buf *out)
{
	struct gen g = { .c = chance_from(seed), .out = out, .seed = seed };
	unsigned long long name = seed;

	declare_globals(&g);
	for (unsigned n = below(&g, MAX_FUNCTIONS); n; n--)
		declare_function(&g);
	g.locked = 0;
	put(&g, "probe begin(%llu) {\n\tprintln(\"@@ %llu\");", name, name);
	body(&g, 3 + below(&g, 8));
	put(&g, "\n}\nprobe begin(%llu) {\n\tprintln(\"@@ globals of %llu\");\n", name, name);
	show_globals(&g);
	put(&g, "}\n");
}
