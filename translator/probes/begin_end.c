/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * begin, end and error, with or without a sequence number, and never.  They run
 * in the driver and have no target variables.
 */
#include "translator/point.h"

static const struct point_pattern patterns[] = {
	{ "begin{,(NUMBER)}", PROBE_BEGIN },
	{ "end{,(NUMBER)}", PROBE_END },
	{ "error{,(NUMBER)}", PROBE_ERROR },
	{ "never", PROBE_NEVER },
};

static int match(struct session *s, const struct point_match *m)
{
	struct probe *p = point_add_probe(s, m, &family_begin_end, point_name(s, m->point));
	const struct point_part *part = &m->point->parts.at[0];

	p->row.kind = (uint32_t)m->tag;
	p->row.arg = part->has_arg ? point_number(part) : 0;
	return 1;
}

const struct probe_family family_begin_end = {
	.name = "begin",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.user_runtime = true,
	.kernel_runtime = true,
	.unprivileged = true,
};
