/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String-keyed hash map in an arena.  Keys are not copied: they must live as
 * long as the map (interned names and arena strings do).  Iteration is in
 * order of insertion, so that everything made from a map is deterministic.
 */
#ifndef TAPSTER_BASE_MAP_H
#define TAPSTER_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct map_entry {
	const char *key;
	void *value;
};

struct map {
	struct arena *arena;
	struct map_entry *entries; /* in order of insertion; read only */
	size_t n;
	size_t cap;
	unsigned *index;
	size_t index_size;
};

void map_init(struct map *m, struct arena *a);
/* The value, or NULL (also for a key whose value is NULL). */
void *map_find(const struct map *m, const char *key);
bool map_has(const struct map *m, const char *key);
/* Inserts or replaces; returns the value that was there, or NULL. */
void *map_put(struct map *m, const char *key, void *value);

#endif
