/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listings: -l and -L, the probes that pass expand has found, by name, and with -L the
 * target variables that each has; --dump-probe-types, the patterns of all families;
 * --dump-probe-aliases and --dump-functions, what the library has for everybody, but for
 * names that begin with "_".  A line for each, sorted.
 */
#ifndef TAPSTER_TRANSLATOR_LIST_H
#define TAPSTER_TRANSLATOR_LIST_H

#include "base/buf.h"

struct session;

/* What the options ask for. */
void list(struct session *s, struct buf *out);

#endif
