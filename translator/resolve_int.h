/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of pass resolve share: resolve.c walks bodies, resolve_target.c
 * turns the probed program's variables into access paths. */
#ifndef TAPSTER_TRANSLATOR_RESOLVE_INT_H
#define TAPSTER_TRANSLATOR_RESOLVE_INT_H

#include "translator/session.h"

/* One body on its way. */
struct resolver {
	struct session *s;
	struct probe *probe;   /* or */
	struct decl *function; /* one of the two; the owner of the locals */
	struct map locals;     /* name -> struct var, parameters too */
	var_vec *new_locals;   /* of the probe or function */
	bool is_condition;     /* inside if (...) of a probe point */
	bool at_entry;         /* inside @entry */
	bool is_placed;        /* out: what the body does depends on where its probe is */
	struct ast_walker walker;
};

/* ---- resolve.c ---- */
/* *SLOT, if there is anything in it. */
void resolve_expr(struct resolver *r, struct expr **slot);
/* E has been reported: it silences what follows from it. */
void resolve_failed(struct expr *e);
struct var *resolve_new_local(struct resolver *r, const char *name, struct loc loc);

/* ---- resolve_target.c ---- */
void resolve_target(struct resolver *r, struct expr **slot);
void resolve_cast(struct resolver *r, struct expr **slot);
void resolve_entry(struct resolver *r, struct expr **slot);
/* The value of @defined(E). */
bool resolve_is_defined(struct resolver *r, struct expr *e);

#endif
