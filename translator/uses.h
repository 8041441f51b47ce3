/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a piece of the tree does to variables and to the world outside: the one
 * place that knows which child of which node is read, which is written.  Used
 * by prune (what can go), check (what a foreach must not touch) and effects
 * (what must be locked).
 *
 * uses_expr and uses_stmt call back for each variable and function call in
 * the order of evaluation, and note whether anything else can be seen from
 * outside (output, embedded C that isn't pure, stores to the target's memory).
 * They do not follow calls: that is the caller's choice, in on_call.
 */
#ifndef TAPSTER_TRANSLATOR_USES_H
#define TAPSTER_TRANSLATOR_USES_H

#include <stdbool.h>

#include "lang/ast.h"

enum use {
	USE_READ = 1,    /* its value is used */
	USE_ADD = 2,     /* ++, --, +=, -= on a long; <<< on a statistic */
	USE_SET = 4,     /* a plain assignment to a scalar */
	USE_CHANGE = 8,  /* anything else: elements of arrays, delete, other operators */
	USE_RESULT = 16, /* with ADD or CHANGE, and READ: what comes of it is used */
	USE_SORT = 32,   /* a sorted foreach: keeps its order in the array */
	USE_OLD = 64,    /* with ADD or CHANGE: what was there before is part of what is there then */
	USE_DELETE = 128 /* with CHANGE: by the delete statement */
};
#define USE_WRITE (USE_ADD | USE_SET | USE_CHANGE)

struct uses {
	/* E: the SYMBOL, INDEX or ENTRY node */
	void (*on_var)(struct uses *u, struct var *v, unsigned use, struct expr *e);
	void (*on_call)(struct uses *u, struct expr *call);
	void (*on_embedded)(struct uses *u, const char *code, uint32_t len);
	void *data;
	unsigned loops;  /* around what is called back for */
	bool is_unused;  /* nobody wants the next expression's value; uses_expr takes it back */
	bool prints;     /* out: there is output */
	bool acts;       /* out: anything else can be seen from outside: see above */
	bool has_jump;   /* out: next, return, break or continue */
};

/* A variable or an element, which may be written to. */
bool is_place(const struct expr *e);

void uses_expr(struct uses *u, struct expr *e);
void uses_stmt(struct uses *u, struct stmt *s);

/* Says CODE "/" "* WORD *" "/" ?  The pragmas of embedded C: pure, unprivileged, guru ... */
bool embedded_has_pragma(const char *code, uint32_t len, const char *word);

/* Can E, or S, be left out where its value isn't wanted?  Follows calls, into
 * functions that only touch their own locals. */
bool is_pure_expr(struct expr *e);
bool is_pure_function(struct decl *f);

#endif
