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

enum touch {
	TOUCH_READ = 1,  /* its value is used */
	TOUCH_ADD = 2,   /* ++, --, +=, -= on a long; <<< on a statistic */
	TOUCH_SET = 4,   /* a plain assignment to a scalar */
	TOUCH_CHANGE = 8, /* anything else: elements of arrays, delete, other operators */
	TOUCH_RESULT = 16, /* with ADD: the sum is wanted */
	TOUCH_SORT = 32  /* a sorted foreach: keeps its order in the array */
};
#define TOUCH_WRITE (TOUCH_ADD | TOUCH_SET | TOUCH_CHANGE)

struct global_use {
	uint8_t touches;  /* enum touch */
	bool is_repeated; /* more than once in a run, perhaps */
};

struct effects {
	struct global_use *uses; /* by var.id of the session's globals */
	size_t n;
	bool calls_embedded; /* C text that nobody has looked into */
	decl_vec callees;    /* called by the body itself */
};

/* Does evaluating E write to V (a local or a global)? */
bool effects_writes(const struct expr *e, const struct var *v);
/* Does E read V? */
bool effects_reads(const struct expr *e, const struct var *v);

#endif
