/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What running a body does to the script's globals, itself and through the
 * functions that it calls.  Made by pass effects (effects.c), read by locks,
 * lower and emit; lives in the session's arena.
 */
#ifndef TAPSTER_TRANSLATOR_EFFECTS_H
#define TAPSTER_TRANSLATOR_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/ast.h"
#include "translator/uses.h"

struct global_use {
	uint8_t touches;  /* enum use, without USE_OLD and USE_DELETE */
	bool is_repeated; /* more than once in a run, perhaps */
};

struct effects {
	struct global_use *uses; /* by var.id of the session's globals */
	size_t n;
	bool prints, acts;   /* as of struct uses */
	decl_vec callees;    /* called by the body itself */
};

struct session;

/* The bits of the globals that a body with effects E may write and conditions read: see var.watch. */
uint32_t effects_watches(const struct session *s, const struct effects *e);
/* Does evaluating E write to V (a local or a global)? */
bool effects_writes(const struct expr *e, const struct var *v);
/* Does E read or write V? */
bool effects_touches(const struct expr *e, const struct var *v);

#endif
