/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tapset library: which files there are, what they declare, and the trees
 * of those that the script needs.
 *
 * Directories are our own tapsets/ and those given with -I.  In each, *.stp and
 * *.stpm files count that lie in the directory itself, in its sub-directories
 * named for the architecture ("x86_64"), for the runtime ("user", "kernel"),
 * for the target kernel's version ("6.1.0-56-amd64", "6.1.0", "6.1") and for
 * version and architecture ("6.1/x86_64"), the most special first.
 *
 * The first question reads all files and notes, by a scan of words and braces,
 * which names each declares at its top level; only a file that has a wanted
 * name is parsed.  The scan looks into all branches of %( %), so a file may
 * turn out not to have the name after all: answers come from the trees.
 * Everything lives in the session's arena.
 */
#ifndef TAPSTER_TRANSLATOR_LIBRARY_H
#define TAPSTER_TRANSLATOR_LIBRARY_H

#include "lang/ast.h"
#include "lang/parse.h"
#include "translator/session.h"

struct library;

/* Creates the (unread) library; once, before the script is parsed. */
struct library *library_new(struct session *s);

/* Public declarations of that name, in the order of the files; parses files. */
void library_functions(struct library *l, const char *name, decl_vec *out);
struct decl *library_global(struct library *l, const char *name);
/* Aliases whose first component is NAME; with wildcards in it, all that match. */
void library_aliases(struct library *l, const char *name, decl_vec *out);
/* A .stpm macro, by its name without '@'; NULL when there is none. */
struct macro *library_macro(struct library *l, const char *name);
/* Those that a parsed tapset declaration lies in. */
struct syntax_file *library_file_of(struct library *l, const struct decl *d);

/* All names, without parsing anything, for "similar:". */
enum library_name_kind { LIBRARY_FUNCTION, LIBRARY_GLOBAL, LIBRARY_ALIAS, LIBRARY_MACRO };
size_t library_names(struct library *l, enum library_name_kind kind, const char *const **names);

/* Is there such a name in the directories of the kernel runtime, where the script is not for that? */
bool library_is_of_kernel(struct library *l, enum library_name_kind kind, const char *name);

/* What every parse of this run begins with: the script's and the tapsets'. */
void library_parse_env(struct session *s, struct parse_env *env);

#endif
