/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value types of the language.  There are three, and two answers for "not known". */
#ifndef TAPSTER_LANG_TYPE_H
#define TAPSTER_LANG_TYPE_H

enum type {
	TY_UNKNOWN, /* not inferred yet */
	TY_LONG,    /* 64-bit signed */
	TY_STRING,
	TY_STAT,    /* the target of <<<; never a value */
	TY_VOID,    /* a function that returns nothing; a statement-like expression */
	TY_ERROR    /* reported already: silences what follows from it */
};

/* "long", "string", "stats", "void", "unknown", "error": the words of stap -p2 */
const char *type_name(enum type t);

#endif
