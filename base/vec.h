/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed vectors that live in an arena.
 *
 *	VEC(struct expr *) args;            declares a struct { at, n, cap }
 *	VEC_PUSH(arena, &args, e);
 *	VEC_EACH(&args, i) use(args.at[i]);
 *
 * A zeroed vector is an empty one.  Growth leaves the old storage in the
 * arena: cheap where vectors are small, as those of a syntax tree are.
 */
#ifndef TAPSTER_BASE_VEC_H
#define TAPSTER_BASE_VEC_H

#include <stddef.h>
#include <string.h>

#include "base/arena.h"

#define VEC(type)           \
	struct {            \
		type *at;   \
		size_t n;   \
		size_t cap; \
	}

#define VEC_PUSH(arena, v, item)                                                         \
	do {                                                                             \
		if ((v)->n == (v)->cap) {                                                \
			size_t cap_ = (v)->cap ? (v)->cap * 2 : 4;                       \
			void *at_ = arena_array((arena), cap_, sizeof(*(v)->at));        \
			if ((v)->n)                                                      \
				memcpy(at_, (v)->at, (v)->n * sizeof(*(v)->at));         \
			(v)->at = at_;                                                   \
			(v)->cap = cap_;                                                 \
		}                                                                        \
		(v)->at[(v)->n++] = (item);                                              \
	} while (0)

#define VEC_EACH(v, i) for (size_t i = 0; i < (v)->n; i++)

#define VEC_LAST(v) ((v)->at[(v)->n - 1])

#endif
