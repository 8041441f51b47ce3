/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of pass resolve share: resolve.c walks bodies, resolve_target.c
 * turns the probed program's variables into access paths. */
#ifndef TAPSTER_TRANSLATOR_RESOLVE_INT_H
#define TAPSTER_TRANSLATOR_RESOLVE_INT_H

#include "translator/session.h"

/* One body on its way. */
struct resolver {
	struct session *s;
	struct probe *probe;   /* whose body it is, or for which the function was copied */
	struct decl *function; /* the owner of the locals; NULL: the probe */
	struct map locals;     /* name -> struct var, parameters too */
	var_vec *new_locals;   /* of the probe or function */
	bool is_condition;     /* inside if (...) of a probe point */
	bool at_entry;         /* inside @entry */
	struct ast_walker walker;
};

/* p->member, where the type of p must be found out from what is assigned to it (autocast.c). */
struct autocast {
	struct resolver *r;
	struct expr **slot;
	struct expr *operand; /* a resolved copy */
	bool at_entry;
	bool is_written;
};

/* ---- resolve.c ---- */
/* *SLOT, if there is anything in it. */
void resolve_expr(struct resolver *r, struct expr **slot);
/* E has been reported: it silences what follows from it. */
void resolve_failed(struct expr *e);
/* E is wrong, as was reported since the mark: it matters if E is still there when types are known. */
void resolve_fails_later(struct resolver *r, struct expr *e, struct diag_mark mark);
struct var *resolve_new_local(struct resolver *r, const char *name, struct loc loc);

/* ---- autocast.c ---- */
/* *SLOT waits for its type. */
void autocast_defer(struct resolver *r, struct expr **slot);
/* The one deferred last is written to. */
void autocast_written(struct resolver *r);
/* Looks at what is assigned to what; replaces those whose type has become known.  False: none. */
bool autocast_resolve(struct session *s);
/* Those that are left are errors. */
void autocast_report(struct session *s);

/* ---- resolve_target.c ---- */
/* SLOT's cast, whose operand has TYPE, takes the place of an access.  False: it has reported. */
bool resolve_autocast(struct resolver *r, struct expr **slot, const struct dw_type *type);
void resolve_target(struct resolver *r, struct expr **slot);
/* *SLOT assigns to a variable: true when its probe's family has seen to it. */
bool resolve_target_assign(struct resolver *r, struct expr **slot);
void resolve_cast(struct resolver *r, struct expr **slot);
void resolve_entry(struct resolver *r, struct expr **slot);
/* The value of @defined(E). */
bool resolve_is_defined(struct resolver *r, struct expr *e);

#endif
