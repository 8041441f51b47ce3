/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static marks of programs (sys/sdt.h): recognised, and refused until the notes
 * of .note.stapsdt are read.
 */
#include "translator/point.h"
#include "translator/point_messages.h"

#define PROCESS "{process,process(NUMBER),process(STRING)}{,.library(STRING)}"

static const struct point_pattern patterns[] = {
	{ PROCESS "{,.provider(STRING)}.mark(STRING)", 0 },
};

static int match(struct session *s, const struct point_match *m)
{
	diag_error(&s->diag, m->point->parts.at[m->point->parts.n - 1].loc, E_POINT_MISSING,
		   point_text(s->arena, m->point));
	return -1;
}

const struct probe_family family_mark = {
	.name = "mark",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
};
