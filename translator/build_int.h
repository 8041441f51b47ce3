/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of pass build share: command lines, and running them. */
#ifndef TAPSTER_TRANSLATOR_BUILD_INT_H
#define TAPSTER_TRANSLATOR_BUILD_INT_H

#include <stdbool.h>

#include "base/vec.h"

struct session;

enum { DEFAULT_STRING = 512 };

typedef VEC(const char *) arg_vec;

void build_add(struct session *s, arg_vec *args, const char *arg);
/* WORDS is split at blanks. */
void build_add_words(struct session *s, arg_vec *args, const char *words);
/* MAXSTRINGLEN where it is not the default, and the -D options. */
void build_add_defines(struct session *s, arg_vec *args);
/* Flags for a script's text, on either runtime. */
void build_add_script_flags(struct session *s, arg_vec *args);
/* With blanks between; up to a NULL. */
const char *build_joined(struct session *s, const arg_vec *args);
/* Runs it to its end; false: it failed, which has been reported. */
bool build_run(struct session *s, arg_vec *args);
/* The generated C; false: reported. */
bool build_write_text(struct session *s, const char *path);
bool build_copy(struct session *s, const char *from, const char *to);

/* The pass for the kernel runtime. */
bool build_kernel(struct session *s);

#endif
