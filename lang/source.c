/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of texts.  A text's table of line starts is made when the first
 * place in it is asked for: most texts never see a message.
 */
#include "lang/source.h"

#include <string.h>

#include "base/log.h"
#include "base/vec.h"

struct entry {
	struct source source;
	uint32_t *lines; /* offsets at which lines start; NULL until asked for */
	uint32_t n_lines;
};

struct sources {
	struct arena *arena;
	VEC(struct entry *) entries;
};

struct sources *sources_new(struct arena *a)
{
	struct sources *t = ARENA_NEW(a, struct sources);

	t->arena = a;
	VEC_PUSH(a, &t->entries, NULL); /* index 0 is "nowhere" */
	return t;
}

uint32_t sources_add(struct sources *t, const struct source *s)
{
	struct entry *e = ARENA_NEW(t->arena, struct entry);

	e->source = *s;
	VEC_PUSH(t->arena, &t->entries, e);
	return (uint32_t)(t->entries.n - 1);
}

static struct entry *get(const struct sources *t, uint32_t file)
{
	if (!file || file >= t->entries.n)
		BUG("no text number %u", file);
	return t->entries.at[file];
}

const struct source *sources_get(const struct sources *t, uint32_t file)
{
	return &get(t, file)->source;
}

static void find_lines(struct arena *a, struct entry *e)
{
	const char *text = e->source.text, *end = text + e->source.len, *p = text;
	uint32_t n = 1;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		n++;
		p++;
	}
	e->lines = ARENA_ARRAY(a, n, uint32_t);
	e->n_lines = n;
	p = text;
	for (uint32_t i = 1; i < n; i++) {
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
		e->lines[i] = (uint32_t)(p - text);
	}
}

void sources_locate(void *sources, struct loc loc, struct diag_place *out)
{
	struct sources *t = sources;
	const struct source *s = sources_get(t, loc.file);
	struct entry *e;
	uint32_t low = 0, high, end;

	out->parent = s->parent;
	out->via = s->via;
	if (s->base_file) {
		loc.file = s->base_file;
		loc.offset += s->base_offset;
	}
	e = get(t, loc.file);
	if (!e->lines)
		find_lines(t->arena, e);
	if (loc.offset > e->source.len)
		loc.offset = e->source.len;
	for (high = e->n_lines; high - low > 1;) {
		uint32_t mid = low + (high - low) / 2;

		if (e->lines[mid] <= loc.offset)
			low = mid;
		else
			high = mid;
	}
	end = low + 1 < e->n_lines ? e->lines[low + 1] - 1 : e->source.len;
	out->file = e->source.name;
	out->line = low + 1;
	out->column = loc.offset - e->lines[low] + 1;
	out->text = e->source.text + e->lines[low];
	out->text_len = end - e->lines[low];
}
