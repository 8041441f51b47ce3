/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line per probe, sorted; equal ones (inlined instances) once. */
#include "translator/list.h"

#include <stdlib.h>
#include <string.h>

#include "translator/point.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *line_of(struct session *s, const struct probe *p)
{
	struct buf line;
	const char *text;

	buf_init(&line);
	buf_adds(&line, p->name);
	if (s->opt.list_vars && p->family->list_vars)
		p->family->list_vars(s, p, &line);
	text = arena_strndup(s->arena, line.data, line.len);
	buf_fini(&line);
	return text;
}

void list_probes(struct session *s, struct buf *out)
{
	const char **lines = ARENA_ARRAY(s->arena, s->probes.n + 1, const char *);

	VEC_EACH(&s->probes, i)
		lines[i] = line_of(s, s->probes.at[i]);
	qsort(lines, s->probes.n, sizeof(*lines), by_text);
	VEC_EACH(&s->probes, i)
		if (!i || strcmp(lines[i], lines[i - 1]))
			buf_printf(out, "%s\n", lines[i]);
}
