/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions of =~ and !~: POSIX extended syntax, without back
 * references, compiled at translate time into two forms that the emitter prints
 * as constant tables and runtime/core/regex.c runs:
 *
 *   - a deterministic automaton that answers "is there a match anywhere" in one
 *     table look-up a byte (left out where it would be huge);
 *   - a program for a simulated nondeterministic one, run only after a match and
 *     only in scripts that ask for matched() or ngroups(), which finds the
 *     leftmost longest match and its subexpressions (where several ways of
 *     matching are equally long: the one that prefers repeating and, of
 *     alternatives, the first).
 */
#ifndef TAPSTER_TRANSLATOR_REGEX_H
#define TAPSTER_TRANSLATOR_REGEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define REGEX_GROUPS_MAX 9   /* parenthesised subexpressions that are kept */
#define REGEX_MATCHED 0xffff /* in NEXT: a match has been found */

/* The values are the ones of enum rt_regex_op (runtime/api.h). */
enum regex_op {
	REGEX_SET,   /* a byte of set X, then go on with the next instruction */
	REGEX_SPLIT, /* go on at X or, second choice, at Y */
	REGEX_JUMP,  /* go on at X */
	REGEX_SAVE,  /* note the position in slot X: 2 * group, + 1 for its end */
	REGEX_BEGIN, /* only at the subject's begin */
	REGEX_END,   /* only at its end */
	REGEX_ACCEPT
};

struct regex_insn {
	uint16_t op, x, y;
};

struct regex {
	unsigned id; /* [check] */
	/* deterministic */
	unsigned n_states, n_classes; /* next[state * n_classes + class[byte]]; 0: not made */
	unsigned first_end;           /* states from this one on accept at the subject's end */
	unsigned start;
	uint8_t class[256];
	uint16_t *next;
	/* nondeterministic */
	unsigned n_insns, n_sets, n_groups;
	struct regex_insn *insns;
	uint8_t (*sets)[32]; /* bit per byte */
};

/* NULL on a malformed or too large pattern: *WHY says what, *AT where (byte of PATTERN). */
struct regex *regex_compile(struct arena *a, const char *pattern, const char **why, size_t *at);

#endif
