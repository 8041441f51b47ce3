/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of the probed program as text: what "$" and "$$" behind a variable ask
 * for, and $$vars and its kin.  Everything becomes one sprintf, whose arguments
 * are ACCESS nodes and calls of user_string_quoted, which resolve visits.
 */
#ifndef TAPSTER_TRANSLATOR_PROBES_PRETTY_H
#define TAPSTER_TRANSLATOR_PROBES_PRETTY_H

#include "base/buf.h"
#include "translator/dwarf/dw.h"
#include "translator/session.h"

/* What a chain of components begins at: $name, @var or @cast. */
struct access_root {
	struct session *s;
	const struct expr *origin;
	struct dw_file *file;
	const struct expr *base; /* the operand of @cast, copied for each access; or NULL */
	void (*find)(const struct access_root *root, const component_vec *components,
		     bool is_address, struct dw_var_result *out);
	const void *data;
};

/* Is the last component a pretty-printing suffix? */
bool pretty_is_wanted(const component_vec *components);
/* The text; COMPONENTS end in "$" or "$$".  NULL: the value isn't there, as *OUT says. */
struct expr *pretty_value(const struct access_root *root, const component_vec *components,
			  struct dw_var_result *out);

/* ---- "a=... b=..." ---- */

struct pretty_list {
	struct session *s;
	struct expr *print;
	struct buf format;
	bool is_first;
};
void pretty_list_begin(struct pretty_list *l, struct session *s, struct loc loc);
/* SUFFIX: the "$" or "$$" that all of the list has; or NULL. */
void pretty_list_add(struct pretty_list *l, const char *name, const struct access_root *root,
		     const struct component *suffix);
struct expr *pretty_list_end(struct pretty_list *l);

#endif
