/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the generator share.  Text is written as it is decided.  What may stand somewhere follows from the
 * types, which names tell (machine.h), and from a few rules of the language:
 *
 * - a foreach loop must not write its array, also not through a function: LOCKED
 *   is the set of arrays that must not be written, WRITES what a function writes;
 * - the compiler may take away what can't be noticed, and with it an error that it
 *   would have raised: so everything is read, all locals at the end of a body, and where
 *   there is nothing to do NOTHING is done, so that conditions are not unused;
 * - calls go to functions that stand before, or recur with a smaller number.
 */
#ifndef TAPSTER_TESTSUITE_GEN_INT_H
#define TAPSTER_TESTSUITE_GEN_INT_H

#include <stdbool.h>

#include "generate.h"

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
	const char *hist;  /* of a statistic: "@hist_log(" or such; NULL: none */
	char hist_end[64]; /* what stands behind it, with ")" */
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
	bool has_unread;
	/* of the body that is being written */
	struct function *self; /* NULL: a probe */
	unsigned locked, writes;
	unsigned loops;   /* around this statement */
	unsigned counter; /* of loop variables */
	bool is_slow;     /* calls in a loop */
	unsigned indent;
};

/* ---- chance.c ---- */

unsigned below(struct gen *g, unsigned n);
bool one_in(struct gen *g, unsigned n);
#define PICK(g, list) ((list)[below((g), sizeof(list) / sizeof(*(list)))])
__attribute__((format(printf, 2, 3))) void put(struct gen *g, const char *fmt, ...);

/* ---- gen_expr.c: DEPTH bounds what is put into the expression ---- */

void number(struct gen *g, unsigned depth);
void string(struct gen *g, unsigned depth);
void value(struct gen *g, char type, unsigned depth);
void number_literal(struct gen *g);
void string_literal(struct gen *g);
void assignment(struct gen *g, unsigned depth);
/* A variable that can be read and written; of the parameters of the function, too. */
void variable(struct gen *g, char type);
/* A scalar or element that can be assigned to. */
void place(struct gen *g, char type, unsigned depth);
/* NULL: there is none that may be written. */
struct array *any_array(struct gen *g, char type, bool to_write);
/* The keys; one in STARS is a star, if that isn't 0. */
void keys(struct gen *g, const struct array *a, unsigned depth, unsigned stars);
/* A statistic: scalar, or an element; NULL: of none. */
const struct array *any_stat(struct gen *g, bool to_write);
void stat_place(struct gen *g, const struct array *a, unsigned depth);
/* False: there is no such function, and no text. */
bool call(struct gen *g, char result, unsigned depth);
void histogram(struct gen *g, const struct array *a, unsigned depth);
/* A number at the ends of what there is, or of a histogram's buckets. */
void edge(struct gen *g);

/* ---- gen_regex.c: a literal ---- */

void regex(struct gen *g);
/* One whose groups match in one way only, whatever regular expressions are asked to prefer. */
void regex_with_groups(struct gen *g);

/* ---- gen_print.c ---- */

/* A format of some directives, with its quotes; their types into TYPES, "*" for a size. */
void format(struct gen *g, char types[32]);
void format_arguments(struct gen *g, const char *types, unsigned depth);
void values(struct gen *g, unsigned n, unsigned depth);
void delimiter(struct gen *g);

/* ---- gen_stmt.c ---- */

void statement(struct gen *g, unsigned depth);
void line(struct gen *g);
/* The beginning of a printf of keys, and a value behind them: types are told by the format. */
void show_keys(struct gen *g, const char *what, const struct array *a, char last);

#endif
