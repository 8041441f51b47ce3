/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bump arena: memory that is given back all at once.  Everything that the
 * compiler allocates lives in one; a function that allocates takes the arena
 * as a parameter, so that lifetimes read off the signature.  Running out of
 * memory ends the program with a message (there is nothing to clean up);
 * no function here returns NULL.
 */
#ifndef TAPSTER_BASE_ARENA_H
#define TAPSTER_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;
struct arena_mark {
	void *block;
	size_t used;
};

struct arena *arena_new(const char *name);
void arena_free(struct arena *a);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
/* Zeroed array; ends the program where COUNT * SIZE overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Everything allocated after the mark goes with arena_reset. */
struct arena_mark arena_mark(struct arena *a);
void arena_reset(struct arena *a, struct arena_mark mark);

/* Bytes handed out and not reset, for -v. */
size_t arena_used(const struct arena *a);

#endif
