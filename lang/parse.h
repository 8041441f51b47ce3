/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Script text to syntax tree: scanner, preprocessor, grammar.  One call parses
 * one source; it reports through diag, recovers, and goes on, so that a run can
 * report several errors.  It reads no file and keeps no state between calls
 * but what the environment points to, so the script and the library's files
 * are parsed by the same call.
 */
#ifndef TAPSTER_LANG_PARSE_H
#define TAPSTER_LANG_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/intern.h"
#include "base/map.h"
#include "lang/ast.h"
#include "lang/source.h"

/* What @define made: opaque outside of lang/. */
struct macro;

/* The version whose language is read. */
#define SYSTEMTAP_VERSION "4.8"

/* Everything that the meaning of a text depends on.  Pointers are borrowed. */
struct parse_env {
	struct arena *arena; /* the tree, and all texts that it points to */
	struct intern *names;
	struct sources *sources;
	struct diag *diag;

	/* What %( %) conditionals ask for.  NULL reads as "". */
	const char *kernel_release; /* kernel_vr; kernel_v is its part before the '-' */
	const char *version;        /* systemtap_v */
	const char *arch;           /* "x86_64" */
	const char *runtime;        /* "kernel" or "user" */
	const char *privilege;      /* systemtap_privilege: "stapdev", "stapsys", "stapusr" */
	bool guru;                  /* guru_mode; embedded C needs it outside of tapsets */
	/* The value of a CONFIG_ option of the target's kernel, or NULL.  May be NULL. */
	const char *(*kernel_config)(void *data, const char *name);
	/* A macro of a library .stpm file, by its name without the '@', or NULL: see
	 * parse_macros.  May be NULL. */
	struct macro *(*library_macro)(void *data, const char *name);
	void *data;

	/* Script arguments, for $1 @1 $# @#; only sources that are no tapsets see them. */
	const char *const *args;
	size_t n_args;
	bool *args_used; /* [n_args], set where an argument is pasted; may be NULL */
};

/*
 * Parses a whole script or tapset file (is_tapset and is_privileged of the
 * source decide what is allowed).  Never NULL: after errors the tree holds the
 * declarations that could be read; compare diag->n_errors before and after.
 */
struct syntax_file *parse_source(struct parse_env *env, uint32_t source);

/*
 * Reads a .stpm file, which holds nothing but @define, and puts its macros into
 * MACROS by name (struct macro *).  Returns false when it reported an error.
 */
bool parse_macros(struct parse_env *env, uint32_t source, struct map *macros);

#endif
