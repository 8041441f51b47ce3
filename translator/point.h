/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe points and the families that resolve them.
 *
 * A family is a record in one file of translator/probes/, listed in the one
 * array point_families: patterns of the points that it owns, and callbacks.
 * No switch over families exists anywhere; families print nothing.
 *
 * All patterns, and the names of all aliases seen so far, stand in one tree of
 * components, which expand.c walks; that is point.c's other half.
 */
#ifndef TAPSTER_TRANSLATOR_POINT_H
#define TAPSTER_TRANSLATOR_POINT_H

#include "translator/session.h"

struct buf;
struct dw_file;

/*
 * A pattern is text like
 *	"begin", "begin(NUMBER)", "timer.s(NUMBER)", "timer.ms(NUMBER).randomize(NUMBER)",
 *	"process(STRING).function(STRING){,.call}"
 * with NUMBER or STRING where an argument must stand; braces hold alternatives, each
 * put in its place as it is.  A last component "**" takes whatever follows that no
 * other pattern or alias has.  TAG tells the family which of its patterns matched.
 */
struct point_pattern {
	const char *text;
	int tag;
};

/* What a family gets: the point, whose parts match the pattern one by one. */
struct point_match {
	const struct point *point;
	int tag;
	const struct decl *decl; /* the probe declaration it stands in */
	struct stmt *body;       /* copied by point_add_probe for each concrete probe */
	struct expr *condition;  /* of the point and of the aliases around it; or NULL */
	const char *chain;       /* "process(...).function(...) <- alias = ... <- use", for -p2 */
	const struct point *use; /* the point as the user wrote it */
	bool is_aliased;         /* that names an alias */
};

/* How resolve wants a variable. */
enum resolve_flags {
	RESOLVE_QUIET = 1,   /* inside @defined: report nothing */
	RESOLVE_AT_ENTRY = 2 /* a return probe's value at the function's entry */
};

struct probe_family {
	const char *name; /* "process" */
	const struct point_pattern *patterns;
	size_t n_patterns;
	/* Adds concrete probes with point_add_probe; returns how many, or -1 when it has
	 * reported an error. */
	int (*match)(struct session *s, const struct point_match *m);
	/* Rewrites a $variable or @var of a probe's body: returns the replacement, whose
	 * children resolve visits, or NULL when it has reported.  NULL callback: the
	 * family has no target variables. */
	struct expr *(*resolve_var)(struct session *s, struct probe *p, struct expr *e,
				    unsigned flags);
	/* Replaces an assignment to one, before "may it be written" is asked; returns as resolve_var.
	 * NULL callback: such variables are places like others. */
	struct expr *(*assign_var)(struct session *s, struct probe *p, struct expr *e);
	/* The file that @cast and @var without a module mean; NULL callback: none. */
	struct dw_file *(*default_file)(const struct probe *p);
	/* Adds " $name:type" for each target variable of P, for -L.  NULL: it has none. */
	void (*list_vars)(struct session *s, const struct probe *p, struct buf *out);
	/* Fills in p->site, p->site_index and the row.  NULL: nothing to plan. */
	bool (*plan)(struct session *s, struct probe *p);
	bool user_runtime; /* works on the user runtime */
	bool kernel_runtime;
	bool unprivileged; /* allowed to stapusr */
	bool is_of_programs; /* its places are in programs */
};

extern const struct probe_family family_begin_end, family_timer, family_process, family_mark,
	family_kernel, family_perf, family_procfs, family_missing;
extern const struct probe_family *const point_families[];
extern const size_t point_n_families;

struct probe *point_add_probe(struct session *s, const struct point_match *m,
			      const struct probe_family *family, const char *name);

/* The point as text, as stap prints it: process("/bin/ls").function("main") */
char *point_text(struct arena *a, const struct point *p);
/* The same without "?", "!" and condition: what pp() says where the family knows no more. */
const char *point_name(struct session *s, const struct point *p);
/* Is it one of the points that the kernel runtime alone has?  P, or an alias for it, stands in USE. */
bool point_is_kernel(const struct point *p, const struct point *use);
/* The part of that name, or NULL. */
const struct point_part *point_part(const struct point *p, const char *name);
/* Its argument, where the pattern says that there is one of that type. */
int64_t point_number(const struct point_part *part);
const char *point_string(const struct point_part *part);

/* ---- the tree of components ---- */

enum point_arg { POINT_NO_ARG, POINT_NUMBER, POINT_STRING };

/* What a point that stops at a node stands for: a family's pattern, or an alias. */
struct point_end {
	const struct probe_family *family; /* NULL: alias */
	int tag;
	const struct decl *alias;
};

struct point_node {
	const char *name; /* interned */
	enum point_arg arg;
	VEC(struct point_node *) children; /* sorted by name, then by argument */
	VEC(struct point_end) ends;
	const struct probe_family *rest; /* of a pattern that ends in "**" here */
	int rest_tag;
};

/* The tree of all families' patterns; the session's, made when first asked for. */
struct point_node *point_tree(struct session *s);
/* Adds the names of an alias; once per declaration. */
void point_tree_add_alias(struct session *s, const struct decl *alias);
enum point_arg point_arg_of(const struct point_part *part);
struct point_node *point_child(const struct point_node *n, const struct point_part *part);

#endif
