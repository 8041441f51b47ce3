/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where globals and functions come from.  A name means the declaration of its own
 * file (a private one too), else of the script, else of the library; "its own file"
 * is where the name is written, since the body of a probe may come from a tapset's
 * alias and from the script.  What is found counts as used from then on: it stands
 * in the session, and its tapset file is part of the program.
 */
#ifndef TAPSTER_TRANSLATOR_LOOKUP_H
#define TAPSTER_TRANSLATOR_LOOKUP_H

#include "translator/session.h"

/* NULL when there is none of that name. */
struct var *lookup_find_global(struct session *s, const char *name, struct loc loc);

/*
 * The functions that a call with N_ARGS arguments tries, in order: by priority, then
 * by definition; also those behind one that never says "next", since their types count.  Empty when there are none;
 * then *OTHER is one with another number of parameters, or NULL.  For a call from P's handler,
 * or a function copied for it: copies where it must be (placed.h).
 */
void lookup_find_functions(struct session *s, const char *name, struct loc loc, size_t n_args,
			  struct probe *p, decl_vec *out, struct decl **other);
/* The same, in order of definition, without using them. */
void lookup_candidates(struct session *s, const char *name, struct loc loc, size_t n_args,
		       decl_vec *out);
/* " (similar: ...)" for a function that isn't there. */
const char *lookup_similar_functions(struct session *s, const char *name);

/* All globals of the script are used; then the initial values of -G. */
void lookup_declare_globals(struct session *s);
/* Top-level %{ %} of all files of the program. */
void lookup_collect_embedded(struct session *s);

#endif
