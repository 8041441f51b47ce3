/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which runtime the script gets.  --runtime=auto, the default, means
 *
 *	the kernel's   if the script needs it: it probes the kernel, has embedded C with
 *	               headers of the kernel, uses what only the library of that runtime has;
 *	the kernel's   if it probes programs of the whole system (without -c and -x),
 *	               where its module can be built and loaded;
 *	the user's     else.
 *
 * The texts themselves may ask for the runtime, and the library differs; so auto begins with
 * the user runtime, and where passes 1 or 2 find out that it won't do they begin anew, with
 * a fresh session for the other (passes.c).  What the first attempt reported is forgotten,
 * but if it fails for reasons that have nothing to do with the runtime.
 */
#ifndef TAPSTER_TRANSLATOR_CHOOSE_H
#define TAPSTER_TRANSLATOR_CHOOSE_H

#include "translator/session.h"

/* What the script is by its text alone; after pass parse. */
void choose_by_text(struct session *s);
/* The beginning of pass expand: reports a runtime that can't be used here. */
void choose_begin(struct session *s);
/* The end of pass expand. */
void choose_by_probes(struct session *s);
/* WHAT (a point, a function), which the kernel runtime alone has, is about to be refused. */
void choose_needs_kernel(struct session *s, const char *what);
/* Embedded C that has been pulled in; the end of pass resolve. */
void choose_by_embedded(struct session *s);
/* After a pass that was good, or not: shall all begin anew?  Then choose_options says how. */
bool choose_again(const struct session *s, bool is_good);
void choose_options(const struct session *s, struct options *opt);

#endif
