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
	USE_READ = 1,
	USE_WRITE = 2,
	USE_DELETE = 4 /* with USE_WRITE: by the delete statement */
};

struct uses {
	/* E: the SYMBOL or INDEX node, NULL for a variable that a pragma names. */
	void (*on_var)(struct uses *u, struct var *v, unsigned use, struct expr *e);
	void (*on_call)(struct uses *u, struct expr *call);
	void *data;
	bool has_effect; /* out: see above */
	bool has_jump;   /* out: next, return, break or continue */
};

void uses_expr(struct uses *u, struct expr *e);
void uses_stmt(struct uses *u, struct stmt *s);

/* Says CODE "/" "* WORD *" "/" ?  The pragmas of embedded C: pure, unprivileged, guru ... */
bool embedded_has_pragma(const char *code, uint32_t len, const char *word);

/* Can E, or S, be left out where its value isn't wanted?  Follows calls, into
 * functions that only touch their own locals. */
bool is_pure_expr(struct expr *e);
bool is_pure_function(struct decl *f);

#endif
