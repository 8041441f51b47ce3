/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of names at the end of a message: " (similar: a, b, c)". */
#ifndef TAPSTER_TRANSLATOR_NEAR_H
#define TAPSTER_TRANSLATOR_NEAR_H

#include <stddef.h>

#include "base/arena.h"

/* " (WHAT: a, b)" with all N names; "" when there are none. */
const char *near_list(struct arena *a, const char *what, const char *const *names, size_t n);
/* The same with the five that are nearest to NAME. */
const char *near_similar(struct arena *a, const char *what, const char *name,
			 const char *const *names, size_t n);

#endif
