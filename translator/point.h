/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe points and the families that resolve them.
 *
 * A family is a record in one file of translator/probes/, listed in the one
 * array point_families: patterns of the points that it owns, and callbacks.
 * No switch over families exists anywhere; families print nothing.
 */
#ifndef TAPSTER_TRANSLATOR_POINT_H
#define TAPSTER_TRANSLATOR_POINT_H

#include "translator/session.h"

/*
 * A pattern is text like
 *	"begin", "begin(NUMBER)", "timer.s(NUMBER)", "timer.ms(NUMBER).randomize(NUMBER)",
 *	"process(STRING).function(STRING).call"
 * with NUMBER or STRING where an argument must stand; TAG tells the family which
 * of its patterns matched.
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
	struct stmt *body;       /* to be copied for each concrete probe */
	struct expr *condition;  /* of the point and of the aliases around it */
};

struct probe_family {
	const char *name; /* "process" */
	const struct point_pattern *patterns;
	size_t n_patterns;
	/* Adds concrete probes with point_add_probe; returns how many, or -1 when it has
	 * reported an error.  0 without a report: nothing matched; expand reports it with
	 * the text that the family leaves by point_no_match. */
	int (*match)(struct session *s, const struct point_match *m);
	/* Rewrites a $variable, @var or @entry of a probe's body: returns the replacement, or
	 * NULL when it has reported (QUIET: inside @defined, where it reports nothing).
	 * NULL callback: the family has no target variables. */
	struct expr *(*resolve_var)(struct session *s, struct probe *p, struct expr *e, bool quiet);
	/* Fills in p->site (see session.sites) and row.  NULL: nothing to plan. */
	bool (*plan)(struct session *s, struct probe *p);
	bool user_runtime;   /* works on the user runtime */
	bool kernel_runtime;
};

extern const struct probe_family *const point_families[];
extern const size_t point_n_families;

struct probe *point_add_probe(struct session *s, const struct point_match *m,
			      const struct probe_family *family, const char *name);
/* Why nothing matched, for the error that expand reports if the point isn't optional:
 * text and near-miss names. */
void point_no_match(struct session *s, const struct point *p, const char *why,
		    const char *const *similar, size_t n_similar);

/* The point as text, as stap prints it: process("/bin/ls").function("main") */
char *point_text(struct arena *a, const struct point *p);

#endif
