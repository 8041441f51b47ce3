/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the machine share.  An error makes FAILED true; whoever has
 * called for a value looks at it before going on, so that evaluation stops at
 * once, in the order of the text.
 */
#ifndef TAPSTER_TESTSUITE_MACHINE_INT_H
#define TAPSTER_TESTSUITE_MACHINE_INT_H

#include <regex.h>

#include "machine.h"

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
	const char *point; /* of the running probe, as pp() says it */
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

	const char *tokens; /* what tokenize() goes on with; NULL: nothing */
};

static inline struct value number(int64_t n)
{
	return (struct value){ .n = n };
}

struct value fail(struct machine *m, struct loc where, const char *message);
/* True: it has taken too long, and everything ends. */
bool step(struct machine *m, struct loc where);

/* ---- place.c ---- */

/* What can be assigned to, found before the value is computed. */
struct place {
	struct loc loc;
	struct value *value; /* of a scalar */
	struct samples *samples;
	struct table *table; /* of an element */
	const char *name;
	struct value keys[MAX_KEYS];
};

/* 0 or "" by the first letter of the name, of an array's value by the second. */
struct value empty_value(const char *name);
struct value *local_of(struct machine *m, const char *name);
/* FIXED, where it isn't NULL: those that aren't "*". */
void eval_keys(struct machine *m, const expr_vec *keys, struct value *out, bool *fixed);
struct table *table_of(struct machine *m, const char *name, size_t n_keys);
void find_place(struct machine *m, const struct expr *e, struct place *p);
struct value load(const struct place *p);
void store(struct machine *m, const struct place *p, struct value v);
void add_sample(struct machine *m, const struct place *p, int64_t n);
/* Of a statistic, or of an element that is one; what there is none of is empty. */
const struct samples *samples_of(struct machine *m, const struct expr *e);

/* ---- the rest ---- */

/* eval.c, exec.c */
struct value eval(struct machine *m, const struct expr *e);
enum flow run(struct machine *m, const struct stmt *s);

/* print.c */
struct histogram histogram_of(const struct expr *e);
struct value eval_print(struct machine *m, const struct expr *e);
/* NAME=VALUE, as SystemTap prints what nobody has read. */
void print_unread(struct machine *m, const struct global *g);

/* library.c */
struct value call_library(struct machine *m, const struct expr *e, const struct value *args);

#endif
