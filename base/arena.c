/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of blocks, newest first; the newest is bumped, and a request that it
 * has no room for starts another.  A mark is the newest block and its fill;
 * reset frees every block made after it.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct block {
	struct block *older;
	size_t used;
	size_t size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *newest;
	size_t used; /* sum over all blocks */
	const char *name;
};

static _Noreturn void out_of_memory(const char *name, size_t size)
{
	fprintf(stderr, "tapster: out of memory (%zu bytes for %s)\n", size, name);
	exit(EXIT_FAILURE);
}

struct arena *arena_new(const char *name)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		out_of_memory(name, sizeof(*a));
	a->name = name;
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->newest, *older; b; b = older) {
		older = b->older;
		free(b);
	}
	free(a);
}

static struct block *add_block(struct arena *a, size_t size)
{
	struct block *b;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	if (size > SIZE_MAX - sizeof(*b) || !(b = malloc(sizeof(*b) + size)))
		out_of_memory(a->name, size);
	b->older = a->newest;
	b->used = 0;
	b->size = size;
	a->newest = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->newest;
	size_t step;
	void *p;

	if (size > SIZE_MAX - alignof(max_align_t))
		out_of_memory(a->name, size);
	step = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!b || b->size - b->used < step)
		b = add_block(a, step);
	p = b->data + b->used;
	b->used += step;
	a->used += step;
	return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory(a->name, SIZE_MAX);
	return arena_alloc(a, bytes);
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s) + 1);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *copy = arena_alloc(a, n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *s;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len < 0)
		out_of_memory(a->name, 0);
	s = arena_alloc(a, (size_t)len + 1);
	vsnprintf(s, (size_t)len + 1, fmt, again);
	va_end(again);
	return s;
}

struct arena_mark arena_mark(struct arena *a)
{
	return (struct arena_mark){ a->newest, a->newest ? a->newest->used : 0 };
}

void arena_reset(struct arena *a, struct arena_mark mark)
{
	while (a->newest && a->newest != mark.block) {
		struct block *b = a->newest;

		a->newest = b->older;
		a->used -= b->used;
		free(b);
	}
	if (a->newest) {
		a->used -= a->newest->used - mark.used;
		a->newest->used = mark.used;
	}
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
