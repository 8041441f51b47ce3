/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a pass left, as text for people: -p1, -p2, --dump=PASS. */
#ifndef TAPSTER_TRANSLATOR_DUMP_H
#define TAPSTER_TRANSLATOR_DUMP_H

#include <stdbool.h>

#include "base/buf.h"

struct session;

/* The parsed files, in the shape of "stap -p1". */
void dump_files(const struct session *s, struct buf *out);
/* Globals, functions and probes, in the shape of "stap -p2"; BODIES: of handlers and
 * functions too, as "stap -v -p2" has them. */
void dump_script(const struct session *s, struct buf *out, bool bodies);

#endif
