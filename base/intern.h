/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One copy of each name, so that names compare by pointer.  The table and
 * its strings live in the arena that it was made with.
 */
#ifndef TAPSTER_BASE_INTERN_H
#define TAPSTER_BASE_INTERN_H

#include <stddef.h>

#include "base/arena.h"

struct intern;

struct intern *intern_new(struct arena *a);
const char *intern(struct intern *t, const char *s);
const char *intern_n(struct intern *t, const char *s, size_t n);

#endif
