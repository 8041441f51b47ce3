/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries lie in a vector in order of insertion; beside it an open-addressed
 * index of entry numbers plus one (0: free), at most half full, probed
 * linearly.  Nothing is ever removed.
 */
#include "base/map.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a. */
static uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h ^ h >> 15;
}

void map_init(struct map *m, struct arena *a)
{
	*m = (struct map){ .arena = a };
}

/* The index cell that KEY is in, or the free one where it belongs. */
static unsigned *find_cell(const struct map *m, const char *key)
{
	size_t mask = m->index_size - 1;

	for (size_t i = hash_text(key) & mask;; i = (i + 1) & mask) {
		unsigned *cell = &m->index[i];

		if (!*cell)
			return cell;
		if (m->entries[*cell - 1].key == key || !strcmp(m->entries[*cell - 1].key, key))
			return cell;
	}
}

static void grow(struct map *m)
{
	size_t cap = m->cap ? m->cap * 2 : 8;
	struct map_entry *entries = ARENA_ARRAY(m->arena, cap, struct map_entry);

	if (m->n)
		memcpy(entries, m->entries, m->n * sizeof(*entries));
	m->entries = entries;
	m->cap = cap;
	m->index_size = cap * 2;
	m->index = ARENA_ARRAY(m->arena, m->index_size, unsigned);
	for (size_t i = 0; i < m->n; i++)
		*find_cell(m, m->entries[i].key) = (unsigned)i + 1;
}

void *map_find(const struct map *m, const char *key)
{
	unsigned cell = m->n ? *find_cell(m, key) : 0;

	return cell ? m->entries[cell - 1].value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return m->n && *find_cell(m, key);
}

void *map_put(struct map *m, const char *key, void *value)
{
	unsigned *cell;
	void *old = NULL;

	if (m->n == m->cap)
		grow(m);
	cell = find_cell(m, key);
	if (*cell) {
		old = m->entries[*cell - 1].value;
		m->entries[*cell - 1].value = value;
	} else {
		m->entries[m->n] = (struct map_entry){ key, value };
		*cell = (unsigned)++m->n;
	}
	return old;
}
