/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An independent evaluation of scripts: what a script prints, by walking its
 * tree as the language reference says, as plainly as possible.  It shares the
 * parser with the compiler, and nothing else: no pass, nothing of runtime/.
 *
 * It knows the part of the language that generate.c uses.  Types are not
 * inferred but told by the first letters of names: n a number, s a string, q a
 * statistic, a an array of what the second letter says; fn, fs and fv are
 * functions that return a number, a string, nothing.
 *
 *	value.c    strings, arrays, statistics, histograms
 *	format.c   the printf directives
 *	machine.c  expressions, statements, probes
 */
#ifndef TAPSTER_TESTSUITE_MACHINE_H
#define TAPSTER_TESTSUITE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "lang/ast.h"
#include "lang/source.h"

struct limits {
	size_t max_string; /* bytes with the NUL */
	unsigned max_nesting, max_errors;
	int64_t max_entries;
	unsigned max_steps; /* of the machine, for one probe: then the script is no good */
};

struct outcome {
	struct buf out;    /* standard output */
	struct buf errors; /* "ERROR: ..." lines */
	unsigned n_errors;
	bool is_endless;   /* MAX_STEPS was not enough */
};

/* Runs the begin probes in their order, then the end probes, or after too many errors those
 * for that.  INITIAL: what -G says, by name. */
void machine_run(struct arena *a, const struct syntax_file *script, struct sources *sources,
		 const struct limits *limits, const struct map *initial, struct outcome *outcome);

/* ---- value.c ---- */

struct value {
	const char *s; /* NULL: a number */
	int64_t n;
};

/* The first N bytes of S as a string value, cut where a string must be, and at a NUL. */
struct value value_string(struct arena *a, const struct limits *l, const char *s, size_t n);
int value_compare(struct value a, struct value b); /* of one type: <0 0 >0 */

/* All samples are kept; everything is computed when it is asked for. */
struct samples {
	VEC(int64_t) at;
};
/* IS_ELEMENT: of an array, whose variance SystemTap rounds in another way. */
int64_t samples_extract(const struct samples *s, enum statop op, int shift, bool is_element);

/* How a histogram divides the numbers. */
struct histogram {
	enum hist_kind kind;
	int64_t low, high, interval;
};
size_t histogram_buckets(const struct histogram *h);
int64_t histogram_count(const struct histogram *h, const struct samples *s, size_t bucket);
void histogram_print(const struct histogram *h, const struct samples *s, struct buf *out);

enum { MAX_KEYS = 9 };

struct element {
	struct value keys[MAX_KEYS];
	struct value value;
	struct samples samples;
};

/* In the order of insertion. */
struct table {
	size_t n_keys;
	bool wraps;
	size_t capacity;
	bool is_sized; /* the script says how large it is */
	VEC(struct element *) elements;
};

/* NULL: there is none. */
struct element *table_find(const struct table *t, const struct value *keys);
/* Found, or put in with EMPTY as its value; NULL: there is no room. */
struct element *table_get(struct arena *a, struct table *t, const struct value *keys, struct value empty);
/* FIXED[i]: key i must be KEYS[i]. */
bool element_matches(const struct table *t, const struct element *e, const struct value *keys,
		     const bool *fixed);
void table_delete(struct table *t, const struct value *keys, const bool *fixed);

/* ---- format.c ---- */

/* One directive with its sizes known; width < 0: left, precision < 0: none. */
void format_part(struct buf *out, const struct print_part *part, int64_t width, bool has_width,
		 int64_t precision, struct value v);

#endif
