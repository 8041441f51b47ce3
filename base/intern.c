/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An open-addressed table of pointers to the copies, at most half full. */
#include "base/intern.h"

#include <stdint.h>
#include <string.h>

struct intern {
	struct arena *arena;
	struct name {
		const char *text;
		size_t len;
		uint32_t hash;
	} *names;
	size_t size; /* a power of two */
	size_t n;
};

struct intern *intern_new(struct arena *a)
{
	struct intern *t = ARENA_NEW(a, struct intern);

	t->arena = a;
	t->size = 1024;
	t->names = ARENA_ARRAY(a, t->size, struct name);
	return t;
}

/* FNV-1a. */
static uint32_t hash_bytes(const char *s, size_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return h ^ h >> 15;
}

static struct name *find(struct intern *t, const char *s, size_t n, uint32_t hash)
{
	for (size_t i = hash & (t->size - 1);; i = (i + 1) & (t->size - 1)) {
		struct name *name = &t->names[i];

		if (!name->text ||
		    (name->hash == hash && name->len == n && !memcmp(name->text, s, n)))
			return name;
	}
}

static void grow(struct intern *t)
{
	struct name *old = t->names;
	size_t old_size = t->size;

	t->size *= 2;
	t->names = ARENA_ARRAY(t->arena, t->size, struct name);
	for (size_t i = 0; i < old_size; i++)
		if (old[i].text)
			*find(t, old[i].text, old[i].len, old[i].hash) = old[i];
}

const char *intern(struct intern *t, const char *s)
{
	return intern_n(t, s, strlen(s));
}

const char *intern_n(struct intern *t, const char *s, size_t n)
{
	uint32_t hash = hash_bytes(s, n);
	struct name *name = find(t, s, n, hash);
	char *copy;

	if (name->text)
		return name->text;
	if (t->n + 1 > t->size / 2) {
		grow(t);
		name = find(t, s, n, hash);
	}
	copy = arena_alloc(t->arena, n + 1);
	memcpy(copy, s, n);
	*name = (struct name){ copy, n, hash };
	t->n++;
	return copy;
}
